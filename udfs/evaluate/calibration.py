"""Confidences and whether they were right -> the reliability diagram and the expected calibration error."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from udfs.train.metrics import accuracy_interval

Floats = npt.NDArray[np.floating]
Bools = npt.NDArray[np.bool_]
N_BINS = 15


@dataclass(frozen=True)
class Bin:
    """The pages whose confidence lies in [low, high): how sure the model was, and how often it was right.

    `share` is of the pages, or of their weights; the interval is Wilson's, 95 %.
    """

    low: float
    high: float
    n_pages: int
    share: float
    confidence: float
    accuracy: float
    accuracy_low: float
    accuracy_high: float


def reliability(confidence: Floats, is_right: Bools, weights: Floats | None = None, n_bins: int = N_BINS) -> list[Bin]:
    """Return the bins, of equal width over 0 to 1, that hold pages (Guo et al. 2017)."""
    places = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    weights = np.ones(len(places)) if weights is None else weights
    total = weights.sum()
    return [
        _bin(place / n_bins, (place + 1) / n_bins, confidence[rows], is_right[rows], weights[rows] / total)
        for place in range(n_bins)
        if (rows := np.flatnonzero(places == place)).size and weights[rows].sum() > 0
    ]


def calibration_error(bins: Sequence[Bin]) -> float:
    """Return the expected calibration error: the mean gap of the bins by their shares (Naeini et al. 2015)."""
    return sum(item.share * abs(item.confidence - item.accuracy) for item in bins)


def _bin(low: float, high: float, confidence: Floats, is_right: Bools, shares: Floats) -> Bin:
    accuracy = float(np.average(is_right, weights=shares))
    _, *interval = accuracy_interval(round(accuracy * len(is_right)), len(is_right))
    mean = float(np.average(confidence, weights=shares))
    return Bin(low, high, len(is_right), float(shares.sum()), mean, accuracy, *interval)
