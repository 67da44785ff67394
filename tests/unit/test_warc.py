"""The reader: every malformation of section 2 of our reference, in each container, and the accounting."""

from io import BytesIO

import pytest

from tests.unit.torture import IN_THE_WARC_HEADER
from tests.unit.warc_builder import BODY, gz, http, lz, plain, record, response, zst
from udfs.fault import Fault, GapReason, Repair
from udfs.warc import Caps, Gap, Record, container_of, read_records

A, B, C = (response(f"http://{x}.com/") for x in "abc")
BLOCK = http()
CONTAINERS = {"gzip": gz, "plain": plain, "zstd": zst, "lz4": lz}


def read(data: bytes, caps: Caps | None = None) -> list[Record | Gap]:
    """Return the pieces of an archive, having checked that they tile it."""
    pieces = list(read_records(BytesIO(data), caps or Caps()))
    at = 0
    for piece in pieces:
        assert piece.offset == at
        assert piece.length > 0
        at += piece.length
    assert at == len(data)
    return pieces


def records(data: bytes, caps: Caps | None = None) -> list[Record]:
    return [piece for piece in read(data, caps) if isinstance(piece, Record)]


def urls(data: bytes) -> list[str]:
    return [r.headers.get("warc-target-uri", "") for r in records(data) if not r.fault]


def test_records_of_a_clean_file_have_their_place_headers_and_block() -> None:
    first, second = gz(A), gz(B)
    one, two = records(first + second)
    assert (one.offset, one.length) == (0, len(first))
    assert (two.offset, two.length) == (len(first), len(second))
    assert two.kind == "response"
    assert two.headers["warc-target-uri"] == "http://b.com/"
    assert two.block == BLOCK
    assert two.fault is two.repair is None


@pytest.mark.parametrize("container", CONTAINERS)
def test_the_container_is_told_by_the_content(container: str) -> None:
    data = CONTAINERS[container](A, B, C)
    assert container_of(BytesIO(data)) == container
    assert urls(data) == ["http://a.com/", "http://b.com/", "http://c.com/"]


def test_an_empty_file_holds_nothing() -> None:
    assert read(b"") == []


@pytest.mark.parametrize("text", [b"<html>a page, no archive</html>" * 99, b"just some words\n" * 20, b"x"])
def test_a_file_that_is_no_archive_is_one_gap(text: bytes) -> None:
    assert read(text) == [Gap(0, len(text), GapReason.NOT_WARC)]


@pytest.mark.parametrize("container", ["gzip", "plain", "zstd", "lz4", "one member", "one frame"])
@pytest.mark.parametrize("name", IN_THE_WARC_HEADER)
def test_the_records_around_a_faulty_one_are_whole(name: str, container: str) -> None:
    parts = (A, IN_THE_WARC_HEADER[name][0], C)
    wraps = {**CONTAINERS, "one member": lambda *x: gz(b"".join(x)), "one frame": lambda *x: zst(b"".join(x))}
    found = records(wraps[container](*parts))
    assert len(found) == 3
    for record_, url in ((found[0], "http://a.com/"), (found[2], "http://c.com/")):
        assert record_.headers["warc-target-uri"] == url
        assert (record_.block, record_.fault, record_.repair) == (BLOCK, None, None)


@pytest.mark.parametrize("container", ["gzip", "plain", "zstd"])
@pytest.mark.parametrize(
    ("name", "repair"),
    [
        ("length_too_small", Repair.LENGTH_TOO_SMALL),
        ("length_too_large", Repair.LENGTH_TOO_LARGE),
        ("length_2_to_63", Repair.LENGTH_TOO_LARGE),
        ("length_missing", Repair.LENGTH_MISSING),
    ],
)
def test_a_wrong_length_is_set_right_by_the_record_s_real_end(name: str, repair: Repair, container: str) -> None:
    b = records(CONTAINERS[container](A, IN_THE_WARC_HEADER[name][0], C))[1]
    assert (b.block, b.fault, b.repair) == (BLOCK, None, repair)


# Faults in the compressed bytes of b.
def _flipped(member: bytes, at: int) -> bytes:
    return member[:at] + bytes([member[at] ^ 0xFF]) + member[at + 1 :]


@pytest.mark.parametrize("at", [-6, -2])
def test_a_wrong_checksum_makes_a_fault_of_a_record_that_can_be_read(at: int) -> None:
    member = gz(B)
    b = records(gz(A) + _flipped(member, len(member) + at) + gz(C))[1]
    assert b.fault is Fault.DAMAGED_RECORD
    assert b.headers["warc-target-uri"] == "http://b.com/"


@pytest.mark.parametrize("container", ["zstd", "lz4"])
def test_a_broken_frame_does_not_take_the_rest_of_its_file(container: str) -> None:
    wrap = CONTAINERS[container]
    for at in (5, len(wrap(B)) // 2, len(wrap(B)) - 3):
        found = records(wrap(A) + _flipped(wrap(B), at) + wrap(C))
        whole = [r.headers["warc-target-uri"] for r in found if not r.fault]
        assert whole == ["http://a.com/", "http://c.com/"]


def test_a_truncated_last_member_is_a_fault_and_not_an_empty_page() -> None:
    *_, last = records(gz(A, B, C)[:-30])
    assert last.fault is Fault.TRUNCATED_RECORD
    assert last.headers["warc-target-uri"] == "http://c.com/"


def test_a_truncated_plain_file_ends_in_a_fault() -> None:
    *_, last = records(plain(A, B, C)[:-30])
    assert last.fault is Fault.TRUNCATED_RECORD


def test_a_file_cut_inside_a_header_ends_in_a_gap() -> None:
    assert read(A + C[:30])[-1] == Gap(len(A), 30, GapReason.TRUNCATED)


def test_zeros_at_the_end_are_padding() -> None:
    for data in (gz(A), A):
        assert read(data + bytes(512))[-1] == Gap(len(data), 512, GapReason.PADDING)


def test_junk_between_plain_records_is_a_gap() -> None:
    pieces = read(A + b"GARBAGE\n" * 9 + C)
    assert [type(p) for p in pieces] == [Record, Gap, Record]
    assert pieces[1] == Gap(len(A), 72, GapReason.JUNK)


@pytest.mark.parametrize("lead", [b"\xef\xbb\xbf", b"\r\n\r\n", b"\n"])
def test_what_leads_the_first_record_costs_none_of_its_headers(lead: bytes) -> None:
    for wrap in (gz, plain):
        first = records(wrap(lead + A))[0]
        assert first.headers["warc-target-uri"] == "http://a.com/"


@pytest.mark.parametrize("container", ["gzip", "plain", "zstd"])
def test_a_damaged_beginning_costs_only_itself(container: str) -> None:
    wrap = CONTAINERS[container]
    damaged = bytes(8) + wrap(A)[8:]
    assert urls(damaged + wrap(B, C)) == ["http://b.com/", "http://c.com/"]


def test_records_of_one_member_have_addresses_of_their_own() -> None:
    data = gz(A + B + C)
    assert [(r.offset, r.length) for r in records(data)] == [(0, 1), (1, 1), (2, len(data) - 2)]


def test_a_zstd_dictionary_in_a_skippable_frame_is_used() -> None:
    import zstandard

    samples = [response(f"http://{i}.example/", BODY + b"%d" % i) for i in range(500)]
    words = zstandard.train_dictionary(4096, samples)
    compressor = zstandard.ZstdCompressor(dict_data=words)
    lead = b"\x5d\x2a\x4d\x18" + len(words.as_bytes()).to_bytes(4, "little") + words.as_bytes()
    data = lead + b"".join(compressor.compress(x) for x in (A, B, C))
    assert read(data)[0] == Gap(0, len(lead), GapReason.SKIPPABLE_FRAME)
    assert len(urls(data)) == 3


ARC = (
    b"filedesc://x.arc 0.0.0.0 20080430204825 text/plain 77\n"
    b"1 0 InternetArchive\nURL IP-address Archive-date Content-type Archive-length\n\n\n"
)


@pytest.mark.parametrize("wrap", [gz, plain])
def test_arc_files_are_read_as_the_warc_they_would_be(wrap: object) -> None:
    lines = [
        b"http://%s/ 192.0.2.1 20080430204826 text/html %d\n" % (host, len(BLOCK)) for host in (b"a.com", b"b.com/x y")
    ]
    data = CONTAINERS["gzip" if wrap is gz else "plain"](ARC, *(line + BLOCK + b"\n" for line in lines))
    info, a, b = records(data)
    assert (info.kind, a.kind) == ("warcinfo", "response")
    assert a.block == b.block == BLOCK
    assert b.headers["warc-target-uri"] == "http://b.com/x y/"
    assert a.headers["warc-date"] == "2008-04-30T20:48:26Z"


# Bombs: each ends in a row.
def test_a_zip_bomb_is_a_fault_and_its_neighbours_are_whole() -> None:
    bomb = record("response", "http://b.com/", bytes(50_000_000))
    a, b, c = records(gz(A, bomb, C))
    assert (a.fault, b.fault, c.fault) == (None, Fault.RATIO_TOO_HIGH, None)


@pytest.mark.parametrize("container", ["gzip", "plain", "zstd", "one member"])
def test_a_record_over_its_cap_is_a_fault_and_its_neighbours_are_whole(container: str) -> None:
    large = record("response", "http://b.com/", b"0123456789" * 50_000)
    wrap = CONTAINERS.get(container, lambda *x: gz(b"".join(x)))
    a, b, c = records(wrap(A, large, C), Caps(record_bytes=100_000))
    assert (a.fault, b.fault, c.fault) == (None, Fault.RECORD_TOO_LARGE, None)
    assert b.block == b""


def test_a_header_over_its_cap_is_a_fault() -> None:
    for wrap in CONTAINERS.values():
        b = records(wrap(A, IN_THE_WARC_HEADER["100000_headers"][0], C))[1]
        assert b.fault is Fault.HEADER_TOO_LARGE


def test_more_records_than_stored_bytes_stay_accounted_for() -> None:
    tiny = b"WARC/1.0\r\nContent-Length: 0\r\n\r\n\r\n\r\n"
    pieces = read(gz(tiny * 50_000) + gz(C))
    assert pieces[-1].headers["warc-target-uri"] == "http://c.com/"  # type: ignore[union-attr]


def test_short_reads_of_the_stream_change_nothing() -> None:
    class Dripping(BytesIO):
        def read(self, n: int | None = -1) -> bytes:
            return super().read(min(n or 1, 7) if n and n > 0 else 7)

    data = gz(A, B, C)
    assert list(read_records(Dripping(data))) == read(data)


def test_a_damaged_dictionary_costs_what_needs_it_and_no_more() -> None:
    junk = b"\x37\xa4\x30\xec" + bytes(range(256)) * 4
    frame = b"\x5d\x2a\x4d\x18" + len(junk).to_bytes(4, "little") + junk
    assert urls(frame + zst(A) + zst(C)) == ["http://a.com/", "http://c.com/"]
