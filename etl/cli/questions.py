"""The verbs that ask and change nothing: sql, quarantine, show, funnel, explain."""

import argparse
import sys
from pathlib import Path
from typing import Any

from etl.cli.lend import lent_lake, lent_spark
from etl.cli.verb import add_verb
from udfs.errors import MissingInputError, UsageError

# Everything that needs Spark is imported where it is used, so that `--help` and mistakes answer at once.


def add_verbs(subparsers: Any) -> None:
    """Add the verbs of this file."""
    for add in (_sql, _funnel, _explain, _quarantine, _show):
        add(subparsers)


def sql(args: argparse.Namespace) -> int:
    """Answer a query."""
    from etl.cli.say import say_rows

    query = _query(args.query)
    with lent_lake(args) as lake:
        return say_rows(lake.sql(query), args.limit, args.format)


def quarantine(args: argparse.Namespace) -> int:
    """Show what was lost or worked around, by reason."""
    from etl.cli.say import say_rows
    from etl.quarantine import reasons

    with lent_lake(args) as lake:
        return say_rows(reasons(lake, args.crawl), 1000, args.format)


def show(args: argparse.Namespace) -> int:
    """Print a record as it lies in its file."""
    from udfs.source import list_files, open_uri
    from udfs.warc.shown import show as lines

    if args.offset < 0:
        raise UsageError(f"offset {args.offset}: bytes count from 0")
    (file, *others) = list_files(args.warc_file)
    if others:
        raise UsageError(f"{args.warc_file} is {len(others) + 1:,} files; name one")
    with open_uri(file.uri) as stream:
        for line in lines(stream, args.warc_file, args.offset, args.bytes):
            print(line)
    return 0


def funnel(args: argparse.Namespace) -> int:
    """Show what the flags of a preset drop, or what two presets keep differently."""
    from etl.cli.say import say_rows
    from etl.flags import funnel as of

    if args.samples is not None and args.samples < 1:
        raise UsageError(f"--samples {args.samples}: pages count from 1")
    with lent_lake(args) as lake:
        presets = lake.views.presets
        preset = presets.named(args.preset)
        if args.against:
            rows = of.compared(lake, preset, presets.named(args.against), args.crawl)
        elif args.samples:
            rows = of.samples(lake, [preset], args.samples, [args.crawl] if args.crawl else None).drop("preset")
        else:
            rows = of.funnel(lake, [preset], args.by, args.crawl).drop("preset")
        return say_rows(rows, args.limit, args.format)


def explain(args: argparse.Namespace) -> int:
    """Show everything that is known of a page, or would be said of a file."""
    from rich.console import Console

    from etl.config import find_annotators
    from etl.explain.shown import print_explanation, render

    annotators = find_annotators(args.annotators)
    if Path(args.page).is_file():
        from etl.explain.file import explain_file

        with lent_spark(args) as spark:
            found = explain_file(spark, Path(args.page), annotators, args.url)
    else:
        from etl.explain.page import explain_page

        with lent_lake(args) as lake:
            found = explain_page(lake, args.page, annotators)
    console = Console()
    print_explanation(found, console if console.is_terminal else Console(width=160))
    if args.html:
        from etl.jobs.report import write_html

        print(f"written: {write_html(render(found), Path(args.html))}")
    return 0


def _query(text: str) -> str:
    if text == "-":
        return sys.stdin.read()
    if text.endswith(".sql"):
        if not Path(text).is_file():
            raise MissingInputError(f"no such file: {text}")
        return Path(text).read_text(encoding="utf-8")
    return text


def _sql(subparsers: Any) -> None:
    p = add_verb(subparsers, "sql", sql, "ask a question of the tables and views")
    p.add_argument("query", metavar="QUERY", help="SQL, or a .sql file, or - for standard input")
    _answer(p)


def _quarantine(subparsers: Any) -> None:
    p = add_verb(subparsers, "quarantine", quarantine, "show what was lost or worked around, by reason")
    p.add_argument("--crawl", metavar="NAME", help="of one crawl (default: of all)")
    p.add_argument("--format", default="table", choices=("table", "csv", "jsonl"), help="of the answer (%(default)s)")


def _show(subparsers: Any) -> None:
    p = add_verb(
        subparsers,
        "show",
        show,
        "print a record as it lies in its file, whatever its state",
        lake=False,
        spark=False,
    )
    p.add_argument("warc_file", metavar="FILE", help="a WARC, ARC or WET file, or the URI of one")
    p.add_argument("offset", type=int, metavar="OFFSET", help="a byte of the record, such as warc_offset of a page")
    p.add_argument("--bytes", type=int, default=4096, metavar="N", help="of the block at most (%(default)s)")


def _funnel(subparsers: Any) -> None:
    p = add_verb(subparsers, "funnel", funnel, "show what each flag of a preset drops: alone, first, and only it")
    p.add_argument("preset", metavar="PRESET", help="a preset of conf/flags, such as gopher")
    what = p.add_mutually_exclusive_group()
    what.add_argument("--by", default="all", metavar="WHAT", help="all, language, topic, format or host (%(default)s)")
    what.add_argument("--against", metavar="PRESET", help="show instead what one of the two keeps and the other drops")
    what.add_argument("--samples", type=int, metavar="N", help="show instead N pages on each side of each threshold")
    p.add_argument("--crawl", metavar="NAME", help="of one crawl (default: of each)")
    _answer(p)


def _explain(subparsers: Any) -> None:
    p = add_verb(subparsers, "explain", explain, "show measures, flags, annotations, duplicates and mixtures of a page")
    p.add_argument("page", metavar="PAGE", help="a page_id, a URL, or a text or HTML file (no lake is needed for it)")
    p.add_argument("--annotators", metavar="FILE", help="YAML that lists the annotators (default: the one shipped)")
    p.add_argument("--url", default="", metavar="URL", help="of a file: models and URL rules look at it")
    p.add_argument("--html", metavar="FILE", help="write it as HTML too")


def _answer(p: argparse.ArgumentParser) -> None:
    p.add_argument("--limit", type=int, default=100, metavar="N", help="rows shown at most (%(default)s)")
    p.add_argument("--format", default="table", choices=("table", "csv", "jsonl"), help="of the answer (%(default)s)")
