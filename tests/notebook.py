"""A notebook in Databricks source format -> its cells, run as Databricks would run them."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pyspark.sql import DataFrame, SparkSession

HEADER = "# Databricks notebook source"
SEPARATOR = "# COMMAND ----------"


def run_notebook(path: Path, spark: SparkSession, **widgets: str) -> list[DataFrame]:
    """Run all cells of a notebook with these values of its widgets; return what it displayed."""
    source = path.read_text(encoding="utf-8")
    assert source.startswith(HEADER), f"{path} does not begin with {HEADER!r}"
    shown: list[DataFrame] = []
    names: dict[str, Any] = {"spark": spark, "dbutils": _dbutils(widgets), "display": shown.append}
    for cell in source.removeprefix(HEADER).split(SEPARATOR):
        _run_cell(cell, names, shown)
    for frame in shown:
        frame.toPandas()
    return shown


def _run_cell(cell: str, names: dict[str, Any], shown: list[DataFrame]) -> None:
    lines = [line for line in cell.strip().splitlines() if not line.startswith("# DBTITLE")]
    magic = [line.removeprefix("# MAGIC").removeprefix(" ") for line in lines if line.startswith("# MAGIC")]
    if not magic:
        exec(compile("\n".join(lines), "notebook", "exec"), names)
    elif magic[0] == "%sql":
        shown.append(names["spark"].sql("\n".join(magic[1:])))
    else:
        assert magic[0].startswith("%md"), f"a cell of an unknown kind: {magic[0]}"


def _dbutils(given: dict[str, str]) -> SimpleNamespace:
    values: dict[str, str] = {}

    def text(name: str, default: str) -> None:
        values[name] = given.get(name, default)

    return SimpleNamespace(widgets=SimpleNamespace(text=text, get=values.__getitem__))
