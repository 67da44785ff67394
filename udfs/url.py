"""A URL as found -> its canonical form, host and registered domain."""

import re
from functools import lru_cache
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from publicsuffixlist import PublicSuffixList
from w3lib.url import canonicalize_url

MAX_URL = 16_384
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?")


class Url(NamedTuple):
    """What can be said of a URL; None where it has none that is valid.

    `host` is lower-case and ASCII: international names stay in their encoded form (`xn--…`).
    `registered_domain` is the host's part below a public suffix, private ones (`github.io`) included.
    """

    canonical: str | None
    host: str | None
    registered_domain: str | None


NOWHERE = Url(None, None, None)


def parse_url(url: str) -> Url:
    """Return the parts of an http or https URL; of all others, and of broken ones, nothing."""
    if len(url) > MAX_URL or url[:4].lower() != "http":
        return NOWHERE
    try:
        canonical = canonicalize_url(url.strip())
        parts = urlsplit(canonical)
        host = parts.hostname
    except (ValueError, UnicodeError):
        return NOWHERE
    if parts.scheme not in ("http", "https") or not host:
        return NOWHERE
    valid_host, domain = _host_and_domain(host)
    return Url(canonical if valid_host else None, valid_host, domain)


@lru_cache(maxsize=65_536)
def _host_and_domain(name: str) -> tuple[str | None, str | None]:
    host = name.lower().rstrip(".")
    if _is_ip_address(host):
        return host, None
    if not _HOST.fullmatch(host):
        return None, None
    return host, _suffixes().privatesuffix(host)


def _is_ip_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    """Return the Public Suffix List as its package ships it; nothing is fetched."""
    return PublicSuffixList()
