"""What two annotators said of the same pages -> how often they agree, beyond chance, and who is right where not."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from udfs.evaluate.figures import Figure, with_intervals
from udfs.evaluate.verdicts import Verdicts

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Agreement:
    """One annotator beside another; `gain` is the first one's accuracy less the other's. Intervals are over groups."""

    model: str
    version: str
    raw: Figure
    kappa: Figure
    gain: Figure
    accuracy: Figure
    n_both_right: int
    n_only_first_right: int
    n_only_other_right: int
    n_neither_right: int


def agreement(first: Verdicts, other: Verdicts, groups: Sequence[str], model: str, version: str) -> Agreement:
    """Return how two annotators, named by `model` and `version` of the other, agree on the same pages."""
    left, right = first.said, _in_labels_of(first, other)
    is_first_right, is_other_right = first.is_right, right == first.truth

    def figures_of(rows: Ints) -> dict[str, float]:
        return {
            "raw": float((left[rows] == right[rows]).mean()),
            "kappa": cohens_kappa(left[rows], right[rows]),
            "gain": float(is_first_right[rows].mean() - is_other_right[rows].mean()),
            "accuracy": float(is_other_right[rows].mean()),
        }

    return Agreement(
        model,
        version,
        **with_intervals(figures_of, groups),
        n_both_right=int((is_first_right & is_other_right).sum()),
        n_only_first_right=int((is_first_right & ~is_other_right).sum()),
        n_only_other_right=int((~is_first_right & is_other_right).sum()),
        n_neither_right=int((~is_first_right & ~is_other_right).sum()),
    )


def cohens_kappa(left: Ints, right: Ints) -> float:
    """Return agreement beyond what the two marginals give by chance (Cohen 1960); 1 where both always say one label."""
    n_labels = int(max(left.max(), right.max())) + 1
    shares = [np.bincount(ids, minlength=n_labels) / len(ids) for ids in (left, right)]
    chance = float(shares[0] @ shares[1])
    return (float((left == right).mean()) - chance) / (1 - chance) if chance < 1 else 1.0


def _in_labels_of(first: Verdicts, other: Verdicts) -> Ints:
    """Return what the other said by the first one's ids; a label of its own gets an id of its own."""
    ids = {label: i for i, label in enumerate(first.labels)}
    table = np.array([ids.setdefault(label, len(ids)) for label in other.labels], np.int64)
    translated: Ints = table[other.said]
    return translated
