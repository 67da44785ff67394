"""Figures -> the tables that the benchmark prints."""

from collections.abc import Sequence

from tests.benchmarks import ours, rival
from tests.benchmarks.figures import Figures, Line, growth, megabytes, table
from tests.benchmarks.stage import Stage

LATER_STEPS = ("annotate", "dedup", "mix")
FLOORS = {"resiliparse": 5.0, "trafilatura": 1.0}  # of datatrove's part, in pages/s/core
MEASURED = ("ingest, resiliparse", "measures")  # language is among the measures
MEASURED_FLOOR = 5.0  # of datatrove's whole


def summary(figures: Figures, sizes: Sequence[int], n_compared: int) -> str:
    """Return all the tables."""
    parts = (_comparison(figures, sizes, n_compared), _floors(figures, sizes, n_compared), _costs(figures, sizes))
    return "\n".join((*parts, _growth(figures, sizes), _mix(figures, sizes)))


def _steps(extractor: str) -> tuple[str, str]:
    return (f"ingest, {extractor}", f"language, {extractor}")


def _comparison(figures: Figures, sizes: Sequence[int], n: int) -> str:
    """Return each system and step beside datatrove's part on the same cores."""
    largest = sizes[-1]
    part, whole = (figures.stage(rival.SYSTEM, step, n) for step in (rival.PART, rival.WHOLE))
    rows = [part, whole]
    for extractor, size in (("trafilatura", n), ("resiliparse", n), ("resiliparse", largest)):
        steps = _steps(extractor)
        rows.append(figures.together(ours.SYSTEM, steps, size))
        if size == largest or extractor == "trafilatura":
            rows += [figures.stage(ours.SYSTEM, step, size) for step in steps]
    rows.append(figures.together(ours.SYSTEM, MEASURED, largest))
    rows += [figures.stage(ours.SYSTEM, step, largest) for step in ("measures", *LATER_STEPS)]
    base = figures.rate(part)
    head = (
        "System", "Pages", "Rounds", "Start s", "Lake s", "Seconds", "CPU s", "Pages/s/core", "To part",
        "Peak MB", "JVM MB", "Workers MB", "Worker MB", "Found",
    )  # fmt: skip
    title = "1. Beside datatrove (`To part`: pages/s/core by those of datatrove's part)"
    return table(title, head, [_row(figures, stage, base) for stage in rows])


def _row(figures: Figures, stage: Stage, base: float) -> list[str]:
    rate, steps = figures.rate(stage), stage.step.split(" + ")
    return [
        f"{stage.system}: {stage.step}",
        f"{stage.n_pages:,}",
        str(figures.rounds(stage.system, steps[0], stage.n_pages)),
        f"{stage.before_s.get('start', 0):.1f}",
        f"{stage.before_s.get('lake', 0):.1f}",
        f"{stage.wall_s:.1f}",
        f"{stage.cpu_s:.1f}",
        f"{rate:,.1f}",
        f"{rate / base:.2f}",
        *map(megabytes, stage.peak),
        ", ".join(f"{value:,} {what}" for what, value in stage.said.items()),
    ]


def _floors(figures: Figures, sizes: Sequence[int], n: int) -> str:
    """Return whether what was promised holds, for the same pages and for the most pages."""
    base = figures.rate(figures.stage(rival.SYSTEM, rival.PART, n))
    rows = []
    for extractor, size in (("resiliparse", n), ("resiliparse", sizes[-1]), ("trafilatura", n)):
        ratio = figures.rate(figures.together(ours.SYSTEM, _steps(extractor), size)) / base
        floor = FLOORS[extractor]
        rows.append([extractor, f"{size:,}", f"{floor:.1f}", f"{ratio:.2f}", "yes" if ratio >= floor else "NO"])
    whole = figures.rate(figures.stage(rival.SYSTEM, rival.WHOLE, n))
    for size in sizes:
        ratio = figures.rate(figures.together(ours.SYSTEM, MEASURED, size)) / whole
        holds = "yes" if ratio >= MEASURED_FLOOR else "NO"
        rows.append(["ingest + all measures", f"{size:,}", f"{MEASURED_FLOOR:.1f} of whole", f"{ratio:.2f}", holds])
    head = ("Ingest + language with", "Pages", "Floor", "Times", "Holds")
    return table("2. Floors (of datatrove's part, where nothing else is said)", head, rows)


def _costs(figures: Figures, sizes: Sequence[int]) -> str:
    """Return seconds and memory of ingest + language at each size."""
    steps = _steps("resiliparse")
    rows = []
    for size in sizes:
        both = figures.together(ours.SYSTEM, steps, size)
        ingest, language = (figures.stage(ours.SYSTEM, step, size) for step in steps)
        seconds = (ingest.wall_s, language.wall_s, both.wall_s)
        sizes_of = (ingest.peak.worker, language.peak.worker, both.peak.jvm, both.peak.tree)
        rows.append(
            [f"{size:,}", *(f"{s:.1f}" for s in seconds), f"{figures.rate(both):,.1f}", *map(megabytes, sizes_of)]
        )
    head = (
        "Pages", "Ingest s", "Language s", "Both s", "Pages/s/core",
        "Worker MB, ingest", "Worker MB, language", "JVM MB", "Peak MB",
    )  # fmt: skip
    return table("3. Ingest (resiliparse) + language by size", head, rows)


def _growth(figures: Figures, sizes: Sequence[int]) -> str:
    """Return the cost of a page and of no page, and whether pages cost more where there are more of them."""
    ingest, language = _steps("resiliparse")
    rows = []
    for steps in ((ingest, language), (ingest,), (language,), *((step,) for step in ("measures", *LATER_STEPS))):
        seconds = {n: figures.together(ours.SYSTEM, steps, n).wall_s for n in sizes}
        line = Line.through(seconds)
        cells = (f"{line.slope * 1000:.2f}", f"{line.intercept:.1f}", f"{growth(seconds):.2f}")
        rows.append([" + ".join(steps), *cells])
    head = ("Step", "ms a page", "Fixed s", "Slope, upper half / lower half")
    return table(f"4. Cost: least squares of seconds over {_range(sizes)} pages", head, rows)


def _mix(figures: Figures, sizes: Sequence[int]) -> str:
    """Return what a mixture takes, and what goes before it."""
    rows = []
    for size in sizes:
        annotate, dedup, mix = (figures.stage(ours.SYSTEM, step, size) for step in LATER_STEPS)
        seconds = (f"{stage.wall_s:.1f}" for stage in (annotate, dedup, mix))
        found = (str(dedup.said["duplicates"]), str(mix.said["strata"]), str(mix.said["taken"]))
        rows.append([f"{size:,}", *seconds, *found, megabytes(mix.peak.tree), megabytes(mix.peak.jvm)])
    head = ("Pages", "Annotate s", "Dedup s", "Mix s", "Duplicates", "Strata", "Pages taken", "Peak MB", "JVM MB")
    return table("5. All annotators, exact duplicates, a mixture (memory is the mixture's)", head, rows)


def _range(sizes: Sequence[int]) -> str:
    return ", ".join(f"{size:,}" for size in sizes)
