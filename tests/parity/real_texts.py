"""The real texts at hand: of pages, in many languages, before and after filters, short and long."""

import gzip
import json
from functools import cache

from tests.shared import SHARED
from udfs.warc_file import ReadSettings, WarcFileReader

FILES = (
    "labelled/weborganizer/weborganizer_examples.dev.jsonl.gz",
    "labelled/registers/core_en.jsonl.gz",
    "labelled/registers/core_multilingual.jsonl.gz",
    "labelled/quality/dclm_human_quality.jsonl.gz",
    "text/c4_sample_500.jsonl.gz",
    "text/dolma_cc_en_head_20.jsonl.gz",
)


@cache
def real_texts() -> list[str]:
    """Return the texts of the files, and those that we extract from the pages of bulk/."""
    lines = [line for name in FILES for line in gzip.decompress((SHARED / name).read_bytes()).splitlines()]
    texts = [json.loads(line)["text"] for line in lines] + page_texts()
    return [text for text in texts if text]


@cache
def page_texts() -> list[str]:
    """Return the texts of the pages of bulk/."""
    texts = []
    for path in sorted((SHARED / "bulk").glob("*.warc.gz")):
        with path.open("rb") as stream:
            texts += [page.text for page in WarcFileReader(stream, path.name, ReadSettings(crawl="BULK"))]
    return [text for text in texts if text]
