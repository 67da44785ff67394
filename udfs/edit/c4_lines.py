"""The line rules of C4, as datatrove 0.10.1 applies them, and FineWeb's variant of them.

Source: Raffel et al., 2020 (https://jmlr.org/papers/v21/20-074.html, section 2.2), whose released code has more
rules than the paper; datatrove's C4QualityFilter, value by value (tests/parity/test_c4_edit.py).
A text with "lorem ipsum" or a curly bracket, or with fewer than 5 sentences left, is dropped there: that is a flag's
matter, and here its lines are treated as any others.
"""

import re
from collections import Counter

from udfs.edit.edit import Edit, Outcome

MAX_WORD_CHARS = 1000
MIN_WORDS = 3
ENDS = (".", "?", "!", '"', "'")
ELLIPSIS = "..."
POLICY = ("terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies")

CITATION = re.compile(r"\[(?:\d*|edit|citation needed)\]")


def c4_lines(text: str, is_end_checked: bool = True) -> Outcome:
    """Return the lines that the rules keep, stripped and without citations; blank lines are gone.

    Lines end where `str.splitlines` says. The first rule that meets a line counts it: `long_word`, `end` (no
    terminal punctuation, or an ellipsis; left out unless `is_end_checked`), `few_words`, `javascript`, `policy`.
    """
    kept: list[str] = []
    dropped: Counter[str] = Counter()
    for line in filter(None, map(str.strip, text.splitlines())):
        cited = CITATION.sub("", line)
        if rule := _broken_rule(line, cited, is_end_checked):
            dropped[rule] += 1
        else:
            kept.append(cited)
    return Outcome("\n".join(kept).strip(), dropped)


def fineweb_lines(text: str) -> Outcome:
    """Return the lines that C4's rules keep if they may end as they like."""
    return c4_lines(text, is_end_checked=False)


def _broken_rule(line: str, cited: str, is_end_checked: bool) -> str | None:
    """Return the first rule that a line breaks; `cited` is the line without its citations."""
    if len(line) > MAX_WORD_CHARS and max(map(len, line.split())) > MAX_WORD_CHARS:
        return "long_word"
    if is_end_checked and (not cited.endswith(ENDS) or cited.endswith(ELLIPSIS)):
        return "end"
    if len(line.split(maxsplit=MIN_WORDS)) < MIN_WORDS:  # citations are words here
        return "few_words"
    lower = cited.lower()
    if "javascript" in lower:
        return "javascript"
    return "policy" if any(phrase in lower for phrase in POLICY) else None


C4_LINES = Edit(
    "c4_lines",
    1,
    c4_lines,
    "lines without terminal punctuation, of fewer than 3 words, with a word above 1000 characters, javascript or"
    " policy phrases; citations (C4, as in datatrove 0.10.1)",
)
FINEWEB_LINES = Edit("fineweb_lines", 1, fineweb_lines, "as c4_lines, whatever a line ends with (FineWeb)")
