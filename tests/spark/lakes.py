"""Small crawls and what is read back from a lake: shared by the tests that need one."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from etl.lake import Lake
from tests.unit.warc_builder import warc

PARAGRAPH = (
    "The committee met on Tuesday to discuss the harbour. It heard from {name}, who had studied the currents for"
    " many years, and agreed that the old wall must be repaired before the winter storms arrive."
)


def write_crawl(folder: Path, files: Mapping[str, Mapping[str, str]]) -> Path:
    """Write a WARC file for each name, with a response for each URL and HTML body; return the folder."""
    for name, pages in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(warc(pages))
    return folder


def html(*paragraphs: str, title: str = "A page") -> str:
    """Return a page with these paragraphs as its article."""
    body = "".join(f"<p>{text}</p>" for text in paragraphs)
    return f"<html><head><title>{title}</title></head><body><article><h1>{title}</h1>{body}</article></body></html>"


def some_files(n_files: int, n_pages: int = 3) -> dict[str, dict[str, str]]:
    """Return the pages of `n_files` WARC files; no two texts are the same."""
    return {
        f"part-{f:02d}.warc.gz": {
            f"https://www.site{f}.example/page/{p}": html(PARAGRAPH.format(name=f"Ms {f} and Mr {p}"))
            for p in range(n_pages)
        }
        for f in range(n_files)
    }


def pages_in(lake: Lake, crawl: str) -> list[tuple[object, ...]]:
    """Return all that the pages of a crawl say, apart from its name and their batch, in a fixed order."""
    pages = lake.table("pages").where(f"crawl = '{crawl}'").drop("page_id", "crawl", "batch")
    return [tuple(row) for row in pages.orderBy("warc_file", "warc_offset").collect()]


def crawl_name(request: pytest.FixtureRequest) -> str:
    """Return a crawl of a test's own: a new lake for each would cost seconds."""
    return re.sub(r"\W+", "-", request.node.name)[-60:]
