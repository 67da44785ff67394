"""Lines of the known public lists -> the domains and URLs that they ban, each with its category.

| list | a line | means |
|---|---|---|
| plain, DCLM, datatrove | `example.com`, `example.com/page` | a domain; with a path, a URL |
| UT1, squidGuard | the same, in `<category>/domains` and `<category>/urls` of a `.tar.gz` | with its category |
| hosts | `0.0.0.0 example.com` | a domain |
| Adblock, EasyList | `||example.com^` | a domain; rules with options or wild cards say when, not what: not read |
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from udfs.measure.list_file import ListFile, read_lines

_HOSTS = re.compile(r"(?:0\.0\.0\.0|127\.0\.0\.1|::1?)\s+(\S+)")
_ADBLOCK = re.compile(r"\|\|([a-z0-9.-]+)\^(?:\$(?:all|document))?", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://")
_LOCAL = frozenset({"localhost", "localhost.localdomain", "local", "broadcasthost", "0.0.0.0"})  # noqa: S104
_UT1_FILES = frozenset({"domains", "urls"})


class Banned(NamedTuple):
    """A domain, or a URL if it has a path, as `plain_url` writes it, and its category, "" for none."""

    name: str
    category: str


def banned(files: Iterable[ListFile]) -> Iterator[Banned]:
    """Yield what the lists ban, in their order."""
    for file in files:
        is_adblock = False
        for line in read_lines(file):
            is_adblock = is_adblock or line.text.startswith(("[Adblock", "!"))
            category = _category(line.member)
            if category is not None and (name := _name(line.text, is_adblock)):
                yield Banned(name, category)


def plain_url(url: str) -> str:
    """Return a URL as it is compared: lower case, without scheme, `www.`, fragment and final slash."""
    bare = _SCHEME.sub("", url.strip().lower(), count=1)
    return bare.split("#", 1)[0].removeprefix("www.").rstrip("/")


def _category(member: str) -> str | None:
    """Return the category, "" outside archives, None for members of an archive that are no lists."""
    if not member:
        return ""
    *folders, name = member.split("/")
    return folders[-1] if folders and name in _UT1_FILES else None


def _name(line: str, is_adblock: bool) -> str | None:
    if is_adblock or line.startswith(("||", "@@")):
        rule = _ADBLOCK.fullmatch(line)
        return plain_url(rule[1]) if rule else None
    if line[0] in "#!;":
        return None
    if host := _HOSTS.match(line):
        return None if host[1].lower() in _LOCAL else plain_url(host[1])
    name, *more = line.split()
    return plain_url(name) if not more or more[0].startswith("#") else None
