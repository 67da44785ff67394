"""An article or anything else at a URL -> what its server answered, byte for byte."""

import struct
import zlib
from dataclasses import dataclass
from http import HTTPStatus

from etl.demo.article import Article, stable_hash
from etl.demo.content import Chrome
from etl.demo.html import plain_text, render

# Browsers read iso-8859-1 as windows-1252, so servers' pages use its quotes and dashes under that name.
_CODECS = {"iso-8859-1": "cp1252", "utf-16": "utf-16-le"}
_SERVERS = ("nginx", "Apache/2.4.58 (Unix)", "cloudfront", "Caddy")


@dataclass(frozen=True, slots=True)
class Fetch:
    """A request's answer: status, HTTP headers and the body as sent."""

    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    revisit_of: str | None = None
    is_damaged: bool = False

    @property
    def head(self) -> bytes:
        """The status line and the headers, with the blank line after them."""
        status = f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}"
        fields = [f"{name}: {value}" for name, value in self.headers]
        return "\r\n".join([status, *fields, "", ""]).encode("latin-1")


def fetch_page(article: Article, chrome: Chrome, charset: str, coding: str = "") -> Fetch:
    """Return an article as an HTML page; `charset` is an encoding and its declaration's place (`utf-8 http`)."""
    encoding, place = charset.split()
    html = render(article, chrome, encoding if place == "meta" else None)
    content_type = f"text/html; charset={encoding}" if place == "http" else "text/html"
    return answer(article.url, 200, content_type, _encode(html, encoding), coding)


def fetch_text(article: Article) -> Fetch:
    """Return an article as a text file."""
    return answer(article.url, 200, "text/plain; charset=utf-8", plain_text(article).encode())


def answer(url: str, status: int, content_type: str, body: bytes, coding: str = "") -> Fetch:
    """Return an answer; `coding` is how the body travels: "", `gzip`, `chunked`, both, or `crawler`.

    `crawler` is Common Crawl's way: the body is decoded already, its first headers kept under other names.
    """
    sent = gzip_member(body) if "gzip" in coding else body
    headers = [("Server", _SERVERS[stable_hash(url) % len(_SERVERS)]), ("Content-Type", content_type)]
    if "gzip" in coding:
        headers.append(("Content-Encoding", "gzip"))
    if coding == "crawler":
        headers += [("X-Crawler-Content-Encoding", "gzip"), ("X-Crawler-Transfer-Encoding", "chunked")]
    if "chunked" in coding:
        headers, sent = [*headers, ("Transfer-Encoding", "chunked")], _chunked(sent)
    else:
        headers.append(("Content-Length", str(len(sent))))
    return Fetch(url, status, tuple(headers), sent)


def redirect(url: str, target: str, status: int) -> Fetch:
    """Return a redirect to another URL."""
    body = f'<html><head><title>Moved</title></head><body><a href="{target}">It has moved</a></body></html>'
    moved = answer(url, status, "text/html", body.encode())
    return Fetch(url, status, (*moved.headers, ("Location", target)), moved.body)


def gzip_member(content: bytes) -> bytes:
    """Return `content` as a gzip member whose header names no time and no system, unlike gzip.compress."""
    deflater = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = deflater.compress(content) + deflater.flush()
    trailer = struct.pack("<II", zlib.crc32(content), len(content))
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + packed + trailer


def _encode(html: str, encoding: str) -> bytes:
    start = b"\xff\xfe" if encoding == "utf-16" else b""
    return start + html.encode(_CODECS.get(encoding, encoding), errors="xmlcharrefreplace")


def _chunked(body: bytes, size: int = 1500) -> bytes:
    """Return a body in chunks, as HTTP/1.1 sends what it does not know the length of."""
    pieces = [body[i : i + size] for i in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in [*pieces, b""])
