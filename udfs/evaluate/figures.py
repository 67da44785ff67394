"""Verdicts on pages -> figures with intervals over groups, per label and per language."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from udfs.evaluate.verdicts import Verdicts
from udfs.train.metrics import accuracy_interval, auc, calibration_error, macro_f1

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.int64]
Rows = npt.NDArray[np.int64]
N_RESAMPLES = 1000


@dataclass(frozen=True)
class Figure:
    """A figure and its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class LabelFigures:
    """How one label fares; the interval is Wilson's, of the recall. What no page asks for is NaN."""

    label: str
    n_pages: int
    n_said: int
    recall: Figure
    precision: float
    f1: float


@dataclass(frozen=True)
class PartFigures:
    """How the pages of one language, or another part, fare; the interval is Wilson's."""

    name: str
    n_pages: int
    accuracy: Figure
    macro_f1: float
    ece: float


def figures(verdicts: Verdicts) -> dict[str, float]:
    """Return accuracy, macro-F1 and, where the verdicts allow it, AUC and calibration error."""
    found = {"accuracy": float(verdicts.is_right.mean()), "macro_f1": macro_f1(verdicts.confusion())}
    if verdicts.score is not None:
        found["auc"] = auc_or_nan(verdicts.score, verdicts.truth)
    if verdicts.confidence is not None:
        found["ece"] = calibration_error(verdicts.confidence, verdicts.is_right)
    return found


def with_intervals(
    figures_of: Callable[[Rows], dict[str, float]], groups: Sequence[str], *, seed: str = "webstrata"
) -> dict[str, Figure]:
    """Return the figures of all rows, each with its bootstrap interval over groups (Efron & Tibshirani 1993, 10, 13).

    Groups and not pages are drawn again, since the pages of a domain are alike; the same seed gives the same interval.
    """
    n = len(groups)
    _, group_of = np.unique(np.array(groups, object).astype(str), return_inverse=True)
    n_groups = int(group_of.max()) + 1
    generator = np.random.default_rng(list(seed.encode()))
    drawn = [np.bincount(generator.integers(n_groups, size=n_groups), minlength=n_groups) for _ in range(N_RESAMPLES)]
    values = [figures_of(np.repeat(np.arange(n), times[group_of])) for times in drawn]
    return {
        name: _figure(value, np.array([item.get(name, math.nan) for item in values]))
        for name, value in figures_of(np.arange(n)).items()
    }


def wilson(is_right: npt.NDArray[np.bool_]) -> Figure:
    """Return the share of true ones with Wilson's interval, which takes the pages for independent."""
    return Figure(*accuracy_interval(int(is_right.sum()), len(is_right)))


def by_label(verdicts: Verdicts) -> list[LabelFigures]:
    """Return the figures of each label, in their order."""
    counts = verdicts.confusion()
    right, n_pages, n_said = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    return [
        LabelFigures(
            label=label,
            n_pages=int(n_pages[i]),
            n_said=int(n_said[i]),
            recall=Figure(*accuracy_interval(int(right[i]), int(n_pages[i]))),
            precision=_ratio(right[i], n_said[i]),
            f1=_ratio(2 * right[i], n_pages[i] + n_said[i]),
        )
        for i, label in enumerate(verdicts.labels)
    ]


def by_part(verdicts: Verdicts, names: Sequence[str]) -> list[PartFigures]:
    """Return the figures of the pages of each name, the most frequent first."""
    of_names = np.array(names, object).astype(str)
    parts = {name: np.flatnonzero(of_names == name) for name in set(names)}
    ranked: Iterable[str] = sorted(parts, key=lambda name: (-len(parts[name]), name))
    return [part_figures(name, verdicts.part(parts[name])) for name in ranked]


def part_figures(name: str, verdicts: Verdicts) -> PartFigures:
    """Return the figures of a part of the pages."""
    found = figures(verdicts)
    return PartFigures(name, len(verdicts), wilson(verdicts.is_right), found["macro_f1"], found.get("ece", math.nan))


def auc_or_nan(scores: Floats, truth: Ints) -> float:
    """Return the AUC, NaN where all pages have one label."""
    return auc(scores, truth) if truth.any() and not truth.all() else math.nan


def correlations(scores: Floats, truth: Floats) -> dict[str, float]:
    """Return Pearson's and Spearman's correlation and the root of the mean squared error; NaN where one is constant."""
    return {
        "pearson": _pearson(scores, truth),
        "spearman": _pearson(_ranks(scores), _ranks(truth)),
        "rmse": float(np.sqrt(((scores - truth) ** 2).mean())),
    }


def _figure(value: float, resampled: Floats) -> Figure:
    """Return the percentile interval less the bootstrap's bias: a rare label that is not drawn lifts a macro-F1."""
    known = resampled[np.isfinite(resampled)]
    if not known.size:
        return Figure(value, math.nan, math.nan)
    low, high = np.quantile(known, [0.025, 0.975]) - (known.mean() - value)
    return Figure(value, max(low, 0.0) if known.min() >= 0 else low, min(high, 1.0) if known.max() <= 1 else high)


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else math.nan


def _pearson(left: Floats, right: Floats) -> float:
    left, right = left - left.mean(), right - right.mean()
    scale = math.sqrt(float(left @ left) * float(right @ right))
    return float(left @ right) / scale if scale else math.nan


def _ranks(values: Floats) -> Floats:
    """Return ranks from 1, equal values sharing their mean rank."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks: Floats = (ends - (counts - 1) / 2)[places]
    return ranks
