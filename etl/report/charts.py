"""Figures of a report go in, lengths and classes that a template can draw come out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil

from etl.report.data import FunnelStep, PlanRow, QualityBin, Reason

N_SHADES = 7
N_TICKS = 5
_ROUND_STEPS = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class FunnelBar:
    """A step of the funnel: widths in per cent of the first step, and what was lost on the way to it."""

    step: FunnelStep
    width: float
    previous_width: float
    n_lost: int
    n_unexplained: int
    reasons: Sequence[Reason]


@dataclass(frozen=True, slots=True)
class PlanBar:
    """A stratum's shares in per cent: of the corpus, got and wanted of the budget; times `scale`: widths."""

    row: PlanRow
    available: float
    taken: float
    wanted: float
    scale: float


@dataclass(frozen=True, slots=True)
class HistogramBar:
    """A bin of the histogram: where it stands and how high, in per cent of the plot."""

    bin: QualityBin
    left: float
    width: float
    corpus_share: float
    corpus_height: float
    mixture_share: float | None
    mixture_height: float | None


@dataclass(frozen=True, slots=True)
class Histogram:
    """Bars; gridlines as (height in per cent of the plot, share in per cent); ticks as (left, score)."""

    bars: Sequence[HistogramBar]
    gridlines: Sequence[tuple[float, float]]
    ticks: Sequence[tuple[float, float]]
    has_mixture: bool


def funnel_bars(funnel: Sequence[FunnelStep]) -> list[FunnelBar]:
    """Return the steps as bars, each step's reasons in order of size, the broken ones first."""
    top = max((step.n_rows for step in funnel), default=0) or 1
    before: list[FunnelStep | None] = [None, *funnel]
    return [_funnel_bar(step, earlier, top) for step, earlier in zip(funnel, before, strict=False)]


def _funnel_bar(step: FunnelStep, earlier: FunnelStep | None, top: int) -> FunnelBar:
    n_before = step.n_rows if earlier is None else earlier.n_rows
    n_explained = sum(reason.n_rows for reason in step.reasons)
    return FunnelBar(
        step=step,
        width=100 * step.n_rows / top,
        previous_width=100 * n_before / top,
        n_lost=n_before - step.n_rows,
        n_unexplained=0 if earlier is None else n_before - step.n_rows - n_explained,
        reasons=sorted(step.reasons, key=lambda r: (r.is_expected, -r.n_rows, r.name)),
    )


def plan_bars(plan: Sequence[PlanRow], token_budget: int) -> list[PlanBar]:
    """Return the strata as bars on one scale, the largest share first.

    What a stratum got and what it wanted are both shares of the budget: a short stratum's bar ends before its
    marker, and those of the others go beyond theirs by what they took over.
    """
    available = sum(row.available_tokens for row in plan) or 1
    budget = token_budget or 1
    shares = [
        (row, 100 * row.available_tokens / available, 100 * row.taken_tokens / budget, 100 * row.share)
        for row in sorted(plan, key=lambda r: (-r.share, r.stratum))
    ]
    longest = max((max(lengths) for _, *lengths in shares), default=0) or 1
    return [PlanBar(*share, scale=100 / longest) for share in shares]


def histogram(bins: Sequence[QualityBin]) -> Histogram:
    """Return the bins as bars: shares of the corpus and of the mixture, so that the shapes compare."""
    has_mixture = any(b.n_mixture for b in bins)
    corpus = sum(b.n_corpus for b in bins) or 1
    mixture = sum(b.n_mixture or 0 for b in bins) or 1
    shares = [(b, 100 * b.n_corpus / corpus, 100 * (b.n_mixture or 0) / mixture if has_mixture else None) for b in bins]
    gridlines = _gridlines(max((max(c, m or 0) for _, c, m in shares), default=0))
    top = gridlines[-1] or 1
    low, high = (bins[0].low, bins[-1].high) if bins else (0.0, 1.0)
    bars = [
        HistogramBar(
            bin=b,
            left=100 * (b.low - low) / (high - low),
            width=100 * (b.high - b.low) / (high - low),
            corpus_share=c,
            corpus_height=100 * c / top,
            mixture_share=m,
            mixture_height=None if m is None else 100 * m / top,
        )
        for b, c, m in shares
    ]
    ticks = [(100 * i / N_TICKS, low + i * (high - low) / N_TICKS) for i in range(N_TICKS + 1)]
    return Histogram(bars, [(100 * line / top, line) for line in gridlines], ticks, has_mixture)


def _gridlines(top: float, n_lines: int = 6) -> list[float]:
    """Return at most `n_lines` round values from 0 to `top` or just above."""
    steps = (s * 10.0**power for power in (-2, -1, 0, 1) for s in _ROUND_STEPS)
    step = next(s for s in steps if s * n_lines >= top)
    return [step * i for i in range(max(ceil(top / step), 1) + 1)]


def shades(counts: Iterable[int]) -> list[tuple[int, int]]:
    """Return (smallest count, shade) of each shade of a heat map of `counts`, the lightest first.

    The steps are even on a log scale, since the cells of a crawl differ by orders of magnitude; few
    distinct counts are spread over all shades, so that the largest is always the darkest.
    """
    distinct = sorted(set(counts))
    if not distinct:
        return []
    low, high = distinct[0], distinct[-1]
    floors = sorted({ceil(round(low * (high / low) ** (i / N_SHADES), 6)) for i in range(N_SHADES)})
    return [(floor, round(1 + (i + 1) * (N_SHADES - 1) / len(floors))) for i, floor in enumerate(floors)]


def shade(n: int, scale: Sequence[tuple[int, int]]) -> int:
    """Return the shade of a count: 0 is empty, then 1 or more, the darkest for the largest."""
    return max((shade for floor, shade in scale if n >= floor), default=0)
