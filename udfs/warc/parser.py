"""The content of a member -> its records and gaps, whose offsets are still places in the content."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from udfs.fault import Fault, GapReason, Repair
from udfs.warc.arc import ARC_LINE, MAX_ARC_LINE, arc_headers
from udfs.warc.content import Content, PlainMember
from udfs.warc.record import Caps, Gap, Record, content_length, kind_of, parse_headers

WARC_START = re.compile(rb"WARC/\d")
RECORD_START = re.compile(WARC_START.pattern + rb"|" + ARC_LINE.pattern)
_BLANK = re.compile(rb"[\r\n]+")
_BOM = re.compile(rb"\xef\xbb\xbf")
_ANY_RECORD = re.compile(rb"\nWARC/\d|\n(?=" + ARC_LINE.pattern + rb")")
_MAX_JUNK = 256 * 1024  # in a compressed member, which cannot be trusted any longer
_BLANK_LINES = (b"\r\n\r\n", b"\n\n")
_HEADER_END = re.compile(rb"\n\r{0,2}\n")  # two CRs are seen in the wild


class _Dialect(NamedTuple):
    """How the records of an archive are told from what surrounds them."""

    start: re.Pattern[bytes]
    boundary: re.Pattern[bytes]
    look_ahead: int

    def is_between(self, ahead: bytes) -> bool:
        """Tell whether a record may end where `ahead` follows: a blank line, another record or nothing."""
        rest = ahead.lstrip(b"\r\n")
        return not rest or ahead.startswith(_BLANK_LINES) or self.start.match(rest) is not None


_WARC = _Dialect(WARC_START, re.compile(rb"\n\r?\nWARC/\d"), 64)
_ARC = _Dialect(ARC_LINE, re.compile(rb"\n(?=" + ARC_LINE.pattern + rb")"), MAX_ARC_LINE)


_Block = tuple[bytes, Fault | None, Repair | None]


def parse(content: Content, caps: Caps) -> Iterator[Record | Gap]:
    """Yield the pieces of `content` in order; each goes to where the next begins, its length is left 0."""
    content.fill(_WARC.look_ahead)
    if content.is_ended and (record := _whole_record(content, caps)):
        yield record
        return
    if not content.buffer.startswith(b"WARC/"):
        content.drop_while(_BOM)
        content.drop_while(_BLANK)
        if content.position and not content.member.is_bounded:
            yield Gap(0, 0, GapReason.PADDING)
    while content.fill(_WARC.look_ahead) or content.n_ready:
        content.member.mark()
        yield _piece(content, caps)
        content.drop_while(_BLANK)


def _whole_record(content: Content, caps: Caps) -> Record | None:
    """Return the record that `content` is if nothing is wrong with it, the shorter way: so it is with most members."""
    data = content.buffer
    header = _HEADER_END.search(data, 0, caps.header_bytes)
    if header is None or content.fault or not WARC_START.match(data):
        return None
    start = header.end()
    headers = parse_headers(data[:start])
    n = content_length(headers)
    if n is None or n > caps.record_bytes or data[start + n :] != b"\r\n\r\n":
        return None
    content.index = len(data)
    return Record(0, 0, kind_of(headers), headers, data[start : start + n])


def _piece(content: Content, caps: Caps) -> Record | Gap:
    if WARC_START.match(content.buffer, content.index):
        return _warc_record(content, caps)
    content.fill(_ARC.look_ahead)
    if ARC_LINE.match(content.buffer, content.index):
        return _arc_record(content, caps)
    return _gap(content)


def _gap(content: Content) -> Gap:
    """Pass over what is no record."""
    start, is_zero = content.position, True
    while content.fill(1):
        ahead = content.find(_ANY_RECORD, _MAX_JUNK)
        piece = content.take(ahead + 1 if ahead >= 0 else max(1, content.n_ready - MAX_ARC_LINE))
        if ahead < 0 and content.is_ended:
            piece += content.take(content.n_ready)
        is_zero = is_zero and not piece.strip(b"\0\r\n")
        if ahead >= 0:
            break
        if content.member.is_bounded and content.position - start > _MAX_JUNK:
            content.give_up(Fault.DAMAGED_RECORD)  # it inflates what is behind its end
    return Gap(start, 0, GapReason.PADDING if is_zero else GapReason.JUNK)


def _warc_record(content: Content, caps: Caps) -> Record | Gap:
    start = content.position
    n_head = _header_end(content, caps.header_bytes)
    if n_head == 0:
        return _without_header_end(content, start, caps)
    headers = parse_headers(content.take(n_head))
    block = _block(content, _WARC, content_length(headers), caps)
    return Record(start, 0, kind_of(headers), headers, *block)


def _arc_record(content: Content, caps: Caps) -> Record:
    start = content.position
    match = ARC_LINE.match(content.buffer, content.index)
    assert match is not None  # the caller has looked
    headers = arc_headers(content.take(len(match[0])))
    block = _block(content, _ARC, content_length(headers), caps)
    return Record(start, 0, kind_of(headers), headers, *block)


def _header_end(content: Content, cap: int) -> int:
    """Return the length of the header with its blank line, 0 if it has no end within `cap` bytes."""
    wanted = 4096
    while True:
        is_more = content.fill(min(wanted, cap))
        end = _HEADER_END.search(content.buffer, content.index, content.index + cap)
        if end:
            return end.end() - content.index
        if not is_more or wanted >= cap:
            return 0
        wanted *= 2


def _without_header_end(content: Content, start: int, caps: Caps) -> Record | Gap:
    """Return what to make of a header that goes on to the end of the content or beyond its cap."""
    is_cut = content.n_ready < caps.header_bytes
    head = content.take(min(content.n_ready, caps.header_bytes))
    if is_cut and (content.fault or not content.member.is_bounded):
        is_damaged = content.fault == Fault.DAMAGED_RECORD
        return Gap(start, 0, GapReason.DAMAGED if is_damaged else GapReason.TRUNCATED)
    headers = parse_headers(head[: head.rfind(b"\n") + 1] or head)
    if is_cut:
        return Record(start, 0, kind_of(headers), headers, b"", Fault.BAD_WARC_HEADER)
    _skip_to_boundary(content, _WARC)
    return Record(start, 0, kind_of(headers), headers, b"", Fault.HEADER_TOO_LARGE)


def _block(content: Content, dialect: _Dialect, n: int | None, caps: Caps) -> _Block:
    """Take the block of a record, `n` bytes by its header, and say what is wrong with it."""
    if n is not None and n <= caps.record_bytes:
        block = content.take_if(n, dialect.look_ahead, dialect.is_between)
        if block is not None:
            return block, None, None
    elif n is not None and _is_really_large(content, dialect, n, caps):
        content.skip(n)
        return b"", Fault.RECORD_TOO_LARGE, None
    return _block_to_boundary(content, dialect, n, caps)


def _is_really_large(content: Content, dialect: _Dialect, n: int, caps: Caps) -> bool:
    """Tell whether a block over its cap is as long as it says, as far as can be seen from here."""
    member = content.member
    if isinstance(member, PlainMember):
        ahead = member.peek(n - content.n_ready, dialect.look_ahead + 1)
        return bool(ahead) and dialect.is_between(ahead)
    return content.fill(caps.record_bytes)


def _block_to_boundary(content: Content, dialect: _Dialect, n: int | None, caps: Caps) -> _Block:
    """Take what lies before the next record, the end of the member or the end of the file."""
    ahead = content.find(dialect.boundary, caps.record_bytes)
    if ahead < 0 and content.fill(caps.record_bytes):
        _skip_to_boundary(content, dialect)
        return b"", Fault.RECORD_TOO_LARGE, None
    if ahead < 0:
        return _last_block(content, n)
    block = _without_blank_line(content.take(ahead + 1))
    return block, None, _repair(n, len(block))


def _last_block(content: Content, n: int | None) -> _Block:
    """Take all that is left: its length is not what the header says."""
    is_short = n is not None and content.n_ready < n
    block = content.take(content.n_ready)
    if content.fault or (is_short and not content.member.is_bounded):
        return block, content.fault or Fault.TRUNCATED_RECORD, None
    block = _without_blank_line(block)
    return block, None, _repair(n, len(block))


def _without_blank_line(block: bytes) -> bytes:
    """Return `block` without the blank line that ends a record."""
    for end in (*_BLANK_LINES, b"\n\r", b"\r\n", b"\n"):
        if block.endswith(end):
            return block[: -len(end)]
    return block


def _repair(n: int | None, actual: int) -> Repair:
    if n is None:
        return Repair.LENGTH_MISSING
    return Repair.LENGTH_TOO_LARGE if n > actual else Repair.LENGTH_TOO_SMALL


def _skip_to_boundary(content: Content, dialect: _Dialect) -> None:
    while content.fill(1):
        ahead = content.find(dialect.boundary, 1 << 20)
        if ahead >= 0:
            content.skip(ahead)
            return
        content.skip(max(1, content.n_ready - dialect.look_ahead))
