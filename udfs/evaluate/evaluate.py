"""A judge and labelled pages -> an evaluation."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from udfs.errors import ConfigError
from udfs.evaluate.agreement import Agreement, agreement
from udfs.evaluate.calibration import Bin, reliability
from udfs.evaluate.evaluation import About, Evaluation
from udfs.evaluate.figures import (
    N_RESAMPLES,
    Figure,
    PartFigures,
    auc_or_nan,
    by_label,
    by_part,
    correlations,
    figures,
    part_figures,
    wilson,
    with_intervals,
)
from udfs.evaluate.judge import Judge
from udfs.evaluate.judged import Judged, are_binary, judge_pages
from udfs.evaluate.priors import Correction, effect
from udfs.evaluate.provenance import warning
from udfs.evaluate.table import LabelledPages
from udfs.evaluate.verdicts import Verdicts
from udfs.inference.priors import estimate_priors, normalised, read_priors
from udfs.language import language_annotator
from udfs.train.metrics import BINARY, N_BINS

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Ask:
    """What to find out beside the figures that every evaluation has."""

    sure: float = 0.75
    threshold: float | None = None
    priors: Path | None = None
    estimates_priors: bool = False
    seed: str = "webstrata"


def evaluate(judge: Judge, judged: Judged, ask: Ask, against: Judge | None = None) -> Evaluation:
    """Return all figures of what a judge said of labelled pages; another judge is compared on the same pages.

    Raises ConfigError for priors of a model that has no probabilities, and for a comparison that cannot be made.
    """
    data, verdicts = judged.data, judged.verdicts
    corrections, found = _corrections(judge, judged, ask), _figures(judged, ask.seed)
    return Evaluation(
        about=_about(judge, judged, found),
        figures=found,
        wilson=wilson(verdicts.is_right) if verdicts else None,
        sure=_sure(verdicts, data, ask.sure) if verdicts else None,
        labels=tuple(by_label(verdicts)) if verdicts else (),
        languages=tuple(by_part(verdicts, _languages(data))) if verdicts else (),
        reliability=_reliability(verdicts),
        confusion=tuple(map(tuple, verdicts.confusion().tolist())) if verdicts else (),
        corrections=tuple(corrections),
        agreement=_agreement(judged, against, ask) if against else None,
        speed=judged.judgement.speed,
    )


def _reliability(verdicts: Verdicts | None) -> tuple[Bin, ...]:
    if verdicts is None or verdicts.confidence is None:
        return ()
    return tuple(reliability(verdicts.confidence, verdicts.is_right))


def _figures(judged: Judged, seed: str) -> dict[str, Figure]:
    verdicts, truth, scores = judged.verdicts, judged.truth, judged.judgement.rows[:, 0]

    def figures_of(rows: Ints) -> dict[str, float]:
        found = figures(verdicts.part(rows)) if verdicts else {}
        if truth is not None and not are_binary(truth):
            found |= correlations(scores[rows], truth[rows])
        elif truth is not None and not verdicts:
            found["auc"] = auc_or_nan(scores[rows], truth[rows].astype(np.int64))
        return found

    return with_intervals(figures_of, judged.data.groups, seed=seed)


def _sure(verdicts: Verdicts, data: LabelledPages, sure: float) -> PartFigures | None:
    """Return the figures of the pages whose label is sure, where some are and some are not."""
    if data.confidence is None:
        return None
    rows = np.flatnonzero(data.confidence >= sure)
    return part_figures(f"confidence of the label from {sure:g} on", verdicts.part(rows)) if rows.size else None


def _languages(data: LabelledPages) -> Sequence[str]:
    if data.languages is not None:
        return data.languages
    return [str(label or "unknown") for label in language_annotator()(data.pages)["label"]]


def _corrections(judge: Judge, judged: Judged, ask: Ask) -> Iterator[Correction]:
    if not (ask.priors or ask.estimates_priors):
        return
    labels, rows = judged.judgement.labels or BINARY, judged.judgement.rows
    verdicts = judged.verdicts
    if verdicts is None or verdicts.confidence is None:
        raise ConfigError(f"{judge.name} gives a score that is no probability: it has no priors to correct")
    probabilities = rows if judged.judgement.labels else np.hstack([1 - rows, rows])
    trained = trained_priors(judge, labels)
    if ask.priors:
        new = read_priors(ask.priors, labels)
        yield effect(f"the shares in {ask.priors.name}", probabilities, verdicts, trained, new)
    if ask.estimates_priors:
        new = estimate_priors(probabilities, trained)
        yield effect("shares estimated from these pages' scores", probabilities, verdicts, trained, new)


def trained_priors(judge: Judge, labels: Sequence[str]) -> Floats:
    """Return the shares that the labels had in training, by the card, or even ones where it says none."""
    if not judge.priors:
        return np.full(len(labels), 1 / len(labels))
    return normalised(judge.priors, labels, where=f"the card of {judge.name}")


def _agreement(judged: Judged, against: Judge, ask: Ask) -> Agreement:
    other = judge_pages(against, judged.data, ask.threshold if not judged.judgement.labels else None)
    if judged.verdicts is None or other.verdicts is None:
        raise ConfigError("two annotators are compared by what they decide: give --threshold for scores")
    first = judged.verdicts.part(other.places)
    return agreement(first, other.verdicts, other.data.groups, against.name, against.version)


def _about(judge: Judge, judged: Judged, found: Mapping[str, Figure]) -> About:
    data = judged.data
    is_suspect, words = warning(judge, data.files, found)
    return About(
        name=judge.name,
        version=judge.version,
        details=dict(judge.details),
        files=data.files,
        which=data.which,
        n_rows=data.n_rows,
        n_without_label=data.n_without_label,
        n_unjudged=judged.n_unjudged,
        n_pages=len(data),
        n_groups=len(set(data.groups)),
        is_suspect=is_suspect,
        warning=words,
        card_metrics=dict(judge.metrics),
        notes=_notes(judge),
    )


def _notes(judge: Judge) -> tuple[str, ...]:
    notes = [
        f"Intervals are 95 %: of the figures by {N_RESAMPLES:,} bootstrap samples of the groups (registered domains, "
        "where no other key was named), of single labels and languages Wilson's.",
        f"The calibration error has {N_BINS} bins of equal width, by the confidence in what was said.",
        "Speed is by the time of one core, all threads together; opening the model is not counted.",
    ]
    if judge.labels is None:
        notes.append("Of an annotator its answers alone are known: the other labels share what its answer leaves of 1.")
    return tuple(notes)
