"""Rows on the driver -> a DataFrame that needs no Python on the executors, nor a job of its own."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import StructType


def local_rows(spark: SparkSession, rows: Iterable[Mapping[str, Any]], schema: str) -> DataFrame:
    """Return `rows` as a DataFrame of `schema` (DDL); what a row lacks is null, what it has beyond that is left out.

    A struct may be given as a tuple of its values, in order. createDataFrame of a list would send each row
    through a Python worker; an Arrow table becomes a relation of the JVM at once.
    """
    arrow = to_arrow_schema(cast(StructType, StructType.fromDDL(schema)))
    table = pa.Table.from_pylist([{f.name: _plain(row.get(f.name), f.type) for f in arrow} for row in rows], arrow)
    return spark.createDataFrame(table, schema)


def _plain(value: Any, kind: pa.DataType) -> Any:
    """Return a value as pyarrow takes it: maps as pairs, structs as mappings."""
    if value is None:
        return None
    if pa.types.is_map(kind):
        return [(key, _plain(item, kind.item_type)) for key, item in value.items()]
    if pa.types.is_struct(kind):
        pairs = value.items() if isinstance(value, Mapping) else zip((f.name for f in kind), value, strict=True)
        return {name: _plain(item, kind.field(name).type) for name, item in pairs}
    if pa.types.is_list(kind):
        return [_plain(item, kind.value_type) for item in value]
    return value
