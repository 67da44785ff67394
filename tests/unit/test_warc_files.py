"""The reader beside FastWARC and warcio: on clean files made here, and on the archives for testing."""

import json
from collections import Counter
from io import BytesIO
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator
from warcio.archiveiterator import ArchiveIterator as WarcioIterator

from tests.shared import SHARED, needs_shared
from tests.unit.warc_builder import gz, plain, response, warc, warc_records
from udfs.warc import Record, read_records
from udfs.warc_file import FileSummary, ReadSettings, WarcFileReader

PAGES = {f"http://{i}.example.com/": f"<p>Page {i}: {'words and more words ' * i}</p>" for i in range(60)}
CLEAN = {"gzip": warc(PAGES), "plain": plain(*warc_records(PAGES)), "large": gz(response(body=b"<p>x</p>" * 100_000))}

# Both readers are wrong here, in the same way: they stop at the first fault, or take a truncated record for a good
# one. (path, why): ours gives more records, or marks the last one as a fault.
WRONG_TOGETHER = {
    "warc/edge/synthetic/bad-content-length.warc": "both stop at the first wrong Content-Length, before 11 pages",
    "warc/edge/synthetic/bitflip-midfile.warc.gz": "both stop at the damaged member, before 8 pages",
}
# Same records, but the last one is not whole, which neither of the two says.
TRUNCATED = {
    "warc/edge/chatnoir-resiliparse/clipped.warc.gz",
    "warc/edge/solrwayback/transfer_compression_none_truncated.warc.gz",
    "warc/edge/synthetic/misnamed-plain-as-gz.warc.gz",
    "warc/edge/synthetic/truncated-gzip-midmember.warc.gz",
    "warc/edge/synthetic/truncated-uncompressed.warc",
}


@pytest.mark.parametrize("name", CLEAN)
def test_clean_files_give_the_records_that_fastwarc_gives(name: str, tmp_path: Path) -> None:
    path = tmp_path / ("x.warc" if name == "plain" else "x.warc.gz")
    path.write_bytes(CLEAN[name])
    ours = [r for r in read_records(BytesIO(CLEAN[name])) if isinstance(r, Record)]
    theirs = [(r.stream_pos, r.reader.read()) for r in ArchiveIterator(str(path), parse_http=False)]
    assert [(r.offset, r.block) for r in ours] == theirs


@pytest.mark.parametrize("name", CLEAN)
def test_clean_files_give_the_records_that_warcio_gives(name: str) -> None:
    ours = [r for r in read_records(BytesIO(CLEAN[name])) if isinstance(r, Record)]
    iterator = WarcioIterator(BytesIO(CLEAN[name]), no_record_parse=True)
    theirs = []
    for record in iterator:
        block = record.content_stream().read()
        headers = {k.lower(): v for k, v in record.rec_headers.headers}
        n_blank = 4 if name == "plain" else 0  # warcio does not count the blank lines behind a plain record
        length = iterator.get_record_length() + n_blank
        theirs.append((iterator.get_record_offset(), length, headers, block))
    assert [(r.offset, r.length, r.headers, r.block) for r in ours] == theirs


def reference_rows() -> list[dict[str, object]]:
    path = SHARED / "REFERENCE_COUNTS.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []


def summary_and_html200(path: Path) -> tuple[FileSummary, int, Counter[str]]:
    with path.open("rb") as stream:
        reader = WarcFileReader(stream, path.name, ReadSettings("test"))
        pages = list(reader)
    html = [
        page
        for page in pages
        if page.record_type == "response" and page.http_status == 200 and "html" in (page.content_type or "").lower()
    ]
    return reader.summary, len(html), Counter(page.fault for page in pages if page.fault)


@needs_shared
@pytest.mark.parametrize("row", reference_rows(), ids=lambda row: str(row["path"]))
def test_every_archive_is_accounted_for_and_agrees_where_the_two_readers_do(row: dict[str, object]) -> None:
    path = str(row["path"])
    summary, n_html, faults = summary_and_html200(SHARED / path)
    assert summary.size_bytes == row["bytes"] == sum(summary.n_bytes.values())
    expected: dict[str, object] = row["warcio"]  # type: ignore[assignment]
    if not row["agree"]:
        return
    if path in WRONG_TOGETHER:
        assert sum(summary.n_records.values()) > sum(expected["types"].values())  # type: ignore[attr-defined]
        return
    assert summary.n_records == expected["types"]
    assert n_html == expected["html200"]
    assert (faults["truncated_record"] == 1) == (path in TRUNCATED)


@needs_shared
@pytest.mark.parametrize(
    ("path", "n_records", "why"),
    [
        ("warc/edge/synthetic/single-member-gzip.warc.gz", 48, "one member for all: warcio refuses, FastWARC is right"),
        ("warc/edge/synthetic/whole-file.warc.zst", 48, "warcio reads no zstd"),
        ("warc/edge/synthetic/lf-only-headers.warc", 48, "both stop; every Content-Length is wrong"),
        ("warc/edge/gowarc/corrupted-mid-record.warc.gz.open", 12, "the member breaks inside the 13th header"),
        ("warc/edge/gowarc/corrupted-trailing-bytes.warc.gz.open", 30, "the member breaks inside the 31st header"),
        ("warc/edge/pywb/example.warc", 6, "FastWARC stops at a Content-Length that is 2 too small"),
        ("warc/edge/cc_net/sample.warc.txt", 4, "every Content-Length is wrong: FastWARC finds 1 record, warcio 1"),
        ("warc/edge/warcio.js/example-bad-length.warc", 6, "FastWARC stops at a Content-Length too small"),
        ("warc/edge/warcio/bad.arc", 4, "FastWARC reads no ARC; lengths are -1 and abc"),
        ("warc/genuine/iah-blackbook/example.arc.gz", 300, "FastWARC reads no ARC"),
        ("warc/genuine/chatnoir-resiliparse/warcfile.warc.lz4", 50, "warcio reads no lz4"),
    ],
)
def test_where_the_two_readers_differ_all_records_are_found(path: str, n_records: int, why: str) -> None:
    with (SHARED / path).open("rb") as stream:
        assert sum(isinstance(piece, Record) for piece in read_records(stream)) == n_records, why


@needs_shared
def test_the_same_crawl_as_arc_and_as_warc_gives_the_same_texts() -> None:
    folder = SHARED / "warc/genuine/iah-blackbook"
    texts = []
    for name in ("example.arc.gz", "IAH-20080430204825-00000-blackbook.warc.gz"):
        with (folder / name).open("rb") as stream:
            texts.append({p.url: p.text for p in WarcFileReader(stream, name, ReadSettings("x")) if p.text})
    assert texts[0] == texts[1]
