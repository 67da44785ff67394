"""WARC files -> the tables `pages` and `files`, batch by batch, exactly once.

spark-submit etl/jobs/ingest.py PATH… --crawl NAME --lake DIR_OR_CATALOG.SCHEMA
"""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from etl import ledger
from etl.faults import persistently
from etl.lake import Lake, condition
from etl.ledger import Batch
from etl.naming import find_warc_files
from etl.platform import kept
from etl.progress import Progress, silent
from etl.runs import Run
from etl.steps.pages import SPLIT_BYTES, WarcFile, pages_of, scan, splits_of, summaries_of
from etl.steps.summaries import Summary, by_file
from udfs.errors import LakeError, UsageError
from udfs.remote import REFUSED
from udfs.warc_file import READER_VERSION, ReadSettings, extractor_version

MIN_SPLIT_BYTES = 64
BYTES_PER_OUTPUT_FILE = 1 << 29  # of WARC as stored: about 50 MB of text


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
    split_bytes: int = SPLIT_BYTES
    again: bool = False
    hook: Hook | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if not self.crawl or any(c in self.crawl for c in "'\"/\\\n= "):
            raise UsageError(f"--crawl {self.crawl!r}: a name of letters, digits, dots, dashes and underscores")
        if self.files_per_batch < 1:
            raise UsageError(f"--files-per-batch {self.files_per_batch}: at least 1")
        if self.split_bytes < MIN_SPLIT_BYTES:
            raise UsageError(f"--split-bytes {self.split_bytes}: at least {MIN_SPLIT_BYTES}")


@dataclass(frozen=True)
class IngestResult:
    """What an ingest did: files asked for and read, pages and documents found, pages by fault.

    failed_files could not be opened; changed_files differ in size from what was published, and were left alone.
    """

    n_files: int
    n_files_read: int
    n_pages: int
    n_documents: int
    faults: Mapping[str, int]
    failed_files: Sequence[str]
    changed_files: Sequence[str]


def ingest(lake: Lake, paths: Sequence[str], options: IngestOptions, *, progress: Progress = silent) -> IngestResult:
    """Take the files at or below `paths` into the lake; files that are published already are not read again.

    Raises MissingInputError for a path where nothing is, LakeError if a batch could not be written.
    """
    versions = (READER_VERSION, extractor_version(options.extractor))
    known = ledger.read(lake, options.crawl)
    files = find_warc_files(paths, options.crawl, root=options.root, known={r["uri"]: r["warc_file"] for r in known})
    config = {"paths": list(paths), "root": options.root, "extractor": versions[1], "reader": versions[0]}
    run = Run("ingest", options.crawl, config)
    rows = ledger.claim(lake, options.crawl, files, known, files_per_batch=options.files_per_batch, run_id=run.run_id)
    _tell(options, "claimed", "")
    again = versions if options.again else None
    batches = ledger.unpublished(rows, options.crawl, files, run_id=run.run_id, again=again)
    found: list[Summary] = []
    faults: Counter[str] = Counter()
    refusal: str | None = None
    with progress("reading", sum(len(b.files) for b in batches)) as advance:
        for batch in _last_those_that_failed(batches, known):
            summaries, counts = _do_batch(lake, batch, run, options)
            found += summaries
            faults.update(counts)
            advance(len(batch.files))
            if refusal := _refusal(summaries):
                break
    result = _result(lake, run, files, known, found, faults)
    if refusal:
        raise LakeError(f"{refusal}; what was read is published, run it again to go on")
    return result


def _refusal(summaries: Sequence[Summary]) -> str | None:
    """Return what a server said that refused most of a batch: it would refuse the rest too, and take it amiss."""
    said = [str(row["fault"]) for row in summaries if row["status"] == "failed" and REFUSED in row["fault"]]
    return said[0] if 2 * len(said) > len(summaries) else None


def _last_those_that_failed(batches: Sequence[Batch], known: Sequence[Row]) -> list[Batch]:
    """Return the batches, those with files that could not be read before at the end: they may stop the run."""
    failed = {row["warc_file"] for row in known if row["status"] == "failed"}
    return sorted(batches, key=lambda batch: any(file.warc_file in failed for file in batch.files))


def _do_batch(lake: Lake, batch: Batch, run: Run, options: IngestOptions) -> tuple[list[Summary], Mapping[str, int]]:
    """Read, check, write and publish a batch; return the summaries of its files and its faults."""
    if not batch.is_ours and not options.again and ledger.is_published(lake, batch):
        return [], {}
    with _scanned(lake, batch, options) as (scanned, summaries):
        _check_files(batch, summaries)
        _tell(options, "read", batch.batch)
        faults = _write_pages(lake, batch, scanned, summaries, run)
        _tell(options, "written", batch.batch)
    versions = (READER_VERSION, extractor_version(options.extractor))
    ledger.publish(lake, batch, summaries, versions=versions, run_id=run.run_id)
    _tell(options, "published", batch.batch)
    return summaries, faults


@contextmanager
def _scanned(lake: Lake, batch: Batch, options: IngestOptions) -> Iterator[tuple[DataFrame, list[Summary]]]:
    """Lend the pages of a batch, and the summaries of its files.

    Two tables come out of one pass over the files: if nothing kept it, the pass would be made for each.
    """
    settings = ReadSettings(crawl=options.crawl, extractor=options.extractor)
    with ExitStack() as stack:
        scanned = stack.enter_context(kept(scan(lake.spark, splits_of(batch.files, options.split_bytes), settings)))
        summaries, torn = by_file(row.asDict(recursive=True) for row in summaries_of(scanned).collect())
        if torn:
            whole = splits_of((file for file in batch.files if file.warc_file in torn), None)
            again = stack.enter_context(kept(scan(lake.spark, whole, settings)))
            summaries += by_file(row.asDict(recursive=True) for row in summaries_of(again).collect())[0]
            scanned = scanned.where(~F.col("warc_file").isin(torn)).unionByName(again)
        yield scanned, summaries


def _write_pages(
    lake: Lake, batch: Batch, scanned: DataFrame, summaries: Sequence[Summary], run: Run
) -> Mapping[str, int]:
    """Write the pages of a batch as one replacement of its partition; return how many have which fault."""
    size = sum(split.n_bytes for split in splits_of(batch.files))
    n_outputs = min(len(splits_of(batch.files)), 1 + size // BYTES_PER_OUTPUT_FILE)
    failed = [row["warc_file"] for row in summaries if row["status"] == "failed"]
    pages = pages_of(scanned, batch.batch, failed).coalesce(n_outputs)
    where = {"crawl": batch.crawl, "batch": batch.batch}
    persistently(lambda: lake.replace("pages", pages, where=where, because={**run.because, **where}))
    written = lake.table("pages").where(condition(where)).groupBy("warc_file", "fault").count().collect()
    return _check_pages(summaries, written)


def _check_files(batch: Batch, summaries: Iterable[Summary]) -> None:
    """Raise LakeError unless every file came back, with every byte accounted for, and none that was read is lost."""
    published = {row["warc_file"] for row in batch.rows if row["status"] == "published"}
    by_name = {row["warc_file"]: row for row in summaries}
    missing = [file.warc_file for file in batch.files if file.warc_file not in by_name]
    if missing:
        raise LakeError(f"batch {batch.batch}: no summary of {missing[0]} and {len(missing) - 1} more; run it again")
    for name, row in by_name.items():
        if row["status"] == "failed" and name in published:
            raise LakeError(f"{name}: {row['fault']}: its pages would be lost by doing batch {batch.batch} again")
        if row["status"] == "published" and sum(row["n_bytes"].values()) != row["size_bytes"]:
            raise LakeError(
                f"{name}: records and gaps add up to {sum(row['n_bytes'].values()):,} of"
                f" {row['size_bytes']:,} bytes: a fault of the reader, please report it; nothing was published"
            )


def _check_pages(summaries: Iterable[Summary], written: Iterable[Row]) -> Mapping[str, int]:
    """Return how many pages have which fault; raise LakeError unless each file's pages are all there."""
    n_pages: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    for row in written:
        n_pages[row["warc_file"]] += row["count"]
        faults[row["fault"]] += row["count"]
    for file in summaries:
        if n_pages[file["warc_file"]] != (file["n_pages"] or 0):
            raise LakeError(
                f"{file['warc_file']}: {n_pages[file['warc_file']]:,} of {file['n_pages']:,} pages were written: it"
                " could not be read a second time; nothing was published, run it again"
            )
    return {fault: n for fault, n in faults.items() if fault is not None}


def _result(
    lake: Lake,
    run: Run,
    files: Sequence[WarcFile],
    known: Sequence[Row],
    found: list[Summary],
    faults: Mapping[str, int],
) -> IngestResult:
    n_pages = sum(row["n_pages"] or 0 for row in found)
    n_documents = sum(row["n_documents"] or 0 for row in found)
    if found:
        inputs = {"files": lake.version("files"), "pages": lake.version("pages")}
        run.record(lake, n_in=n_pages, n_out=n_documents, faults=faults, inputs=inputs)
    failed = [row["warc_file"] for row in found if row["status"] == "failed"]
    read = {row["warc_file"] for row in found}
    sizes = {row["warc_file"]: row["size_bytes"] for row in known if row["status"] == "published"}
    old = (f for f in files if f.warc_file in sizes and f.warc_file not in read)
    changed = [f.warc_file for f in old if f.size_bytes not in (None, sizes[f.warc_file])]
    return IngestResult(len(files), len(found), n_pages, n_documents, faults, failed, changed)


def _tell(options: IngestOptions, moment: str, batch: str) -> None:
    if options.hook:
        options.hook(moment, batch)


if __name__ == "__main__":
    from etl.cli import main

    sys.exit(main(["ingest", *sys.argv[1:]]))
