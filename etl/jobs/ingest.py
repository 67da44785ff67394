"""WARC files -> the tables `pages` and `files`, batch by batch, exactly once.

spark-submit etl/jobs/ingest.py PATH… --crawl NAME --lake DIR_OR_CATALOG.SCHEMA
"""

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pyspark import StorageLevel
from pyspark.sql import DataFrame, Row

from etl import ledger
from etl.lake import Lake
from etl.ledger import Batch
from etl.naming import find_warc_files
from etl.platform import can_persist
from etl.progress import Progress, silent
from etl.runs import Run
from etl.steps.pages import pages_of, scan, summaries_of
from udfs.errors import ConflictError, LakeError, UsageError
from udfs.warc_file import READER_VERSION, ReadSettings, extractor_version

BYTES_PER_OUTPUT_FILE = 1 << 30  # of WARC as stored: about 100 MB of text


class Hook(Protocol):
    """What tests call between the steps of a batch, to stop the world there."""

    def __call__(self, moment: str, batch: str) -> None: ...


@dataclass(frozen=True)
class IngestOptions:
    """What to take in, and how."""

    crawl: str
    root: str | None = None
    extractor: str = "resiliparse"
    files_per_batch: int = 256
    again: bool = False
    hook: Hook | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if not self.crawl or any(c in self.crawl for c in "'\"/\\\n= "):
            raise UsageError(f"--crawl {self.crawl!r}: a name of letters, digits, dots, dashes and underscores")
        if self.files_per_batch < 1:
            raise UsageError(f"--files-per-batch {self.files_per_batch}: at least 1")


@dataclass(frozen=True)
class IngestResult:
    """What an ingest did: files asked for, batches and files read, pages and documents found, by fault."""

    n_files: int
    n_files_read: int
    n_pages: int
    n_documents: int
    faults: Mapping[str, int]
    failed_files: Sequence[str]


def ingest(lake: Lake, paths: Sequence[str], options: IngestOptions, *, progress: Progress = silent) -> IngestResult:
    """Take the files at or below `paths` into the lake; files that are published already are not read again.

    Raises MissingInputError for a path where nothing is, LakeError if a batch could not be written.
    """
    settings = ReadSettings(crawl=options.crawl, extractor=options.extractor)
    versions = (READER_VERSION, extractor_version(options.extractor))
    known = ledger.known_names(lake, options.crawl)
    files = find_warc_files(paths, options.crawl, root=options.root, known=known)
    config = {"paths": list(paths), "root": options.root, "extractor": versions[1], "reader": versions[0]}
    run = Run("ingest", options.crawl, config)
    ledger.claim(lake, options.crawl, files, files_per_batch=options.files_per_batch, run_id=run.run_id)
    _tell(options, "claimed", "")
    again = versions if options.again else None
    batches = ledger.unpublished(lake, options.crawl, files, run_id=run.run_id, again=again)
    found: list[Row] = []
    faults: Counter[str] = Counter()
    with progress("reading", sum(len(b.files) for b in batches)) as advance:
        for batch in batches:
            summaries, counts = _do_batch(lake, batch, settings, run, options)
            found += summaries
            faults.update(counts)
            advance(len(batch.files))
    return _result(lake, run, len(files), found, faults)


def _do_batch(
    lake: Lake, batch: Batch, settings: ReadSettings, run: Run, options: IngestOptions
) -> tuple[list[Row], Mapping[str, int]]:
    """Read, check, write and publish a batch; return the summaries of its files and its faults."""
    if not batch.is_ours and not options.again and ledger.is_published(lake, batch):
        return [], {}
    scanned = scan(lake.spark, batch.files, settings)
    # Two tables come out of one pass over the files: without this the pass would be made for each.
    if can_persist(lake.spark):
        scanned = scanned.persist(StorageLevel.DISK_ONLY)
    try:
        summaries = summaries_of(scanned).collect()
        _check(batch, summaries)
        _tell(options, "read", batch.batch)
        faults = _write_pages(lake, batch, scanned, run)
        _tell(options, "written", batch.batch)
        rows = lake.spark.createDataFrame(summaries, summaries_of(scanned).schema)
        versions = (READER_VERSION, extractor_version(settings.extractor))
        ledger.publish(lake, batch, rows, versions=versions, run_id=run.run_id)
        _tell(options, "published", batch.batch)
    finally:
        scanned.unpersist()
    return summaries, faults


def _write_pages(lake: Lake, batch: Batch, scanned: DataFrame, run: Run) -> Mapping[str, int]:
    """Write the pages of a batch as one replacement of its partition; return how many have which fault."""
    size = sum(file.size_bytes for file in batch.files)
    n_outputs = min(len(batch.files), 1 + size // BYTES_PER_OUTPUT_FILE)
    where = {"crawl": batch.crawl, "batch": batch.batch}
    pages = pages_of(scanned, batch.batch)
    try:
        lake.replace("pages", pages.coalesce(n_outputs), where=where, because={**run.because, **where})
    except ConflictError:
        # Another driver replaced the same partition at the same time, by the same rows: once more is enough.
        lake.replace("pages", pages.coalesce(n_outputs), where=where, because={**run.because, **where})
    counts = pages.where("fault IS NOT NULL").groupBy("fault").count().collect()
    return {row["fault"]: row["count"] for row in counts}


def _check(batch: Batch, summaries: Iterable[Row]) -> None:
    """Raise LakeError unless every file came back, and with every byte accounted for."""
    by_name = {row["warc_file"]: row for row in summaries}
    missing = [file.warc_file for file in batch.files if file.warc_file not in by_name]
    if missing:
        raise LakeError(f"batch {batch.batch}: no summary of {missing[0]} and {len(missing) - 1} more; run it again")
    for row in by_name.values():
        if row["status"] == "published" and sum(row["n_bytes"].values()) != row["size_bytes"]:
            raise LakeError(
                f"{row['warc_file']}: records and gaps add up to {sum(row['n_bytes'].values()):,} of"
                f" {row['size_bytes']:,} bytes: a fault of the reader, please report it; nothing was published"
            )


def _result(lake: Lake, run: Run, n_files: int, found: list[Row], faults: Mapping[str, int]) -> IngestResult:
    n_pages = sum(row["n_pages"] or 0 for row in found)
    n_documents = sum(row["n_documents"] or 0 for row in found)
    if found:
        inputs = {"files": lake.version("files"), "pages": lake.version("pages")}
        run.record(lake, n_in=n_pages, n_out=n_documents, faults=faults, inputs=inputs)
    failed = [row["warc_file"] for row in found if row["status"] == "failed"]
    return IngestResult(n_files, len(found), n_pages, n_documents, faults, failed)


def _tell(options: IngestOptions, moment: str, batch: str) -> None:
    if options.hook:
        options.hook(moment, batch)


if __name__ == "__main__":
    from etl.cli import main

    sys.exit(main(["ingest", *sys.argv[1:]]))
