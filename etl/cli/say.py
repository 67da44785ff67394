"""What a job did -> words and tables on the terminal."""

import csv
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from etl.jobs.ingest import IngestResult
    from etl.jobs.mix import MixResult
    from etl.mixture import Plan


def say(message: str) -> None:
    """Print a line."""
    Console(soft_wrap=True, highlight=False).print(message, markup=False)


def say_ingest(done: "IngestResult", crawl: str) -> int:
    """Print what an ingest found; return 1 if files could not be opened, else 0."""
    if not done.n_files_read:
        say(f"{crawl}: all {done.n_files:,} files are published already, nothing to do")
        _say_changed(done.changed_files)
        return 0
    found = f"{done.n_pages:,} pages, {done.n_documents:,} documents"
    say(f"{crawl}: read {done.n_files_read:,} of {done.n_files:,} files: {found}")
    for fault, n in sorted(done.faults.items(), key=lambda item: -item[1]):
        say(f"  {n:>9,}  {fault}")
    _say_changed(done.changed_files)
    for name in done.failed_files:
        say(f"  could not be read, will be tried again by the next ingest: {name}")
    return 1 if done.failed_files else 0


def _say_changed(names: Sequence[str]) -> None:
    if names:
        say(f"  {len(names):,} files differ in size from what was published ({names[0]}): --again reads them again")


def say_plan(plan: "Plan") -> None:
    """Print the quotas of a plan."""
    table = _table("stratum", "weight", "share", "available", "quota", "epochs", "limited by")
    for quota in plan.quotas:
        if quota.target_tokens or quota.weight:
            numbers = (
                f"{quota.weight:g}",
                f"{quota.share:.1%}",
                f"{quota.available_tokens:,}",
                f"{quota.target_tokens:,}",
            )
            table.add_row(quota.stratum, *numbers, f"{quota.epochs:.2f}", quota.limited_by or "")
    _print(table)
    say(f"{plan.name}: {plan.target_tokens:,} of {plan.token_budget:,} tokens; {plan.shortfall_tokens:,} cannot be had")


def say_mixture(done: "MixResult") -> None:
    """Print what a mixture holds, or that it was there."""
    taken = sum(row["taken_tokens"] for row in done.plan)
    pages = sum(row["taken_pages"] for row in done.plan)
    short = sum(row["is_short"] for row in done.plan)
    if done.is_new:
        held = f"{pages:,} pages, {taken:,} tokens, {short} strata short of their share"
        say(f"{done.name} version {done.version}: {held}")
    else:
        say(f"{done.name} version {done.version} holds just this spec on just these inputs: nothing to do")


def say_rows(rows: "DataFrame", limit: int, form: str) -> int:
    """Print at most `limit` rows as a table, CSV or JSON lines; columns of one name get numbers in JSON."""
    found = [[_plain(value) for value in row] for row in rows.limit(limit + 1).collect()]
    shown = found[:limit]
    if form == "jsonl":
        names = _distinct(rows.columns)
        for values in shown:
            print(json.dumps(dict(zip(names, values, strict=True)), ensure_ascii=False, default=str))
    elif form == "csv":
        csv.writer(sys.stdout).writerows([rows.columns, *(map(_cell, values) for values in shown)])
    else:
        table = _table(*rows.columns, n_text=len(rows.columns))
        for values in shown:
            table.add_row(*map(_cell, values))
        _print(table)
    if len(found) > limit:
        print(f"more rows than --limit {limit}", file=sys.stderr)
    return 0


def say_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows of words as a table."""
    table = _table(*headings, n_text=len(headings))
    for row in rows:
        table.add_row(*map(_cell, row))
    _print(table)


def say_metrics(metrics: Mapping[str, Any], out: str) -> int:
    """Print the metrics of a trained model."""
    for name, value in metrics.items():
        say(f"{name:>24}  {value}")
    say(f"model folder: {out}")
    return 0


def _plain(value: Any) -> Any:
    """Return a value without Spark's own types."""
    if hasattr(value, "asDict"):
        return {name: _plain(part) for name, part in value.asDict().items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return value


def _distinct(names: list[str]) -> list[str]:
    """Return the names, those that stood before with a number: label, label_2."""
    return [name if (n := names[:i].count(name)) == 0 else f"{name}_{n + 1}" for i, name in enumerate(names)]


def _cell(value: object) -> str:
    """Return a value as a cell: control characters of a page must not reach the terminal."""
    if isinstance(value, dict | list):
        value = json.dumps(value, ensure_ascii=False, default=str)
    text = "" if value is None else str(value)
    return "".join(c if c.isprintable() else " " for c in text[:300])


def _table(*headings: str, n_text: int = 1) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for i, heading in enumerate(headings):
        table.add_column(heading, justify="left" if i < n_text or heading == "limited by" else "right", overflow="fold")
    return table


def _print(table: Table) -> None:
    console = Console()
    # Piped output has no width of its own: let lines be as long as they are.
    (console if console.is_terminal else Console(width=240)).print(table, markup=False)
