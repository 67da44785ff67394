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

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from etl.faults import persistently
from etl.lake import Lake, rows_of
from etl.schema.table import literal
from etl.steps.pages import SUMMARY_COLUMNS, WarcFile

_LEDGER = ("batch", "warc_file", "uri", "size_bytes", "status", "claimed_by", "reader", "extractor")


@dataclass(frozen=True, slots=True)
class Batch:
    """Some WARC files that are read and published together."""

    batch: str
    crawl: str
    files: tuple[WarcFile, ...]
    is_ours: bool


def claim(lake: Lake, crawl: str, files: Sequence[WarcFile], *, files_per_batch: int, run_id: str) -> None:
    """Claim those of `files` that nobody has claimed, under any name, in batches of `files_per_batch`."""

    def claim_free() -> None:
        rows = _files(lake, crawl).select("warc_file", "uri").collect()
        names, uris = {row["warc_file"] for row in rows}, {row["uri"] for row in rows}
        free = [f for f in files if f.warc_file not in names and f.uri not in uris]
        if free:
            ordered = sorted(free, key=lambda f: f.warc_file)
            claims = [row for some in _chunks(ordered, files_per_batch) for row in _claims(crawl, some, run_id)]
            # Two drivers may name one file differently, each by the root of its own paths: the first one counts.
            is_same = "(old.warc_file = new.warc_file OR old.uri = new.uri)"
            on = f"old.crawl = new.crawl AND old.crawl = {literal(crawl)} AND {is_same}"
            lake.merge("files", rows_of(lake.spark, "files", claims), on=on, then="WHEN NOT MATCHED THEN INSERT *")

    persistently(claim_free)


def unpublished(
    lake: Lake, crawl: str, files: Iterable[WarcFile], *, run_id: str, again: tuple[str, str] | None = None
) -> list[Batch]:
    """Return the batches with any of `files` that remain to be read: our own claims first.

    With `again` (versions of reader and extractor), also those that other versions published, or that held a file
    when it had another size. A file that was asked for is read from where it was asked for.
    """
    here = {f.uri: f for f in files} | {f.warc_file: f for f in files}
    by_batch: dict[str, list[tuple[WarcFile, bool, bool, bool]]] = {}
    for row in _files(lake, crawl).select(*_LEDGER).collect():
        asked = here.get(row["warc_file"]) or here.get(row["uri"])
        uri, size = (asked.uri, asked.size_bytes) if asked else (row["uri"], row["size_bytes"] or 0)
        file = WarcFile(row["warc_file"], uri, size)
        member = (file, row["claimed_by"] == run_id, _remains(row, file, again), asked is not None)
        by_batch.setdefault(row["batch"], []).append(member)
    found = [
        Batch(batch, crawl, tuple(sorted((m[0] for m in members), key=lambda f: f.warc_file)), members[0][1])
        for batch, members in by_batch.items()
        if any(remains for _, _, remains, _ in members) and any(is_asked for *_, is_asked in members)
    ]
    return sorted(found, key=lambda b: (not b.is_ours, b.batch))


def is_published(lake: Lake, batch: Batch) -> bool:
    """Return whether every file of the batch has been published meanwhile."""
    rows = _files(lake, batch.crawl).where(F.col("batch") == batch.batch).where("status <> 'published'")
    return rows.limit(1).count() == 0


def publish(lake: Lake, batch: Batch, summaries: Iterable[Row], *, versions: tuple[str, str], run_id: str) -> None:
    """Write what was found in the files of a batch into the ledger: from now on its pages are seen."""
    uris = {file.warc_file: file.uri for file in batch.files}
    common: dict[str, object] = {"crawl": batch.crawl, "reader": versions[0], "extractor": versions[1]}
    common |= {"published_by": run_id, "published_at": datetime.now(UTC)}
    rows = [{**row.asDict(), **common, "uri": uris[row["warc_file"]]} for row in summaries]
    names = [name for name in (*SUMMARY_COLUMNS, "uri", *common) if name not in ("crawl", "warc_file")]
    changes = ", ".join(f"old.{name} = new.{name}" for name in names)
    on = f"old.crawl = new.crawl AND old.warc_file = new.warc_file AND old.batch = {literal(batch.batch)}"
    frame = rows_of(lake.spark, "files", rows)
    persistently(lambda: lake.merge("files", frame, on=on, then=f"WHEN MATCHED THEN UPDATE SET {changes}"))


def known_files(lake: Lake, crawl: str) -> list[Row]:
    """Return uri, warc_file, size_bytes and status of each file of the crawl that anybody claimed."""
    return _files(lake, crawl).select("uri", "warc_file", "size_bytes", "status").collect()


def _remains(row: Row, file: WarcFile, again: tuple[str, str] | None) -> bool:
    """Return whether a file is still to be read, by what the ledger says of it."""
    if row["status"] != "published" or again is None:
        return bool(row["status"] != "published")
    return (row["reader"], row["extractor"], row["size_bytes"]) != (*again, file.size_bytes)


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
