"""What DCLM-Baseline removes from a text before it looks at its words: URLs, and blank lines beyond the first.

Source: step 3 of the released `dclm_baseline_refinedweb.yaml`, by the definition of a URL there: a host of ASCII
characters that ends in a top-level domain in lower case, or an IPv4 address, with what follows, and up to ten spaces
before it. It also takes `report.py` for a host, for .py is Paraguay, and e-mail addresses for URLs.
Ours looks into each text; theirs only, by an oversight, into one whose first letters are those of a top-level domain.
"""

import re
from functools import cache, lru_cache

from publicsuffixlist import PublicSuffixList

from udfs.edit.edit import Edit, Outcome, n_filled

MAX_HOST_CHARS = 256
MAX_SPACES = 10

_HOST_CHARS = "-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@:%._+~#="
_DOMAIN = re.compile(r"\.(?<=[-a-zA-Z0-9@:%._+~#=]\.)(xn--[a-z0-9-]{1,59}|[a-z]{2,63})\b")
_PATH = re.compile(r"[-a-zA-Z0-9()@:%_+.~#?&/=]*")
_IP_ADDRESS = re.compile(
    r"\s{0,10}\b(?:(?:https?|ftp)://)?(?:[0-2]?[0-9]{1,2}\.){3}[0-2]?[0-9]{1,2}[-a-zA-Z0-9()@:%_+.~#?&/=]*"
)
_MAYBE_IP_ADDRESS = re.compile(r"\.[0-9]{1,3}\.[0-9]")  # found ten times as fast
_NEWLINES = re.compile(r"\n{3,}")


def dclm_text(text: str) -> Outcome:
    """Return the text without URLs and with at most 2 newlines in a row; a line that was a URL counts as dropped."""
    bare = _without_hosts(text)
    if _MAYBE_IP_ADDRESS.search(bare):
        bare = _IP_ADDRESS.sub("", bare)
    n_lines = n_filled(text.split("\n")) - n_filled(bare.split("\n"))
    return Outcome(_NEWLINES.sub("\n\n", bare), {"url": n_lines} if n_lines else {})


def _without_hosts(text: str) -> str:
    pieces, end = [], 0
    for match in _DOMAIN.finditer(text):
        if match.start() >= end and _is_top_level(match[1]):
            pieces.append(text[end : _start(text, end, match.start())])
            end = _PATH.match(text, match.end()).end()  # type: ignore[union-attr]
    return "".join((*pieces, text[end:]))


def _start(text: str, begin: int, dot: int) -> int:
    """Return where the URL begins whose top-level domain follows the `dot`, not before `begin`."""
    host = max(begin, dot - MAX_HOST_CHARS)
    at = host + len(text[host:dot].rstrip(_HOST_CHARS))
    scheme = next((s for s in ("https://", "http://", "ftp://") if text.startswith(s, at - len(s), at)), "")
    at = max(begin, at - len(scheme))
    spaces = max(begin, at - MAX_SPACES)
    return spaces + len(text[spaces:at].rstrip())


@lru_cache(maxsize=65_536)
def _is_top_level(label: str) -> bool:
    return bool(_suffixes().is_public(label))


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=False)


DCLM_TEXT = Edit(
    "dclm_text",
    1,
    dclm_text,
    "URLs, and newlines beyond 2 in a row (DCLM-Baseline, step 3)",
    depends_on="publicsuffixlist",  # it says what a top-level domain is
)
