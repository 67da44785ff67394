"""What a reader yields: a Record or a Gap; and the header of a record as a mapping."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from udfs.fault import Fault, GapReason, Repair

KINDS = frozenset({"warcinfo", "response", "resource", "request", "metadata", "revisit", "conversion", "continuation"})
UNKNOWN = "unknown"
_FOLDED = re.compile(r"\n[ \t]")
_FOLD = re.compile(r"\r?\n[ \t]+")


@dataclass(frozen=True, slots=True)
class Caps:
    """The limits of one record, in bytes, against files that would fill the memory or never end."""

    header_bytes: int = 128 * 1024
    record_bytes: int = 64 * 1024 * 1024
    ratio: int = 500  # inflated over stored
    ratio_free_bytes: int = 4 * 1024 * 1024  # inflated bytes of a record that no ratio is asked of


class Record(NamedTuple):
    """A record: where it is stored, what its header says, and its block as it lies in the archive.

    `kind` is the WARC-Type, or `unknown`. Header names are lower-case, the first of equal names counts.
    Records that share one compressed member have the addresses member, member + 1, …, each one byte long
    but the last, which takes the rest: so addresses stay unique and lengths add up.
    """

    offset: int
    length: int
    kind: str
    headers: Mapping[str, str]
    block: bytes
    fault: Fault | None = None
    repair: Repair | None = None

    def at(self, offset: int, length: int) -> "Record":
        """Return the same, stored there."""
        return Record(offset, length, *self[2:])  # three times as fast as _replace


class Gap(NamedTuple):
    """Bytes of a file that are no record."""

    offset: int
    length: int
    reason: GapReason

    def at(self, offset: int, length: int) -> "Gap":
        """Return the same, there."""
        return Gap(offset, length, self.reason)


def parse_headers(head: bytes) -> dict[str, str]:
    """Return the header lines in `head` (its first line, the version, aside) by lower-case name.

    UTF-8; a header that is not is taken as latin-1, from which its bytes can be had back.
    """
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError:
        text = head.decode("latin-1")
    if _FOLDED.search(text):  # a folded line goes on with the one before it
        text = _FOLD.sub(" ", text)
    headers: dict[str, str] = {}
    for line in text.split("\n")[1:]:
        name, colon, value = line.partition(":")
        if colon and (name := name.strip().lower()) not in headers:
            headers[name] = value.strip()
    return headers


def kind_of(headers: Mapping[str, str]) -> str:
    """Return the WARC-Type of the standard, or `unknown`."""
    kind = headers.get("warc-type", "").lower()
    return kind if kind in KINDS else UNKNOWN


def content_length(headers: Mapping[str, str]) -> int | None:
    """Return the Content-Length, None if there is none that is a number."""
    value = headers.get("content-length", "")
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 20 else None
