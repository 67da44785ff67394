"""What every verb of the command line has: its function, its help, and the options of the lake and of Spark."""

import argparse
from collections.abc import Callable
from typing import Any

DEFAULT_LAKE = "./lake"


def add_verb(
    subparsers: Any,
    name: str,
    run: Callable[[argparse.Namespace], int],
    about: str,
    *,
    lake: bool = True,
    spark: bool = True,
) -> argparse.ArgumentParser:
    """Add a verb with the options that all of them share."""
    p: argparse.ArgumentParser = subparsers.add_parser(name, help=about, description=about[0].upper() + about[1:] + ".")
    p.set_defaults(run=run, verb=name)
    p.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help="show where an error came from")
    if lake:
        p.add_argument(
            "--lake",
            default=DEFAULT_LAKE,
            metavar="PLACE",
            help="a folder, a URI or catalog.schema (%(default)s)",
        )
    if spark:
        _spark(p)
    return p


def _spark(p: argparse.ArgumentParser) -> None:
    spark = p.add_argument_group("Spark, where webstrata starts it itself")
    spark.add_argument(
        "--local", action="store_true", default=None, help="in this process, whatever the environment says"
    )
    spark.add_argument("--cores", type=int, metavar="N", help="cores to use (default: all)")
    spark.add_argument("--memory", metavar="SIZE", help="memory of the JVM, such as 4g")
    spark.add_argument(
        "--jars", metavar="JARS", help="Delta's jars, by comma or as a folder, where none can be fetched"
    )
    spark.add_argument("--ivy-settings", metavar="FILE", help="Ivy settings that name your own repository of jars")
