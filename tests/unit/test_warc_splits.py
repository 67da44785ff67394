"""A file read in splits gives what one reader gives, or is seen to need one."""

import gzip
import random
from collections.abc import Callable
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.steps.pages import WarcFile, splits_of
from etl.steps.summaries import by_file
from tests.unit.test_warc_accounting import mutated, mutations
from tests.unit.warc_builder import gz, lz, plain, record, response, warc, warc_records, zst
from udfs.warc import Gap, Record, read_records
from udfs.warc_file import FileSummary, ReadSettings, WarcFileReader

WRAPS: dict[str, Callable[..., bytes]] = {"gzip": gz, "plain": plain, "zstd": zst, "lz4": lz}
PAGES = {f"http://site{i}.example/": f"<p>Page {i} of this site: {'word ' * (7 * i % 90)}</p>" for i in range(40)}
N_SPLITS = (1, 3, 64)


def summary(reader: WarcFileReader) -> dict[str, object]:
    found: FileSummary = reader.summary
    gaps = [{"offset": gap.offset, "length": gap.length, "reason": gap.reason.value} for gap in found.gaps]
    names = ("n_records", "n_bytes", "n_faults", "n_repairs", "n_pages", "n_documents", "fault", "content_digest")
    places = {"begin": found.begin, "end": found.end, "size_bytes": found.size_bytes, "gaps": gaps}
    return {"warc_file": "x", "status": "published", **places, **{name: getattr(found, name) for name in names}}


def read(data: bytes, n_splits: int) -> tuple[list[object], list[dict[str, object]]]:
    """Return the pages of `data` in order, and the summary of each split."""
    pages: list[object] = []
    summaries = []
    for split in splits_of([WarcFile("x", "x", len(data))], -(-len(data) // n_splits)):
        end = None if split.end == len(data) else split.end
        reader = WarcFileReader(BytesIO(data), "x", ReadSettings("CRAWL"), start=split.start, end=end)
        pages += reader
        summaries.append(summary(reader))
    return pages, summaries


@pytest.mark.parametrize("n_splits", N_SPLITS)
@pytest.mark.parametrize("container", WRAPS)
def test_any_number_of_splits_gives_the_same_pages_and_the_same_summary(container: str, n_splits: int) -> None:
    data = WRAPS[container](*warc_records(PAGES))
    pages, summaries = read(data, 1)

    found, parts = read(data, n_splits)

    assert found == pages
    assert by_file(parts) == by_file(summaries)
    assert by_file(parts)[1] == []
    assert len(parts) == n_splits


@settings(max_examples=300, deadline=None)
@given(
    container=st.sampled_from(list(WRAPS)),
    changes=st.lists(mutations, max_size=3),
    n_splits=st.sampled_from([2, 3, 7, 64]),
)
def test_a_broken_file_gives_the_same_in_splits_or_falls_back(
    container: str, changes: list[tuple[str, int, int]], n_splits: int
) -> None:
    data = WRAPS[container](*warc_records(dict(list(PAGES.items())[:6])))
    for change in changes:
        data = mutated(data, *change)
    pages, summaries = read(data, 1)

    found, parts = read(data, n_splits)

    whole, torn = by_file(parts)
    assert torn == ["x"] or (found == pages and whole == by_file(summaries)[0])


def stored(content: bytes) -> bytes:
    """Return a gzip member whose bytes are stored as they are, not deflated."""
    return gzip.compress(content, 0, mtime=0)


INNER = warc(dict(list(PAGES.items())[:5]))


@pytest.mark.parametrize("n_splits", [3, 64])
@pytest.mark.parametrize(
    "data",
    [
        pytest.param(
            plain(*warc_records(PAGES), record(block=plain(*warc_records(PAGES)))), id="a WARC in a plain one"
        ),
        pytest.param(
            gz(*warc_records(PAGES)) + stored(response(body=INNER * 9)) + gz(*warc_records(PAGES)),
            id="gzip members, stored, in one",
        ),
    ],
)
def test_a_payload_that_looks_like_an_archive_deceives_nobody(data: bytes, n_splits: int) -> None:
    pages, summaries = read(data, 1)

    found, parts = read(data, n_splits)

    whole, torn = by_file(parts)
    assert torn == ["x"] or (found == pages and whole == by_file(summaries)[0])
    assert torn == ["x"]


def test_a_file_of_one_member_is_read_by_its_first_split_alone() -> None:
    data = gz(b"".join(warc_records(PAGES)))

    pages, parts = read(data, 7)

    assert pages == read(data, 1)[0]
    assert [part["begin"] for part in parts] == [0] + [None] * 6
    assert by_file(parts)[1] == []


def test_splits_cover_a_file_each_byte_once() -> None:
    splits = splits_of([WarcFile("a", "a", 1000), WarcFile("b", "b", 0), WarcFile("c", "c", 7)], 300)

    assert [(s.file.warc_file, s.start, s.end) for s in splits] == [
        ("a", 0, 250), ("a", 250, 500), ("a", 500, 750), ("a", 750, 1000), ("b", 0, 0), ("c", 0, 7),
    ]  # fmt: skip


def test_the_gaps_of_splits_are_cut_off_where_those_of_the_file_would_be() -> None:
    data = b"".join(gz(response(f"http://{i}.com/")) + bytes(3) for i in range(1200))

    pages, summaries = read(data, 1)
    found, parts = read(data, 5)

    assert found == pages
    assert by_file(parts)[0] == by_file(summaries)[0]
    assert len(by_file(parts)[0][0]["gaps"]) == 1000


def test_what_is_salvaged_of_a_member_does_not_depend_on_where_it_lies() -> None:
    member = gz(b"".join(response(f"http://{i}.com/") for i in range(20)))
    broken = member[:-6] + bytes([member[-6] ^ 1]) + member[-5:]
    found = set()
    for at in (0, 100, 65_536 - len(broken) // 2, 65_536 - 9, 65_536):
        lead = gz(record("resource", "http://x.com/", random.Random(1).randbytes(at))) if at else b""
        pages, _ = read(lead + broken + gz(response("http://z.com/")), 1)
        found.add(sum("/" in (page.url or "") for page in pages if page.url != "http://x.com/"))

    assert len(found) == 1
    assert found.pop() >= 20


@pytest.mark.parametrize("data", [b"PK\x03\x04" + bytes(1_000_000), gz(bytes(2_000_000)), b"a" * 1_000_000])
def test_a_file_without_records_is_not_read_once_for_each_split(data: bytes) -> None:
    n_read = 0

    class Counted(BytesIO):
        def read(self, n: int | None = -1) -> bytes:
            nonlocal n_read
            piece = super().read(n)
            n_read += len(piece)
            return piece

    for split in splits_of([WarcFile("x", "x", len(data))], max(1, len(data) // 16)):
        end = None if split.end == len(data) else split.end
        list(WarcFileReader(Counted(data), "x", ReadSettings("C"), start=split.start, end=end))

    assert n_read < 4 * len(data) + 17 * 4 * 65_536


def test_a_split_reads_no_more_than_its_part() -> None:
    data = gz(*warc_records(PAGES))
    half = len(data) // 2

    pieces = [*read_records(BytesIO(data), start=half)]

    assert all(isinstance(piece, Record | Gap) and piece.offset >= half for piece in pieces)
    assert 0.3 * 121 < len(pieces) < 0.7 * 121
