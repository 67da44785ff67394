"""A seekable stream -> the records and gaps of the archive in it; their lengths add up to the file's size."""

import re
import zlib
from collections.abc import Iterator
from enum import StrEnum
from io import BytesIO
from typing import BinaryIO

from udfs.fault import Fault, GapReason
from udfs.warc.content import Content, DamagedError, PlainMember
from udfs.warc.members import (
    GZIP_MAGIC,
    LZ4_MAGIC,
    ZSTD_MAGIC,
    CompressedMember,
    GzipMember,
    Lz4Member,
    ZstdMember,
)
from udfs.warc.parser import RECORD_START, parse
from udfs.warc.record import Caps, Gap, Record
from udfs.warc.source import BLOCK, Source


class Container(StrEnum):
    """How the records of a file are stored, told by its content."""

    GZIP = "gzip"
    ZSTD = "zstd"
    LZ4 = "lz4"
    PLAIN = "plain"
    UNKNOWN = "unknown"
    EMPTY = "empty"


_MAGIC = {Container.GZIP: GZIP_MAGIC, Container.ZSTD: ZSTD_MAGIC, Container.LZ4: LZ4_MAGIC}
_SKIPPABLE = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18")
_DICTIONARY = b"\x5d\x2a\x4d\x18"
_PROBE = 4096
_MAX_DICTIONARY = 16 * 1024 * 1024
_ANY_START = re.compile(rb"\x1f\x8b\x08|\x28\xb5\x2f\xfd|\x04\x22\x4d\x18|(?<=\n)WARC/\d")
_LEADING = b"\xef\xbb\xbf\r\n"


def read_records(stream: BinaryIO, caps: Caps = Caps()) -> Iterator[Record | Gap]:  # noqa: B008
    """Yield every record and gap of the archive in `stream`, in order; raises nothing for what it holds.

    Each byte of the file is in exactly one of them. Raises OSError if the stream cannot be read.
    """
    source = Source(stream)
    container = _container_of(source, caps)
    if container is Container.UNKNOWN:
        yield Gap(0, source.size, GapReason.NOT_WARC)
    elif container is Container.PLAIN:
        yield from _plain(source, caps)
    elif container is not Container.EMPTY:
        yield from _Compressed(source, container, caps)


def container_of(stream: BinaryIO) -> Container:
    """Return how the records in `stream` are stored."""
    return _container_of(Source(stream), Caps())


def _container_of(source: Source, caps: Caps) -> Container:
    start = source.read(0)
    if not start:
        return Container.EMPTY
    for container, magic in _MAGIC.items():
        if start.startswith(magic) or (container is Container.ZSTD and _SKIPPABLE.match(start)):
            return container
    if RECORD_START.match(start.lstrip(_LEADING)):
        return Container.PLAIN
    return _first_container(source, caps)


def _first_container(source: Source, caps: Caps) -> Container:
    """Return the container of the first record behind a damaged beginning."""
    for at in source.find(_ANY_START, 0, 64):
        start = source.read_all(at, 4)
        if start.startswith(b"WARC"):
            return Container.PLAIN
        container = next(c for c, magic in _MAGIC.items() if start.startswith(magic))
        if _is_start(source, container, at, caps):
            return container
    return Container.UNKNOWN


def _open(source: Source, container: Container, at: int, caps: Caps, words: bytes = b"") -> CompressedMember:
    if container is Container.GZIP:
        return GzipMember(source, at, caps)
    if container is Container.LZ4:
        return Lz4Member(source, at, caps)
    return ZstdMember(source, at, caps, words)


def _is_start(source: Source, container: Container, at: int, caps: Caps, words: bytes = b"") -> bool:
    """Tell whether a member that begins with a record lies at the offset `at`."""
    if container is not Container.GZIP:
        return _holds_record(_open(source, container, at, caps, words))
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


def _plain(source: Source, caps: Caps) -> Iterator[Record | Gap]:
    held: Record | Gap | None = None
    for piece in parse(Content(PlainMember(source)), caps):
        if held is not None:
            yield held._replace(length=piece.offset - held.offset)
        held = piece
    if held is None:  # blank lines only
        held = Gap(0, 0, GapReason.PADDING)
    yield held._replace(length=source.size - held.offset)


class _Compressed:
    """The records and gaps of a file of compressed members."""

    def __init__(self, source: Source, container: Container, caps: Caps) -> None:
        self._source = source
        self._container = container
        self._caps = caps
        self._magic = _MAGIC[container]
        self._pattern = re.compile(re.escape(self._magic))
        self._dictionary = b""

    def __iter__(self) -> Iterator[Record | Gap]:
        at = 0
        while at < self._source.size:
            start = self._source.read(at, 8)
            if len(start) < 8:
                start = self._source.read_all(at, 8)
            for piece in self._at(at, start):
                yield piece
                at = piece.offset + piece.length

    def _at(self, at: int, start: bytes) -> Iterator[Record | Gap]:
        """Yield what begins at the offset `at`, with the bytes `start`."""
        if start.startswith(self._magic):
            return self._member(at)
        if self._container is Container.ZSTD and _SKIPPABLE.match(start):
            return iter([self._skippable(at, start)])
        end = self._next_member(at + 1)
        return iter([Gap(at, end - at, self._reason(at, end))])

    def _member(self, at: int) -> Iterator[Record | Gap]:
        """Yield the pieces of a member: at its offset, its offset + 1, …; the last one takes the rest."""
        member = _open(self._source, self._container, at, self._caps, self._dictionary)
        content = Content(member)
        held: Record | Gap | None = None
        n_held = 0
        for piece in parse(content, self._caps):
            if held is not None:
                if at + n_held + 1 >= member.at:  # more records than stored bytes: a bomb
                    break
                if isinstance(held, Record) and isinstance(piece, Gap) and content.fault:
                    held = held._replace(fault=held.fault or content.fault)  # no checksum vouches for it
                yield held._replace(offset=at + n_held, length=1)
                n_held += 1
            held = piece
        content.drain()
        end = member.at if content.fault is None else self._next_member(at + n_held + 1)
        yield self._last(held, content.fault)._replace(offset=at + n_held, length=end - at - n_held)

    def _last(self, held: Record | Gap | None, fault: Fault | None) -> Record | Gap:
        """Return the last piece of a member, with the fault that was met behind it."""
        if isinstance(held, Record):
            return held._replace(fault=held.fault or fault)
        if fault is not None:
            is_cut = fault is Fault.TRUNCATED_RECORD
            return Gap(0, 0, GapReason.TRUNCATED if is_cut else GapReason.DAMAGED)
        return held or Gap(0, 0, GapReason.EMPTY_MEMBER)

    def _next_member(self, at: int) -> int:
        """Return the offset of the next member that inflates and begins with a record, or the file's size."""
        for offset in self._source.find(self._pattern, at, len(self._magic) - 1):
            if _is_start(self._source, self._container, offset, self._caps, self._dictionary):
                return offset
        return self._source.size

    def _skippable(self, at: int, start: bytes) -> Gap:
        """Return the gap of a skippable frame, keeping the dictionary that it may hold."""
        n = min(int.from_bytes(start[4:8], "little"), self._source.size - at - 8)
        if start.startswith(_DICTIONARY) and 0 < n <= _MAX_DICTIONARY:
            self._dictionary = self._inflated(self._source.read_all(at + 8, n))
        return Gap(at, min(8 + max(n, 0), self._source.size - at), GapReason.SKIPPABLE_FRAME)

    def _inflated(self, dictionary: bytes) -> bytes:
        """Return a dictionary that may be stored as a zstd frame itself."""
        if not dictionary.startswith(ZSTD_MAGIC):
            return dictionary
        content = Content(ZstdMember(Source(BytesIO(dictionary)), 0, self._caps))
        content.fill(_MAX_DICTIONARY)
        return content.take(_MAX_DICTIONARY)

    def _reason(self, start: int, end: int) -> GapReason:
        while start < end:
            data = self._source.read(start, min(BLOCK, end - start))
            if data.strip(b"\0\r\n"):
                return GapReason.JUNK
            start += len(data)
        return GapReason.PADDING
