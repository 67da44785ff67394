"""documents -> the table `duplicates`: which texts are the same, and which of them comes first.

spark-submit etl/jobs/dedup.py --crawl NAME --lake DIR_OR_CATALOG.SCHEMA
"""

import sys
from dataclasses import dataclass

from pyspark.sql import functions as F

from etl.faults import persistently
from etl.lake import Lake
from etl.progress import Progress, silent
from etl.runs import Run
from etl.steps.duplicates import METHOD, exact_duplicates
from udfs.errors import MissingInputError


@dataclass(frozen=True)
class DedupResult:
    """What a dedup found: documents, clusters of two or more, and documents that are not first in theirs."""

    n_documents: int
    n_clusters: int
    n_duplicates: int


def dedup(lake: Lake, crawl: str, *, progress: Progress = silent) -> DedupResult:
    """Replace the crawl's rows of `duplicates` by those of the documents that it has now.

    Raises MissingInputError if nothing of the crawl is published.
    """
    run = Run("dedup", crawl, {"method": METHOD})
    inputs = {"pages": lake.version("pages")}
    if not lake.table("files").where((F.col("crawl") == crawl) & (F.col("status") == "published")).limit(1).count():
        raise MissingInputError(f"nothing of crawl {crawl!r} is published in {lake.location}: ingest it first")
    ranked = exact_duplicates(lake.table("texts").where(F.col("crawl") == crawl))
    with progress("ranking documents of the same text", 2) as advance:
        persistently(lambda: lake.replace("duplicates", ranked, where={"crawl": crawl}, because=run.because))
        advance(1)
        result = _count(lake, crawl)
        run.record(lake, n_in=result.n_documents, n_out=result.n_documents, inputs=inputs)
        advance(1)
    return result


def _count(lake: Lake, crawl: str) -> DedupResult:
    counts = (
        lake.table("duplicates")
        .where(F.col("crawl") == crawl)
        .agg(F.count("*"), F.count_if(F.expr("rank = 1 AND cluster_size > 1")), F.count_if(F.expr("rank > 1")))
        .first()
    )
    return DedupResult(*counts)  # type: ignore[misc]


if __name__ == "__main__":
    from etl.cli import main

    sys.exit(main(["dedup", *sys.argv[1:]]))
