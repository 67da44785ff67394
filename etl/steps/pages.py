"""WARC files -> pages, and one summary for each file, in one pass over the bytes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from etl.schema import TABLES
from udfs.page import Page
from udfs.source import open_uri
from udfs.warc_file import FileSummary, ReadSettings, WarcFileReader

SUMMARY_COLUMNS = (
    "warc_file", "status", "size_bytes", "container", "n_records", "n_bytes", "gaps", "n_faults", "n_repairs",
    "n_pages", "n_documents", "fault", "content_digest",
)  # fmt: skip

_PAGES_AT_ONCE = 256  # about 1 MB of text: larger Arrow batches cost memory and are no faster
_TYPES = {
    "STRING": pa.string(),
    "BIGINT": pa.int64(),
    "INT": pa.int32(),
    "BOOLEAN": pa.bool_(),
    "TIMESTAMP": pa.timestamp("us", "UTC"),
    "MAP<STRING, BIGINT>": pa.map_(pa.string(), pa.int64()),
}
_GAPS = pa.list_(pa.struct([("offset", pa.int64()), ("length", pa.int64()), ("reason", pa.string())]))


@dataclass(frozen=True, slots=True)
class WarcFile:
    """A WARC file to take in: its path below the root of the crawl, where it lies, its size in bytes."""

    warc_file: str
    uri: str
    size_bytes: int


def scan(spark: SparkSession, files: Iterable[WarcFile], settings: ReadSettings) -> DataFrame:
    """Return the pages of `files` (column `summary` null) and a row for each file (only `summary` set).

    One task reads one file, the largest first. Content never fails a task: it becomes a fault.
    """
    ordered = sorted(files, key=lambda f: (-f.size_bytes, f.warc_file))
    read = partial(_read_tasks, files=tuple(ordered), settings=settings)
    return spark.range(0, len(ordered), 1, len(ordered)).mapInArrow(read, _ddl())


def pages_of(scanned: DataFrame, batch: str) -> DataFrame:
    """Return the pages among the rows of `scan`, as rows of the table `pages`."""
    pages = scanned.where("summary IS NULL").selectExpr("*", f"'{batch}' AS batch")
    return pages.select(*TABLES["pages"].column_names)


def summaries_of(scanned: DataFrame) -> DataFrame:
    """Return the summaries of the files among the rows of `scan`."""
    return scanned.where("summary IS NOT NULL").select("summary.*")


def _read_tasks(
    tasks: Iterator[pa.RecordBatch], files: tuple[WarcFile, ...], settings: ReadSettings
) -> Iterator[pa.RecordBatch]:
    """Read the files whose positions come in: what runs inside a Spark task."""
    for positions in tasks:
        for position in positions.column(0).to_pylist():
            yield from _read_file(files[position], settings)


def _read_file(file: WarcFile, settings: ReadSettings) -> Iterator[pa.RecordBatch]:
    """Return the pages of one file in Arrow batches, then its summary."""
    try:
        stream = open_uri(file.uri)
    except OSError as error:
        # The file may be there tomorrow: it counts as failed, and the next run reads it again.
        yield _summary_batch({"warc_file": file.warc_file, "status": "failed", "fault": f"unreadable: {error}"[:300]})
        return
    with stream:
        reader = WarcFileReader(stream, file.warc_file, settings)
        pages = iter(reader)
        while some := list(islice(pages, _PAGES_AT_ONCE)):
            yield _page_batch(some)
        yield _summary_batch({"warc_file": file.warc_file, "status": "published", **_summary(reader.summary)})


def _summary(summary: FileSummary) -> dict[str, Any]:
    values = {name: getattr(summary, name) for name in SUMMARY_COLUMNS[2:]}
    values["gaps"] = [{"offset": gap.offset, "length": gap.length, "reason": str(gap.reason)} for gap in summary.gaps]
    return values


def _page_batch(pages: list[Page]) -> pa.RecordBatch:
    columns = [*map(list, zip(*pages, strict=True)), [None] * len(pages)]
    return _batch(columns)


def _summary_batch(summary: dict[str, Any]) -> pa.RecordBatch:
    for name in ("n_records", "n_bytes", "n_faults", "n_repairs"):
        summary[name] = list(summary.get(name, {}).items())
    return _batch([*([None] for _ in Page._fields), [summary]])


def _batch(columns: list[list[Any]]) -> pa.RecordBatch:
    schema = _arrow_schema()
    arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _arrow_schema() -> pa.Schema:
    summary = pa.struct(
        [(name, _GAPS if name == "gaps" else _TYPES[_type_of("files", name)]) for name in SUMMARY_COLUMNS]
    )
    return pa.schema([*((name, _TYPES[_type_of("pages", name)]) for name in Page._fields), ("summary", summary)])


def _ddl() -> str:
    pages = ", ".join(f"{name} {_type_of('pages', name)}" for name in Page._fields)
    summary = ", ".join(f"{name}: {_type_of('files', name)}" for name in SUMMARY_COLUMNS)
    return f"{pages}, summary STRUCT<{summary}>"


def _type_of(table: str, column: str) -> str:
    return next(c.sql_type for c in TABLES[table].columns if c.name == column)
