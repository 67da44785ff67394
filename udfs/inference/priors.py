"""Probabilities by labels as frequent as in training -> by labels as frequent as somewhere else."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from udfs.conf import nearest, read_yaml
from udfs.errors import ConfigError

Floats = npt.NDArray[np.float64]
MAX_STEPS = 1000
TOLERANCE = 1e-7


def correct(probabilities: Floats, trained: Floats, new: Floats) -> Floats:
    """Return p(y|x) ∝ p(y|x) · new(y) / trained(y) for rows [n, labels] (Saerens, Latinne & Decaestecker 2002, eq. 4).

    A row that only has labels of no share anywhere is left as it is.
    """
    ratio = np.divide(new, trained, out=np.zeros_like(new), where=trained > 0)
    scaled = probabilities * ratio
    totals = scaled.sum(axis=1, keepdims=True)
    return np.where(totals > 0, scaled / np.where(totals > 0, totals, 1), probabilities)


def estimate_priors(probabilities: Floats, trained: Floats) -> Floats:
    """Return the shares of the labels among pages without labels, by EM from the trained shares (ibid., eq. 9)."""
    new = trained
    for _ in range(MAX_STEPS):
        before, new = new, correct(probabilities, trained, new).mean(axis=0)
        if np.abs(new - before).max() < TOLERANCE:
            break
    return new


def read_priors(path: Path, labels: Sequence[str]) -> Floats:
    """Return the shares in a YAML file (label -> share), in the order of the labels, scaled to sum to 1.

    A label that is not in the file has no share. Raises ConfigError for a label of no such name, or a share below 0.
    """
    found = read_yaml(path)
    if not isinstance(found, dict) or not found:
        raise ConfigError(f"{path}: expected one line `label: share` for each label")
    for label, share in found.items():
        if label not in labels:
            raise ConfigError(f"{path}: no label {label!r}{nearest(str(label), list(labels))}")
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share < math.inf:
            raise ConfigError(f"{path}: the share of {label!r} is {share!r}; it must be a number from 0 on")
    return normalised(found, labels, where=str(path))


def normalised(shares: Mapping[str, float], labels: Sequence[str], *, where: str) -> Floats:
    """Return shares by label as numbers that sum to 1; raises ConfigError if all are 0."""
    values = np.array([float(shares.get(label, 0)) for label in labels], np.float64)
    if not values.sum() > 0:
        raise ConfigError(f"{where}: the shares of all labels are 0")
    return np.asarray(values / values.sum())
