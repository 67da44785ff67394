"""Web archives for tests, written in plain sight: pages in, the bytes of a WARC file out."""

import gzip
from collections.abc import Mapping, Sequence

import lz4.frame
import zstandard

HTML = b"<html><head><title>A page</title></head><body><p>%s</p></body></html>"
SENTENCE = b"A page about rivers: they begin as springs in the hills and end in the sea, and that is all."
BODY = HTML % SENTENCE


def record(
    kind: str = "response",
    url: str | None = "http://example.com/",
    block: bytes = b"",
    *,
    length: str | None = "",
    headers: Mapping[str, str] | None = None,
    eol: bytes = b"\r\n",
    tail: bytes = b"\r\n\r\n",
) -> bytes:
    """Return one WARC record; `length` lies about Content-Length (None leaves it out)."""
    fields = {
        "WARC-Type": kind,
        "WARC-Record-ID": "<urn:uuid:11111111-1111-1111-1111-111111111111>",
        "WARC-Date": "2024-05-01T12:00:00Z",
        "WARC-Target-URI": url,
        "Content-Type": "application/http; msgtype=response" if kind == "response" else "text/plain",
        "Content-Length": str(len(block)) if length == "" else length,
        **(headers or {}),
    }
    lines = [b"WARC/1.0", *(f"{k}: {v}".encode() for k, v in fields.items() if v is not None)]
    return eol.join(lines) + eol + eol + block + tail


def http(body: bytes = BODY, status: str = "200 OK", **headers: str) -> bytes:
    """Return an HTTP response; `content_type="text/html"` becomes its Content-Type header."""
    fields = {"content_type": "text/html; charset=utf-8", **headers}
    head = [f"HTTP/1.1 {status}", *(f"{k.replace('_', '-').title()}: {v}" for k, v in fields.items())]
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body


def response(url: str = "http://example.com/", body: bytes = BODY, status: str = "200 OK", **headers: str) -> bytes:
    """Return a response record with a page."""
    return record("response", url, http(body, status, **headers))


def gz(*contents: bytes) -> bytes:
    """Return each of `contents` as a gzip member, always the same bytes."""
    return b"".join(gzip.compress(content, 6, mtime=0) for content in contents)


def zst(*contents: bytes) -> bytes:
    """Return each of `contents` as a zstd frame with a checksum."""
    compressor = zstandard.ZstdCompressor(write_checksum=True)
    return b"".join(compressor.compress(content) for content in contents)


def lz(*contents: bytes) -> bytes:
    """Return each of `contents` as an lz4 frame with a checksum."""
    return b"".join(lz4.frame.compress(content, content_checksum=True) for content in contents)


def plain(*contents: bytes) -> bytes:
    """Return `contents` one behind the other."""
    return b"".join(contents)


def warc(pages: Mapping[str, str | bytes]) -> bytes:
    """Return a .warc.gz as Common Crawl writes it: a warcinfo, then request, response and metadata by page."""
    return gz(*warc_records(pages))


def warc_records(pages: Mapping[str, str | bytes]) -> Sequence[bytes]:
    """Return the records of `pages` (HTML by URL)."""
    records = [record("warcinfo", None, b"software: a test\r\n")]
    for url, html in pages.items():
        body = html.encode() if isinstance(html, str) else html
        records += [
            record("request", url, b"GET / HTTP/1.1\r\n\r\n"),
            response(url, body),
            record("metadata", url, b"fetchTimeMs: 12\r\n"),
        ]
    return records
