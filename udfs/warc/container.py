"""How the records of a file are stored, told by its content; and where one of its members begins."""

import re
import zlib
from enum import StrEnum

from udfs.warc.content import DamagedError
from udfs.warc.members import (
    GZIP_MAGIC,
    LZ4_MAGIC,
    ZSTD_MAGIC,
    CompressedMember,
    GzipMember,
    Lz4Member,
    ZstdMember,
)
from udfs.warc.parser import RECORD_START
from udfs.warc.record import Caps
from udfs.warc.source import Source


class Container(StrEnum):
    """How the records of a file are stored."""

    GZIP = "gzip"
    ZSTD = "zstd"
    LZ4 = "lz4"
    PLAIN = "plain"
    UNKNOWN = "unknown"
    EMPTY = "empty"


MAGIC = {Container.GZIP: GZIP_MAGIC, Container.ZSTD: ZSTD_MAGIC, Container.LZ4: LZ4_MAGIC}
SKIPPABLE_FRAME = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18")
_PROBE = 4096
_ANY_START = re.compile(rb"\x1f\x8b\x08|\x28\xb5\x2f\xfd|\x04\x22\x4d\x18|(?<=\n)WARC/\d")
_LEADING = b"\xef\xbb\xbf\r\n"


def container_at_start(source: Source) -> Container | None:
    """Return what the first bytes say, None if they say nothing."""
    start = source.read(0)
    if not start:
        return Container.EMPTY
    for container, magic in MAGIC.items():
        if start.startswith(magic) or (container is Container.ZSTD and SKIPPABLE_FRAME.match(start)):
            return container
    return Container.PLAIN if RECORD_START.match(start.lstrip(_LEADING)) else None


def find_container(source: Source, caps: Caps) -> Container:
    """Return the container of the first record, also behind a damaged beginning."""
    said = container_at_start(source)
    is_sure = said not in MAGIC or SKIPPABLE_FRAME.match(source.read(0)) or is_start(source, said, 0, caps)
    if said and is_sure:
        return said
    for at in source.find(_ANY_START, 0, 64):
        start = source.read_all(at, 4)
        if start.startswith(b"WARC"):
            if said:  # a stored, not deflated, member whose beginning is damaged
                continue
            return Container.PLAIN
        container = next(c for c, magic in MAGIC.items() if start.startswith(magic))
        if is_start(source, container, at, caps):
            return container
    return said or Container.UNKNOWN


def open_member(source: Source, container: Container, at: int, caps: Caps, words: bytes = b"") -> CompressedMember:
    """Return the member at the offset `at`; `words` is the dictionary of a zstd file."""
    if container is Container.GZIP:
        return GzipMember(source, at, caps)
    if container is Container.LZ4:
        return Lz4Member(source, at, caps)
    return ZstdMember(source, at, caps, words)


def is_start(source: Source, container: Container, at: int, caps: Caps, words: bytes = b"") -> bool:
    """Tell whether a member that begins with a record lies at the offset `at`."""
    if container is not Container.GZIP:
        return _holds_record(open_member(source, container, at, caps, words))
    try:  # cheaply, because junk may hold the magic bytes thousands of times
        start = zlib.decompressobj(31).decompress(source.read_all(at, _PROBE), 64)
    except zlib.error:
        return False
    return RECORD_START.match(start.lstrip(_LEADING)) is not None


def _holds_record(member: CompressedMember) -> bool:
    """Tell whether a member inflates, as far as can be seen, and begins with a record."""
    start = b""
    try:
        while len(start) < 16 and (piece := member.pull()):
            start += piece
    except DamagedError:
        pass
    return RECORD_START.match(start.lstrip(_LEADING)) is not None
