"""Something that can be evaluated -> the scores of every label for each page, and how fast it gave them."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from udfs.annotator import Texts
from udfs.errors import ModelError
from udfs.model_store.folder import ModelCard

Floats = npt.NDArray[np.float64]
PAGES_PER_BATCH = 256
N_WARM_UP = 8


@dataclass(frozen=True)
class Speed:
    """How fast pages were scored: by the time of one core, whatever else ran beside it and on however many threads."""

    n_pages: int
    n_characters: int
    core_seconds: float
    seconds: float

    @property
    def pages_per_second(self) -> float:
        """Return pages per second of one core."""
        return self.n_pages / max(self.core_seconds, 1e-9)

    @property
    def ms_per_page(self) -> float:
        """Return milliseconds of one core per page."""
        return 1000 * self.core_seconds / max(self.n_pages, 1)


@dataclass(frozen=True)
class Judgement:
    """What a judge said: a row of each label's probability [n, labels], or one score [n, 1] where it has no labels.

    A page that it could not judge has a row of NaN.
    """

    labels: tuple[str, ...]
    rows: Floats
    speed: Speed

    def with_labels(self, more: Iterable[str]) -> "Judgement":
        """Return the judgement with labels that it never gave, of no probability."""
        labels = tuple(sorted({*self.labels, *more}))
        rows = np.where(np.isfinite(self.rows).all(axis=1, keepdims=True), np.zeros((1, len(labels))), np.nan)
        rows[:, [labels.index(label) for label in self.labels]] = self.rows
        return Judgement(labels, rows, self.speed)


@dataclass(frozen=True)
class Judge:
    """A model or annotator that can be evaluated.

    `labels` is None where only answers (label -> score) tell them, and empty where it gives one score. `models` are the
    folders and cards that speak in it. `priors` are the shares of the labels that its probabilities assume: even ones
    where there are none.
    """

    name: str
    version: str
    details: Mapping[str, str]
    labels: tuple[str, ...] | None
    run: Callable[[Texts], Iterable[object]] = field(compare=False)
    models: Sequence[tuple[Path, ModelCard]] = ()
    priors: Mapping[str, float] = field(default_factory=dict)

    @property
    def metrics(self) -> Mapping[str, float]:
        """Return the figures of its card; of several models none has the figures of all."""
        return self.models[0][1].metrics if len(self.models) == 1 else {}

    @property
    def are_probabilities(self) -> bool:
        """Return whether a score without labels is the probability of a yes."""
        outputs = [card.output for _, card in self.models]
        return bool(outputs) and all((o.activation, o.scale, o.offset) == ("sigmoid", 1, 0) for o in outputs)

    def judge(self, pages: Texts) -> Judgement:
        """Return the scores of the pages, in batches; the first inference, which opens files, is not timed."""
        warm_up = [text[:2000][::-1] for text in pages.text[:N_WARM_UP]]  # no page itself: answers are remembered
        self.run(Texts(warm_up, list(pages.url[:N_WARM_UP])))
        answers: list[object] = []
        core, wall = time.process_time(), time.perf_counter()
        for at in range(0, len(pages.text), PAGES_PER_BATCH):
            batch = slice(at, at + PAGES_PER_BATCH)
            answers.extend(self.run(Texts(pages.text[batch], pages.url[batch])))
        speed = Speed(
            len(pages.text), sum(map(len, pages.text)), time.process_time() - core, time.perf_counter() - wall
        )
        if self.labels is None:
            labels = tuple(sorted({name for said in answers for name in said}))  # type: ignore[attr-defined]
            return Judgement(labels, _spread(answers, labels), speed)  # type: ignore[arg-type]
        return Judgement(self.labels, np.array(answers, np.float64), speed)


def _spread(answers: Sequence[dict[str, float]], labels: tuple[str, ...]) -> Floats:
    """Return rows of probabilities: what an answer leaves of 1 is spread evenly over the labels it does not name."""
    ids = {label: i for i, label in enumerate(labels)}
    rows = np.full((len(answers), len(labels)), np.nan)
    for row, answer in zip(rows, answers, strict=True):
        if answer:
            row[:] = max(1 - sum(answer.values()), 0) / max(len(labels) - len(answer), 1)
            row[[ids[label] for label in answer]] = list(answer.values())
    if not labels:
        raise ModelError("the annotator gave no page a label")
    return rows
