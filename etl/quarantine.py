"""A lake -> what was lost or had to be worked around, by reason, with an example of each to look at."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from etl.lake import Lake
from udfs.fault import GapReason


def reasons(lake: Lake, crawl: str | None = None) -> DataFrame:
    """Return a row for each reason: broken pages, bytes that are no record, and texts got in spite of something.

    Columns: what (page, gap or repair), reason (a code of udfs/fault.py), n, n_bytes as stored, and of the first
    example file, offset and detail: `webstrata show FILE OFFSET` shows it. `crawl` None: of all crawls.
    """
    broken = [reason.value for reason in GapReason if not reason.is_expected]
    published = lake.table("files").where("status = 'published'")
    gaps = published.select("crawl", "uri", F.inline("gaps")).where(F.col("reason").isin(broken))
    uris = published.select("crawl", "warc_file", "uri")
    pages = lake.table("quarantine").withColumn("reason", F.col("fault"))
    repaired = lake.table("documents").withColumn("reason", F.explode("repairs"))
    parts = [
        ("page", pages.join(uris, ["crawl", "warc_file"]), "warc_offset", "warc_length", "fault_detail"),
        ("gap", gaps.withColumn("detail", F.lit(None)), "offset", "length", "detail"),
        ("repair", repaired.join(uris, ["crawl", "warc_file"]), "warc_offset", "warc_length", "url"),
    ]
    found = [
        _by_reason(what, rows.where(F.col("crawl") == crawl) if crawl else rows, *columns)
        for what, rows, *columns in parts
    ]
    return found[0].union(found[1]).union(found[2]).orderBy("what", F.desc("n"), "reason")


def _by_reason(what: str, rows: DataFrame, offset: str, length: str, detail: str) -> DataFrame:
    first = F.min(F.struct(F.col("uri").alias("file"), F.col(offset).alias("offset"), F.col(detail).alias("detail")))
    grouped = rows.groupBy("reason").agg(F.count("*").alias("n"), F.sum(length).alias("n_bytes"), first.alias("first"))
    return grouped.select(F.lit(what).alias("what"), "reason", "n", "n_bytes", "first.*")
