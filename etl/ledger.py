"""The ledger of ingest: files are claimed in batches before they are read, and published after.

A claim says who began, so that two drivers share the work; it locks nobody out. Whoever finds a batch that is
claimed but not published may do it: a batch is one replacement of its partition by rows that depend on nothing
but the files, so doing it twice, or by two drivers at once, gives the same rows. A crash therefore costs one batch.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from hashlib import blake2b
from itertools import chain, islice

from pyspark.sql import Row
from pyspark.sql import functions as F

from etl.faults import persistently
from etl.lake import Lake, condition, rows_of
from etl.steps.pages import WarcFile
from etl.steps.summaries import Summary

_LEDGER = (
    "batch", "warc_file", "uri", "size_bytes", "status", "claimed_by", "claimed_at", "reader", "extractor",
)  # fmt: skip
_OF_CLAIM = ("claimed_by", "claimed_at")


@dataclass(frozen=True, slots=True)
class Batch:
    """Some WARC files that are read and published together, and the rows that the ledger has of them."""

    batch: str
    crawl: str
    files: tuple[WarcFile, ...]
    is_ours: bool
    rows: tuple[Row, ...] = field(compare=False)


def read(lake: Lake, crawl: str) -> list[Row]:
    """Return what the ledger says of each file of the crawl that anybody claimed."""
    return lake.table("files").where(F.col("crawl") == crawl).select(*_LEDGER).collect()


def claim(
    lake: Lake, crawl: str, files: Sequence[WarcFile], known: list[Row], *, files_per_batch: int, run_id: str
) -> list[Row]:
    """Claim those of `files` that nobody has claimed, under any name, in batches of `files_per_batch`.

    So are those that could not be read before, in batches of their own: the files that they shared a batch with
    need not be read again for them. `known` is the ledger as it was read before; returned is the ledger as it is after.
    """
    asked = {f.uri for f in files} | {f.warc_file for f in files}
    failed = {
        r["warc_file"]: r["batch"] for r in known if r["status"] == "failed" and {r["uri"], r["warc_file"]} & asked
    }
    _release(lake, crawl, failed)
    held = [row for row in known if row["warc_file"] not in failed]
    names, uris = {row["warc_file"] for row in held}, {row["uri"] for row in held}
    free = sorted((f for f in files if f.warc_file not in names and f.uri not in uris), key=lambda f: f.warc_file)
    new, again = [f for f in free if f.warc_file not in failed], [f for f in free if f.warc_file in failed]
    chunks = chain(_chunks(new, files_per_batch), _chunks(again, files_per_batch))
    claims = [row for some in chunks for row in _claims(crawl, some, run_id)]
    if not claims:
        return held
    # Meanwhile another driver may have claimed some of them, under other names if its paths have another root.
    frame, where = rows_of(lake.spark, "files", claims), {"crawl": crawl}
    persistently(lambda: lake.append_missing("files", frame, keys=("warc_file", "uri"), where=where))
    return read(lake, crawl)


def _release(lake: Lake, crawl: str, failed: Mapping[str, str]) -> None:
    """Take files (name -> batch) out of their batches, to which they brought no page."""

    def release(batch: str) -> None:
        where = {"crawl": crawl, "batch": batch}
        is_failed = F.col("warc_file").isin(list(failed)) & (F.col("status") == "failed")
        rest = lake.table("files").where(condition(where)).where(~is_failed)
        lake.replace("files", rest, where=where, because={"released": sorted(failed), **where})

    for batch in sorted(set(failed.values())):
        persistently(partial(release, batch))


def unpublished(
    ledger: Iterable[Row],
    crawl: str,
    files: Iterable[WarcFile],
    *,
    run_id: str,
    again: tuple[str, str] | None = None,
) -> list[Batch]:
    """Return the batches with any of `files` that by the `ledger` remain to be read: our own claims first.

    With `again` (versions of reader and extractor), also those that other versions published, or that held a file
    when it had another size. A file that was asked for is read from where it was asked for.
    """
    here = {f.uri: f for f in files} | {f.warc_file: f for f in files}
    by_batch: dict[str, list[tuple[WarcFile, Row, bool, bool]]] = {}
    for row in ledger:
        asked = here.get(row["warc_file"]) or here.get(row["uri"])
        uri, size = (asked.uri, asked.size_bytes) if asked else (row["uri"], row["size_bytes"])
        file = WarcFile(row["warc_file"], uri, size)
        by_batch.setdefault(row["batch"], []).append((file, row, _remains(row, file, again), asked is not None))
    found = [
        Batch(
            batch,
            crawl,
            tuple(sorted((m[0] for m in members), key=lambda f: f.warc_file)),
            members[0][1]["claimed_by"] == run_id,
            tuple(m[1] for m in members),
        )
        for batch, members in by_batch.items()
        if any(remains for _, _, remains, _ in members) and any(is_asked for *_, is_asked in members)
    ]
    return sorted(found, key=lambda b: (not b.is_ours, b.batch))


def is_published(lake: Lake, batch: Batch) -> bool:
    """Return whether every file of the batch has been published meanwhile."""
    rows = lake.table("files").where((F.col("crawl") == batch.crawl) & (F.col("batch") == batch.batch))
    return rows.where("status <> 'published'").limit(1).count() == 0


def publish(lake: Lake, batch: Batch, summaries: Iterable[Summary], *, versions: tuple[str, str], run_id: str) -> None:
    """Write what was found in the files of a batch into the ledger: from now on its pages are seen."""
    uris = {file.warc_file: file.uri for file in batch.files}
    claims = {row["warc_file"]: {name: row[name] for name in _OF_CLAIM} for row in batch.rows}
    common: dict[str, object] = {"crawl": batch.crawl, "batch": batch.batch, "reader": versions[0]}
    common |= {"extractor": versions[1], "published_by": run_id, "published_at": datetime.now(UTC)}
    rows = [{**s, **common, "uri": uris[s["warc_file"]], **claims[s["warc_file"]]} for s in summaries]
    frame, where = rows_of(lake.spark, "files", rows), {"crawl": batch.crawl, "batch": batch.batch}
    persistently(lambda: lake.replace("files", frame.coalesce(1), where=where, because={"run_id": run_id, **where}))


def _remains(row: Row, file: WarcFile, again: tuple[str, str] | None) -> bool:
    """Return whether a file is still to be read, by what the ledger says of it."""
    if row["status"] != "published" or again is None:
        return bool(row["status"] == "claimed")
    return (row["reader"], row["extractor"]) != again or file.size_bytes not in (None, row["size_bytes"])


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
