"""A correction for other priors -> what it changes in the figures."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from udfs.evaluate.figures import figures
from udfs.evaluate.verdicts import Verdicts, of_probabilities
from udfs.inference.priors import correct
from udfs.train.metrics import calibration_error, macro_f1

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Correction:
    """What a correction does: to the pages as they are, and reweighted so that labels have the new shares.

    Shares and priors are in the order of the labels; `before` and `after` hold figures by name.
    """

    name: str
    priors: tuple[float, ...]
    said_before: tuple[float, ...]
    said_after: tuple[float, ...]
    n_changed: int
    before: Mapping[str, float]
    after: Mapping[str, float]
    reweighted_before: Mapping[str, float]
    reweighted_after: Mapping[str, float]


def effect(name: str, probabilities: Floats, verdicts: Verdicts, trained: Floats, new: Floats) -> Correction:
    """Return what the correction from `trained` to `new` shares changes in the verdicts of these probabilities."""
    after = of_probabilities(correct(probabilities, trained, new), verdicts.truth, verdicts.labels)
    return Correction(
        name=name,
        priors=tuple(new.tolist()),
        said_before=_shares(verdicts),
        said_after=_shares(after),
        n_changed=int((after.said != verdicts.said).sum()),
        before=figures(verdicts),
        after=figures(after),
        reweighted_before=reweighted(verdicts, new),
        reweighted_after=reweighted(after, new),
    )


def reweighted(verdicts: Verdicts, priors: Floats) -> dict[str, float]:
    """Return accuracy, macro-F1 and calibration error as if the labels had these shares among the pages.

    A label that no page has cannot be reweighted: the others share its part.
    """
    n_pages = np.bincount(verdicts.truth, minlength=len(priors))
    weights = (priors / np.maximum(n_pages, 1))[verdicts.truth]
    if not weights.sum():
        return {"accuracy": math.nan, "macro_f1": math.nan, "ece": math.nan}
    confidence = verdicts.confidence
    counts = verdicts.confusion() * (priors / np.maximum(n_pages, 1))[:, None]
    return {
        "accuracy": float(np.average(verdicts.is_right, weights=weights)),
        "macro_f1": macro_f1(counts),  # type: ignore[arg-type]  # shares in the place of counts
        "ece": math.nan if confidence is None else calibration_error(confidence, verdicts.is_right, weights),
    }


def _shares(verdicts: Verdicts) -> tuple[float, ...]:
    return tuple((np.bincount(verdicts.said, minlength=len(verdicts.labels)) / len(verdicts)).tolist())
