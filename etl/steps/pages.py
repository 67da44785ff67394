"""WARC files -> pages, and one summary for each split of a file, in one pass over the bytes."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from etl.schema import TABLES
from udfs.page import Page
from udfs.source import open_uri
from udfs.warc_file import FileSummary, ReadSettings, WarcFileReader

SUMMARY_COLUMNS = (
    "warc_file", "status", "size_bytes", "container", "n_records", "n_bytes", "gaps", "n_faults", "n_repairs",
    "n_pages", "n_documents", "fault", "content_digest",
)  # fmt: skip

COUNTS = ("n_records", "n_bytes", "n_faults", "n_repairs")
PLACE_COLUMNS = ("begin", "end")  # of a split: udfs.warc_file.FileSummary
SPLIT_BYTES = 64 * 1024 * 1024

_PAGES_AT_ONCE = 256  # about 1 MB of text: larger Arrow batches cost memory and are no faster
_CHARS_AT_ONCE = 8_000_000  # a few giants among them do not change that
_TYPES = {
    "STRING": pa.string(),
    "BIGINT": pa.int64(),
    "INT": pa.int32(),
    "BOOLEAN": pa.bool_(),
    "TIMESTAMP": pa.timestamp("us", "UTC"),
    "ARRAY<STRING>": pa.list_(pa.string()),
    "MAP<STRING, BIGINT>": pa.map_(pa.string(), pa.int64()),
}
_GAPS = pa.list_(pa.struct([("offset", pa.int64()), ("length", pa.int64()), ("reason", pa.string())]))


@dataclass(frozen=True, slots=True)
class WarcFile:
    """A WARC file to take in: its path below the root of the crawl, where it lies, its size in bytes if known."""

    warc_file: str
    uri: str
    size_bytes: int | None


@dataclass(frozen=True, slots=True)
class Split:
    """A part of a file that one task reads, from byte `start` to byte `end` (None: to where the file ends)."""

    file: WarcFile
    start: int
    end: int | None

    @property
    def n_bytes(self) -> int:
        """Return how many bytes that is; a file of unknown size is taken for a large one."""
        return SPLIT_BYTES if self.end is None else self.end - self.start


def splits_of(files: Iterable[WarcFile], split_bytes: int | None = SPLIT_BYTES) -> list[Split]:
    """Return the splits of `files`, of about equal size and `split_bytes` at most; None: one for each file.

    So has a file of unknown size: those come from lists, which are long enough to keep a cluster busy.
    """
    found = []
    for file in files:
        if not split_bytes or not file.size_bytes:
            found.append(Split(file, 0, file.size_bytes))
            continue
        n = -(-file.size_bytes // split_bytes)
        found += [Split(file, *bounds) for bounds in pairwise(file.size_bytes * i // n for i in range(n + 1))]
    return found


def scan(spark: SparkSession, splits: Iterable[Split], settings: ReadSettings) -> DataFrame:
    """Return the pages of `splits` (column `summary` null) and a row for each split (only `summary` set).

    One task reads one split, the largest first. Content never fails a task: it becomes a fault.
    """
    ordered = sorted(splits, key=lambda s: (-s.n_bytes, s.file.warc_file, s.start))
    read = partial(_read_tasks, splits=tuple(ordered), settings=settings)
    return spark.range(0, len(ordered), 1, len(ordered)).mapInArrow(read, _ddl())


def pages_of(scanned: DataFrame, batch: str, failed_files: Collection[str] = ()) -> DataFrame:
    """Return the pages among the rows of `scan`, but for those of `failed_files`, as rows of the table `pages`."""
    pages = scanned.where("summary IS NULL").withColumn("batch", F.lit(batch))
    if failed_files:
        pages = pages.where(~F.col("warc_file").isin(list(failed_files)))
    return pages.select(*TABLES["pages"].column_names)


def summaries_of(scanned: DataFrame) -> DataFrame:
    """Return the summaries of the splits among the rows of `scan`."""
    return scanned.where("summary IS NOT NULL").select("summary.*")


def _read_tasks(
    tasks: Iterator[pa.RecordBatch], splits: tuple[Split, ...], settings: ReadSettings
) -> Iterator[pa.RecordBatch]:
    """Read the splits whose positions come in: what runs inside a Spark task."""
    for positions in tasks:
        for position in positions.column(0).to_pylist():
            yield from _read_split(splits[position], settings)


def _read_split(split: Split, settings: ReadSettings) -> Iterator[pa.RecordBatch]:
    """Return the pages of one split in Arrow batches, then its summary."""
    name = split.file.warc_file
    end = None if split.end == split.file.size_bytes else split.end
    try:
        with open_uri(split.file.uri) as stream:
            reader = WarcFileReader(stream, name, settings, start=split.start, end=end)
            yield from map(_page_batch, _chunks(reader))
            yield _summary_batch({"warc_file": name, "status": "published", **_summary(reader.summary)})
    except Exception as error:  # noqa: BLE001 no file may take its job down, whatever a library raises
        # It may be there tomorrow: the file counts as failed, its pages are left out, and the next run reads it again.
        said = str(error) if isinstance(error, OSError) else f"{type(error).__name__}: {error}"
        yield _summary_batch({"warc_file": name, "status": "failed", "fault": f"unreadable: {said}"[:300]})


def _chunks(pages: Iterable[Page]) -> Iterator[list[Page]]:
    """Return the pages in lists that stay small in number and in characters."""
    some: list[Page] = []
    n_chars = 0
    for page in pages:
        some.append(page)
        n_chars += page.n_chars or 0
        if len(some) >= _PAGES_AT_ONCE or n_chars >= _CHARS_AT_ONCE:
            yield some
            some, n_chars = [], 0
    if some:
        yield some


def _summary(summary: FileSummary) -> dict[str, Any]:
    values = {name: getattr(summary, name) for name in (*SUMMARY_COLUMNS[2:], *PLACE_COLUMNS)}
    values["gaps"] = [{"offset": gap.offset, "length": gap.length, "reason": str(gap.reason)} for gap in summary.gaps]
    return values


def _page_batch(pages: list[Page]) -> pa.RecordBatch:
    columns = [*map(list, zip(*pages, strict=True)), [None] * len(pages)]
    return _batch(columns)


def _summary_batch(summary: dict[str, Any]) -> pa.RecordBatch:
    for name in COUNTS:
        summary[name] = list(summary.get(name, {}).items())
    return _batch([*([None] for _ in Page._fields), [summary]])


def _batch(columns: list[list[Any]]) -> pa.RecordBatch:
    schema = _arrow_schema()
    arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _arrow_schema() -> pa.Schema:
    known = [(name, _GAPS if name == "gaps" else _TYPES[_type_of("files", name)]) for name in SUMMARY_COLUMNS]
    summary = pa.struct([*known, *((name, pa.int64()) for name in PLACE_COLUMNS)])
    return pa.schema([*((name, _TYPES[_type_of("pages", name)]) for name in Page._fields), ("summary", summary)])


def _ddl() -> str:
    pages = ", ".join(f"{name} {_type_of('pages', name)}" for name in Page._fields)
    summary = [f"{name}: {_type_of('files', name)}" for name in SUMMARY_COLUMNS]
    summary += [f"{name}: BIGINT" for name in PLACE_COLUMNS]
    return f"{pages}, summary STRUCT<{', '.join(summary)}>"


def _type_of(table: str, column: str) -> str:
    return next(c.sql_type for c in TABLES[table].columns if c.name == column)
