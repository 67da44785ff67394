"""From a WARC file to pages: what the server said, and a text or a fault."""

from datetime import UTC, datetime
from io import BytesIO

import pytest

from tests.unit.warc_builder import BODY, SENTENCE, gz, http, plain, record, response, warc
from udfs.fault import Fault
from udfs.normalise import clean_text, normalised, text_digest
from udfs.page import Page, escaped, fetched_at, page_id
from udfs.warc_file import ReadSettings, WarcFileReader

SETTINGS = ReadSettings("CC-TEST")


def pages(*records: bytes) -> list[Page]:
    return list(WarcFileReader(BytesIO(gz(*records)), "a/b.warc.gz", SETTINGS))


def page(record_: bytes) -> Page:
    (only,) = pages(record_)
    assert (only.text is None) != (only.fault is None)
    return only


def test_a_page_says_where_it_lies_what_the_server_said_and_its_text() -> None:
    found = page(response("http://www.example.co.uk/a?b=1&a=2", content_type="text/html; charset=UTF-8"))
    assert found.page_id == page_id("CC-TEST", "a/b.warc.gz", 0)
    assert (found.warc_offset, found.record_type, found.http_status) == (0, "response", 200)
    assert found.canonical_url == "http://www.example.co.uk/a?a=2&b=1"
    assert (found.host, found.registered_domain) == ("www.example.co.uk", "example.co.uk")
    assert found.fetched_at == datetime(2024, 5, 1, 12, tzinfo=UTC)
    assert (found.content_type, found.media_type) == ("text/html; charset=UTF-8", "text/html")
    assert (found.charset, found.charset_source, found.charset_http, found.repairs) == ("utf-8", "http", "utf-8", [])
    assert found.title == "A page"
    assert found.text == SENTENCE.decode()
    assert found.n_chars == len(SENTENCE)
    assert found.text_digest == text_digest(SENTENCE.decode())
    assert found.payload_bytes == len(BODY)
    assert found.fault is found.is_fault_expected is None


@pytest.mark.parametrize(
    ("block", "fault"),
    [
        (http(b"", "301 Moved Permanently", location="/x"), Fault.REDIRECT),
        (http(status="404 Not Found"), Fault.HTTP_ERROR),
        (http(status="503 Busy"), Fault.HTTP_ERROR),
        (http(b"", "304 Not Modified"), Fault.REVISIT),
        (http(b"%PDF-1.7", content_type="application/pdf"), Fault.NOT_TEXT),
        (http(b"%PDF-1.7", content_type="text/html"), Fault.NOT_TEXT),
        (http(b"\x89PNG", content_type="image/png"), Fault.NOT_TEXT),
        (http(b""), Fault.EMPTY_BODY),
        (http(b" \r\n "), Fault.EMPTY_BODY),
        (http(b"<html><body><script>x()</script></body></html>"), Fault.NO_MAIN_TEXT),
        (b"", Fault.EMPTY_BODY),
        (b"HTTP/1.1 200 OK\r\nContent-Ty", Fault.EMPTY_BODY),
        (bytes(range(256)), Fault.BAD_HTTP),
    ],
)
def test_a_page_without_text_says_why(block: bytes, fault: Fault) -> None:
    found = page(record("response", "http://b.com/", block))
    assert found.fault == fault
    assert found.is_fault_expected == fault.is_expected


@pytest.mark.parametrize(
    ("kind", "block", "content_type", "text"),
    [
        ("conversion", b"  a\n b", "text/plain", "  a\n b"),
        ("resource", BODY, "text/html", SENTENCE.decode()),
        ("resource", b"plain words", "text/plain", "plain words"),
        ("response", http(b"plain words", content_type="text/plain"), None, "plain words"),
        ("response", http(BODY, content_type="application/xhtml+xml"), None, SENTENCE.decode()),
        ("response", b"HTTP/1.1 200 OK\r\n\r\n" + BODY, None, SENTENCE.decode()),
        ("response", BODY, None, SENTENCE.decode()),
    ],
)
def test_pages_come_from_every_record_that_holds_text(
    kind: str, block: bytes, content_type: str | None, text: str
) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    assert page(record(kind, "http://b.com/", block, headers=headers)).text == text


def test_records_that_hold_no_page_make_none() -> None:
    assert [p.url for p in pages(record("warcinfo", None), record("request"), record("metadata"), response())] == [
        "http://example.com/"
    ]


def test_a_revisit_is_an_expected_fault() -> None:
    found = page(record("revisit", "http://b.com/", http(b""), headers={"WARC-Payload-Digest": "sha1:ABC"}))
    assert (found.fault, found.is_fault_expected, found.payload_digest) == ("revisit", True, "sha1:ABC")


def test_a_truncated_page_is_a_broken_fault_with_its_url() -> None:
    data = gz(response("http://c.com/"))[:-30]
    (found,) = WarcFileReader(BytesIO(data), "x", SETTINGS)
    assert (found.fault, found.is_fault_expected, found.url) == ("truncated_record", False, "http://c.com/")


def test_zero_characters_and_lone_surrogates_never_reach_a_text() -> None:
    body = b"<p>A\0B &#0; &#xD800; river</p>" * 20
    text = page(response(body=body)).text
    assert text
    assert "\0" not in text
    text.encode("utf-8")
    assert clean_text("a\0\ud800b") == "a\ufffdb"


def test_zero_characters_never_reach_any_other_column() -> None:
    block = http(b"<title>a\0b&#0;</title><p>words of a page", content_type="text/html\0; charset=utf-8")
    found = page(record("response", "http://b.com/\0x", block, headers={"WARC-Record-ID": "<a\0>"}))
    for value in found:
        assert not isinstance(value, str) or "\0" not in value


@pytest.mark.parametrize(
    ("date", "year"),
    [
        ("2024-05-01T12:00:00Z", 2024),
        ("2024-05-01T12:00:00.123456789Z", 2024),
        ("2024-05-01T12:00:00+02:00", 2024),
        ("0000-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_dates_out_of_range_are_none(date: str | None, year: int | None) -> None:
    found = fetched_at(date)
    assert (found.year if found else None) == year


def test_a_detail_is_one_safe_line() -> None:
    assert escaped("a\r\n\x1b[31m") == "a\\r\\n\\x1b[31m"
    assert len(escaped("\0" * 1000)) == 300


def test_the_digest_of_a_text_ignores_case_width_and_whitespace() -> None:
    assert normalised("  Ａ\tRiver \n ﬁle ") == "a river file"
    assert text_digest("A  river") == text_digest("a river\n")
    assert len(text_digest("x")) == 32


def test_a_text_of_combining_marks_is_normalised_in_time() -> None:
    assert text_digest("a" + "\u0327\u0301" * 100_000)


def test_a_summary_accounts_for_the_whole_file() -> None:
    data = warc({"http://a.com/": BODY, "http://b.com/": b""}) + b"junk"
    reader = WarcFileReader(BytesIO(data), "x", SETTINGS)
    n_pages = len(list(reader))
    summary = reader.summary
    assert summary.size_bytes == len(data) == sum(summary.n_bytes.values())
    assert summary.n_records == {"warcinfo": 1, "request": 2, "response": 2, "metadata": 2}
    assert summary.n_bytes["gap"] == 4
    assert (summary.n_pages, summary.n_documents, summary.container) == (n_pages, 1, "gzip")


def test_the_digest_of_a_file_s_content_knows_its_pages() -> None:
    def digest(*urls: str) -> str:
        reader = WarcFileReader(BytesIO(plain(*map(response, urls))), "x", SETTINGS)
        list(reader)
        return reader.summary.content_digest

    assert digest("http://a.com/", "http://b.com/") == digest("http://a.com/", "http://b.com/")
    assert digest("http://a.com/") != digest("http://a.com/", "http://b.com/")


def test_a_file_that_is_no_archive_says_so() -> None:
    reader = WarcFileReader(BytesIO(b"<html>no archive</html>"), "x", SETTINGS)
    assert list(reader) == []
    assert reader.summary.fault == "not_warc"


def test_more_gaps_than_are_listed_are_summed_up() -> None:
    data = b"".join(response() + b"GARBAGE\n" * 3 for _ in range(1100))
    reader = WarcFileReader(BytesIO(data), "x", SETTINGS)
    list(reader)
    assert len(reader.summary.gaps) == 1000
    assert sum(gap.length for gap in reader.summary.gaps) == reader.summary.n_bytes["gap"]
