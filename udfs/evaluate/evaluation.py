"""Everything that an evaluation found: figures, what they are of, and how far to trust them."""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from udfs.digest import DataFile
from udfs.evaluate.agreement import Agreement
from udfs.evaluate.calibration import Bin
from udfs.evaluate.figures import Figure, LabelFigures, PartFigures
from udfs.evaluate.judge import Speed
from udfs.evaluate.priors import Correction

DECIMALS = 6


@dataclass(frozen=True)
class About:
    """What was evaluated: the model, the pages, and in words how, and how far to trust it.

    `is_suspect` says that the model knows these pages, by its card or by its figures.
    """

    name: str
    version: str
    details: dict[str, str]
    files: tuple[DataFile, ...]
    which: str
    n_rows: int
    n_without_label: int
    n_unjudged: int
    n_pages: int
    n_groups: int
    is_suspect: bool
    warning: str
    card_metrics: dict[str, float]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Evaluation:
    """All figures; intervals are 95 %, over groups where nothing else is said.

    `confusion` counts [label, said], and is empty for a score that decides nothing, as all by label are.
    """

    about: About
    figures: dict[str, Figure]
    wilson: Figure | None
    sure: PartFigures | None
    labels: tuple[LabelFigures, ...]
    languages: tuple[PartFigures, ...]
    reliability: tuple[Bin, ...]
    confusion: tuple[tuple[int, ...], ...]
    corrections: tuple[Correction, ...]
    agreement: Agreement | None
    speed: Speed

    def as_json(self) -> dict[str, Any]:
        """Return the evaluation as plain values; what is no number is None."""
        found: dict[str, Any] = _plain(dataclasses.asdict(self))
        found["speed"] |= _plain(
            {"pages_per_second": self.speed.pages_per_second, "ms_per_page": self.speed.ms_per_page}
        )
        return found


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float):
        return round(value, DECIMALS) if math.isfinite(value) else None
    return value
