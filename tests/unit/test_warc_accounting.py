"""Whatever is done to an archive: no exception, every byte accounted for, intact members recovered."""

from io import BytesIO
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.warc_builder import gz, lz, plain, response, warc_records, zst
from udfs.warc import Gap, Record, read_records
from udfs.warc_file import ReadSettings, WarcFileReader

PARTS = [response(f"http://{name}.com/", b"<p>The page of %s, " % name.encode() * 5) for name in "abc"]
WRAPS = {"gzip": gz, "plain": plain, "zstd": zst, "lz4": lz}

mutations = st.one_of(
    st.tuples(st.just("flip"), st.integers(0, 10**6), st.integers(1, 255)),
    st.tuples(st.just("cut"), st.integers(0, 10**6), st.integers(1, 200)),
    st.tuples(st.just("zero"), st.integers(0, 10**6), st.integers(1, 200)),
    st.tuples(st.just("repeat"), st.integers(0, 10**6), st.integers(1, 200)),
    st.tuples(st.just("insert"), st.integers(0, 10**6), st.integers(1, 200)),
)


def mutated(data: bytes, kind: str, at: int, n: int) -> bytes:
    """Return `data` with one thing wrong."""
    at %= max(1, len(data))
    rest = data[at + n :]
    return {
        "flip": data[:at] + bytes([data[at] ^ n]) + data[at + 1 :],
        "cut": data[:at] + rest,
        "zero": data[:at] + bytes(n) + rest,
        "repeat": data[: at + n] + data[at:],
        "insert": data[:at] + b"\x1f\x8b\x08" * n + data[at:],
    }[kind]


def pieces_of(data: bytes) -> list[Record | Gap]:
    return list(read_records(BytesIO(data)))


@settings(max_examples=300, deadline=None)
@given(wrap=st.sampled_from(list(WRAPS)), changes=st.lists(mutations, min_size=1, max_size=4))
def test_every_byte_of_a_broken_file_is_accounted_for(wrap: str, changes: list[tuple[str, int, int]]) -> None:
    data = WRAPS[wrap](*PARTS)
    for change in changes:
        data = mutated(data, *change) if data else data
    at = 0
    for piece in pieces_of(data):
        assert piece.offset == at
        at += piece.length
    assert at == len(data)


@settings(max_examples=150, deadline=None)
@given(wrap=st.sampled_from(["gzip", "zstd", "lz4"]), change=mutations)
def test_the_members_around_a_broken_one_are_recovered(wrap: str, change: tuple[str, int, int]) -> None:
    first, middle, last = (WRAPS[wrap](part) for part in PARTS)
    found = pieces_of(first + mutated(middle, *change) + last)
    whole = [p.headers.get("warc-target-uri") for p in found if isinstance(p, Record) and not p.fault]
    assert whole[0] == "http://a.com/"
    assert whole[-1] == "http://c.com/"


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=3000), lead=st.sampled_from([b"", b"WARC/1.0\r\n", b"\x1f\x8b\x08", b"http://a "]))
def test_any_bytes_make_pages_or_gaps(data: bytes, lead: bytes) -> None:
    reader = WarcFileReader(BytesIO(lead + data), "x.warc.gz", ReadSettings("crawl"))
    pages = list(reader)
    assert sum(reader.summary.n_bytes.values()) == reader.summary.size_bytes == len(lead + data)
    assert all((page.text is None) != (page.fault is None) for page in pages)


def test_a_file_cut_at_every_byte_is_accounted_for() -> None:
    data = gz(*PARTS)
    for end in range(len(data) + 1):
        assert sum(piece.length for piece in pieces_of(data[:end])) == end


def some_mutation(chance: Random, data: bytes) -> bytes:
    """Return `data` with one to three things wrong, anywhere in it."""
    for _ in range(chance.randint(1, 3)):
        kind = chance.choice(["flip", "cut", "zero", "repeat", "insert", "splice", "truncate"])
        at, n = chance.randrange(max(1, len(data))), chance.randint(1, 255)
        if kind == "splice":
            to = chance.randrange(max(1, len(data)))
            data = data[:at] + data[to : to + 4 * n] + data[at:]
        elif kind == "truncate":
            data = data[: at + 1]
        else:
            data = mutated(data, kind, at, n) if data else data
    return data


def outcome(data: bytes) -> list[tuple[object, ...]]:
    return [
        (p.offset, p.length, p.reason)
        if isinstance(p, Gap)
        else (p.offset, p.length, p.kind, p.fault, p.repair, p.block)
        for p in pieces_of(data)
    ]


@pytest.mark.parametrize("wrap", WRAPS)
def test_ten_thousand_mutations_of_files_of_real_shape_lose_no_byte_and_no_intact_member(wrap: str) -> None:
    chance = Random(wrap)
    members = [WRAPS[wrap](part) for part in warc_records({f"http://{i}.com/": PARTS[0] * 2 for i in range(4)})]
    whole = [outcome(member)[0][2:] for member in members]
    for _ in range(2500):
        hit = chance.randrange(len(members))
        data = b"".join([*members[:hit], some_mutation(chance, members[hit]), *members[hit + 1 :]])

        found = outcome(data)

        assert sum(int(str(piece[1])) for piece in found) == len(data)
        assert found == outcome(data)
        if wrap != "plain":  # nothing but its neighbours' bytes tells where a plain record ends
            intact = [piece[2:] for piece in found if len(piece) > 3 and piece[3] is None]
            assert intact[:hit] == whole[:hit]
            assert intact[len(intact) - len(whole[hit + 1 :]) :] == whole[hit + 1 :]
