"""The figures of a report: aggregates that somebody counted go in, plain frozen values come out.

Nothing here knows Spark, HTML or a terminal: `collect` fills these, `html` and `terminal` show them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Reason:
    """Why rows did not reach a step; expected as a redirect is, or a sign of something broken."""

    name: str
    n_rows: int
    is_expected: bool = True


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """What is left at a step, and why the step before it had more."""

    step: str
    n_rows: int
    n_tokens: int | None = None
    reasons: Sequence[Reason] = ()


@dataclass(frozen=True, slots=True)
class CellCount:
    """How much of one topic comes in one format."""

    topic: str
    format: str
    n_documents: int
    n_tokens: int


@dataclass(frozen=True, slots=True)
class LanguageCount:
    """How much there is in one language."""

    label: str
    n_documents: int
    n_tokens: int


@dataclass(frozen=True, slots=True)
class QualityBin:
    """Documents whose quality score lies in [low, high); the last bin takes its upper edge too."""

    low: float
    high: float
    n_corpus: int
    n_mixture: int | None = None


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A stratum: what its weight asks for, what there is, its quota, and what it got (copies counted)."""

    stratum: str
    share: float  # of the budget, by the weights alone
    wanted_tokens: int  # the share of the budget, in tokens
    available_tokens: int
    target_tokens: int  # its quota: less than wanted where the corpus has too little, else its part of the rest
    taken_tokens: int
    n_pages: int
    epochs: float
    is_short: bool
    limited_by: str | None = None  # what keeps it below its share

    @property
    def missing_tokens(self) -> int:
        """Return how many tokens the stratum is short of what its share asks for."""
        return max(self.wanted_tokens - self.taken_tokens, 0)


@dataclass(frozen=True, slots=True)
class FaultRow:
    """Pages without a text for one reason, with one of them to look at."""

    fault: str
    is_expected: bool
    n_pages: int
    example_url: str | None = None
    example_file: str | None = None
    example_offset: int | None = None

    @property
    def example_address(self) -> str | None:
        """Return where the example's bytes lie: `file:offset`."""
        return None if self.example_file is None else f"{self.example_file}:{self.example_offset}"


@dataclass(frozen=True, slots=True)
class GapRow:
    """Bytes of files that are no record, for one reason."""

    reason: str
    n_gaps: int
    n_bytes: int
    example_address: str | None = None


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run of one job: what it took in, what it wrote, how long it took."""

    job: str
    scope: str
    n_in: int | None
    n_out: int | None
    seconds: float | None
    started_at: datetime | None = None

    @property
    def rows_per_second(self) -> float | None:
        """Return how many rows a second the job took in."""
        return self.n_in / self.seconds if self.n_in and self.seconds else None


@dataclass(frozen=True, slots=True)
class NearPage:
    """A page near a flag's threshold."""

    url: str
    measure: float | None
    is_flagged: bool
    excerpt: str = ""


@dataclass(frozen=True, slots=True)
class FlagRow:
    """What a flag drops: alone, as the first of its preset, and what no other flag would drop."""

    flag: str
    where: str
    n_pages: int
    n_tokens: int
    n_first_pages: int
    n_only_pages: int
    near: Sequence[NearPage] = ()


@dataclass(frozen=True, slots=True)
class PresetFunnel:
    """A preset: what its flags drop and what they keep."""

    preset: str
    source: str
    flags: Sequence[FlagRow]
    kept_pages: int
    kept_tokens: int

    @property
    def n_pages(self) -> int:
        """Return the pages judged: kept, or dropped first by one of the flags."""
        return self.kept_pages + sum(row.n_first_pages for row in self.flags)


@dataclass(frozen=True, slots=True)
class Totals:
    """What was read to get here."""

    n_files: int = 0
    n_unreadable_files: int = 0
    n_bytes: int = 0


@dataclass(frozen=True, slots=True)
class ReportData:
    """Everything that a report says, whichever way it is shown."""

    title: str
    lake: str
    created_at: datetime
    funnel: Sequence[FunnelStep]
    subtitle: str = ""
    cells: Sequence[CellCount] = ()
    languages: Sequence[LanguageCount] = ()
    quality: Sequence[QualityBin] = ()
    plan: Sequence[PlanRow] = ()  # the strata that have a weight
    token_budget: int = 0
    faults: Sequence[FaultRow] = ()
    gaps: Sequence[GapRow] = ()
    runs: Sequence[RunRow] = ()
    totals: Totals = Totals()
    presets: Sequence[PresetFunnel] = ()
    identity: Mapping[str, str] = field(default_factory=dict)
    spec_yaml: str | None = None


def unexplained(funnel: Sequence[FunnelStep]) -> int:
    """Return how many rows no reason accounts for, over all steps: 0 where nothing is lost in silence."""
    steps = pairwise(funnel)
    return sum(abs(a.n_rows - b.n_rows - sum(r.n_rows for r in b.reasons)) for a, b in steps)
