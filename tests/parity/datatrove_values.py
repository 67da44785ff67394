"""A text -> what datatrove 0.10.1 makes of it, by its own functions and filters, under our names of fields and flags.

`python -m tests.parity.datatrove_values` writes tests/unit/golden/datatrove_demo.jsonl.gz.
"""

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
from datatrove.data import Document
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
    c4_filters,
)
from datatrove.pipeline.filters.c4_filters import C4ParagraphFilter
from datatrove.pipeline.filters.gopher_quality_filter import STOP_WORDS
from datatrove.pipeline.filters.gopher_repetition_filter import (
    find_all_duplicate,
    find_duplicates,
    find_top_duplicate,
    get_n_grams,
)
from datatrove.utils.text import PUNCTUATION_SET, TERMINAL_PUNCTUATION, split_into_words

from etl.demo.crawl import write_demo_crawl
from udfs.normalise import text_digest
from udfs.warc_file import ReadSettings, WarcFileReader

GOLDEN = Path(__file__).parents[1] / "unit" / "golden" / "datatrove_demo.jsonl.gz"
REASONS = {
    "dup_para_frac": "too_many_dup_paragraphs",
    "dup_para_char_frac": "too_many_dup_paragraph_chars",
    "dup_line_frac": "too_many_dup_lines",
    "dup_line_char_frac": "too_many_dup_line_chars",
    **{f"top_{n}_gram": f"top_{n}gram_too_frequent" for n in (2, 3, 4)},
    **{f"duplicated_{n}_n_grams": f"too_many_dup_{n}grams" for n in range(5, 11)},
    "gopher_short_doc": "too_short",
    "gopher_long_doc": "too_long",
    "gopher_below_avg_threshold": "words_too_short",
    "gopher_above_avg_threshold": "words_too_long",
    "gopher_too_many_hashes": "too_many_hashes",
    "gopher_too_many_ellipsis": "too_many_ellipses",
    "gopher_too_many_bullets": "too_many_bullet_lines",
    "gopher_too_many_end_ellipsis": "too_many_ellipsis_lines",
    "gopher_below_alpha_threshold": "too_few_alpha_words",
    "gopher_enough_stop_words": "too_few_stop_words",
    "lorem_ipsum": "lorem_ipsum",
    "curly_bracket": "curly_bracket",
    "too_few_sentences": "too_few_sentences",
    "line_punct_ratio": "too_few_ended_lines",
    "short_line_ratio": "too_many_short_lines",
    "char_dup_ratio": "too_many_repeated_chars",
    "list_ratio": "too_many_newlines",
}

Values = Mapping[str, object]


def values(name: str, text: str) -> Values:
    """Return the values of an annotator's fields, without those that it does not come to because it drops the page."""
    return {"gopher": _gopher, "c4": _c4, "fineweb": _fineweb}[name](text)


@cache
def dropped_by(preset: str, text: str) -> str | None:
    """Return our name of the reason for which its filters drop a text, None if they keep it."""
    document = Document(text=text, id="1")
    for step in _filters(preset):
        kept = step.filter(document)
        if kept is not True:
            return REASONS[kept[1]]
    return None


@cache
def _filters(preset: str) -> list[Any]:
    gopher = [GopherRepetitionFilter(), GopherQualityFilter()]
    fineweb = [*gopher, C4QualityFilter(filter_no_terminal_punct=False), FineWebQualityFilter()]
    return {"gopher": gopher, "c4": [C4QualityFilter()], "fineweb": fineweb}[preset]


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, 6) if whole else None


def _gopher(text: str) -> Values:
    words, lines, n_chars = split_into_words(text), text.splitlines(), len(text)
    counted = [len(w) for w in words if any(ch not in PUNCTUATION_SET for ch in w)]
    step = GopherRepetitionFilter()
    parts = {"line": step._line_splitter.split(text), "paragraph": step.paragraph_exp.split(text.strip())}
    repeated = {name: find_duplicates(found) for name, found in parts.items()}
    grams = {n: get_n_grams(words, n) for n in (2, 3, 4)}
    return {
        "n_tokens": len(words),
        "n_words": len(counted),
        "mean_word_length": round(float(np.mean(counted)), 6) if counted else None,
        "hash_ratio": _share(text.count("#"), len(words)),
        "ellipsis_ratio": _share(text.count("...") + text.count("…"), len(words)),
        "bullet_line_ratio": _share(sum(line.lstrip()[:1] in {"•", "-"} for line in lines), len(lines)),
        "ellipsis_line_ratio": _share(sum(line.rstrip().endswith(("...", "…")) for line in lines), len(lines)),
        "alpha_word_ratio": _share(sum(any(c.isalpha() for c in w) for w in words), len(words)),
        "n_stop_words": len(set(STOP_WORDS).intersection(words)),
        **{f"dup_{name}_ratio": _share(n, len(parts[name])) for name, (n, _) in repeated.items()},
        **{f"dup_{name}_char_ratio": _share(n, n_chars) for name, (_, n) in repeated.items()},
        **{f"top_{n}gram_char_ratio": _share(find_top_duplicate(g), n_chars) if g else None for n, g in grams.items()},
        **{f"dup_{n}gram_char_ratio": _share(find_all_duplicate(words, n), n_chars) for n in range(5, 11)},
    }


def _c4(text: str) -> Values:
    lines = text.split("\n")
    n_long = sum(len(line) >= C4ParagraphFilter().min_paragraph_len for line in lines)
    return {
        "n_lines": len(text.splitlines()),
        "n_long_paragraphs": n_long,
        **_c4_judged(text, ""),
        **_c4_judged(text, "_any_end"),
    }


def _c4_judged(text: str, suffix: str) -> Values:
    step = C4QualityFilter(filter_no_terminal_punct=not suffix)
    with _counted_sentences() as counts:
        kept = step.filter(Document(text=text, id="1"))
    reason = kept[1] if kept is not True else ""
    if reason in ("lorem_ipsum", "curly_bracket"):
        return {f"has_{reason}{suffix}": True}  # it stops there
    stats = {name: int(step.stats[f"line-{stat}"].total) for name, stat in _C4_STATS.items()}
    if suffix:
        del stats["n_long_word_lines"], stats["n_unended_lines"]
    has = dict.fromkeys(("has_lorem_ipsum", "has_curly_bracket"), False)
    named = {**stats, "n_sentences": sum(counts), **has}
    whole = ("n_long_word_lines", "n_unended_lines")
    return {name if name in whole else f"{name}{suffix}": value for name, value in named.items()}


_C4_STATS = {
    "n_kept_lines": "kept",
    "n_short_lines": "filter-too_few_words",
    "n_javascript_lines": "filter-javascript",
    "n_policy_lines": "filter-policy",
    "n_long_word_lines": "filter-too_long_word",
    "n_unended_lines": "filter-no_terminal_punc",
}


@contextmanager
def _counted_sentences() -> Iterator[list[int]]:
    """Let its filter tell the number of sentences of each line that it keeps."""
    counts: list[int] = []
    its: Callable[..., list[str]] = c4_filters.split_into_sentences

    def counted(*arguments: Any) -> list[str]:
        found = its(*arguments)
        counts.append(len(found))
        return found

    c4_filters.split_into_sentences = counted
    try:
        yield counts
    finally:
        c4_filters.split_into_sentences = its


def _fineweb(text: str) -> Values:
    document = Document(text=text, id="1")
    step = C4QualityFilter(filter_no_terminal_punct=False, min_num_sentences=-1)
    kept = step.filter(document) is True
    after = _fineweb_of(document.text) if kept else {}
    return {**_fineweb_of(text), **{f"{name}_after_c4": value for name, value in after.items()}}


def _fineweb_of(text: str) -> Values:
    lines = [line for line in text.split("\n") if line.strip() != ""]
    n_chars = len(text.replace("\n", ""))
    return {
        "terminal_punct_line_ratio": _share(
            sum(line.endswith(tuple(TERMINAL_PUNCTUATION)) for line in lines), len(lines)
        ),
        "short_line_ratio": _share(sum(len(line) <= 30 for line in lines), len(lines)),
        "dup_line_char_ratio": _share(find_duplicates(lines)[1], n_chars) if lines else None,
        "newline_word_ratio": _share(text.count("\n"), len(split_into_words(text))),
    }


def _write_golden() -> None:
    rows = []
    for path in write_demo_crawl(Path(mkdtemp())):
        for page in WarcFileReader(BytesIO(path.read_bytes()), path.name, ReadSettings(crawl="DEMO")):
            if page.text:
                its = {name: values(name, page.text) for name in ("gopher", "c4", "fineweb")}
                dropped = {preset: dropped_by(preset, page.text) for preset in its}
                key = {"page_id": page.page_id, "digest": text_digest(page.text)}
                rows.append(json.dumps({**key, "values": its, "dropped_by": dropped}, sort_keys=True))
    GOLDEN.parent.mkdir(exist_ok=True)
    GOLDEN.write_bytes(gzip.compress("\n".join(rows).encode(), mtime=0))


if __name__ == "__main__":
    _write_golden()
