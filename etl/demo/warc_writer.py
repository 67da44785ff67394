"""Fetched pages -> the bytes of a `.warc.gz` as Common Crawl writes it: a gzip member for each record.

Blocks and headers are the same on every machine. Compressed sizes, and so offsets, follow the zlib that
Python was built with: nothing else may depend on them.
"""

import zlib
from base64 import b32encode
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

from etl.demo.fetch import Fetch, gzip_member

CRAWL = "DEMO-2026-03"
_BEGIN = datetime(2026, 1, 14, 8, tzinfo=UTC)
_WARCINFO = f"isPartOf: {CRAWL}\r\nsoftware: webstrata demo\r\nformat: WARC File Format 1.0\r\n"
_HTTP = "application/http; msgtype="
Headers = list[tuple[str, str]]


def warc_bytes(file_name: str, fetches: Iterable[Fetch], first: int = 0) -> bytes:
    """Return a WARC file of `fetches`, the first of which is the crawl's fetch number `first`."""
    members = [_warcinfo(file_name)]
    for number, fetch in enumerate(fetches, first):
        request, response, metadata = map(gzip_member, _records(file_name, fetch, number))
        members += [request, damaged(response) if fetch.is_damaged else response, metadata]
    return b"".join(members)


def damaged(member: bytes) -> bytes:
    """Return a gzip member changed so that it breaks after the WARC header; its length stays."""
    for position in range(len(member) * 2 // 3, len(member) - 40):
        end = position + 8
        broken = member[:position] + bytes(byte ^ 0xFF for byte in member[position:end]) + member[end:]
        before = _inflate_until_error(broken)
        if before is not None and b"\r\n\r\n" in before:
            return broken
    raise ValueError("no change of 8 bytes breaks this member: it is too short")


def _inflate_until_error(member: bytes) -> bytes | None:
    """Return what came out before the data broke, or None if it breaks at its checksum only or not at all."""
    inflater, content = zlib.decompressobj(31), b""
    for position in range(len(member) - 8):
        try:
            content += inflater.decompress(member[position : position + 1])
        except zlib.error:
            return content
    return None


def _records(file_name: str, fetch: Fetch, number: int) -> Iterator[bytes]:
    """Yield the request, the response (or revisit) and the metadata of one fetch."""
    ids = {kind: _record_id(kind, fetch.url, str(number)) for kind in ("request", "response", "metadata")}
    shared = [
        ("WARC-Date", (_BEGIN + timedelta(seconds=7 * number)).strftime("%Y-%m-%dT%H:%M:%SZ")),
        ("WARC-Warcinfo-ID", _record_id("warcinfo", file_name)),
        ("WARC-Target-URI", fetch.url),
    ]
    address = [("WARC-IP-Address", f"192.0.2.{1 + number % 254}")]
    response = ("WARC-Concurrent-To", ids["response"])
    headers = [*shared, *address, response]
    yield _record("request", ids["request"], headers, _HTTP + "request", _request(fetch.url))
    kind = "response" if fetch.revisit_of is None else "revisit"
    headers = [*shared, *address, *_revisit(fetch), ("WARC-Payload-Digest", _digest(fetch.body))]
    block = fetch.head if kind == "revisit" else fetch.head + fetch.body
    yield _record(kind, ids["response"], headers, _HTTP + "response", block)
    fields = f"fetchTimeMs: {40 + number * 37 % 900}\r\n\r\n".encode()
    yield _record("metadata", ids["metadata"], [*shared, response], "application/warc-fields", fields)


def _revisit(fetch: Fetch) -> Headers:
    if fetch.revisit_of is None:
        return []
    profile = "http://netpreserve.org/warc/1.0/revisit/identical-payload-digest"
    return [("WARC-Profile", profile), ("WARC-Refers-To-Target-URI", fetch.revisit_of)]


def _request(url: str) -> bytes:
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    lines = [f"GET {target} HTTP/1.1", f"Host: {parts.netloc}", "User-Agent: webstrata-demo", "Accept: */*"]
    return "\r\n".join([*lines, "", ""]).encode()


def _warcinfo(file_name: str) -> bytes:
    headers = [("WARC-Date", _BEGIN.strftime("%Y-%m-%dT%H:%M:%SZ")), ("WARC-Filename", file_name)]
    block = _WARCINFO.encode()
    record_id = _record_id("warcinfo", file_name)
    return gzip_member(_record("warcinfo", record_id, headers, "application/warc-fields", block))


def _record(kind: str, record_id: str, headers: Headers, content_type: str, block: bytes) -> bytes:
    fields = [
        ("WARC-Type", kind),
        ("WARC-Record-ID", record_id),
        *headers,
        ("WARC-Block-Digest", _digest(block)),
        ("Content-Type", content_type),
        ("Content-Length", str(len(block))),
    ]
    head = "".join(f"{name}: {value}\r\n" for name, value in fields)
    return f"WARC/1.0\r\n{head}\r\n".encode() + block + b"\r\n\r\n"


def _record_id(*parts: str) -> str:
    return f"<urn:uuid:{uuid5(NAMESPACE_URL, ' '.join((CRAWL, *parts)))}>"


def _digest(content: bytes) -> str:
    return "sha1:" + b32encode(sha1(content, usedforsecurity=False).digest()).decode()
