"""Names of labelled pages on a command line -> files: the current rows of a table are lent as Parquet."""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from etl.cli.lend import lent_spark

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

TABLE = "table:"  # before a name of Spark's catalogs


@contextmanager
def lent_files(names: Sequence[str], args: argparse.Namespace) -> Iterator[list[Path]]:
    """Lend the files that hold the rows of `names`, each a place or HEAD=PLACE.

    A place is a file, a folder of Parquet, or a table: `table:` and its name, or the folder or URI of a Delta table.
    A table's rows are collected, so they must fit into memory, as labelled pages do, and lie in a temporary folder
    until the block ends. Spark starts only for tables.
    """
    if not any(map(_is_table, names)):
        yield [Path(name) for name in names]
        return
    with TemporaryDirectory(prefix="webstrata-pages-") as folder, lent_spark(args) as spark:
        yield [
            _lend(spark, name, Path(folder) / str(i)) if _is_table(name) else Path(name) for i, name in enumerate(names)
        ]


def _lend(spark: "SparkSession", name: str, folder: Path) -> Path:
    """Return HEAD=FILE, the file with the table's rows under the last part of its name."""
    import pyarrow.parquet as pq

    head, place = _split(name)
    folder.mkdir()
    file = folder / f"{Path(place.removeprefix(TABLE)).name}.parquet"
    pq.write_table(_table(spark, place).toArrow(), file)
    return Path(f"{head}{file}")


def _table(spark: "SparkSession", place: str) -> "DataFrame":
    if place.startswith(TABLE):
        return spark.table(place.removeprefix(TABLE))
    return spark.read.format("delta").load(place if "://" in place else str(Path(place).resolve()))


def _is_table(name: str) -> bool:
    _, place = _split(name)
    return place.startswith(TABLE) or "://" in place or (Path(place) / "_delta_log").is_dir()


def _split(name: str) -> tuple[str, str]:
    """Return `HEAD=`, or "", and the place; a file that exists may have a `=` in its name."""
    head, is_named, place = name.partition("=")
    return (head + is_named, place) if is_named and not Path(name).exists() else ("", name)
