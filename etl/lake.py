"""A place -> its tables and views: the one door to the lake, and the one place that knows Delta's options."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, DataFrameWriter, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from etl.faults import persistently, translated
from etl.flags.complaint import complaint_over
from etl.local_rows import local_rows
from etl.schema import FORMAT_PROPERTY, FORMAT_VERSION, TABLES
from etl.schema.table import literal
from etl.views import VIEWS, Views
from udfs.conf import nearest
from udfs.errors import ConflictError, LakeError, MissingInputError
from udfs.source import is_uri

Where = Mapping[str, str | int]

_CATALOG = re.compile(r"^[A-Za-z_][\w$-]{0,254}\.[A-Za-z_][\w$-]{0,254}$")


@dataclass(frozen=True)
class Lake:
    """The tables of one webstrata lake: a folder (or object store prefix), or `catalog.schema`.

    Open it with `Lake.open`; `table`, `sql` read, `replace`, `append`, `append_missing` write one commit each.
    """

    spark: SparkSession
    location: str
    is_catalog: bool
    pinned_at: Mapping[str, int] | None = None

    @classmethod
    def open(cls, spark: SparkSession, location: str, *, create: bool = False) -> "Lake":
        """Return the lake at `location`: a path or `catalog.schema`. With `create`, make what is missing.

        Raises MissingInputError if there is none (unless `create`), LakeError if a newer release wrote it.
        """
        is_catalog = is_catalog_name(location)
        lake = cls(spark, location if is_catalog else _absolute(location), is_catalog)
        found = lake._format_version()
        if found is None and not create:
            raise MissingInputError(f"no webstrata lake at {location}; `webstrata ingest` makes one")
        if found is not None and found > FORMAT_VERSION:
            raise LakeError(
                f"the lake {location} has format {found}, this release reads up to {FORMAT_VERSION}:"
                " upgrade webstrata to use it"
            )
        if found is None:
            lake._create_tables()
        if create:
            lake.publish_views()
        return lake

    def identifier(self, table: str) -> str:
        """Return the quoted SQL name of a table, or of a view that lives in a catalog."""
        if self.is_catalog:
            return ".".join(f"`{part}`" for part in (*self.location.split("."), table))
        return f"delta.`{self.location.replace('`', '``')}/{table}`"

    def table(self, name: str) -> DataFrame:
        """Return a table or view as a DataFrame, as it is now."""
        if name not in TABLES and name not in VIEWS:
            raise MissingInputError(
                f"no table or view {name!r}{nearest(name, [*TABLES, *VIEWS])}; there are {', '.join([*TABLES, *VIEWS])}"
            )
        return self.spark.sql(f"SELECT * FROM {self.views.source(name)}")

    def corpus_without_flags(self) -> DataFrame:
        """Return the corpus without its flags, which a plan that has spelled them out need not carry."""
        views = self.views
        documents = f"({views.query('documents', shown='*')})"
        return self.spark.sql(views.query("corpus", documents=documents))

    def sql(self, query: str) -> DataFrame:
        """Return the answer to a query over the tables and views by their plain names."""
        self.refresh_views([name for name in (*TABLES, *VIEWS) if re.search(rf"\b{name}\b", query, re.IGNORECASE)])
        with translated("the query"):
            return self.spark.sql(query)

    def version(self, table: str) -> int:
        """Return Delta's current version of a table."""
        history = self.spark.sql(f"DESCRIBE HISTORY {self.identifier(table)} LIMIT 1")
        return int(history.select("version").first()[0])  # type: ignore[index]

    def pinned(self, *tables: str) -> "Lake":
        """Return this lake as it is now: whatever others commit, `tables` and views of them stay the same."""
        return replace(self, pinned_at={table: self.version(table) for table in tables})

    def replace(self, table: str, rows: DataFrame, *, where: Where, because: Mapping[str, object]) -> None:
        """Replace the partition `where` of a table by `rows` in one commit; doing it twice changes nothing.

        Columns that the table lacks are added. `because` goes into the commit's userMetadata.
        """
        writer = self._writer(rows, because).mode("overwrite").option("replaceWhere", condition(where))
        self._save(writer.option("mergeSchema", "true"), table, f"writing {table} where {condition(where)}")

    def append(self, table: str, rows: DataFrame, *, once_as: str, because: Mapping[str, object]) -> None:
        """Append `rows` in one commit that a second call with the same `once_as` leaves undone.

        Columns that the table lacks, for an older release made it, are added.
        """
        writer = self._writer(rows, because).mode("append").option("mergeSchema", "true")
        writer = writer.option("txnAppId", once_as).option("txnVersion", 1)
        try:
            self._save(writer, table, f"appending to {table} as {once_as}")
        except ConflictError as error:
            if "ConcurrentTransaction" not in str(error.__cause__):
                raise  # else: somebody else did the same append first

    def append_missing(self, table: str, rows: DataFrame, *, keys: Sequence[str], where: Where) -> None:
        """Append those of `rows`, all of them `where`, none of whose `keys` is there, in one commit.

        The commit depends on what it looked at: on a table with serializable isolation, of two drivers that
        append the same key one gets a ConflictError.
        """
        there = self.table(table).where(condition(where))
        for key in keys:
            rows = rows.join(F.broadcast(there.select(key)), key, "left_anti")
        self._save(self._writer(rows, {}).mode("append"), table, f"appending to {table}")

    def refresh_views(self, names: Iterable[str] = (*TABLES, *VIEWS)) -> None:
        """Make the tables and views known to the session by their plain names, as temporary views."""
        views = self.views
        for name in names:
            source = views.source(name)
            self.spark.sql(f"CREATE OR REPLACE TEMPORARY VIEW `{name}` AS SELECT * FROM {source}").collect()

    def publish_views(self) -> None:
        """Make the views of a catalog anew, with the columns that the tables have now; a path has none."""
        if self.is_catalog:
            views = self.views
            for name in VIEWS:
                self._create_catalog_view(name, views)

    # -- how it is done --------------------------------------------------------------------------------

    def _table_source(self, table: str) -> str:
        version = (self.pinned_at or {}).get(table)
        return self.identifier(table) + ("" if version is None else f" VERSION AS OF {version}")

    @property
    def views(self) -> Views:
        """Return the views over the tables, as these are now."""
        return Views(self._table_source, self._annotated_columns, partial(complaint_over, self.spark))

    def _annotated_columns(self) -> dict[str, set[str] | None]:
        """Return the columns of `annotations`: name -> the fields of a struct, None for another type."""
        annotations = self.spark.sql(f"SELECT * FROM {self._table_source('annotations')}").schema
        types = {field.name: field.dataType for field in annotations}
        return {name: set(kind.names) if isinstance(kind, StructType) else None for name, kind in types.items()}

    def _create_catalog_view(self, name: str, views: Views) -> None:
        comment = literal(views.comment(name))
        with translated(f"creating the view {name}"):
            self.spark.sql(
                f"CREATE OR REPLACE VIEW {self.identifier(name)} COMMENT {comment} AS {views.query(name)}"
            ).collect()

    def _format_version(self) -> int | None:
        """Return the format that the lake was written in, or None if there is no lake."""
        try:
            rows = self.spark.sql(f"SHOW TBLPROPERTIES {self.identifier('files')}").collect()
        except Exception as error:
            if is_no_table(str(error)):
                return None
            with translated(f"opening the lake {self.location}"):
                raise
        found = {row["key"]: row["value"] for row in rows}.get(FORMAT_PROPERTY)
        if found is None:
            raise LakeError(f"{self.identifier('files')} is not a table of webstrata; choose another --lake")
        return int(found)

    def _create_tables(self) -> None:
        """Create the tables that are missing; two drivers may do so at once."""
        if self.is_catalog:
            schema = self.identifier("x").rsplit(".", 1)[0]
            with translated(f"creating the schema {self.location}"):
                self.spark.sql(f"CREATE SCHEMA IF NOT EXISTS {schema}").collect()
        # One after another: at once, Spark has failed in a new JVM. And `files` carries the format version that says
        # "a lake is here": it comes last.
        for name in sorted(TABLES, key=lambda name: name == "files"):
            self._create_table(name)

    def _create_table(self, name: str) -> None:
        statement = TABLES[name].create_sql(self.identifier(name))

        def create() -> None:
            with translated(f"creating {name}"):
                self.spark.sql(statement).collect()

        persistently(create)

    def _writer(self, rows: DataFrame, because: Mapping[str, object]) -> DataFrameWriter:
        metadata = json.dumps(dict(because), sort_keys=True, default=str)
        return rows.write.format("delta").option("userMetadata", metadata)

    def _save(self, writer: DataFrameWriter, table: str, doing: str) -> None:
        with translated(doing):
            if self.is_catalog:
                writer.saveAsTable(self.identifier(table))
            else:
                writer.save(f"{self.location}/{table}")


def condition(where: Where) -> str:
    """Return `where` as a SQL condition on the partition columns."""
    return " AND ".join(
        f"{name} = {value}" if isinstance(value, int) else f"{name} = {literal(value)}" for name, value in where.items()
    )


def is_catalog_name(location: str) -> bool:
    """Return whether `location` reads as `catalog.schema`, rather than as a path."""
    return bool(_CATALOG.match(location)) and not Path(location).exists()


def rows_of(spark: SparkSession, table: str, values: Iterable[Mapping[str, Any]]) -> DataFrame:
    """Return `values` as a DataFrame of a table's columns; what a value lacks is null."""
    return local_rows(spark, values, TABLES[table].schema)


def _absolute(location: str) -> str:
    return location.rstrip("/") if is_uri(location) else str(Path(location).expanduser().resolve())


def is_no_table(text: str) -> bool:
    """Return whether Spark's error says that there is no such table."""
    names = (
        "TABLE_OR_VIEW_NOT_FOUND",
        "DELTA_MISSING_DELTA_TABLE",
        "DELTA_TABLE_NOT_FOUND",
        "PATH_NOT_FOUND",
    )
    return any(name in text for name in (*names, "SCHEMA_NOT_FOUND", "is not a Delta table", "doesn't exist"))
