"""A judge and labelled pages -> what it said of those that it could judge."""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from udfs.errors import ConfigError, ModelError
from udfs.evaluate.judge import Judge, Judgement
from udfs.evaluate.table import LabelledPages
from udfs.evaluate.verdicts import Verdicts, label_ids, numbers, of_probabilities, of_scores

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Judged:
    """The pages at `places` of those asked about, and what was said; no verdicts where a score decides nothing."""

    data: LabelledPages
    places: Ints
    judgement: Judgement
    verdicts: Verdicts | None
    n_unjudged: int

    @property
    def truth(self) -> Floats | None:
        """Return the labels of a score without labels as numbers, else None."""
        return None if self.judgement.labels else numbers(self.data.labels)

    def rows(self) -> Iterator[dict[str, object]]:
        """Yield each page without its text: id, URL, label, what was said of it, and its score."""
        pages = zip(self.data.ids, self.data.pages.url, self.data.labels, strict=True)
        for i, (name, url, label) in enumerate(pages):
            said = {"said": self.verdicts.labels[self.verdicts.said[i]]} if self.verdicts else {}
            score = round(float(self.judgement.rows[i].max()), 6)
            yield {"id": name, "url": url, "label": label, **said, "score": score}


def judge_pages(judge: Judge, data: LabelledPages, threshold: float | None = None) -> Judged:
    """Let the judge speak of the pages; those that it cannot judge are left out. Scores are a yes from `threshold` on.

    Raises ModelError if it can judge none, ConfigError for labels that it does not have.
    """
    judgement = judge.judge(data.pages)
    if judge.labels is None:  # they have no ids: 3 is the name "3"
        names = [str(label) for label in data.labels]
        data, judgement = dataclasses.replace(data, labels=names), judgement.with_labels(names)
    places = np.flatnonzero(np.isfinite(judgement.rows).all(axis=1))
    if not places.size:
        raise ModelError(f"{judge.name} {judge.version} could judge none of the {len(data):,} pages")
    judgement, known = dataclasses.replace(judgement, rows=judgement.rows[places]), data.part(places.tolist())
    verdicts = _verdicts(judge, judgement, known.labels, threshold)
    return Judged(known, places, judgement, verdicts, len(data) - len(places))


def are_binary(truth: Floats) -> bool:
    """Return whether the labels of a score are both 0 and 1, and nothing else."""
    return set(truth.tolist()) == {0, 1}


def _verdicts(judge: Judge, judgement: Judgement, labels: Sequence[object], threshold: float | None) -> Verdicts | None:
    if judgement.labels:
        if threshold is not None:
            raise ConfigError(f"--threshold {threshold:g}: {judge.name} gives labels, not a score")
        return of_probabilities(judgement.rows, label_ids(labels, judgement.labels), judgement.labels)
    truth, scores = numbers(labels), judgement.rows[:, 0]
    is_even = judge.are_probabilities and threshold in {None, 0.5}
    if threshold is None and not (is_even and are_binary(truth)):
        return None
    return of_scores(scores, truth, 0.5 if threshold is None else threshold, are_probabilities=is_even)
