"""A lake and a preset -> what each of its flags drops of the corpus, and pages near its threshold; two compared."""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from etl.flags.preset import ANY, Flag, Preset
from etl.flags.sql import DIMENSIONS, as_number, cuts, judgements
from etl.lake import Lake
from etl.local_rows import local_rows
from etl.schema.table import literal
from udfs.conf import nearest
from udfs.errors import UsageError

EXCERPT_CHARS = 160
KEPT = "(kept)"
ALL = "(all)"
_SAMPLE = (
    "page_id STRING, crawl STRING, i INT, preset STRING, flag STRING, `where` STRING, is_flagged BOOLEAN,"
    " measure DOUBLE, place INT"
)


def funnel(lake: Lake, presets: Sequence[Preset], by: str = "all", crawl: str | None = None) -> DataFrame:
    """Return what the flags of `presets` drop of the corpus, in one pass over it; what drops most comes first.

    Columns: preset, crawl, value (of the dimension `by`), position, flag, and pages and tokens that the flag drops
    alone (n_), as the first of its preset (n_first_) and that no other flag would drop (n_only_). What no flag
    drops stands at position 0: with it the pages dropped first add up to the pages that the preset can be told of.
    """
    if by not in ("all", *DIMENSIONS):
        raise UsageError(f"--by {by}{nearest(by, list(DIMENSIONS))}: choose all, {', '.join(DIMENSIONS)}")
    corpus = lake.views.source("corpus")
    if crawl:
        corpus = f"(SELECT * FROM {corpus} WHERE crawl = {literal(crawl)})"
    query = lake.views.query(
        "flag_funnel", corpus=corpus, judgements=judgements(presets), cuts=cuts([] if by == "all" else [by])
    )
    rows = lake.spark.sql(query).where(F.col("by") == by).drop("by").withColumn("flag", F.coalesce("flag", F.lit(KEPT)))
    of_group = F.sum("n_first_pages").over(Window.partitionBy("preset", "crawl", "value"))
    order = F.desc("of_group"), "value", F.col("position") == 0, "position"
    return rows.withColumn("of_group", of_group).orderBy("preset", "crawl", *order).drop("of_group")


def samples(lake: Lake, presets: Sequence[Preset], n: int, crawls: Sequence[str] | None = None) -> DataFrame:
    """Return for each flag up to `n` pages that it just drops and `n` that it just keeps, nearest the threshold first.

    Columns: preset, flag, where, is_flagged, measure (its value there; NULL where a flag compares more than one),
    page_id, url, excerpt. Of a flag without a threshold the pages are any, the same ones every time.
    """
    corpus = lake.table("corpus")
    corpus = corpus.where(F.col("crawl").isin(list(crawls))) if crawls else corpus
    told = [(preset, flag) for preset in presets for flag in preset.flags if flag.is_told]
    judged = F.array(*(_judged(i, preset, flag) for i, (preset, flag) in enumerate(told)))
    pages = corpus.select("page_id", "crawl", "batch", F.inline(judged)).where("is_flagged IS NOT NULL")
    order = F.asc_nulls_last("distance"), F.xxhash64("page_id"), F.col("page_id")
    near = pages.withColumn("place", F.row_number().over(Window.partitionBy("i", "is_flagged").orderBy(*order)))
    few = near.where(F.col("place") <= n).collect()  # 2 n pages a flag; now their texts, of their batches alone
    names = [
        {**row.asDict(), "preset": told[row["i"]][0].name, "flag": told[row["i"]][1].name,
         "where": told[row["i"]][1].where} for row in few
    ]  # fmt: skip
    chosen = local_rows(lake.spark, names, _SAMPLE)
    batches, ids = sorted({row["batch"] for row in few}), sorted({row["page_id"] for row in few})
    texts = lake.table("texts").where(F.col("batch").isin(batches) & F.col("page_id").isin(ids))
    excerpts = texts.select("page_id", "crawl", "url", F.substring("text", 1, EXCERPT_CHARS).alias("excerpt"))
    rows = excerpts.join(F.broadcast(chosen), ["page_id", "crawl"]).orderBy("i", "is_flagged", "place")
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
    fields = [(flag.name, F.col(f"`{preset.name}`.`{flag.name}`")) for flag in preset.flags if flag.is_told]
    return F.array_compact(F.array(*(F.when(is_true, f"{preset.name}.{name}") for name, is_true in fields)))


def _judged(i: int, preset: Preset, flag: Flag) -> Column:
    """Return where a page stands with a flag: how far from its threshold, and on which side."""
    threshold = flag.threshold
    measure = F.expr(as_number(threshold.measure if threshold else "NULL"))
    return F.struct(
        F.lit(i).alias("i"),
        F.col(f"`{preset.name}`.`{flag.name}`").alias("is_flagged"),
        measure.alias("measure"),
        F.abs(measure - F.expr(as_number(threshold.limit if threshold else "0"))).alias("distance"),
    )
