"""Lines of words with soft labels -> a quantised fastText model (.ftz) that tells the labels of other lines.

fastText's own training, a page at a time, wants far more pages than a few thousand. What the file computes is the
softmax of a mean of rows, one for each word and each pair of words: a linear model. So the rows are fitted as one, by
the solver of the other models and on the n-grams that tell most, and only then written and quantised by fastText.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import fasttext
import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from udfs.inference.fasttext_model import file_label
from udfs.train.linear import Examples, Fit, fit_dual, gram

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

END = "</s>"
_OFFSET, _PRIME, _PAIR = 2_166_136_261, 16_777_619, np.uint64(116_049_371)  # of fastText's hashes (FNV-1a)


@dataclass(frozen=True)
class FileSettings:
    """What a file keeps: so many words and pairs of words, seen in `min_df` pages; pairs are hashed to buckets.

    A feature counts by its rarity · (how much it tells of the labels)^focus.
    """

    n_features: int
    min_df: int
    buckets: int
    focus: float
    smoothing: float


def train_file(path: Path, lines: Sequence[str], labels: Sequence[str], examples: Examples, how: "How") -> None:
    """Write the model fitted on these lines to `path`; the same lines give the same bytes."""
    model = _empty_model(lines, labels, how.file)
    counts = count_features(lines, model.get_words(), how.file.buckets)
    chosen, weights = choose_features(counts, examples.targets, how.file)
    table = np.zeros((counts.shape[1], len(labels)), np.float32)
    table[chosen] = fit_rows(counts[:, chosen], weights, examples, how.fit)
    by_name = {file_label(label): row for label, row in zip(labels, np.eye(len(labels), dtype=np.float32), strict=True)}
    model.set_matrices(table, np.array([by_name[label] for label in model.get_labels()]))
    model.quantize(qnorm=True, cutoff=len(chosen), retrain=False)
    model.save_model(str(path))


@dataclass(frozen=True)
class How:
    """How a file is made."""

    file: FileSettings
    fit: Fit


def _empty_model(lines: Sequence[str], labels: Sequence[str], settings: FileSettings):  # type: ignore[no-untyped-def]
    """Return an untrained model whose dictionary has the words of the lines, and all labels."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "lines"
        known = [f"{file_label(label)} {lines[i % len(lines)]}" for i, label in enumerate(labels)]
        rest = [f"{file_label(labels[0])} {line}" for line in lines]
        path.write_text("\n".join([*known, *rest]) + "\n", encoding="utf-8")
        sizes = {"dim": len(labels), "bucket": settings.buckets, "minCount": settings.min_df, "wordNgrams": 2}
        return fasttext.train_supervised(str(path), epoch=0, thread=1, seed=1, verbose=0, loss="softmax", **sizes)


def count_features(lines: Sequence[str], words: Sequence[str], buckets: int) -> sp.csr_matrix:
    """Return counts [line, word or bucket], as fastText takes them from a line that ends."""
    ids = {word: i for i, word in enumerate(words)}
    rows = [_features(line, ids, buckets) for line in lines]
    indices = np.concatenate([columns for columns, _ in rows])
    starts = np.cumsum([0, *(len(columns) for columns, _ in rows)])
    data = np.concatenate([n for _, n in rows]).astype(np.float32)
    return sp.csr_matrix((data, indices, starts), shape=(len(lines), len(words) + buckets))


def _features(line: str, ids: dict[str, int], buckets: int) -> tuple[Ints, Ints]:
    words = [*line.split(), END]
    hashes = np.array([_hash(word) for word in words], np.int32).astype(np.int64).view(np.uint64)
    pairs = (hashes[:-1] * _PAIR + hashes[1:]) % np.uint64(buckets)
    singles = np.array([ids[word] for word in words if word in ids], np.int64)
    return np.unique(np.concatenate([singles, pairs.astype(np.int64) + len(ids)]), return_counts=True)


@lru_cache(1 << 20)
def _hash(word: str) -> int:
    """Return fastText's hash of a word as a number with a sign; bytes have one there, too."""
    value = _OFFSET
    for byte in word.encode("utf-8"):
        value = ((value ^ (byte if byte < 128 else byte | 0xFFFFFF00)) * _PRIME) & 0xFFFFFFFF
    return value - (value >> 31 << 32)


def choose_features(counts: sp.csr_matrix, targets: Floats, settings: FileSettings) -> tuple[Ints, Floats]:
    """Return the columns that tell most, and how much each counts: ln(n / df) · KL(labels with it ‖ all)^focus.

    They are those with the largest df · KL, a likelihood ratio (Dunning 1993).
    """
    is_there = counts.copy()
    is_there.data[:] = 1
    df = np.asarray(is_there.sum(axis=0)).ravel()
    share = targets.mean(axis=0)
    prior = settings.smoothing * len(share)
    with_it = (is_there.T @ targets + prior * share) / (df[:, None] + prior)
    tells = np.maximum((with_it * np.log(with_it / share)).sum(axis=1), 0)
    order = np.argsort(-np.where(df >= settings.min_df, df * tells, -1), kind="stable")
    n = min(settings.n_features, int((df >= settings.min_df).sum()))
    chosen = np.sort(order[:n])
    weights = np.log(len(targets) / df[chosen]) * tells[chosen] ** settings.focus
    return chosen.astype(np.int64), weights.astype(np.float32)


def fit_rows(counts: sp.csr_matrix, weights: Floats, examples: Examples, fit: Fit) -> Floats:
    """Return the row [label] of each feature, so that the softmax of a page's mean row gives its labels.

    A bias is in every row: it is its own mean.
    """
    totals = np.maximum(np.asarray(counts.sum(axis=1)).ravel(), 1)
    features = (sp.diags(1 / totals) @ counts @ sp.diags(weights)).astype(np.float32).tocsr()
    length = float(np.sqrt(features.multiply(features).sum(axis=1)).mean())
    features = (features / np.float32(length)).tocsr()
    by_page = fit_dual(gram(features) + 1, examples, fit)
    rows = (features.T @ by_page) * (weights / length)[:, None] + by_page.sum(axis=0)
    return np.asarray(rows, np.float32)
