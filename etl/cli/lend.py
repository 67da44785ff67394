"""The options of a verb -> the session or the lake that they name, for as long as the verb runs."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from udfs.errors import UsageError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from etl.lake import Lake


@contextmanager
def lent_spark(args: argparse.Namespace) -> Iterator["SparkSession"]:
    """Lend the session that the options ask for; stop it afterwards if we started it."""
    from etl.session import get_spark, stop_spark

    spark = get_spark(
        local=args.local, cores=args.cores, memory=args.memory, jars=args.jars, ivy_settings=args.ivy_settings
    )
    try:
        yield spark
    finally:
        stop_spark(spark)


@contextmanager
def lent_lake(args: argparse.Namespace, *, create: bool = False) -> Iterator["Lake"]:
    """Lend the lake that the options name."""
    from etl.lake import Lake, is_catalog_name

    with lent_spark(args) as spark:
        if is_catalog_name(args.lake) and args.lake.startswith("spark_catalog.") and _forgets_its_catalog(spark):
            raise UsageError(f"{args.lake}: this Spark forgets its catalog when it ends; a folder is ./{args.lake}")
        yield Lake.open(spark, args.lake, create=create)


def _forgets_its_catalog(spark: "SparkSession") -> bool:
    return spark.conf.get("spark.sql.catalogImplementation") == "in-memory"
