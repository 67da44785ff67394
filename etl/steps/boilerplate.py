"""documents -> lines that many pages of one host share (menus, notices), and what a page says without them.

    lines = boilerplate_lines(lake.table("documents"), min_pages=10, min_share=0.5)
    lines.orderBy("host", F.desc("n_pages")).show(truncate=False)  # look at them first
    rest = without_boilerplate(lake.table("documents"), lines)

The idea is CCNet's (Wenzek et al., 2020, arXiv 1911.00359): what stands on page after page is no content. There a
paragraph is dropped wherever in a shard it was seen before; here only if much of its own host has it, from all pages.
No mixture takes this as an option: its budget needs the tokens of a text before it is chosen, and these depend on
the other pages of the host.
"""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

MIN_PAGES = 10
MIN_SHARE = 0.5
MAX_LINES = 1_000  # of a host: a page is compared with no more of them
EXAMPLE_CHARS = 200

_SPACES = " \t\r\f\v\u00a0\u2003\u3000"


def boilerplate_lines(
    documents: DataFrame, min_pages: int = MIN_PAGES, min_share: float = MIN_SHARE, max_lines: int = MAX_LINES
) -> DataFrame:
    """Return the lines that stand on at least `min_pages` pages and the share `min_share` of the pages of a host.

    documents: host, text. Rows: host, line_hash (64 bits of the stripped line), n_pages (a page counts once, however
    often it says the line), n_host_pages, line (an example, cut to EXAMPLE_CHARS). Of a host with more than
    `max_lines` of them, those on most pages. Nothing is gathered by host before the rare lines are gone, so that a host
    of a million pages is counted by all tasks.
    """
    pages = documents.where(F.col("host").isNotNull() & F.col("text").isNotNull())
    hosts = pages.groupBy("host").agg(F.count("*").alias("n_host_pages")).where(F.col("n_host_pages") >= min_pages)
    each = F.explode(F.array_distinct(F.filter(_lines(F.col("text")), lambda line: line != "")))
    lines = pages.select("host", each.alias("line")).groupBy("host", F.xxhash64("line").alias("line_hash"))
    counted = lines.agg(F.count("*").alias("n_pages"), F.min(F.substring("line", 1, EXAMPLE_CHARS)).alias("line"))
    common = counted.where(F.col("n_pages") >= min_pages).join(hosts, "host")
    common = common.where(F.col("n_pages") >= F.lit(min_share) * F.col("n_host_pages"))
    place = F.row_number().over(Window.partitionBy("host").orderBy(F.desc("n_pages"), "line_hash"))
    first = common.withColumn("place", place).where(F.col("place") <= max_lines)
    return first.select("host", "line_hash", "n_pages", "n_host_pages", "line")


def without_boilerplate(documents: DataFrame, lines: DataFrame) -> DataFrame:
    """Return the documents with `edited_text`, what their host's `lines` leave of the text, and what is gone.

    documents: host, text and whatever else. lines: as `boilerplate_lines` gives them, filtered at will. New columns:
    edited_text (the other lines as they were, blank ones too; empty if nothing is left), n_lines_removed (a line said
    twice counts twice) and removed_char_ratio (of the text's characters, those that are gone; NULL of an empty text).
    Where lines are few, `F.broadcast` of them spares the texts a shuffle; else adaptive execution splits large hosts.
    """
    hashes = lines.groupBy("host").agg(F.collect_set("line_hash").alias("line_hashes"))
    known = F.coalesce(F.col("line_hashes"), F.array().cast("array<bigint>"))
    raw = F.split("text", "\n", -1)
    left = F.filter(raw, lambda line: ~F.array_contains(known, F.xxhash64(_stripped(line))))
    n_chars = F.length("text")
    return (
        documents.join(hashes, "host", "left")
        .withColumn("left_lines", left)
        .withColumn("edited_text", F.array_join("left_lines", "\n"))
        .withColumn("n_lines_removed", F.size(raw) - F.size("left_lines"))
        .withColumn("removed_char_ratio", F.round(F.try_divide(n_chars - F.length("edited_text"), n_chars), 6))
        .drop("line_hashes", "left_lines")
        .select(*documents.columns, "edited_text", "n_lines_removed", "removed_char_ratio")
    )


def _lines(text: Column) -> Column:
    return F.transform(F.split(text, "\n", -1), _stripped)


def _stripped(line: Column) -> Column:
    return F.btrim(line, F.lit(_SPACES))
