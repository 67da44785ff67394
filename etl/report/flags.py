"""The presets of a lake -> what their flags drop of some crawls, with a page on each side of each threshold."""

from collections.abc import Mapping, Sequence

from pyspark.sql import Row
from pyspark.sql import functions as F

from etl.flags import Preset
from etl.flags.funnel import funnel, samples
from etl.lake import Lake
from etl.report.data import FlagRow, NearPage, PresetFunnel


def collect_presets(lake: Lake, crawls: Sequence[str]) -> list[PresetFunnel]:
    """Return the funnel of each preset that can be told, in one pass over the corpus, and samples in another."""
    presets = [preset for preset in lake.views.presets.ready.values() if crawls]
    if not presets:
        return []
    rows = funnel(lake, presets).where(F.col("crawl").isin(list(crawls)))
    sums = [F.sum(name).alias(name) for name in ("n_pages", "n_tokens", "n_first_pages", "n_only_pages")]
    counts = {(row["preset"], row["position"]): row for row in rows.groupBy("preset", "position").agg(*sums).collect()}
    near: dict[tuple[str, str], list[NearPage]] = {}
    for row in samples(lake, presets, 1, crawls).collect():
        page = NearPage(row["url"] or row["page_id"], row["measure"], row["is_flagged"], row["excerpt"])
        near.setdefault((row["preset"], row["flag"]), []).append(page)
    return [_funnel(preset, counts, near) for preset in presets]


def _funnel(
    preset: Preset, counts: Mapping[tuple[str, int], Row], near: Mapping[tuple[str, str], Sequence[NearPage]]
) -> PresetFunnel:
    name, kept = preset.name, counts.get((preset.name, 0))
    flags = [
        FlagRow(flag.name, flag.where, *_counts(counts.get((name, i))), near.get((name, flag.name), ()))
        for i, flag in enumerate(preset.flags, 1)
    ]
    return PresetFunnel(name, preset.source, flags, *((kept["n_pages"], kept["n_tokens"]) if kept else (0, 0)))


def _counts(row: Row | None) -> tuple[int, int, int, int]:
    return (row["n_pages"], row["n_tokens"], row["n_first_pages"], row["n_only_pages"]) if row else (0, 0, 0, 0)
