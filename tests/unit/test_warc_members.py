"""What is read by a shorter way, small members and whole records, is what the longer way says."""

import gzip
from io import BytesIO

import pytest

from tests.unit.torture import IN_THE_WARC_HEADER
from tests.unit.warc_builder import BODY, gz, response
from udfs.fault import GapReason
from udfs.warc import Caps, Gap, Record, read_records
from udfs.warc.content import Content
from udfs.warc.parser import parse

A, B, C = (response(f"http://{x}.com/") for x in "abc")


class Pieces:
    """A member that gives its content `n` bytes at a time."""

    is_bounded = True
    is_ended = False

    def __init__(self, content: bytes, n: int) -> None:
        self._pieces = [content[i : i + n] for i in range(0, len(content), n)]

    def pull(self) -> bytes:
        piece = self._pieces.pop(0)
        self.is_ended = not self._pieces
        return piece

    def mark(self) -> None:
        pass

    def skip(self, n: int) -> int:  # noqa: ARG002
        return 0


@pytest.mark.parametrize("b", [B, *(b for b, _ in IN_THE_WARC_HEADER.values())])
def test_a_member_says_the_same_at_once_and_piece_by_piece(b: bytes) -> None:
    at_once, in_halves, in_pieces = (
        list(parse(Content(Pieces(b, n)), Caps())) for n in (len(b), len(b) // 2 + 1, len(b) // 99 + 1)
    )

    assert at_once == in_halves == in_pieces
    assert len(at_once) == 1


@pytest.mark.parametrize("level", [0, 6])
def test_a_small_member_may_hold_what_looks_like_another(level: int) -> None:
    inner = gzip.compress(response("http://b.com/", b"\x1f\x8b\x08" * 9 + BODY), level, mtime=0)

    pieces = list(read_records(BytesIO(gz(A) + inner + gz(C))))

    assert [len(gz(A)), len(inner), len(gz(C))] == [piece.length for piece in pieces]
    assert all(isinstance(piece, Record) and not (piece.fault or piece.repair) for piece in pieces)


def test_a_small_member_ends_where_it_ends_and_not_where_the_next_one_begins() -> None:
    a, b, c, zeros, empty = gz(A), gz(B), gz(C), bytes(10), gz(b"")

    pieces = list(read_records(BytesIO(a + zeros + b + empty + c)))

    assert [piece.length for piece in pieces] == [len(a), len(zeros), len(b), len(empty), len(c)]
    assert [p.reason for p in pieces if isinstance(p, Gap)] == [GapReason.PADDING, GapReason.EMPTY_MEMBER]
