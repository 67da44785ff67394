"""Text -> where its e-mail addresses and public IP addresses stand; linear in any text.

E-mail and IPv4 addresses are those of FineWeb's last step (PIIFormatter of datatrove 0.10.1), found another way: its
regular expression looks at every start of a long word again, ours at each `@` once. What it finds, the tests compare.
"""

import re
from collections.abc import Iterator
from ipaddress import ip_address

Span = tuple[int, int]

_OCTET = "(?:25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)"
_DOTS = re.compile(r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]")  # quick, as it begins with a character class
_IPV4 = re.compile(rf"(?:{_OCTET}\.){{3}}{_OCTET}")
# Groups of hexadecimal digits with two colons or more; what it means, the standard library says.
_COLONS = re.compile(r":[0-9A-Fa-f]{0,4}:")
_IPV6 = re.compile(r"(?<![\w:.])(?=[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{0,4}:)[0-9A-Fa-f:.]{2,45}(?![\w:])")

# RFC 5322's atoms, with dots between them; \b as there: a letter or digit, or a sign after one.
_LOCAL = r"\-A-Za-z0-9!#$%&'*+/=?^_`{|}~"
_LOCAL_BACKWARDS = re.compile(rf"[{_LOCAL}.]*+")
_LOCAL_START = re.compile(rf"\b[{_LOCAL}]")
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*+")
_HOST_END = re.compile(r"\.(?=[.-]|\Z)|(?<!-)-++(?=\.|\Z)")
_HOST_IN_BRACKETS = re.compile(rf"\[(?:{_OCTET}\.){{3}}(?:{_OCTET}|[A-Za-z0-9-]*+(?<=[A-Za-z0-9]):)\]")


def emails(text: str) -> Iterator[Span]:
    """Yield where e-mail addresses stand: `local@host`, the host with a dot in it or an IPv4 address in brackets."""
    free = 0  # where the last address ended, or the last `@` that belongs to none
    at = text.find("@")
    while at >= 0:
        start = _local_start(text, free, at)
        end = None if start is None else _host_end(text, at + 1)
        if start is not None and end is not None:
            yield start, end
        free = end or at + 1
        at = text.find("@", free)


def public_ipv4(text: str) -> Iterator[Span]:
    """Yield where IPv4 addresses stand that are reachable from everywhere; numbers of versions may look alike."""
    found = _IPV4.finditer(text) if _DOTS.search(text) else ()
    return (match.span() for match in found if _is_public(match[0]))


def public_ipv6(text: str) -> Iterator[Span]:
    """Yield where IPv6 addresses stand that are reachable from everywhere."""
    for match in _IPV6.finditer(text) if _COLONS.search(text) else ():
        address = match[0].rstrip(".")
        if _is_public(address):
            yield match.start(), match.start() + len(address)


def _local_start(text: str, free: int, at: int) -> int | None:
    """Return where the longest local part before `at` begins that does not reach before `free`."""
    run = _LOCAL_BACKWARDS.match(text[free:at][::-1])
    first = at - run.end() if run else at
    double = text.rfind("..", first, at)
    start = _LOCAL_START.search(text, first if double < 0 else double + 2, at)
    return start.start() if start and text[at - 1] != "." else None


def _host_end(text: str, begin: int) -> int | None:
    if bracketed := _HOST_IN_BRACKETS.match(text, begin):
        return bracketed.end()
    if not (run := _HOST.match(text, begin)):
        return None
    cut = _HOST_END.search(text, begin, run.end())
    end = cut.start() if cut else run.end()
    return end if "." in text[begin:end] else None


def _is_public(address: str) -> bool:
    try:
        return ip_address(address).is_global
    except ValueError:  # leading zeros, too many groups
        return False
