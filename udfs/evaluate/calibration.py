"""Confidences and whether they were right -> the reliability diagram, whose mean gap is the calibration error."""

from dataclasses import dataclass

import numpy as np

from udfs.train.metrics import N_BINS, Bools, Floats, accuracy_interval, confidence_bins


@dataclass(frozen=True)
class Bin:
    """The pages whose confidence lies in [low, high): how sure the model was, and how often it was right.

    `share` is of the pages; the interval is Wilson's, 95 %.
    """

    low: float
    high: float
    n_pages: int
    share: float
    confidence: float
    accuracy: float
    accuracy_low: float
    accuracy_high: float


def reliability(confidence: Floats, is_right: Bools) -> list[Bin]:
    """Return the bins that hold pages (Guo et al. 2017)."""
    places = confidence_bins(confidence)
    return [
        _bin(place, confidence[rows], is_right[rows], len(rows) / len(places))
        for place in range(N_BINS)
        if (rows := np.flatnonzero(places == place)).size
    ]


def _bin(place: int, confidence: Floats, is_right: Bools, share: float) -> Bin:
    accuracy = accuracy_interval(int(is_right.sum()), len(is_right))
    return Bin(place / N_BINS, (place + 1) / N_BINS, len(is_right), share, float(confidence.mean()), *accuracy)
