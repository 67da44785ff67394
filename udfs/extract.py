"""An HTML page as text -> its title and main text, in time linear in its length."""

import re
from collections.abc import Callable
from functools import lru_cache
from html import unescape
from importlib.metadata import version
from typing import NamedTuple

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLParserException, HTMLTree

from udfs.errors import ConfigError

EXTRACTORS = ("resiliparse", "trafilatura")
MAX_HTML_CHARS = 16 * 1024 * 1024
MAX_DEPTH = 2000
MAX_TAG_CHARS = 128 * 1024
MAX_TITLE_CHARS = 1000

_STEP = 16 * 1024
_OPENING = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9:-]{0,40})")
_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr")
)
_CLOSED_BY_NEXT = frozenset(("p", "li", "dt", "dd", "option", "tr", "td", "th"))
_TITLE = re.compile(r"<title(?:\s[^<>]{0,200})?>([^<]{0,4000})", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_SILENT = re.compile(r"<(script|style|noscript|template|svg|head)\b", re.IGNORECASE)


class Extraction(NamedTuple):
    """What an extractor makes of a page; `is_fallback` tells that the page was too hostile for a parser."""

    title: str | None
    text: str
    is_fallback: bool


class ExtractorError(Exception):
    """The HTML library raised an error."""


def extract(html: str, extractor: str) -> Extraction:
    """Return the title and main text of a page; raises ExtractorError, and ConfigError for an unknown name."""
    if is_hostile(html):
        return Extraction(title_of(html), strip_tags(html), True)
    try:
        title, text = _extractor(extractor)(html)
    except (HTMLParserException, ValueError, TypeError, RecursionError, AssertionError, KeyError) as error:
        raise ExtractorError(f"{type(error).__name__}: {error}") from error
    return Extraction(_title(title), text, False)


def extractor_version(name: str) -> str:
    """Return the name of an extractor with the version of its library, such as `resiliparse 2.0.1`."""
    if name not in EXTRACTORS:
        raise ConfigError(f"unknown extractor {name!r}; known: {', '.join(EXTRACTORS)}")
    return f"{name} {version(name)}"


def is_hostile(html: str) -> bool:
    """Tell whether a parser could take quadratic time: a page too large, too deep or with too long a tag."""
    if len(html) > MAX_HTML_CHARS:
        return True
    return (_may_be_deep(html) and _depth(html) > MAX_DEPTH) or _longest_tag(html) > MAX_TAG_CHARS


def strip_tags(html: str) -> str:
    """Return the text outside tags, scripts and styles, a line for each stretch of it."""
    pieces, at = [], 0
    while match := _SILENT.search(html, at):
        pieces.append(html[at : match.start()])
        end = html.find("</" + match[1], match.end())
        at = end if end >= 0 else match.end()
    pieces.append(html[at:])
    lines = (unescape(line).strip() for line in _TAG.sub("\n", "\n".join(pieces)).split("\n"))
    return "\n".join(line for line in lines if line)


def title_of(html: str) -> str | None:
    """Return what the first <title> of a page holds, found without parsing it."""
    match = _TITLE.search(html[: 256 * 1024])
    return _title(unescape(match[1])) if match else None


def _title(title: str | None) -> str | None:
    return " ".join((title or "").split())[:MAX_TITLE_CHARS] or None


def _may_be_deep(html: str) -> bool:
    """Tell whether the depth may exceed its cap, by counting brackets: an upper bound that is fast to have."""
    if html.count("<") <= MAX_DEPTH:
        return False
    depth = 0
    for at in range(0, len(html), _STEP):
        n_all, n_closing = html.count("<", at, at + _STEP), html.count("</", at, at + _STEP)
        if depth + n_all - n_closing > MAX_DEPTH:
            return True
        depth = max(0, depth + n_all - 2 * n_closing)
    return False


def _depth(html: str) -> int:
    """Return how deep the elements of a page nest, about as a parser would see it."""
    depth = deepest = 0
    for match in _OPENING.finditer(html):
        name = match[2].lower()
        if name in _VOID or name in _CLOSED_BY_NEXT:
            continue
        depth = max(0, depth - 1) if match[1] else depth + 1
        deepest = max(deepest, depth)
    return deepest


def _longest_tag(html: str) -> int:
    """Return an upper bound of the longest tag, attributes included."""
    return max(map(len, html.split(">"))) if len(html) > MAX_TAG_CHARS else 0


def _by_resiliparse(html: str) -> tuple[str | None, str]:
    tree = HTMLTree.parse(html)
    text: str = extract_plain_text(tree, main_content=True, alt_texts=False, preserve_formatting=True)
    return tree.title, text


def _by_trafilatura(html: str) -> tuple[str | None, str]:
    import trafilatura  # it takes 0.5 s to import, which the other extractor need not pay

    text = trafilatura.extract(html, favor_precision=False, include_comments=False)
    return title_of(html), text or ""


@lru_cache(maxsize=len(EXTRACTORS))
def _extractor(name: str) -> Callable[[str], tuple[str | None, str]]:
    extractor_version(name)  # raises for an unknown name
    return _by_resiliparse if name == "resiliparse" else _by_trafilatura
