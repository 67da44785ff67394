"""The lake -> one HTML file about it, or about a version of a mixture."""

import sys
from pathlib import Path

from etl.lake import Lake
from etl.report.collect import collect_report
from etl.report.data import ReportData
from etl.report.html import render
from udfs.errors import LakeError


def write_report(lake: Lake, path: Path, mixture: str | None = None, version: int | None = None) -> Path:
    """Write the report to `path`; raises MissingInputError for a mixture or version that does not exist."""
    return save_report(collect_report(lake, mixture, version), path)


def save_report(data: ReportData, path: Path) -> Path:
    """Write the figures of a report to `path` as HTML; return its absolute path."""
    return write_html(render(data), path)


def write_html(html: str, path: Path) -> Path:
    """Write a page of HTML to `path`; return its absolute path."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(html, encoding="utf-8")
    except OSError as error:
        raise LakeError(f"cannot write {path}: {error.strerror}; choose another file") from error
    return path.resolve()


if __name__ == "__main__":
    from etl.cli import main

    sys.exit(main(["report", *sys.argv[1:]]))
