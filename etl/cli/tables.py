"""Names of labelled pages on a command line -> files: the current rows of a table are lent as Parquet."""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import TYPE_CHECKING

from etl.cli.lend import lent_spark
from udfs.errors import MissingInputError

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import SparkSession

TABLE = "table:"  # before a name of Spark's catalogs


@contextmanager
def lent_files(names: Sequence[str], args: argparse.Namespace) -> Iterator[list[Path]]:
    """Lend the files that hold the rows of `names`, each a place or HEAD=PLACE.

    A place is a file, a folder of Parquet, or a table: `table:` and its name, or the folder or URI of a Delta table.
    A table's rows are collected (so they must fit into memory and Spark's `spark.driver.maxResultSize`), and lie in a
    temporary folder until the block ends; the digest of that file is of this reading, not of the table. Spark starts
    only for tables, and has ended before the block. Raises MissingInputError if there is no such table.
    """
    if not any(map(_is_table, names)):
        yield [Path(name) for name in names]
        return
    with TemporaryDirectory(prefix="webstrata-pages-") as folder:
        with lent_spark(args) as spark:
            files = [_lend(spark, name, folder) if _is_table(name) else Path(name) for name in names]
        yield files


def _lend(spark: "SparkSession", name: str, folder: str) -> Path:
    """Return HEAD=FILE, the file with the table's rows under the last part of its name."""
    import pyarrow.parquet as pq

    head, place = _split(name)
    file = Path(mkdtemp(dir=folder)) / f"{Path(place.removeprefix(TABLE)).name}.parquet"
    pq.write_table(_rows(spark, place), file)
    return Path(f"{head}{file}")


def _rows(spark: "SparkSession", place: str) -> "pa.Table":
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    from etl.lake import is_no_table

    try:
        if place.startswith(TABLE):
            return spark.table(place.removeprefix(TABLE)).toArrow()
        folder = place if "://" in place else str(Path(place).resolve())
        return spark.read.format("delta").load(folder).toArrow()
    except (PySparkException, Py4JError) as error:
        if is_no_table(str(error)):
            raise MissingInputError(f"no table of labelled pages: {place} (a URI names a Delta table)") from error
        raise


def _is_table(name: str) -> bool:
    _, place = _split(name)
    return place.startswith(TABLE) or "://" in place or (Path(place) / "_delta_log").is_dir()


def _split(name: str) -> tuple[str, str]:
    """Return `HEAD=`, or "", and the place; a file that exists and a URI may have a `=` of their own."""
    head, is_named, place = name.partition("=")
    return (head + is_named, place) if is_named and "://" not in head and not Path(name).exists() else ("", name)
