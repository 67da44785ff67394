"""Stages of several rounds -> medians, and tables of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import linear_regression, median

from tests.benchmarks.process_tree import Memory
from tests.benchmarks.stage import Stage

Row = Sequence[str]


@dataclass(frozen=True)
class Figures:
    """What was measured, in the order in which it was, and the cores that each system could use."""

    stages: Sequence[Stage]
    n_cores: int

    def stage(self, system: str, step: str, n_pages: int) -> Stage:
        """Return the median of a stage over the rounds, each value by itself."""
        found = [s for s in self.stages if (s.system, s.step, s.n_pages) == (system, step, n_pages)]
        return Stage(
            system,
            step,
            n_pages,
            wall_s=median(s.wall_s for s in found),
            cpu_s=median(s.cpu_s for s in found),
            peak=Memory(*(median(values) for values in zip(*(s.peak for s in found), strict=True))),
            before_s={key: median(s.before_s[key] for s in found) for key in found[0].before_s},
            said=found[-1].said,
        )

    def rounds(self, system: str, step: str, n_pages: int) -> int:
        """Return how many times a stage was measured."""
        return sum((s.system, s.step, s.n_pages) == (system, step, n_pages) for s in self.stages)

    def together(self, system: str, steps: Sequence[str], n_pages: int) -> Stage:
        """Return several stages as one: times add up, of the memory the largest counts."""
        parts = [self.stage(system, step, n_pages) for step in steps]
        peak = Memory(*(max(values) for values in zip(*(p.peak for p in parts), strict=True)))
        wall_s, cpu_s = sum(p.wall_s for p in parts), sum(p.cpu_s for p in parts)
        return Stage(system, " + ".join(steps), n_pages, wall_s, cpu_s, peak, parts[0].before_s)

    def rate(self, stage: Stage) -> float:
        """Return pages per second and core."""
        return stage.n_pages / stage.wall_s / self.n_cores


@dataclass(frozen=True)
class Line:
    """A straight line by least squares: seconds a page, and the seconds that no page costs."""

    slope: float
    intercept: float

    @classmethod
    def through(cls, seconds: Mapping[int, float]) -> "Line":
        """Return the line through seconds by pages."""
        return cls(*linear_regression(list(seconds), list(seconds.values())))


def growth(seconds: Mapping[int, float]) -> float:
    """Return the slope over the larger half of the sizes divided by that over the smaller half."""
    sizes = sorted(seconds)
    middle = len(sizes) // 2
    lower, upper = sizes[: middle + 1], sizes[middle:]
    return Line.through({n: seconds[n] for n in upper}).slope / Line.through({n: seconds[n] for n in lower}).slope


def table(title: str, head: Row, rows: Iterable[Row]) -> str:
    """Return a table that reads well as it is and as Markdown; the first column is text, the others are numbers."""
    lines = [list(head), *map(list, rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    ruled = [lines[0], ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])], *lines[1:]]
    pads: list[Callable[[str, int], str]] = [str.ljust, *([str.rjust] * (len(head) - 1))]
    printed = (
        "| " + " | ".join(pad(cell, width) for pad, cell, width in zip(pads, line, widths, strict=True)) + " |"
        for line in ruled
    )
    return "\n".join((f"\n{title}\n", *printed))


def megabytes(size: float) -> str:
    """Return bytes as megabytes."""
    return f"{size / 1e6:,.0f}"
