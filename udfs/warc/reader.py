"""A seekable stream -> the records and gaps of the archive in it; their lengths add up to the file's size.

A large file can be read in splits, each by a task of its own. A split begins at the first record that can be
found at or behind its start and goes on to the first such record at or behind its end, so that splits meet:
where one ends, the next begins. Bytes in a payload that look like a record can deceive a split about its
beginning; then the two places differ, which tells that the file has to be read as a whole.
"""

import re
from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO

from udfs.fault import Fault, GapReason
from udfs.warc.container import (
    MAGIC,
    SKIPPABLE_FRAME,
    Container,
    container_at_start,
    find_container,
    is_start,
    open_member,
)
from udfs.warc.content import Content, PlainMember
from udfs.warc.members import ZSTD_MAGIC, ZstdMember, usable_dictionary
from udfs.warc.parser import parse
from udfs.warc.record import Caps, Gap, Record
from udfs.warc.source import BLOCK, Source

_DICTIONARY = b"\x5d\x2a\x4d\x18"
_SLACK = BLOCK
_MAX_DICTIONARY = 16 * 1024 * 1024
_PLAIN_START = re.compile(rb"\n\r?\nWARC/\d")


def read_records(
    stream: BinaryIO, caps: Caps = Caps(), *, start: int = 0, end: int | None = None  # noqa: B008
) -> Iterator[Record | Gap]:  # fmt: skip
    """Yield every record and gap of the archive in `stream`, in order; raises nothing for what it holds.

    Each byte of the file is in exactly one of them. With `start` and `end`, those of a split: none if no
    record can be found in between. Raises OSError if the stream cannot be read.
    """
    source = Source(stream)
    stop = source.size if end is None else min(end, source.size)
    container = find_container(source, caps) if start == 0 else container_at_start(source)
    if container in (None, Container.EMPTY) or start >= source.size:
        return
    if container is Container.UNKNOWN:
        yield Gap(0, source.size, GapReason.NOT_WARC)
    elif container is Container.PLAIN:
        yield from _plain(source, caps, start, stop)
    else:
        yield from _Compressed(source, container, caps).between(start, stop)


def container_of(stream: BinaryIO) -> Container:
    """Return how the records in `stream` are stored."""
    return find_container(Source(stream), Caps())


def record_at(stream: BinaryIO, offset: int, caps: Caps = Caps()) -> Record | Gap | None:  # noqa: B008
    """Return the record or gap that holds the byte at `offset`, None behind the end of the file.

    Where a record begins there it is read at once, in whatever state it is; else the file is read up to there.
    """
    source = Source(stream)
    container = find_container(source, caps)
    pieces: Iterator[Record | Gap] = iter(())
    if container is Container.PLAIN and (offset == 0 or _is_plain_start(source, offset)):
        pieces = _plain(source, caps, offset, offset + 1)
    elif magic := MAGIC.get(container):
        compressed = _Compressed(source, container, caps)
        if source.read_all(offset, len(magic)) == magic and compressed.holds_record(offset):
            pieces = compressed.between(offset, offset + 1)
    found = next(pieces, None)
    if found is not None and found.offset == offset:
        return found
    return next((p for p in read_records(stream, caps) if p.offset <= offset < p.offset + p.length), None)


def _plain(source: Source, caps: Caps, start: int, stop: int) -> Iterator[Record | Gap]:
    begin = _first_plain(source, start, stop)
    if begin is None:
        return
    held: Record | Gap | None = None
    for piece in parse(Content(PlainMember(source, begin)), caps):
        at = begin + piece.offset
        if held is not None:
            yield held._replace(length=at - held.offset)
            if at >= stop and _is_plain_start(source, at):
                return
        held = piece._replace(offset=at)
    if held is None:  # blank lines only
        held = Gap(begin, 0, GapReason.PADDING)
    yield held._replace(length=source.size - held.offset)


def _first_plain(source: Source, start: int, stop: int) -> int | None:
    """Return the offset of the first record of a split; a file begins at 0, whatever is there."""
    if start == 0:
        return 0
    for blank_line in source.find(_PLAIN_START, max(0, start - 3), 9, stop):
        at = source.read_all(blank_line, 4).index(b"W") + blank_line
        if at >= stop:
            return None
        if at >= start:
            return at
    return None


def _is_plain_start(source: Source, at: int) -> bool:
    """Tell whether `_first_plain` would find a record at the offset `at`."""
    return any(at >= n and _PLAIN_START.match(source.read_all(at - n, n + 6)) for n in (2, 3))


class _Compressed:
    """The records and gaps of a file of compressed members."""

    def __init__(self, source: Source, container: Container, caps: Caps) -> None:
        self._source = source
        self._container = container
        self._caps = caps
        self._magic = MAGIC[container]
        self._pattern = re.compile(re.escape(self._magic))
        self._dictionary = b""
        self._reach = 0

    def between(self, start: int, stop: int) -> Iterator[Record | Gap]:
        """Yield what lies between the first member at or behind `start` and the first at or behind `stop`.

        A split goes on through the reach of a damaged member: it then ends behind where the next one begins.
        """
        at = 0
        if start > 0:
            self._skip_dictionary()
            at = self._next_member(start, stop)
        while at < self._source.size and (at < stop or at < self._reach or not self.holds_record(at)):
            head = self._source.read(at, 8)
            if len(head) < 8:
                head = self._source.read_all(at, 8)
            for piece in self._at(at, head):
                yield piece
                at = piece.offset + piece.length

    def _at(self, at: int, start: bytes) -> Iterator[Record | Gap]:
        """Yield what begins at the offset `at`, with the bytes `start`."""
        if start.startswith(self._magic):
            return self._member(at)
        if self._container is Container.ZSTD and SKIPPABLE_FRAME.match(start):
            return iter([self._skippable(at, start)])
        end = self._next_member(at + 1, self._source.size)
        return iter([Gap(at, end - at, self._reason(at, end))])

    def _member(self, at: int) -> Iterator[Record | Gap]:
        """Yield the pieces of a member: at its offset, its offset + 1, …; the last one takes the rest."""
        member = open_member(self._source, self._container, at, self._caps, self._dictionary)
        if at < self._reach:  # many members cut short would each be inflated through all that follow
            member.limit = self._next_member(at + 1, self._source.size) + _SLACK
        content = Content(member)
        held: Record | Gap | None = None
        n_held = 0
        for piece in parse(content, self._caps):
            if held is not None:
                if at + n_held + 1 >= member.at:  # more records than stored bytes: a bomb
                    break
                if isinstance(held, Record) and isinstance(piece, Gap) and content.fault:
                    held = held._replace(fault=held.fault or content.fault)  # no checksum vouches for it
                yield held.at(at + n_held, 1)
                n_held += 1
            held = piece
        content.drain()
        if content.fault:
            self._reach = max(self._reach, member.at)
        end = member.at if content.fault is None else self._next_member(at + n_held + 1, self._source.size)
        yield self._last(held, content.fault).at(at + n_held, end - at - n_held)

    def _last(self, held: Record | Gap | None, fault: Fault | None) -> Record | Gap:
        """Return the last piece of a member, with the fault that was met behind it."""
        if isinstance(held, Record):
            return held._replace(fault=held.fault or fault) if fault else held
        if fault is not None:
            is_cut = fault is Fault.TRUNCATED_RECORD
            return Gap(0, 0, GapReason.TRUNCATED if is_cut else GapReason.DAMAGED)
        return held or Gap(0, 0, GapReason.EMPTY_MEMBER)

    def _next_member(self, at: int, stop: int) -> int:
        """Return the offset of the next member before `stop` that begins with a record, else the file's size."""
        for offset in self._source.find(self._pattern, at, len(self._magic) - 1, stop):
            if offset >= stop:
                break
            if self.holds_record(offset):
                return offset
        return self._source.size

    def holds_record(self, at: int) -> bool:
        """Tell whether a member that begins with a record lies at the offset `at`."""
        return is_start(self._source, self._container, at, self._caps, self._dictionary)

    def _skip_dictionary(self) -> None:
        """Take the dictionary of a zstd file from its beginning, for a split that begins further on."""
        head = self._source.read_all(0, 8)
        if self._container is Container.ZSTD and SKIPPABLE_FRAME.match(head):
            self._skippable(0, head)

    def _skippable(self, at: int, start: bytes) -> Gap:
        """Return the gap of a skippable frame, keeping the dictionary that it may hold."""
        n = min(int.from_bytes(start[4:8], "little"), self._source.size - at - 8)
        if start.startswith(_DICTIONARY) and 0 < n <= _MAX_DICTIONARY:
            self._dictionary = usable_dictionary(self._inflated(self._source.read_all(at + 8, n)))
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
