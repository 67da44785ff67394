"""Labels and probabilities of held-out pages -> accuracy, macro-F1, AUC, calibration, confusion."""

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
N_BINS = 15
BINARY = ("no", "yes")  # the labels of a score between 0 and 1


def accuracy_interval(n_right: int, n: int) -> tuple[float, float, float]:
    """Return accuracy and its 95 % interval (Wilson 1927)."""
    if not n:
        return math.nan, math.nan, math.nan
    z, p = 1.96, n_right / n
    middle, spread = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return p, (middle - spread) / (1 + z * z / n), (middle + spread) / (1 + z * z / n)


def label_metrics(probabilities: Floats, labels: Ints, confidence: Floats, sure: float) -> dict[str, float]:
    """Return agreement with the labels (and with those the teacher is sure of), macro-F1 and ECE."""
    is_right = probabilities.argmax(axis=1) == labels
    metrics = _interval("accuracy", is_right) | {"n_test": float(len(labels))}
    is_sure = confidence >= sure
    if is_sure.any() and not is_sure.all():
        metrics |= _interval("accuracy_sure", is_right[is_sure]) | {"n_test_sure": float(is_sure.sum())}
    metrics["macro_f1"] = macro_f1(confusion(probabilities, labels))
    metrics["ece"] = calibration_error(probabilities.max(axis=1), is_right)
    return {name: round(value, 4) for name, value in metrics.items()}


def score_metrics(scores: Floats, labels: Ints) -> dict[str, float]:
    """Return the AUC of a binary score with its 95 % interval, and the ECE."""
    value = auc(scores, labels)
    low, high = auc_interval(value, int((labels == 1).sum()), int((labels == 0).sum()))
    metrics = {"auc": value, "auc_low": low, "auc_high": high, "n_test": float(len(labels))}
    metrics["ece"] = calibration_error(np.maximum(scores, 1 - scores), (scores > 0.5) == (labels == 1))
    return {name: round(value, 4) for name, value in metrics.items()}


def confusion(probabilities: Floats, labels: Ints) -> Ints:
    """Return counts [label, prediction]."""
    n = probabilities.shape[1]
    return np.bincount(labels * n + probabilities.argmax(axis=1), minlength=n * n).reshape(n, n).astype(np.int64)


def macro_f1(counts: Ints) -> float:
    """Return the mean over labels of F1; a label that never occurs and is never predicted is left out."""
    both = counts.sum(axis=0) + counts.sum(axis=1)
    return float((2 * np.diag(counts)[both > 0] / both[both > 0]).mean())


def auc(scores: Floats, labels: Ints) -> float:
    """Return the chance that a page of label 1 scores above one of label 0, ties counted half (Mann–Whitney)."""
    good, bad = np.sort(scores[labels == 1]), np.sort(scores[labels == 0])
    below = np.searchsorted(bad, good, "left") + np.searchsorted(bad, good, "right")
    return float(below.sum() / 2 / (len(good) * len(bad)))


def auc_interval(value: float, n_good: int, n_bad: int) -> tuple[float, float]:
    """Return the 95 % interval of an AUC (Hanley & McNeil 1982)."""
    q1, q2 = value / (2 - value), 2 * value**2 / (1 + value)
    variance = value * (1 - value) + (n_good - 1) * (q1 - value**2) + (n_bad - 1) * (q2 - value**2)
    spread = 1.96 * math.sqrt(variance / (n_good * n_bad))
    return max(0.0, value - spread), min(1.0, value + spread)


def confidence_bins(confidence: Floats) -> Ints:
    """Return each confidence's bin, of `N_BINS` of equal width over 0 to 1."""
    return np.minimum((confidence * N_BINS).astype(np.int64), N_BINS - 1)


def calibration_error(confidence: Floats, is_right: Bools, weights: Floats | None = None) -> float:
    """Return the expected calibration error over bins of equal width (Naeini et al. 2015)."""
    weights = np.ones(len(confidence)) if weights is None else weights
    gaps = np.bincount(confidence_bins(confidence), weights=weights * (confidence - is_right), minlength=N_BINS)
    return float(np.abs(gaps).sum() / weights.sum())


def _interval(name: str, is_right: npt.NDArray[np.bool_]) -> dict[str, float]:
    value, low, high = accuracy_interval(int(is_right.sum()), len(is_right))
    return {name: value, f"{name}_low": low, f"{name}_high": high}
