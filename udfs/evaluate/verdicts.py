"""Scores of a model and the labels of the pages -> what it said of each page, beside what is true."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from udfs.conf import nearest
from udfs.errors import ConfigError
from udfs.train.metrics import BINARY

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Verdicts:
    """Pages by the ids of `labels`: the true one, the one said, how surely; `score` is that of a yes of two labels."""

    labels: tuple[str, ...]
    truth: Ints
    said: Ints
    confidence: Floats | None = None
    score: Floats | None = None

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def is_right(self) -> npt.NDArray[np.bool_]:
        """Return for each page whether the model said its label."""
        return np.equal(self.said, self.truth)

    def part(self, rows: npt.NDArray[np.integer]) -> "Verdicts":
        """Return the pages at these places."""
        confidence = None if self.confidence is None else self.confidence[rows]
        score = None if self.score is None else self.score[rows]
        return Verdicts(self.labels, self.truth[rows], self.said[rows], confidence, score)

    def confusion(self) -> Ints:
        """Return counts [label, said]."""
        n = len(self.labels)
        return np.bincount(self.truth * n + self.said, minlength=n * n).reshape(n, n).astype(np.int64)


def of_probabilities(probabilities: Floats, truth: Ints, labels: tuple[str, ...]) -> Verdicts:
    """Return the likeliest label [n] of each row of probabilities [n, labels]; of equal ones the first."""
    score = probabilities[:, 1] if len(labels) == len(BINARY) else None
    return Verdicts(labels, truth, probabilities.argmax(axis=1), probabilities.max(axis=1), score)


def of_scores(scores: Floats, truth: Floats, threshold: float, *, are_probabilities: bool) -> Verdicts:
    """Return yes or no for scores [n] and true values [n]: each is a yes from the threshold on."""
    said = (scores >= threshold).astype(np.int64)
    confidence = np.where(said == 1, scores, 1 - scores) if are_probabilities else None
    return Verdicts(BINARY, (truth >= threshold).astype(np.int64), said, confidence, scores)


def label_ids(values: Sequence[object], labels: Sequence[str]) -> Ints:
    """Return the ids of labels given by name or by id; raises ConfigError for one that the model does not have."""
    ids = {name: i for i, name in enumerate(labels)}
    return np.array([_label_id(value, ids) for value in values], np.int64)


def numbers(values: Sequence[object]) -> Floats:
    """Return the labels of a regression as numbers; raises ConfigError for one that is none."""
    try:
        return np.array([float(value) for value in values], np.float64)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise ConfigError(f"the labels of a regression are numbers ({error}); name another key by --label") from error


def _label_id(value: object, ids: dict[str, int]) -> int:
    if isinstance(value, str) and value in ids:
        return ids[value]
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = -1
    if number in range(len(ids)):
        return int(number)
    known = list(ids)
    raise ConfigError(
        f"the pages have the label {value!r}{nearest(str(value), known)}, the model has {', '.join(known[:30])} "
        f"(ids 0 to {len(ids) - 1}); name another key by --label, or leave these pages out"
    )
