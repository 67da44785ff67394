"""A recipe and labelled pages -> a model folder: one graph, and for each head a card with its held-out figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt

from udfs.annotator import Texts
from udfs.conf import nearest, read_conf
from udfs.digest import file_digest
from udfs.errors import ConfigError
from udfs.inference.calibration import Calibration
from udfs.inference.onnx_model import OnnxModel
from udfs.inference.word_encoder import WordEncoder
from udfs.model_store.folder import ModelCard, write_cards
from udfs.train.card import render_cards
from udfs.train.dataset import label_shares, read_dataset
from udfs.train.features import make_features
from udfs.train.heads import Bench, FittedHead, Head
from udfs.train.linear import best_calibration
from udfs.train.metrics import BINARY, Ints, confusion, label_metrics, score_metrics
from udfs.train.ngram_graph import NgramModel, write_ngram_graph
from udfs.train.recipe import HeadConf, Recipe, Taxonomy, beside

Floats = npt.NDArray[np.float32]
MODEL_NAME = "model.onnx"


@dataclass(frozen=True)
class Result:
    """A head's figures on pages that its fit did not see, their confusion [label, prediction], and its calibration."""

    metrics: dict[str, float]
    counts: Ints
    calibration: Calibration


@dataclass(frozen=True)
class _Data:
    """All labelled pages of a recipe, encoded once, and its heads."""

    recipe: Recipe
    pages: list[Ints]
    heads: list[Head]

    def train(self, seen: Ints, path: Path) -> list[FittedHead]:
        """Write the graph fitted on these of the pages alone."""
        recipe, pages = self.recipe, [self.pages[i] for i in seen]
        features = make_features(pages, recipe.blocks, recipe.n_common)
        fitted = Bench(features, recipe.blocks, recipe.seed).fit([_seen(head, seen) for head in self.heads])
        # The heads' weights already hold what each block counts.
        blocks = tuple(block.model_copy(update={"weight": 1.0}) for block in recipe.blocks)
        weights = np.hstack([fit.weights for fit in fitted])
        bias = np.concatenate([fit.bias for fit in fitted])
        rarity = np.concatenate(features.rarity)
        model = NgramModel(blocks, features.common, features.hashes, rarity, weights, bias)
        write_ngram_graph(path, model)
        return fitted

    def blind(self, hidden: Sequence[int], judged: int) -> list[Floats]:
        """Return each head's logits [page, label] of part `judged`, by the stored graph of a fit without some parts.

        Of a head that is cross-validated they are those of its own pages.
        """
        parts = [head.parts(self.recipe.seed) for head in self.heads]
        rows = [head.rows[np.isin(part, hidden)] for head, part in zip(self.heads, parts, strict=True)]
        with TemporaryDirectory() as folder:
            path = Path(folder) / MODEL_NAME
            fitted = self.train(np.setdiff1d(np.arange(len(self.pages)), np.concatenate(rows)), path)
            model = OnnxModel(path)
        found = []
        for head, fit, part, first in zip(self.heads, fitted, parts, self.first_logits(), strict=True):
            logits = [model.logits(self.pages[i])[first : first + head.n_logits] for i in head.rows[part == judged]]
            found.append(fit.held_out if head.conf.is_cross_validated else _by_label(np.array(logits)))
        return found

    def first_logits(self) -> list[int]:
        """Return where in the graph's logits each head begins."""
        return [sum(head.n_logits for head in self.heads[:i]) for i in range(len(self.heads))]


def train_classifier(recipe: Path, data: Sequence[Path], out: Path) -> dict[str, float]:
    """Train the recipe's heads on the labelled pages, write the model folder `out`, and return the held-out figures.

    An item of `data` is a file for all heads, or HEAD=FILE. The figures are of a model fitted without the test pages;
    the model written is then fitted on all of them.
    """
    conf = read_conf(recipe, Recipe)
    prepared = _prepare(conf, recipe, data)
    results = _evaluate(prepared)
    out.mkdir(parents=True, exist_ok=True)
    prepared.train(np.arange(len(prepared.pages)), out / MODEL_NAME)
    digest = file_digest(out / MODEL_NAME)
    cards = [
        _card(conf, head, (first, digest), result)
        for head, result, first in zip(prepared.heads, results, prepared.first_logits(), strict=True)
    ]
    write_cards(out, cards)
    (out / "README.md").write_text(render_cards(conf, prepared.heads, cards, results), encoding="utf-8")
    if len(cards) == 1:
        return results[0].metrics
    return {f"{card.name}.{key}": value for card in cards for key, value in card.metrics.items()}


def _prepare(conf: Recipe, recipe: Path, data: Sequence[Path]) -> _Data:
    files = _files_by_head(data, [head.name for head in conf.heads])
    heads, numbers = [], dict[tuple[str, str], int]()
    for head in conf.heads:
        labels = _labels(head, recipe)
        found = read_dataset(files[head.name], head.data, labels)
        pairs = zip(found.pages.url, found.pages.text, strict=True)
        rows = np.array([numbers.setdefault(pair, len(numbers)) for pair in pairs], np.int64)
        heads.append(Head(head, labels, found, rows))
    encoder = WordEncoder(conf.input)
    texts = Texts([text for _, text in numbers], [url for url, _ in numbers])
    pages = [np.asarray(windows[0].ids) for windows in encoder.windows(encoder.render(texts))]
    return _Data(conf, pages, heads)


def _files_by_head(data: Sequence[Path], names: Sequence[str]) -> Mapping[str, list[Path]]:
    """Return each head's files: those given as HEAD=FILE are its own, the others all heads'."""
    files: dict[str, list[Path]] = {name: [] for name in names}
    for item in data:
        head, is_named, path = str(item).partition("=")
        if is_named and not item.exists() and head not in files:
            raise ConfigError(f"--data {item}: the recipe has no head {head!r}{nearest(head, list(names))}")
        for name in [head] if is_named and head in files else names:
            files[name].append(Path(path) if is_named and head in files else item)
    for name, found in files.items():
        if not found:
            raise ConfigError(f"no labelled pages for the head {name}; give --data {name}=FILE")
    return files


def _labels(head: HeadConf, recipe: Path) -> tuple[str, ...]:
    if head.task == "regression":
        return BINARY
    if not head.taxonomy:
        raise ConfigError(f"{recipe}: a model of labels needs `taxonomy`, a YAML file with their names")
    return read_conf(beside(recipe, head.taxonomy), Taxonomy).names


def _seen(head: Head, seen: Ints) -> Head:
    """Return the head with those of its pages that are in `seen`, its rows being places there."""
    places = np.flatnonzero(np.isin(head.rows, seen))
    part = head.part(places)
    return Head(part.conf, part.labels, part.data, np.searchsorted(seen, part.rows))


def _by_label(logits: Floats) -> Floats:
    """Return a logit for each label: that of a regression is of `yes`, against 0."""
    return np.hstack([np.zeros_like(logits), logits]) if logits.shape[1] == 1 else logits


def _evaluate(data: _Data) -> list[Result]:
    """Return each head's figures, of part 0 by a fit on the others, or cross-validated.

    Their calibration is that of part 1 by a fit on parts 2 and on; the model's own is that of both.
    """
    tuning, test = data.blind((0, 1), 1), data.blind((0,), 0)
    results = []
    for head, early, late in zip(data.heads, tuning, test, strict=True):
        part = head.parts(data.recipe.seed)
        if head.conf.is_cross_validated:
            # Its pages are in every fit, and the two are alike: one is enough.
            calibration = best_calibration(late, head.data.labels)
            results.append(_figures(head, late, calibration, calibration))
            continue
        labels = [head.data.labels[part == i] for i in (1, 0)]
        own = best_calibration(np.vstack([early, late]), np.concatenate(labels))
        tested = head.part(np.flatnonzero(part == 0))
        results.append(_figures(tested, late, best_calibration(early, labels[0]), own))
    return results


def _figures(head: Head, logits: Floats, calibration: Calibration, own: Calibration) -> Result:
    probabilities = calibration.probabilities(logits)
    counts = confusion(probabilities, head.data.labels)
    if head.conf.task == "regression":
        return Result(score_metrics(probabilities[:, 1], head.data.labels), counts, own)
    metrics = label_metrics(probabilities, head.data.labels, head.data.confidence, head.conf.data.sure)
    return Result(metrics, counts, own)


def _card(conf: Recipe, head: Head, place: tuple[int, str], result: Result) -> ModelCard:
    first, digest = place
    is_score, examples = head.conf.task == "regression", head.examples()
    values = {
        "name": head.conf.name,
        "version": head.conf.version,
        "description": head.conf.description,
        "task": head.conf.task,
        "labels": () if is_score else head.labels,
        "input": conf.input,
        "output": {
            "activation": "sigmoid" if is_score else "softmax",
            "temperature": result.calibration.temperature,
            "flatten": result.calibration.flatten,
            "head": first,
        },
        "files": {MODEL_NAME: digest},
        "licence": head.conf.licence,
        "training": head.conf.training,
        "data": head.data.files,
        "priors": {} if is_score else label_shares(head.labels, examples.targets, examples.weights),
        "metrics": result.metrics,
    }
    return ModelCard.model_validate(values)
