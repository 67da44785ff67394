"""A lake and a preset -> what each of its flags drops of the corpus, and pages near its threshold; two compared."""

from collections.abc import Iterator, Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from etl.flags.preset import ANY, Preset
from etl.flags.sql import DIMENSIONS, cuts, judgements
from etl.lake import Lake
from etl.schema.table import literal
from udfs.conf import nearest
from udfs.errors import UsageError

EXCERPT_CHARS = 160
KEPT = "(kept)"
ALL = "(all)"


def funnel(lake: Lake, presets: Sequence[Preset], by: str = "all", crawl: str | None = None) -> DataFrame:
    """Return what the flags of `presets` drop of the corpus, in one pass over it.

    Columns: preset, crawl, value (of the dimension `by`), position, flag, and pages and tokens that the flag drops
    alone (n_), as the first of its preset (n_first_) and that no other flag would drop (n_only_). What no flag
    drops stands at position 0: with it the pages dropped first add up to the corpus.
    """
    if by not in ("all", *DIMENSIONS):
        raise UsageError(f"--by {by}{nearest(by, list(DIMENSIONS))}: choose all, {', '.join(DIMENSIONS)}")
    corpus = lake.views.source("corpus")
    if crawl:
        corpus = f"(SELECT * FROM {corpus} WHERE crawl = {literal(crawl)})"
    query = lake.views.query(
        "flag_funnel",
        corpus=corpus,
        judgements=judgements(presets),
        cuts=cuts([] if by == "all" else [by]),
    )
    rows = lake.spark.sql(query).where(F.col("by") == by).drop("by")
    named = rows.withColumn("flag", F.coalesce("flag", F.lit(KEPT)))
    return named.orderBy("preset", "crawl", "value", F.when(F.col("position") == 0, 1).otherwise(0), "position")


def samples(lake: Lake, presets: Sequence[Preset], n: int, crawl: str | None = None) -> DataFrame:
    """Return for each flag up to `n` pages that it just drops and `n` that it just keeps, nearest the threshold first.

    Columns: preset, flag, where, is_flagged, measure (its value there; NULL where a flag compares more than one),
    page_id, url, excerpt. Of a flag without a threshold the pages are any, the same ones every time.
    """
    corpus = lake.table("corpus")
    corpus = corpus.where(F.col("crawl") == crawl) if crawl else corpus
    judged = (column for preset in presets for column in _judged(preset))
    told = corpus.select("page_id", F.inline(F.array(*judged))).where("is_flagged IS NOT NULL")
    order = Window.partitionBy("preset", "position", "is_flagged").orderBy("distance", F.xxhash64("page_id"), "page_id")
    few = told.withColumn("place", F.row_number().over(order)).where(F.col("place") <= n)
    texts = corpus.select("page_id", "url", F.substring("text", 1, EXCERPT_CHARS).alias("excerpt"))
    rows = texts.join(F.broadcast(few), "page_id").orderBy("preset", "position", "is_flagged", "place")
    return rows.select("preset", "flag", "where", "is_flagged", "measure", "page_id", "url", "excerpt")


def compared(lake: Lake, one: Preset, other: Preset, crawl: str | None = None) -> DataFrame:
    """Return what each of two presets keeps of the corpus and the other drops, in one pass over it.

    Columns: kept_by (both, the name of one, neither), dropped_by (`all` of them, or a flag of the preset that drops:
    a page may have several), n_pages, n_tokens and one of the pages.
    """
    corpus = lake.table("corpus").where(f"{one.name}.{ANY} IS NOT NULL AND {other.name}.{ANY} IS NOT NULL")
    corpus = corpus.where(F.col("crawl") == crawl) if crawl else corpus
    is_one, is_other = (F.col(f"`{preset.name}`.{ANY}") for preset in (one, other))
    kept_by = F.when(is_one & is_other, "neither").when(is_one, other.name).when(is_other, one.name).otherwise("both")
    reasons = F.when(is_one & ~is_other, _true_flags(one)).when(~is_one & is_other, _true_flags(other))
    dropped_by = F.explode(F.concat(F.array(F.lit(ALL)), F.coalesce(reasons, F.array().cast("array<string>"))))
    rows = corpus.select(kept_by.alias("kept_by"), dropped_by.alias("dropped_by"), "n_tokens", "page_id", "url")
    counts = F.count("*").alias("n_pages"), F.coalesce(F.sum("n_tokens"), F.lit(0)).alias("n_tokens")
    first = F.min_by("url", F.xxhash64("page_id")).alias("for_example")
    order = "kept_by", F.col("dropped_by") != ALL, F.desc("n_pages"), "dropped_by"
    return rows.groupBy("kept_by", "dropped_by").agg(*counts, first).orderBy(*order)


def _true_flags(preset: Preset) -> Column:
    fields = [(flag.name, F.col(f"`{preset.name}`.`{flag.name}`")) for flag in preset.flags]
    return F.array_compact(F.array(*(F.when(is_true, f"{preset.name}.{name}") for name, is_true in fields)))


def _judged(preset: Preset) -> Iterator[Column]:
    """Yield where a page stands with each flag: how far from its threshold, and on which side."""
    for position, flag in enumerate(preset.flags, 1):
        threshold = flag.threshold
        measure = F.expr(threshold.measure if threshold else "NULL").cast("double")
        yield F.struct(
            F.lit(preset.name).alias("preset"),
            F.lit(position).alias("position"),
            F.lit(flag.name).alias("flag"),
            F.lit(flag.where).alias("where"),
            F.col(f"`{preset.name}`.`{flag.name}`").alias("is_flagged"),
            measure.alias("measure"),
            F.abs(measure - F.lit(threshold.value if threshold else 0.0)).alias("distance"),
        )
