"""HTTP blocks as servers and crawlers wrote them."""

import gzip
import random
import zlib

import brotli
import pytest
import zstandard

from tests.unit.warc_builder import BODY, http
from udfs.fault import Fault, Repair
from udfs.http import decode_body, parse_response

CAP = 1_000_000
GZIPPED = gzip.compress(BODY, mtime=0)
RAW_DEFLATE = zlib.compress(BODY)[2:-4]


def chunked(body: bytes, size: int = 20) -> bytes:
    chunks = [body[i : i + size] for i in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(c), c) for c in chunks) + b"0\r\n\r\n"


def body_of(body: bytes, **headers: str) -> tuple[bytes, Fault | None]:
    return decode_body(parse_response(http(body, **headers)), CAP)[:2]


def repairs_of(body: bytes, **headers: str) -> tuple[Repair, ...]:
    return decode_body(parse_response(http(body, **headers)), CAP).repairs


@pytest.mark.parametrize(
    ("block", "status"),
    [
        (http(), 200),
        (http(status="404 Not Found"), 404),
        (b"HTTP/2 200\r\nA: b\r\n\r\n" + BODY, 200),
        (b"ICY 200 OK\r\nA: b\r\n\r\n" + BODY, 200),
        (b"HTTP/1.1 200\nA: b\n\n" + BODY, 200),
        (b"HTTP/1.0 302 \r\r\nA: b\r\r\n\r\r\n" + BODY, 302),
        (b"A: b\r\n\r\n" + BODY, None),
        (BODY, None),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + http(), 200),
        (b"HTTP/1.1 200 OK\r\n\r\n" + BODY, 200),
    ],
)
def test_the_status_and_body_are_found_whatever_the_head(block: bytes, status: int | None) -> None:
    response = parse_response(block)
    assert response.status == status
    assert response.body == BODY


def test_headers_in_latin_1_are_kept() -> None:
    assert parse_response(b"HTTP/1.1 200 OK\r\nX: caf\xe9\r\n\r\n").headers == {"x": "café"}


def test_headers_without_an_end_have_no_body() -> None:
    assert parse_response(b"HTTP/1.1 200 OK\r\nContent-Ty").body == b""


def test_a_head_over_its_cap_is_a_fault() -> None:
    assert parse_response(b"HTTP/1.1 200 OK\r\n" + b"Cookie: x\r\n" * 100_000).fault is Fault.HEADER_TOO_LARGE


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", GZIPPED),
        ("x-gzip", GZIPPED),
        ("GZIP", GZIPPED),
        ("gzip", b"\r\n" + GZIPPED),
        ("gzip, gzip", gzip.compress(GZIPPED)),
        ("deflate", zlib.compress(BODY)),
        ("deflate", RAW_DEFLATE),
        ("br", brotli.compress(BODY)),
        ("zstd", zstandard.compress(BODY)),
        ("identity", BODY),
    ],
)
def test_content_codings_are_undone(coding: str, body: bytes) -> None:
    assert body_of(body, content_encoding=coding) == (BODY, None)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, gzip", "compress", "nonsense"])
def test_a_false_claim_keeps_the_bytes(coding: str) -> None:
    assert body_of(BODY, content_encoding=coding) == (BODY, None)


def test_chunks_are_joined() -> None:
    assert body_of(chunked(BODY), transfer_encoding="chunked") == (BODY, None)
    assert body_of(chunked(GZIPPED), transfer_encoding="chunked", content_encoding="gzip") == (BODY, None)


def test_a_body_that_only_claims_to_be_chunked_is_kept() -> None:
    assert body_of(BODY, transfer_encoding="chunked") == (BODY, None)


def test_chunks_that_are_cut_short_are_kept_as_far_as_they_go() -> None:
    body, fault = body_of(chunked(BODY)[:50], transfer_encoding="chunked")
    assert BODY.startswith(body)
    assert len(body) > 30
    assert fault is None


def test_a_gzip_body_that_is_cut_short_is_kept_as_far_as_it_goes() -> None:
    body, fault = body_of(GZIPPED[:-20], content_encoding="gzip")
    assert BODY.startswith(body)
    assert body
    assert fault is None


def test_a_gzip_body_that_is_damaged_is_a_fault() -> None:
    assert body_of(GZIPPED[:-8] + bytes(8), content_encoding="gzip")[1] is Fault.BAD_CODING


def test_common_crawl_s_renamed_headers_mean_decoded_already() -> None:
    response = parse_response(b"HTTP/1.1 200 OK\r\nX-Crawler-Content-Encoding: gzip\r\n\r\n" + BODY)
    assert decode_body(response, CAP) == (BODY, None, ())


@pytest.mark.parametrize(
    ("body", "headers", "repairs"),
    [
        (BODY, {}, ()),
        (GZIPPED, {"content_encoding": "gzip"}, ()),
        (BODY, {"content_encoding": "gzip"}, (Repair.FALSE_CODING,)),
        (BODY, {"content_encoding": "br, gzip"}, (Repair.FALSE_CODING, Repair.FALSE_CODING)),
        (BODY, {"transfer_encoding": "chunked"}, (Repair.FALSE_CHUNKED,)),
        (GZIPPED, {"transfer_encoding": "chunked", "content_encoding": "gzip"}, (Repair.FALSE_CHUNKED,)),
        (chunked(BODY), {"transfer_encoding": "chunked"}, ()),
        (chunked(BODY)[:50], {"transfer_encoding": "chunked"}, (Repair.CUT_BODY,)),
        (GZIPPED[:-20], {"content_encoding": "gzip"}, (Repair.CUT_BODY,)),
        (zlib.compress(BODY)[:-9], {"content_encoding": "deflate"}, (Repair.CUT_BODY,)),
        (zstandard.compress(BODY), {"content_encoding": "zstd"}, ()),
        (brotli.compress(BODY), {"content_encoding": "br"}, ()),
    ],
)
def test_what_had_to_be_set_right_is_said(body: bytes, headers: dict[str, str], repairs: tuple[Repair, ...]) -> None:
    assert repairs_of(body, **headers) == repairs


@pytest.mark.parametrize(
    ("coding", "bomb"),
    [
        ("gzip", gzip.compress(bytes(20 * CAP))),
        ("deflate", zlib.compress(bytes(20 * CAP))),
        ("br", brotli.compress(bytes(20 * CAP))),
        ("zstd", zstandard.compress(bytes(20 * CAP))),
    ],
)
def test_a_bomb_ends_at_its_cap(coding: str, bomb: bytes) -> None:
    assert body_of(bomb, content_encoding=coding) == (b"", Fault.BODY_TOO_LARGE)


LARGE = random.Random(5).randbytes(600_000).hex().encode()  # what a decoder gives in several steps


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(LARGE)),
        ("gzip", gzip.compress(LARGE[:9]) + gzip.compress(LARGE[9:500_000]) + gzip.compress(LARGE[500_000:])),
        ("deflate", zlib.compress(LARGE)),
        ("br", brotli.compress(LARGE)),
        ("zstd", zstandard.compress(LARGE)),
    ],
)
def test_a_large_body_comes_out_whole(coding: str, body: bytes) -> None:
    found = decode_body(parse_response(http(body, content_encoding=coding)), 2 * CAP)

    assert found == (LARGE, None, ())


@pytest.mark.parametrize(
    ("coding", "body"),
    [("gzip", gzip.compress(LARGE)), ("br", brotli.compress(LARGE)), ("zstd", zstandard.compress(LARGE))],
)
def test_a_large_body_that_is_cut_is_used_and_said_to_be_cut(coding: str, body: bytes) -> None:
    found = decode_body(parse_response(http(body[: len(body) // 2], content_encoding=coding)), 2 * CAP)

    assert LARGE.startswith(found.data)
    assert len(found.data) > 100_000
    assert found[1:] == (None, (Repair.CUT_BODY,))
