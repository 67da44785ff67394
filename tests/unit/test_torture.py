"""Each malformation in each container: its neighbours whole, its own outcome as stated, every byte accounted for."""

from collections.abc import Callable
from io import BytesIO

import pytest

from tests.unit.torture import ALL, BODY, IN_THE_WARC_HEADER, A, B, C, Expected
from tests.unit.warc_builder import gz, lz, plain, zst
from udfs.page import Page
from udfs.warc import Record, read_records
from udfs.warc_file import FileSummary, ReadSettings, WarcFileReader

CONTAINERS: dict[str, Callable[..., bytes]] = {"gzip": gz, "plain": plain, "zstd": zst}
NEIGHBOURS = ("http://a.com/", "http://c.com/")


def read(data: bytes) -> tuple[list[Page], FileSummary]:
    reader = WarcFileReader(BytesIO(data), "x", ReadSettings("CRAWL"))
    return list(reader), reader.summary


def assert_neighbours_are_whole(pages: list[Page], summary: FileSummary, size: int) -> None:
    good = [page for page in pages if page.url in NEIGHBOURS]
    assert [page.url for page in good] == list(NEIGHBOURS)
    assert all("springs in the hills" in (page.text or "") and not page.repairs for page in good)
    assert sum(summary.n_bytes.values()) == summary.size_bytes == size


def test_there_are_more_than_sixty() -> None:
    assert len(ALL) >= 60


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("name", ALL)
def test_a_malformed_record_comes_to_what_is_stated_and_its_neighbours_are_whole(name: str, container: str) -> None:
    malformed, expected = ALL[name]
    data = CONTAINERS[container](A, malformed, C)

    pages, summary = read(data)

    found = [page for page in pages if page.url not in NEIGHBOURS]
    assert [(page.fault, tuple(page.repairs)) for page in found] == (
        [(expected.fault and expected.fault.value, tuple(r.value for r in expected.repairs))]
        if expected.is_page
        else []
    )
    assert all((page.text is None) == (page.fault is not None) for page in found)
    assert sum(summary.n_records.values()) == 3
    assert_neighbours_are_whole(pages, summary, len(data))


@pytest.mark.parametrize("wrap", [lz, lambda *parts: gz(plain(*parts)), lambda *parts: zst(plain(*parts))])
@pytest.mark.parametrize("name", IN_THE_WARC_HEADER)
def test_so_it_does_in_lz4_and_in_one_member_for_all(name: str, wrap: Callable[..., bytes]) -> None:
    data = wrap(A, IN_THE_WARC_HEADER[name][0], C)

    pages, summary = read(data)

    assert sum(summary.n_records.values()) == 3
    assert_neighbours_are_whole(pages, summary, len(data))


def _flip(at: float) -> Callable[[bytes], bytes]:
    def flipped(member: bytes) -> bytes:
        i = int(at * len(member)) if at >= 0 else len(member) + int(at)
        return member[:i] + bytes([member[i] ^ 0x55]) + member[i + 1 :]

    return flipped


# What is done to the stored bytes of b.
IN_THE_MEMBER: dict[str, Callable[[bytes], bytes]] = {
    "a byte flipped in its first tenth": _flip(0.1),
    "a byte flipped in its middle": _flip(0.5),
    "a byte flipped in its last tenth": _flip(0.9),
    "a byte flipped in its check": _flip(-3),
    "its header zeroed": lambda m: bytes(10) + m[10:],
    "its first byte missing": lambda m: m[1:],
    "30 bytes missing at the end": lambda m: m[:-30],
    "30 bytes missing in the middle": lambda m: m[: len(m) // 2] + m[len(m) // 2 + 30 :],
    "nothing but its first half": lambda m: m[: len(m) // 2],
    "zeroed": lambda m: bytes(len(m)),
    "junk behind it": lambda m: m + b"GARBAGE" * 30,
    "zeros behind it": lambda m: m + bytes(512),
    "junk that looks like gzip behind it": lambda m: m + b"\x1f\x8b\x08\0" * 200,
    "junk that looks like zstd behind it": lambda m: m + b"\x28\xb5\x2f\xfd" * 200,
    "an empty member behind it": lambda m: m + gz(b""),
    "itself again": lambda m: m + m,
    "random bytes behind it": lambda m: m + bytes((7 * i * i + i) % 251 for i in range(5000)),
}


@pytest.mark.parametrize("container", ["gzip", "zstd", "lz4"])
@pytest.mark.parametrize("name", IN_THE_MEMBER)
def test_a_member_with_something_wrong_costs_nobody_else(name: str, container: str) -> None:
    wrap = {**CONTAINERS, "lz4": lz}[container]
    data = wrap(A) + IN_THE_MEMBER[name](wrap(B)) + wrap(C)

    pages, summary = read(data)

    assert_neighbours_are_whole(pages, summary, len(data))
    same = [page for page in pages if page.url == "http://b.com/"]
    assert all(page.fault or "springs in the hills" in (page.text or "") for page in same)
    assert {"itself again": len(same) == 2}.get(name, True)


@pytest.mark.parametrize("name", ["junk behind it", "zeros behind it", "itself again", "random bytes behind it"])
def test_a_plain_file_finds_its_records_behind_junk(name: str) -> None:
    data = A + IN_THE_MEMBER[name](B) + b"\r\n\r\n" + C

    pages, summary = read(data)

    assert_neighbours_are_whole(pages, summary, len(data))


def test_expectations_name_all_bodies_that_are_whole() -> None:
    whole = [name for name, (data, expected) in ALL.items() if expected == Expected() and BODY in data]
    assert len(whole) > 10
    assert all(isinstance(piece, Record) for name in whole for piece in read_records(BytesIO(gz(ALL[name][0]))))
