"""Malformations by name: what is done to the record b between two good ones, and what must come of its page.

From section 2 of our reference on hostile input and from what section 6 calls bombs. `None` for a page means
that the record is kept and counted, but bears no page.
"""

import gzip
import zlib
from typing import NamedTuple

import brotli
import zstandard

from tests.unit.warc_builder import BODY, HTML, SENTENCE, http, record, response
from udfs.fault import Fault, Repair

A, B, C = (response(f"http://{x}.com/") for x in "abc")
PAGE = http()
CAP = 64 * 1024 * 1024
GZIPPED = gzip.compress(BODY, mtime=0)
RUSSIAN = "<html><body><p>" + "Река начинается в горах и впадает в море. " * 9
CHINESE = "<html><body><p>" + "河流从山上的泉水开始，流入大海。" * 20


class Expected(NamedTuple):
    """What must come of b: a page with a text, unless there is a fault; `is_page` False: no page at all."""

    fault: Fault | None = None
    repairs: tuple[Repair, ...] = ()
    is_page: bool = True


def _b(block: bytes) -> bytes:
    return record("response", "http://b.com/", block)


def _chunked(body: bytes, size: int = 20) -> bytes:
    chunks = [body[i : i + size] for i in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(c), c) for c in chunks) + b"0\r\n\r\n"


_CHUNKED = {"transfer_encoding": "chunked"}

IN_THE_WARC_HEADER: dict[str, tuple[bytes, Expected]] = {
    "length_too_small": (
        record("response", "http://b.com/", PAGE, length="10"),
        Expected(repairs=(Repair.LENGTH_TOO_SMALL,)),
    ),
    "length_negative": (
        record("response", "http://b.com/", PAGE, length="-5"),
        Expected(repairs=(Repair.LENGTH_MISSING,)),
    ),
    "length_no_number": (
        record("response", "http://b.com/", PAGE, length="many"),
        Expected(repairs=(Repair.LENGTH_MISSING,)),
    ),
    "length_too_large": (
        record("response", "http://b.com/", PAGE, length="1000000"),
        Expected(repairs=(Repair.LENGTH_TOO_LARGE,)),
    ),
    "length_beyond_the_cap": (
        record("response", "http://b.com/", PAGE, length="100000000000"),
        Expected(repairs=(Repair.LENGTH_TOO_LARGE,)),
    ),
    "length_missing": (
        record("response", "http://b.com/", PAGE, length=None),
        Expected(repairs=(Repair.LENGTH_MISSING,)),
    ),
    "length_2_to_63": (
        record("response", "http://b.com/", PAGE, length=str(2**63)),
        Expected(repairs=(Repair.LENGTH_TOO_LARGE,)),
    ),
    "length_2_to_64": (
        record("response", "http://b.com/", PAGE, length=str(2**64)),
        Expected(repairs=(Repair.LENGTH_MISSING,)),
    ),
    "no_type": (B.replace(b"WARC-Type: response\r\n", b""), Expected(is_page=False)),
    "unknown_type": (B.replace(b"response", b"surprise", 1), Expected(is_page=False)),
    "no_url": (record("response", None, PAGE), Expected()),
    "url_not_http": (record("response", "dns:b.com", b"20240501 b.com. 300 IN A 192.0.2.1"), Expected()),
    "no_date": (B.replace(b"WARC-Date: 2024-05-01T12:00:00Z\r\n", b""), Expected()),
    "lf_only": (record("response", "http://b.com/", PAGE, eol=b"\n", tail=b"\n\n"), Expected()),
    "cr_cr_lf": (record("response", "http://b.com/", PAGE, eol=b"\r\r\n", tail=b"\r\n\r\n"), Expected()),
    "invalid_utf8": (B.replace(b"http://b.com/", b"http://b.com/\xff\xfe"), Expected()),
    "nul_in_header": (B.replace(b"http://b.com/", b"http://b.com/\0"), Expected()),
    "folded_line": (B.replace(b"http://b.com/", b"http://b.com/\r\n x"), Expected()),
    "duplicate_header": (
        B.replace(b"\r\n", b"\r\nWARC-Type: request\r\nWARC-Type: metadata\r\n", 1),
        Expected(is_page=False),
    ),
    "space_in_url": (B.replace(b"http://b.com/", b"http://b.com/a b"), Expected()),
    "brackets_around_url": (B.replace(b"http://b.com/", b"<http://b.com/>"), Expected()),
    "header_line_of_2_mb": (B.replace(b"\r\n", b"\r\nX: " + b"y" * 2_000_000 + b"\r\n", 1), Expected(is_page=False)),
    "100000_headers": (B.replace(b"\r\n", b"\r\n" + b"X-Header: y\r\n" * 100_000, 1), Expected(is_page=False)),
    "revisit": (record("revisit", "http://b.com/", http(b"")), Expected(Fault.REVISIT)),
    "version_0.18": (B.replace(b"WARC/1.0", b"WARC/0.18", 1), Expected()),
    "version_1.1": (B.replace(b"WARC/1.0", b"WARC/1.1", 1), Expected()),
    "version_9.9": (B.replace(b"WARC/1.0", b"WARC/9.9", 1), Expected()),
    "empty_block": (record("response", "http://b.com/", b""), Expected(Fault.EMPTY_BODY)),
    "http_without_status_line": (
        record("response", "http://b.com/", b"Content-Type: text/html\r\n\r\n" + BODY),
        Expected(),
    ),
    "http_2": (record("response", "http://b.com/", PAGE.replace(b"HTTP/1.1", b"HTTP/2", 1)), Expected()),
    "icy": (record("response", "http://b.com/", PAGE.replace(b"HTTP/1.1", b"ICY", 1)), Expected()),
    "http_headers_cut_off": (
        record("response", "http://b.com/", b"HTTP/1.1 200 OK\r\nContent-Ty"),
        Expected(Fault.EMPTY_BODY),
    ),
    "inner_warc": (record("response", "http://b.com/", http(b"<pre>\r\n\r\n" + A + b"</pre>")), Expected()),
    "no_blank_lines": (record("response", "http://b.com/", PAGE, tail=b""), Expected()),
    "many_blank_lines": (record("response", "http://b.com/", PAGE, tail=b"\r\n" * 40), Expected()),
}

IN_THE_HTTP_RESPONSE: dict[str, tuple[bytes, Expected]] = {
    "chunked": (_b(http(_chunked(BODY), **_CHUNKED)), Expected()),
    "chunked_cut": (_b(http(_chunked(BODY)[:-30], **_CHUNKED)), Expected(repairs=(Repair.CUT_BODY,))),
    "chunked_without_its_end": (_b(http(_chunked(BODY)[:-5], **_CHUNKED)), Expected(repairs=(Repair.CUT_BODY,))),
    "chunked_is_false": (_b(http(BODY, **_CHUNKED)), Expected(repairs=(Repair.FALSE_CHUNKED,))),
    "chunked_by_chance": (_b(http(b"12\r\n" + BODY, **_CHUNKED)), Expected(repairs=(Repair.FALSE_CHUNKED,))),
    "chunk_size_of_a_terabyte": (_b(http(b"ffffffff\r\n" + BODY, **_CHUNKED)), Expected(repairs=(Repair.CUT_BODY,))),
    "chunked_and_gzip": (_b(http(_chunked(GZIPPED), content_encoding="gzip", **_CHUNKED)), Expected()),
    "gzip": (_b(http(GZIPPED, content_encoding="gzip")), Expected()),
    "gzip_is_false": (_b(http(BODY, content_encoding="gzip")), Expected(repairs=(Repair.FALSE_CODING,))),
    "gzip_cut": (_b(http(GZIPPED[:-20], content_encoding="gzip")), Expected(repairs=(Repair.CUT_BODY,))),
    "gzip_damaged": (
        _b(http(GZIPPED[:40] + bytes(9) + GZIPPED[49:], content_encoding="gzip")),
        Expected(Fault.BAD_CODING),
    ),
    "gzip_with_a_wrong_checksum": (
        _b(http(GZIPPED[:-8] + bytes(8), content_encoding="gzip")),
        Expected(Fault.BAD_CODING),
    ),
    "gzip_twice": (_b(http(gzip.compress(GZIPPED), content_encoding="gzip, gzip")), Expected()),
    "gzip_said_twice": (_b(http(GZIPPED, content_encoding="gzip, gzip")), Expected(repairs=(Repair.FALSE_CODING,))),
    "gzip_behind_a_blank_line": (_b(http(b"\r\n" + GZIPPED, content_encoding="gzip")), Expected()),
    "deflate": (_b(http(zlib.compress(BODY), content_encoding="deflate")), Expected()),
    "deflate_raw": (_b(http(zlib.compress(BODY)[2:-4], content_encoding="deflate")), Expected()),
    "deflate_is_false": (_b(http(BODY, content_encoding="deflate")), Expected(repairs=(Repair.FALSE_CODING,))),
    "brotli": (_b(http(brotli.compress(BODY), content_encoding="br")), Expected()),
    "brotli_is_false": (_b(http(BODY, content_encoding="br")), Expected(repairs=(Repair.FALSE_CODING,))),
    "zstd": (_b(http(zstandard.compress(BODY), content_encoding="zstd")), Expected()),
    "zstd_is_false": (_b(http(BODY, content_encoding="zstd")), Expected(repairs=(Repair.FALSE_CODING,))),
    "unknown_coding": (_b(http(BODY, content_encoding="sdch")), Expected()),
    "gzip_bomb": (_b(http(gzip.compress(bytes(CAP + 1)), content_encoding="gzip")), Expected(Fault.BODY_TOO_LARGE)),
    "brotli_bomb": (
        _b(http(brotli.compress(bytes(CAP + 1), quality=5), content_encoding="br")),
        Expected(Fault.BODY_TOO_LARGE),
    ),
    "continue_first": (_b(b"HTTP/1.1 100 Continue\r\n\r\n" + PAGE), Expected()),
    "header_in_latin_1": (_b(PAGE.replace(b"\r\n", b"\r\nX: caf\xe9\r\n", 1)), Expected()),
    "100000_cookies": (
        _b(PAGE.replace(b"\r\n", b"\r\n" + b"Set-Cookie: a=b\r\n" * 100_000, 1)),
        Expected(Fault.HEADER_TOO_LARGE),
    ),
    "a_blank_line_too_many": (_b(PAGE.replace(b"\r\n\r\n", b"\r\n\r\n\r\n", 1)), Expected()),
    "binary_instead_of_http": (_b(bytes(range(256)) * 9), Expected(Fault.BAD_HTTP)),
    "redirect": (_b(http(b"", "301 Moved", location="/x")), Expected(Fault.REDIRECT)),
    "not_found": (_b(http(BODY, "404 Not Found")), Expected(Fault.HTTP_ERROR)),
    "not_modified": (_b(http(b"", "304 Not Modified")), Expected(Fault.REVISIT)),
    "no_body": (_b(http(b"")), Expected(Fault.EMPTY_BODY)),
    "pdf": (_b(http(b"%PDF-1.7\n" + bytes(99), content_type="application/pdf")), Expected(Fault.NOT_TEXT)),
    "pdf_as_html": (_b(http(b"%PDF-1.7\n" + bytes(99))), Expected(Fault.NOT_TEXT)),
}

IN_THE_PAGE: dict[str, tuple[bytes, Expected]] = {
    "20000_nested_divs": (_b(http(b"<div>" * 20_000 + b"<p>" + SENTENCE)), Expected(repairs=(Repair.NOT_PARSED,))),
    "100000_attributes": (
        _b(http(b"<div " + b"a=1 " * 100_000 + b"><p>" + SENTENCE)),
        Expected(repairs=(Repair.NOT_PARSED,)),
    ),
    "17_million_characters": (
        _b(http(b"<p>" + SENTENCE + b"".join(b" %d" % i for i in range(2_400_000)))),
        Expected(repairs=(Repair.NOT_PARSED,)),
    ),
    "utf16_without_bom": (
        _b(http((HTML % SENTENCE).decode().encode("utf-16-le"), content_type="text/html")),
        Expected(),
    ),
    "gbk_called_gb2312": (
        _b(http((CHINESE + "镕").encode("gbk"), content_type="text/html; charset=gb2312")),
        Expected(),
    ),
    "utf8_called_latin_1": (_b(http(RUSSIAN.encode(), content_type="text/html; charset=latin-1")), Expected()),
    "cp1251_called_nothing": (_b(http(RUSSIAN.encode("cp1251"), content_type="text/html")), Expected()),
    "cp1251_called_nonsense": (
        _b(http(RUSSIAN.encode("cp1251"), content_type="text/html; charset=x-none")),
        Expected(),
    ),
    "utf8_cut_in_a_character": (_b(http(RUSSIAN.encode()[:-3])), Expected(repairs=(Repair.CHARSET_REPLACED,))),
    "nul_in_the_text": (_b(http(BODY.replace(b"springs", b"spr\0ings"))), Expected()),
    "nothing_but_markup": (_b(http(b"<html><body><div></div></body></html>")), Expected(Fault.NO_MAIN_TEXT)),
    "plain_text_without_a_type": (_b(b"HTTP/1.1 200 OK\r\n\r\n" + SENTENCE), Expected()),
}

ALL = {**IN_THE_WARC_HEADER, **IN_THE_HTTP_RESPONSE, **IN_THE_PAGE}
