"""The ledger of ingest: files are claimed in batches before they are read, and published after.

A claim says who began, so that two drivers share the work; it locks nobody out. Whoever finds a batch that is
claimed but not published may do it: a batch is one replacement of its partition by rows that depend on nothing
but the files, so doing it twice, or by two drivers at once, gives the same rows. A crash therefore costs one batch.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import islice

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from etl.faults import translated
from etl.lake import Lake, rows_of
from etl.steps.pages import SUMMARY_COLUMNS, WarcFile
from udfs.errors import ConflictError

ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class Batch:
    """Some WARC files that are read and published together."""

    batch: str
    crawl: str
    files: tuple[WarcFile, ...]
    is_ours: bool


def claim(lake: Lake, crawl: str, files: Sequence[WarcFile], *, files_per_batch: int, run_id: str) -> None:
    """Claim those of `files` that nobody has claimed, in batches of `files_per_batch`, in one commit."""
    for attempt in range(1, ATTEMPTS + 1):
        taken = {row["warc_file"] for row in _files(lake, crawl).select("warc_file").collect()}
        free = sorted((f for f in files if f.warc_file not in taken), key=lambda f: f.warc_file)
        if not free:
            return
        claims = [row for some in _chunks(free, files_per_batch) for row in _claims(crawl, some, run_id)]
        try:
            lake.merge(
                "files",
                rows_of(lake.spark, "files", claims),
                on=f"old.crawl = new.crawl AND old.warc_file = new.warc_file AND old.crawl = '{crawl}'",
                then="WHEN NOT MATCHED THEN INSERT *",
            )
        except ConflictError:
            if attempt == ATTEMPTS:
                raise
        # Not a return: another driver may have claimed some of them between our look and our merge.


def unpublished(
    lake: Lake, crawl: str, files: Iterable[WarcFile], *, run_id: str, again: tuple[str, str] | None = None
) -> list[Batch]:
    """Return the batches with any of `files` that remain to be read: our own claims first.

    With `again` (versions of reader and extractor), also those that other versions published.
    """
    remains = F.col("status") != "published"
    if again:
        remains = remains | ~(F.col("reader").eqNullSafe(again[0]) & F.col("extractor").eqNullSafe(again[1]))
    asked = {file.warc_file for file in files}
    rows = _files(lake, crawl).select("batch", "warc_file", "uri", "size_bytes", "claimed_by", remains.alias("remains"))
    by_batch: dict[str, list[tuple[WarcFile, bool, bool]]] = {}
    for row in rows.collect():
        file = WarcFile(row["warc_file"], row["uri"], row["size_bytes"] or 0)
        by_batch.setdefault(row["batch"], []).append((file, row["claimed_by"] == run_id, row["remains"]))
    found = [
        Batch(batch, crawl, tuple(sorted((f for f, _, _ in members), key=lambda f: f.warc_file)), members[0][1])
        for batch, members in by_batch.items()
        if any(remains for _, _, remains in members) and any(f.warc_file in asked for f, _, _ in members)
    ]
    return sorted(found, key=lambda b: (not b.is_ours, b.batch))


def is_published(lake: Lake, batch: Batch) -> bool:
    """Return whether every file of the batch has been published meanwhile."""
    rows = _files(lake, batch.crawl).where(F.col("batch") == batch.batch).where("status <> 'published'")
    return rows.limit(1).count() == 0


def publish(lake: Lake, batch: Batch, summaries: DataFrame, *, versions: tuple[str, str], run_id: str) -> None:
    """Write what was found in the files of a batch into the ledger: from now on its pages are seen."""
    rows = summaries.select(
        F.lit(batch.crawl).alias("crawl"),
        *SUMMARY_COLUMNS,
        F.lit(versions[0]).alias("reader"),
        F.lit(versions[1]).alias("extractor"),
        F.lit(run_id).alias("published_by"),
        F.lit(datetime.now(UTC)).alias("published_at"),
    )
    changes = ", ".join(f"old.{name} = new.{name}" for name in rows.columns if name not in ("crawl", "warc_file"))
    on = f"old.crawl = new.crawl AND old.warc_file = new.warc_file AND old.batch = '{batch.batch}'"
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with translated(f"publishing batch {batch.batch}"):
                return lake.merge("files", rows, on=on, then=f"WHEN MATCHED THEN UPDATE SET {changes}")
        except ConflictError:
            if attempt == ATTEMPTS:
                raise
    return None


def known_names(lake: Lake, crawl: str) -> dict[str, str]:
    """Return the name of each file of the crawl by the URI it was read from."""
    return {row["uri"]: row["warc_file"] for row in _files(lake, crawl).select("uri", "warc_file").collect()}


def _files(lake: Lake, crawl: str) -> DataFrame:
    return lake.table("files").where(F.col("crawl") == crawl)


def _claims(crawl: str, files: Sequence[WarcFile], run_id: str) -> Iterator[dict[str, object]]:
    batch = batch_id(crawl, files)
    for file in files:
        yield {
            "crawl": crawl,
            "warc_file": file.warc_file,
            "batch": batch,
            "uri": file.uri,
            "status": "claimed",
            "size_bytes": file.size_bytes,
            "claimed_by": run_id,
            "claimed_at": datetime.now(UTC),
        }


def batch_id(crawl: str, files: Iterable[WarcFile]) -> str:
    """Return the id of a batch: 16 hex digits that depend on the names of its files alone."""
    names = "\0".join([crawl, *sorted(file.warc_file for file in files)])
    return blake2b(names.encode(), digest_size=8).hexdigest()


def _chunks(files: Sequence[WarcFile], size: int) -> Iterator[list[WarcFile]]:
    rest = iter(files)
    while some := list(islice(rest, size)):
        yield some
