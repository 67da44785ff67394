"""Small crawls and what is read back from a lake: shared by the tests that need one."""

from collections.abc import Mapping
from pathlib import Path

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


def pages_in(lake: Lake) -> list[tuple[object, ...]]:
    """Return all that pages say, apart from the batch they came in, in a fixed order."""
    rows = lake.table("pages").drop("batch").orderBy("page_id").collect()
    return [tuple(row) for row in rows]
