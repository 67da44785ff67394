"""A lake -> what was lost or had to be worked around, by reason, with an example of each to look at."""

from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from etl.lake import Lake
from udfs.fault import GapReason


def reasons(lake: Lake, crawl: str | None = None) -> DataFrame:
    """Return a row for each reason: unread files, broken pages, bytes of no record, texts got in spite of something.

    Columns: what (file, page, gap or repair), reason (a code of udfs/fault.py), n, n_bytes as stored, and of the first
    example file, offset and detail: `webstrata show FILE OFFSET` shows it. `crawl` None: of all crawls.
    """
    broken = [reason.value for reason in GapReason if not reason.is_expected]
    files = lake.table("files")
    published = files.where("status = 'published'")
    failed = files.where("status = 'failed'").withColumn("reason", F.lit("unreadable")).withColumn("offset", F.lit(0))
    gaps = published.select("crawl", "uri", F.inline("gaps")).where(F.col("reason").isin(broken))
    uris = published.select("crawl", "warc_file", "uri")
    pages = lake.table("quarantine").withColumn("reason", F.col("fault"))
    repaired = lake.table("texts").withColumn("reason", F.explode("repairs"))
    parts = [
        ("file", failed, "offset", "size_bytes", "fault"),
        ("page", pages.join(uris, ["crawl", "warc_file"]), "warc_offset", "warc_length", "fault_detail"),
        ("gap", gaps.withColumn("detail", F.lit(None)), "offset", "length", "detail"),
        ("repair", repaired.join(uris, ["crawl", "warc_file"]), "warc_offset", "warc_length", "url"),
    ]
    found = [
        _by_reason(what, rows.where(F.col("crawl") == crawl) if crawl else rows, *columns)
        for what, rows, *columns in parts
    ]
    return reduce(DataFrame.union, found).orderBy("what", F.desc("n"), "reason")


def _by_reason(what: str, rows: DataFrame, offset: str, length: str, detail: str) -> DataFrame:
    first = F.min(F.struct(F.col("uri").alias("file"), F.col(offset).alias("offset"), F.col(detail).alias("detail")))
    grouped = rows.groupBy("reason").agg(F.count("*").alias("n"), F.sum(length).alias("n_bytes"), first.alias("first"))
    return grouped.select(F.lit(what).alias("what"), "reason", "n", "n_bytes", "first.*")
