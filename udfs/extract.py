"""An HTML page as text -> its title and main text, in time linear in its length."""

import re
from collections.abc import Callable
from functools import lru_cache
from html import unescape
from importlib.metadata import version
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

from udfs.errors import ConfigError
from udfs.fault import Repair

EXTRACTORS = ("resiliparse", "trafilatura")
MAX_HTML_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 2000
MAX_ATTRIBUTES = 1000
MAX_TITLE_CHARS = 1000

_OPENING = re.compile(rb"<(/?)([A-Za-z][A-Za-z0-9:-]{0,40})")
_VOID = frozenset(
    b"area base br col embed hr img input link meta param source track wbr".split(),
)
_CLOSED_BY_NEXT = frozenset(b"p li dt dd option tr td th".split())
_LONG_TAG = 4096
_TAG_START = re.compile(rb"<[A-Za-z][^\s/]*")
_ATTRIBUTE = re.compile(rb"[^\s/=]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|\S*))?")
_TITLE = re.compile(r"<title(?:\s[^<>]{0,200})?>([^<]{0,4000})", re.IGNORECASE)
_HUGE_NUMBER = re.compile(r"&#\d{8,};?")
_TAG = re.compile(r"<[^<>]*>")
_SILENT = re.compile(r"<(script|style|template|svg)\b", re.IGNORECASE)


Bytes = NDArray[np.uint8]


class Extraction(NamedTuple):
    """What an extractor makes of a page; `repair` tells why it is only all text outside tags, if so."""

    title: str | None
    text: str
    repair: Repair | None = None


class ExtractorError(Exception):
    """The HTML library raised an error."""


def parse(html: bytes, extractor: str) -> Extraction:
    """Return the title and main text of a page in UTF-8 that is not hostile, by the library named.

    Raises ExtractorError, and ConfigError for an unknown name. A page may take the library any time, or crash it:
    `udfs.extract_process` is safe.
    """
    run = _extractor(extractor)
    try:
        title, text = run(html)
    except Exception as error:  # whatever a library makes of a page, the page becomes a row
        raise ExtractorError(f"{type(error).__name__}: {error}") from error
    return Extraction(_title(title), text)


def fallback(html: str, repair: Repair) -> Extraction:
    """Return the title and all text outside tags: what can be had of a page that no parser may see."""
    return Extraction(title_of(html), strip_tags(html), repair)


def extractor_version(name: str) -> str:
    """Return the name of an extractor with the version of its library, such as `resiliparse 2.0.1`."""
    if name not in EXTRACTORS:
        raise ConfigError(f"unknown extractor {name!r}; known: {', '.join(EXTRACTORS)}")
    return f"{name} {version(name)}"


def is_hostile(html: bytes) -> bool:
    """Tell whether a parser could take quadratic time: a page too large, too deep or with too crowded a tag."""
    if len(html) > MAX_HTML_BYTES:
        return True
    page = np.frombuffer(html, dtype=np.uint8)
    return _has_crowded_tag(html, page) or (_may_be_deep(page) and _depth(html) > MAX_DEPTH)


def strip_tags(html: str) -> str:
    """Return the text outside tags, scripts and styles, a line for each stretch of it."""
    lines = (_unescaped(line).strip() for line in _TAG.sub("\n", without_scripts(html)).split("\n"))
    return "\n".join(line for line in lines if line)


def without_scripts(html: str) -> str:
    """Return the page without what no reader sees: scripts, styles, templates, drawings."""
    pieces, at = [], 0
    ends: dict[str, int] = {}  # to look for an end again and again would take quadratic time
    last_close = html.rfind(">")
    while match := _SILENT.search(html, at):
        pieces.append(html[at : match.start()])
        name = match[1]
        if 0 <= ends.get(name, 0) < match.end():
            ends[name] = html.find(f"</{name}", match.end())
        close = html.find(">", ends[name]) if 0 <= ends[name] < last_close else -1
        at = close + 1 if close >= 0 else match.end()
    pieces.append(html[at:])
    return "\n".join(pieces)


def title_of(html: str) -> str | None:
    """Return what the first <title> of a page holds, found without parsing it."""
    match = _TITLE.search(html[: 256 * 1024])
    return _title(_unescaped(match[1])) if match else None


def _unescaped(text: str) -> str:
    return unescape(_HUGE_NUMBER.sub("\ufffd", text))  # which raises over a number of thousands of digits


def _title(title: str | None) -> str | None:
    return " ".join((title or "").split())[:MAX_TITLE_CHARS] or None


def _may_be_deep(page: Bytes) -> bool:
    """Tell whether the depth may exceed its cap, by counting brackets only: an upper bound, fast to have."""
    brackets = np.flatnonzero(page[:-1] == ord("<"))
    if len(brackets) <= MAX_DEPTH:
        return False
    level = np.cumsum(np.where(page[brackets + 1] == ord("/"), -1, 1))
    deepest = level - np.minimum(np.minimum.accumulate(level), 0)  # surplus closing tags close nothing
    return bool(deepest.max() > MAX_DEPTH)


def _depth(html: bytes) -> int:
    """Return how deep the elements of a page nest, about as a parser would see it."""
    depth = deepest = 0
    for match in _OPENING.finditer(html):
        name = match[2].lower()
        if name in _VOID or name in _CLOSED_BY_NEXT:
            continue
        depth = max(0, depth - 1) if match[1] else depth + 1
        deepest = max(deepest, depth)
    return deepest


def _has_crowded_tag(data: bytes, page: Bytes) -> bool:
    """Tell whether one tag has too many attributes; only long stretches without a `>` are looked at."""
    ends = np.flatnonzero(page == ord(">"))
    stretches = np.diff(ends, prepend=0, append=len(page))
    for i in np.flatnonzero(stretches > _LONG_TAG):
        start = int(ends[i - 1]) if i else 0
        if _n_attributes(data[start : start + int(stretches[i])]) > MAX_ATTRIBUTES:
            return True
    return False


def _n_attributes(stretch: bytes) -> int:
    """Return how many attributes the tag that begins in `stretch` has, at most one more than allowed."""
    tag = _TAG_START.search(stretch)
    if tag is None:
        return 0
    return sum(1 for _ in islice(_ATTRIBUTE.finditer(stretch, tag.end()), MAX_ATTRIBUTES + 1))


def _by_resiliparse(html: bytes) -> tuple[str | None, str]:
    tree = HTMLTree.parse_from_bytes(html, "utf-8")
    text: str = extract_plain_text(tree, main_content=True, alt_texts=False, preserve_formatting=True)
    return tree.title, text


def _by_trafilatura(html: bytes) -> tuple[str | None, str]:
    import trafilatura  # it takes 0.5 s to import, which the other extractor need not pay

    page = html.decode("utf-8")
    text = trafilatura.extract(page, favor_precision=False, include_comments=False)
    return title_of(page), text or ""


@lru_cache(maxsize=len(EXTRACTORS))
def _extractor(name: str) -> Callable[[bytes], tuple[str | None, str]]:
    extractor_version(name)  # raises for an unknown name
    return _by_resiliparse if name == "resiliparse" else _by_trafilatura
