"""The verbs of the command line, their options and their help."""

import argparse
from typing import Any

from etl.cli import evaluate, export, models, questions, verbs
from etl.cli.verb import add_verb as _verb

_DESCRIPTION = """\
From web crawls (WARC files) to versioned, stratified pre-training mixtures, in Delta tables.

  webstrata demo                                          the whole flow on a small crawl of our own
  webstrata ingest PATH... --crawl NAME                   WARC files -> pages
  webstrata annotate --crawl NAME                         language, tokens, topic, format, quality
  webstrata dedup --crawl NAME                            clusters of the same text
  webstrata plan SPEC | webstrata mix SPEC                quotas | the next version of a mixture
  webstrata sql "SELECT topic.label, count(*) FROM corpus GROUP BY 1"
  webstrata report                                        one HTML file about it all
  webstrata evaluate MODEL --data PAGES --label KEY       how good, how honest and how fast a model is
  webstrata export RECIPE --checkpoint DIR --out DIR      a Hugging Face checkpoint -> a model folder
  webstrata models add SOURCE | list | verify             models of this node: fetched once, checked
  webstrata funnel PRESET | webstrata explain PAGE        what flags drop, and all that is known of a page
  webstrata quarantine | webstrata show FILE OFFSET       what was lost, and a record as it lies in its file

Every verb may be stopped and run again: what was published is not done twice."""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser; the namespace it makes has `run`, the function of the verb."""
    parser = argparse.ArgumentParser(
        "webstrata", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--debug", action="store_true", help="show where an error came from")
    subparsers = parser.add_subparsers(title="verbs", required=True, metavar="VERB")
    for add in (_demo, _run, _ingest, _annotate, _dedup, _plan, _mix, _report, _train):
        add(subparsers)
    evaluate.add_verbs(subparsers)
    export.add_verbs(subparsers)
    models.add_verbs(subparsers)
    questions.add_verbs(subparsers)
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
        default=64 * 1024 * 1024,
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


def _train(subparsers: Any) -> None:
    p = _verb(
        subparsers,
        "train",
        verbs.train,
        "train a text model from labelled pages (needs the extra `train`)",
        lake=False,
    )
    p.add_argument("recipe", metavar="RECIPE", help="a YAML file such as conf/train/web.yaml")
    p.add_argument(
        "--data",
        nargs="+",
        required=True,
        metavar="[HEAD=]PLACE",
        help="labelled pages, for all heads of the recipe or for one: JSONL (may be .gz), Parquet files or folders, "
        "folders or URIs of Delta tables, or table:NAME",
    )
    p.add_argument("--out", required=True, metavar="DIR", help="the model folder to write")


def _spec(p: argparse.ArgumentParser) -> None:
    p.add_argument("spec", metavar="NAME_OR_FILE", help="a mixture of conf/mixtures, or a YAML file")
