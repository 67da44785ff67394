"""The line rules of DCLM-Baseline, which are RefinedWeb's: step 8 of its pipeline.

Source: Li et al., 2024 (https://arxiv.org/abs/2406.11794), its released `dclm_baseline_refinedweb.yaml` and the
modifiers named there. The rules run one after the other over the whole text, which is stripped after each of them.
Lines end at "\\n" alone, and empty ones stay. DCLM then drops pages that lost more than 5 % of their words: that is a
condition, on `removed_word_ratio_by_edit['dclm_lines']` of the annotation.
"""

import re
from collections import Counter
from collections.abc import Callable

from udfs.edit.edit import Edit, Outcome, n_filled

MAX_UPPER = 0.5  # of the characters of a line, spaces included
MAX_DIGITS = 0.999999
MIN_WORDS = 2
MAX_SNIPPET_WORDS = 10  # in longer lines the phrases below are left alone

_COUNTER = re.compile(
    r"\W*\d[\d,.]*[kmb]?\s+(?:likes|shares|comments|retweets|reposts|quotes|bookmarks|upvotes|downvotes|downloads|views"
    r"|followers)\W*"
)
# As their patterns have it, the dots of the second phrase stand for any three characters.
_SNIPPETS = {
    "items_in_cart": re.compile(r"\s?items in cart", re.IGNORECASE),
    "read_more": re.compile(r"\s?read more...$", re.IGNORECASE),
    "sign_in": re.compile(r"^sign-in\s?", re.IGNORECASE),
}
_UPPER = bytes(range(ord("A"), ord("Z") + 1))


def dclm_lines(text: str) -> Outcome:
    """Return the text without the lines, and phrases of short lines, that the rules remove."""
    dropped: Counter[str] = Counter()
    for rule, rewrite in _RULES.items():
        lines = text.split("\n")
        kept = [new for line in lines if (new := rewrite(line)) is not None]
        if n_lines := n_filled(lines) - n_filled(kept):
            dropped[rule] = n_lines
        text = "\n".join(kept).strip()
    return Outcome(text, dropped)


Rewrite = Callable[[str], str | None]  # a line -> what is left of it; None: the line goes


def _without_lines(is_dropped: Callable[[str], bool]) -> Rewrite:
    return lambda line: None if line and is_dropped(line) else line


def _without_snippet(pattern: re.Pattern[str]) -> Rewrite:
    def rewrite(line: str) -> str | None:
        if len(line.split(maxsplit=MAX_SNIPPET_WORDS)) > MAX_SNIPPET_WORDS:
            return line
        rest = pattern.sub("", line)
        return rest if not line or (rest and not rest.isspace()) else None

    return rewrite


def _is_upper(line: str) -> bool:
    return _n_upper(line) / len(line) > MAX_UPPER


def _n_upper(line: str) -> int:
    if line.isascii():  # ten times as fast
        return len(line) - len(line.encode().translate(None, _UPPER))
    return sum(map(str.isupper, line))


def _is_numeric(line: str) -> bool:
    """Tell whether digits make up the line: in one of up to a million characters, each of them."""
    if len(line) <= 1_000_000:
        return line.isdigit()
    return sum(map(str.isdigit, line)) / len(line) > MAX_DIGITS


def _is_counter(line: str) -> bool:
    return _COUNTER.fullmatch(line.lower()) is not None


def _is_short(line: str) -> bool:
    return len(line.split(maxsplit=MIN_WORDS)) < MIN_WORDS


_RULES: dict[str, Rewrite] = {
    "uppercase": _without_lines(_is_upper),
    "numeric": _without_lines(_is_numeric),
    "counter": _without_lines(_is_counter),
    "few_words": _without_lines(_is_short),
    **{name: _without_snippet(pattern) for name, pattern in _SNIPPETS.items()},
}

DCLM_LINES = Edit(
    "dclm_lines",
    1,
    dclm_lines,
    "lines in capitals, of digits, of fewer than 2 words, counters (12 likes); phrases of carts, links and sign-ins"
    " (DCLM-Baseline, step 8)",
)
