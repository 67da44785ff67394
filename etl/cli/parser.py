"""The verbs of the command line, their options and their help."""

import argparse
from collections.abc import Callable
from typing import Any

from etl.cli import verbs

DEFAULT_LAKE = "./lake"

_DESCRIPTION = """\
From web crawls (WARC files) to versioned, stratified pre-training mixtures, in Delta tables.

  webstrata demo                                          the whole flow on a small crawl of our own
  webstrata ingest PATH... --crawl NAME                   WARC files -> pages
  webstrata annotate --crawl NAME                         language, tokens, topic, format, quality
  webstrata dedup --crawl NAME                            clusters of the same text
  webstrata plan SPEC | webstrata mix SPEC                quotas | the next version of a mixture
  webstrata sql "SELECT topic.label, count(*) FROM corpus GROUP BY 1"
  webstrata report                                        one HTML file about it all
  webstrata quarantine | webstrata show FILE OFFSET       what was lost, and a record as it lies in its file

Every verb may be stopped and run again: what was published is not done twice."""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser; the namespace it makes has `run`, the function of the verb."""
    parser = argparse.ArgumentParser(
        "webstrata", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--debug", action="store_true", help="show where an error came from")
    subparsers = parser.add_subparsers(title="verbs", required=True, metavar="VERB")
    for add in (_demo, _run, _ingest, _annotate, _dedup, _plan, _mix, _report, _sql, _quarantine, _show, _train):
        add(subparsers)
    return parser


def _demo(subparsers: Any) -> None:
    p = _verb(
        subparsers,
        "demo",
        verbs.demo,
        "run the whole flow on a small crawl that ships with webstrata",
        lake=False,
    )
    p.add_argument(
        "--out",
        default="./webstrata-demo",
        metavar="DIR",
        help="folder for crawl, lake and report (%(default)s)",
    )


def _run(subparsers: Any) -> None:
    p = _verb(
        subparsers,
        "run",
        verbs.run,
        "run a pipeline: ingest, annotate, dedup, mix and report, from YAML",
        lake=False,
    )
    p.add_argument("pipeline", metavar="FILE", help="a YAML file such as conf/pipelines/local.yaml")
    p.add_argument("--lake", metavar="PLACE", help="instead of the lake that FILE names")


def _ingest(subparsers: Any) -> None:
    p = _verb(subparsers, "ingest", verbs.ingest, "read WARC files into pages")
    p.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="a WARC, ARC or WET file, a folder (with all below it), a glob or a URI",
    )
    p.add_argument("--crawl", required=True, metavar="NAME", help="name of the crawl, such as CC-MAIN-2025-05")
    p.add_argument("--root", metavar="DIR", help="folder that file names count from (default: what all PATHs share)")
    p.add_argument(
        "--extractor",
        default="resiliparse",
        choices=("resiliparse", "trafilatura"),
        help="of the main text (%(default)s)",
    )
    p.add_argument(
        "--files-per-batch",
        type=int,
        default=256,
        metavar="N",
        help="files read and published together (%(default)s)",
    )
    p.add_argument(
        "--split-bytes",
        type=int,
        default=128 * 1024 * 1024,
        metavar="N",
        help="larger files are read by several tasks (%(default)s)",
    )
    p.add_argument(
        "--again",
        action="store_true",
        help="also do batches over that another reader or extractor has published",
    )


def _annotate(subparsers: Any) -> None:
    p = _verb(subparsers, "annotate", verbs.annotate, "let the annotators speak of documents they have not seen")
    p.add_argument("--crawl", required=True, metavar="NAME", help="name of the crawl")
    p.add_argument("--only", metavar="NAMES", help="annotators, separated by commas (default: all of the config)")
    p.add_argument("--annotators", metavar="FILE", help="YAML that lists the annotators (default: the one shipped)")


def _dedup(subparsers: Any) -> None:
    p = _verb(subparsers, "dedup", verbs.dedup, "find documents with the same text and rank them")
    p.add_argument("--crawl", required=True, metavar="NAME", help="name of the crawl")


def _plan(subparsers: Any) -> None:
    p = _verb(subparsers, "plan", verbs.plan, "show the quotas of a mixture, writing nothing")
    _spec(p)


def _mix(subparsers: Any) -> None:
    p = _verb(subparsers, "mix", verbs.mix, "write the next version of a mixture")
    _spec(p)
    p.add_argument("--version", type=int, metavar="N", help="write just this version, or say that it is there")


def _report(subparsers: Any) -> None:
    p = _verb(subparsers, "report", verbs.report, "write one HTML file about the lake or a mixture")
    p.add_argument("mixture", nargs="?", metavar="MIXTURE", help="name of a mixture")
    p.add_argument("--version", type=int, metavar="N", help="its version (default: the latest)")
    p.add_argument("--out", default="report.html", metavar="FILE", help="where to write it (%(default)s)")


def _sql(subparsers: Any) -> None:
    p = _verb(subparsers, "sql", verbs.sql, "ask a question of the tables and views")
    p.add_argument("query", metavar="QUERY", help="SQL, or a .sql file, or - for standard input")
    p.add_argument("--limit", type=int, default=100, metavar="N", help="rows shown at most (%(default)s)")
    p.add_argument("--format", default="table", choices=("table", "csv", "jsonl"), help="of the answer (%(default)s)")


def _quarantine(subparsers: Any) -> None:
    p = _verb(subparsers, "quarantine", verbs.quarantine, "show what was lost or worked around, by reason")
    p.add_argument("--crawl", metavar="NAME", help="of one crawl (default: of all)")
    p.add_argument("--format", default="table", choices=("table", "csv", "jsonl"), help="of the answer (%(default)s)")


def _show(subparsers: Any) -> None:
    p = _verb(
        subparsers,
        "show",
        verbs.show,
        "print a record as it lies in its file, whatever its state",
        lake=False,
        spark=False,
    )
    p.add_argument("warc_file", metavar="FILE", help="a WARC, ARC or WET file, or the URI of one")
    p.add_argument("offset", type=int, metavar="OFFSET", help="a byte of the record, such as warc_offset of a page")
    p.add_argument("--bytes", type=int, default=4096, metavar="N", help="of the block at most (%(default)s)")


def _train(subparsers: Any) -> None:
    p = _verb(
        subparsers,
        "train",
        verbs.train,
        "train a text model from labelled pages (needs the extra `train`)",
        lake=False,
    )
    p.add_argument("recipe", metavar="RECIPE", help="a YAML file such as conf/train/topic.yaml")
    p.add_argument("--data", nargs="+", required=True, metavar="FILE", help="labelled pages, JSONL (may be .gz)")
    p.add_argument("--out", required=True, metavar="DIR", help="the model folder to write")


def _spec(p: argparse.ArgumentParser) -> None:
    p.add_argument("spec", metavar="NAME_OR_FILE", help="a mixture of conf/mixtures, or a YAML file")


def _verb(
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
