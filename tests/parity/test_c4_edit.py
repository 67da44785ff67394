"""The C4 edits leave what datatrove's own filter leaves, on all real texts at hand.

datatrove lives in an environment of its own, with pytest, pydantic and publicsuffixlist beside it:
`PYTHONPATH=. ITS_PYTHON -m pytest -o addopts= --import-mode=importlib --noconftest tests/parity/test_c4_edit.py`.
"""

import gzip
import json
from functools import cache

import pytest

from tests.shared import SHARED, needs_shared
from udfs.edit.edits import edit

filters = pytest.importorskip("datatrove.pipeline.filters", reason="datatrove is not installed here")
data = pytest.importorskip("datatrove.data")

FILES = (
    "labelled/weborganizer/weborganizer_examples.dev.jsonl.gz",
    "text/c4_sample_500.jsonl.gz",
    "text/dolma_cc_en_head_20.jsonl.gz",
    "labelled/registers/core_multilingual.jsonl.gz",
)


@cache
def texts() -> list[str]:
    """Return the real texts: of pages, of many languages, before and after filters."""
    lines = [line for name in FILES for line in gzip.decompress((SHARED / name).read_bytes()).splitlines()]
    return [json.loads(line)["text"] for line in lines]


def left_by_datatrove(text: str, is_end_checked: bool) -> str | None:
    """Return what the filter leaves of a text; None if it drops the page."""
    document = data.Document(text=text, id="1")
    # Sentences are counted and nothing else: without that rule no page is dropped for what the others left.
    kept = filters.C4QualityFilter(filter_no_terminal_punct=is_end_checked, min_num_sentences=-1).filter(document)
    return document.text if kept is True else None


@needs_shared
@pytest.mark.parametrize(("name", "is_end_checked"), [("c4_lines", True), ("fineweb_lines", False)])
def test_an_edit_leaves_what_datatrove_leaves_of_every_page_that_it_keeps(name: str, is_end_checked: bool) -> None:
    theirs = {text: left_by_datatrove(text, is_end_checked) for text in texts()}
    kept = {text: left for text, left in theirs.items() if left is not None}

    assert len(kept) > 7_000
    assert sum(left != text for text, left in kept.items()) > 2_000  # else equality would say little
    assert [text[:80] for text, left in kept.items() if edit(text, [name]).text != left] == []


@needs_shared
def test_lines_are_dropped_by_the_rules_that_datatrove_counts() -> None:
    theirs, ours = dict.fromkeys(RULES.values(), 0), dict.fromkeys(RULES.values(), 0)
    for text in texts()[:2_000]:
        judge = filters.C4QualityFilter(min_num_sentences=-1)
        if judge.filter(data.Document(text=text, id="1")) is True:
            for stat, rule in RULES.items():
                theirs[rule] += judge.stats[stat].total
            # Blank lines, which they count among those without an end, are no loss of ours.
            theirs["end"] -= sum(not line.strip() for line in text.splitlines())
            for rule, n_lines in edit(text, ["c4_lines"]).removed["c4_lines"].n_lines_by_rule.items():
                ours[rule] += n_lines

    assert ours == theirs
    assert min(ours["end"], ours["few_words"], ours["javascript"], ours["policy"]) > 0


RULES = {
    "line-filter-too_long_word": "long_word",
    "line-filter-no_terminal_punc": "end",
    "line-filter-too_few_words": "few_words",
    "line-filter-javascript": "javascript",
    "line-filter-policy": "policy",
}
