"""Rows on the driver -> a DataFrame that needs no Python on the executors, nor a job of its own."""

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T

_SIMPLE = {
    "string": pa.string(),
    "long": pa.int64(),
    "integer": pa.int32(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "timestamp": pa.timestamp("us", "UTC"),
}


def local_rows(spark: SparkSession, rows: Iterable[Mapping[str, Any]], schema: str) -> DataFrame:
    """Return `rows` as a DataFrame of `schema` (DDL); what a row lacks is null, what it has beyond that is left out.

    A struct may be given as a tuple of its values, in order. createDataFrame of a list would send each row
    through a Python worker; an Arrow table becomes a relation of the JVM at once.
    """
    kind = _arrow_type(T.StructType.fromDDL(schema))
    table = pa.Table.from_pylist(
        [{f.name: _plain(row.get(f.name), f.type) for f in kind} for row in rows], pa.schema(kind)
    )
    return spark.createDataFrame(table, schema)


def _arrow_type(kind: T.DataType) -> pa.DataType:
    """Return the Arrow type of a Spark type; Spark's own function takes other arguments in each release."""
    if isinstance(kind, T.StructType):
        return pa.struct([(field.name, _arrow_type(field.dataType)) for field in kind])
    if isinstance(kind, T.MapType):
        return pa.map_(_arrow_type(kind.keyType), _arrow_type(kind.valueType))
    if isinstance(kind, T.ArrayType):
        return pa.list_(_arrow_type(kind.elementType))
    return _SIMPLE[kind.typeName()]


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
