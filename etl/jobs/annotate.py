"""documents -> the table `annotations`, batch by batch, computing only what is missing.

spark-submit etl/jobs/annotate.py --crawl NAME [--only topic,format] --lake DIR_OR_CATALOG.SCHEMA
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from pyspark.sql import functions as F

from etl.faults import persistently
from etl.lake import Lake
from etl.progress import Progress, silent
from etl.runs import Run
from etl.steps.annotations import annotate as annotations_of
from etl.steps.annotations import annotate_all, count_missing
from etl.steps.conditions import GIVEN, looked_at
from udfs.annotator import Annotator
from udfs.errors import ConflictError, MissingInputError

# A batch is one file of Parquet or a few, which as many tasks could read: models want all cores. A task of so many
# documents takes seconds with the annotators that we ship, a minute with an encoder.
DOCUMENTS_PER_TASK = 500
DOCUMENTS_PER_FILE = 100_000  # of what is said of them, about 50 MB


@dataclass(frozen=True)
class AnnotateResult:
    """What a run did: documents looked at, and batches of which something was missing."""

    n_documents: int
    n_batches: int
    n_batches_done: int


def annotate(lake: Lake, crawl: str, annotators: Sequence[Annotator], *, progress: Progress = silent) -> AnnotateResult:
    """Let `annotators` speak of every document of the crawl that they have not spoken of in this version.

    Raises MissingInputError if nothing of the crawl is published.
    """
    config = {a.name: {"version": a.version, **a.details} for a in annotators}
    run = Run("annotate", crawl, config)
    inputs = {"pages": lake.version("pages"), "annotations": lake.version("annotations")}
    batches = _batches(lake, crawl)
    if not batches:
        raise MissingInputError(f"no published batches of crawl {crawl!r} in {lake.location}: ingest it first")
    n_documents = n_done = 0
    with progress("annotating", len(batches)) as advance:
        for batch in batches:
            n, is_done = persistently(partial(_annotate_batch, lake, crawl, batch, annotators, run))
            n_documents, n_done = n_documents + n, n_done + is_done
            advance(1)
    lake.publish_views()
    if n_done:
        run.record(lake, n_in=n_documents, n_out=n_documents, inputs=inputs)
    return AnnotateResult(n_documents, len(batches), n_done)


def _annotate_batch(lake: Lake, crawl: str, batch: str, annotators: Sequence[Annotator], run: Run) -> tuple[int, bool]:
    """Bring the annotations of a batch up to date; return its documents, and whether anything was missing."""
    is_batch = (F.col("crawl") == crawl) & (F.col("batch") == batch)
    texts = lake.table("texts").where(is_batch)
    documents = texts.select(*GIVEN, *looked_at(annotators, texts.columns))
    # Pinned: what another driver adds between our look and our write must not be overwritten by NULL.
    now = lake.pinned("annotations")
    stored = now.table("annotations").where(is_batch)
    found = count_missing(documents, stored, annotators).first()
    assert found is not None
    n_documents, n_stored, *missing = found
    is_stale = stored.count() != n_documents
    if not any(missing) and not is_stale:
        return n_documents, False
    step = annotations_of if n_stored else annotate_all
    where = {"crawl": crawl, "batch": batch}
    because = {**run.because, **where, "annotators": {a.name: a.version for a in annotators}}
    if lake.version("annotations") != (now.pinned_at or {})["annotations"]:
        raise ConflictError(f"another driver annotates {crawl} at the same time; run it again")
    n_tasks, n_files = -(-max(missing, default=0) // DOCUMENTS_PER_TASK), -(-n_documents // DOCUMENTS_PER_FILE)
    if n_tasks <= n_files:
        annotations = step(documents, stored, annotators)
    else:
        spread = documents.repartition(n_tasks, "page_id")
        annotations = step(spread, stored, annotators).repartition(n_files, "page_id")
    lake.replace("annotations", annotations, where=where, because=because)
    return n_documents, True


def _batches(lake: Lake, crawl: str) -> list[str]:
    published = lake.table("files").where((F.col("crawl") == crawl) & (F.col("status") == "published"))
    return sorted(row["batch"] for row in published.select("batch").distinct().collect())


if __name__ == "__main__":
    from etl.cli import main

    sys.exit(main(["annotate", *sys.argv[1:]]))
