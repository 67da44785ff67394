"""A table's columns, comments and constraints -> the SQL that creates it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

FORMAT_VERSION = 1
FORMAT_PROPERTY = "webstrata.format"


# What a platform may switch on for new tables, and other readers (deltalake, DuckDB) cannot read.
_READABLE = {"delta.enableDeletionVectors": "false", "delta.checkpointPolicy": "classic"}


@dataclass(frozen=True)
class Column:
    """A column of a table: its SQL type and what it means."""

    name: str
    sql_type: str
    comment: str
    is_nullable: bool = True

    @property
    def ddl(self) -> str:
        """Return the column as CREATE TABLE wants it."""
        null = "" if self.is_nullable else " NOT NULL"
        return f"`{self.name}` {self.sql_type}{null} COMMENT {literal(self.comment)}"


@dataclass(frozen=True)
class Table:
    """A Delta table: what a row is, its columns, how it is laid out and what must hold of each row."""

    name: str
    comment: str
    columns: tuple[Column, ...]
    partition_by: tuple[str, ...] = ()
    checks: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def column_names(self) -> tuple[str, ...]:
        """Return the names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def schema(self) -> str:
        """Return the columns as a DDL string without NOT NULL, for DataFrames that are to be written."""
        return ", ".join(f"`{column.name}` {column.sql_type}" for column in self.columns)

    def create_sql(self, identifier: str) -> str:
        """Return the statement that creates the table under `identifier` unless it exists.

        The constraints go in as properties: one commit instead of one for each ALTER TABLE.
        """
        columns = ",\n  ".join(column.ddl for column in self.columns)
        parts = f"\nPARTITIONED BY ({', '.join(self.partition_by)})" if self.partition_by else ""
        properties = ", ".join(f"{literal(k)} = {literal(v)}" for k, v in self._all_properties.items())
        return (
            f"CREATE TABLE IF NOT EXISTS {identifier} (\n  {columns}\n) USING DELTA{parts}\n"
            f"COMMENT {literal(self.comment)}\nTBLPROPERTIES ({properties})"
        )

    @property
    def _all_properties(self) -> dict[str, str]:
        # Delta counts NULL as a violation, SQL does not: a column that must not be null says so itself.
        checks = {f"delta.constraints.{name}": f"coalesce({check}, true)" for name, check in self.checks.items()}
        return {FORMAT_PROPERTY: str(FORMAT_VERSION), **_READABLE, **self.properties, **checks}


def literal(text: str) -> str:
    """Return `text` as a SQL string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
