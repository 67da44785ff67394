"""A record or gap as it lies in its file -> lines for a terminal, safe whatever the bytes are."""

from collections.abc import Iterator
from typing import BinaryIO

from udfs.warc.reader import container_of, record_at
from udfs.warc.record import Gap, Record

STORED_BYTES = 256


def show(stream: BinaryIO, name: str, offset: int, max_bytes: int) -> Iterator[str]:
    """Yield what lies at `offset`: place, state, WARC header, and up to `max_bytes` of the block.

    Of a gap, or of a record with a fault, the first 256 stored bytes are shown too, in hex.
    """
    piece = record_at(stream, offset)
    if piece is None:
        yield f"{name}: nothing at {offset:,}, the file ends before"
        return
    yield f"{name}: bytes {piece.offset:,} to {piece.offset + piece.length:,}, {container_of(stream)}"
    if isinstance(piece, Record):
        yield from _record(piece, max_bytes)
    else:
        yield f"gap: {piece.reason} ({'as in whole files' if piece.reason.is_expected else 'broken'})"
    if isinstance(piece, Gap) or piece.fault:
        stream.seek(piece.offset)
        yield from _hex(stream.read(min(piece.length, STORED_BYTES)), piece.offset)


def escaped(data: bytes) -> str:
    """Return bytes as text in which whatever could move a cursor or change a colour is an escape sequence."""
    text = data.decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)


def _record(record: Record, max_bytes: int) -> Iterator[str]:
    state = f"fault: {record.fault}" if record.fault else f"repaired: {record.repair}" if record.repair else "whole"
    yield f"{record.kind} record, {state}"
    yield ""
    for name, value in record.headers.items():
        yield f"  {escaped(name.encode())}: {escaped(value.encode('utf-8', 'replace'))}"
    yield ""
    shown = record.block[:max_bytes].replace(b"\r\n", b"\n")
    yield f"  block: {len(record.block):,} bytes" + (
        f", the first {max_bytes:,}:" if len(record.block) > max_bytes else ":"
    )
    yield from (f"  | {line}" for line in escaped(shown).split("\n"))


def _hex(data: bytes, offset: int) -> Iterator[str]:
    yield ""
    yield f"  stored, the first {len(data):,} bytes:"
    for at in range(0, len(data), 16):
        row = data[at : at + 16]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        yield f"  {offset + at:10d}  {row.hex(' '):<47}  {text}"
