"""What `webstrata show` prints of records and gaps in any state."""

from io import BytesIO

import pytest

from tests.unit.warc_builder import gz, lz, plain, response, zst
from udfs.warc import Gap, Record, read_records, record_at
from udfs.warc.shown import show

RECORDS = [response(f"http://{name}.com/", b"<p>The page of %s" % name.encode() * 20) for name in "abcd"]


def lines(data: bytes, offset: int, max_bytes: int = 4096) -> str:
    return "\n".join(show(BytesIO(data), "x", offset, max_bytes))


@pytest.mark.parametrize("wrap", [gz, plain, zst, lz, lambda *parts: gz(plain(*parts))])
def test_every_offset_of_a_file_shows_the_piece_that_holds_it(wrap: object) -> None:
    data = wrap(*RECORDS)  # type: ignore[operator]
    for piece in read_records(BytesIO(data)):
        for at in {piece.offset, piece.offset + piece.length // 2, piece.offset + piece.length - 1}:
            assert record_at(BytesIO(data), at) == piece


def test_a_record_that_breaks_is_shown_as_far_as_it_goes_with_its_stored_bytes() -> None:
    first, second = gz(RECORDS[0]), gz(RECORDS[1])
    broken = first + second[:150] + bytes(40) + second[190:] + gz(RECORDS[2])

    shown = lines(broken, len(first))

    assert "damaged_record" in shown or "gap: damaged (broken)" in shown
    assert f"  {len(first):10d}  1f 8b 08" in shown


def test_padding_is_told_from_junk() -> None:
    data = gz(RECORDS[0])

    assert "gap: padding (as in whole files)" in lines(data + bytes(50), len(data))
    assert "gap: junk (broken)" in lines(data + b"nonsense " * 9, len(data) + 3)


def test_the_state_of_a_record_is_said() -> None:
    wrong = gz(RECORDS[0].replace(b"Content-Length: ", b"Content-Length: 9", 1))

    assert "response record, whole" in lines(gz(RECORDS[0]), 0)
    assert "response record, repaired: length_too_large" in lines(wrong, 0)


def test_a_long_block_is_cut_and_says_so() -> None:
    assert "bytes, the first 10:" in lines(gz(RECORDS[0]), 0, max_bytes=10)


def test_behind_the_end_is_nothing() -> None:
    assert "nothing at 99,999" in lines(gz(*RECORDS), 99_999)
    assert record_at(BytesIO(b""), 0) is None
    assert isinstance(record_at(BytesIO(b"no archive at all"), 3), Gap)
    assert isinstance(record_at(BytesIO(plain(*RECORDS)), 1), Record)
