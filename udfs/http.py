"""The block of an HTTP response record -> its status, headers and body, the content codings undone."""

import re
import zlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import brotli
import zstandard
from isal import isal_zlib

from udfs.fault import Fault, Repair
from udfs.warc.record import parse_headers

MAX_HTTP_HEADER = 512 * 1024
_MAX_CODINGS = 5
_GZIP_ERROR: Any = isal_zlib.error  # its stub says it is no class
_STATUS_LINE = re.compile(rb"(?:HTTP|ICY|SHOUTCAST)\S*[ \t]+(\d{3})(?!\d)", re.IGNORECASE)
_HEADER_LINE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,80}[ \t]*:")
_HEADER_ENDS = (b"\n\r\n", b"\n\n", b"\n\r\r\n")
_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]{0,4096})?\r?\n")
_MAX_MEMBERS = 100  # of a gzip body: what is behind one is copied
_GZIP_MAGIC = b"\x1f\x8b\x08"
_MAX_WINDOW = 128 * 1024 * 1024


class HttpResponse(NamedTuple):
    """A response as the server sent it; `status` is None where there is no status line."""

    status: int | None
    headers: Mapping[str, str]
    body: bytes
    fault: Fault | None = None


class Body(NamedTuple):
    """A body without its codings, the fault that kept it from us, and what had to be set right."""

    data: bytes
    fault: Fault | None = None
    repairs: tuple[Repair, ...] = ()


class _Plain(NamedTuple):
    """What a decoder gives: the data, whether the claim was true and all well, whether it ended too early."""

    data: bytes
    is_whole: bool
    is_cut: bool = False


def parse_response(block: bytes) -> HttpResponse:
    """Return the response in `block`, taking latin-1 headers, missing lines and bare line feeds as they come."""
    response = _parse_head(block)
    while response.status is not None and response.status < 200 and response.body[:5] == b"HTTP/":
        response = _parse_head(response.body)  # 100 Continue, or a proxy's answer, before the real one
    return response


def decode_body(response: HttpResponse, cap: int) -> Body:
    """Return the body without transfer and content codings, at most `cap` bytes of it, and what is wrong.

    What only claims to be coded is returned as it is: headers are claims, not facts. Common Crawl stores
    decoded bodies and renames the headers to X-Crawler-…, which are therefore not looked at.
    """
    body = Body(response.body)
    if "chunked" in response.headers.get("transfer-encoding", "").lower():
        body = _dechunk(response.body)
    codings = response.headers.get("content-encoding", "").lower().replace(" ", "")
    for coding in reversed([c for c in codings.split(",") if c in _DECODERS][:_MAX_CODINGS]):
        decoded = _decode(body.data, coding, cap)
        body = decoded._replace(repairs=(*body.repairs, *decoded.repairs))
        if body.fault:
            return body
    return body if len(body.data) <= cap else Body(b"", Fault.BODY_TOO_LARGE, body.repairs)


def _parse_head(block: bytes) -> HttpResponse:
    status_line = _STATUS_LINE.match(block)
    if status_line is None and _HEADER_LINE.match(block) is None:
        return HttpResponse(None, {}, block)  # no head at all: a body, and the sniffers will see of what
    start = block.find(b"\n") + 1 if status_line else 0
    end, size = _head_end(block, max(0, start - 1))
    if end < 0 and len(block) > MAX_HTTP_HEADER:
        return HttpResponse(None, {}, b"", Fault.HEADER_TOO_LARGE)
    head, body = (block[start:end], block[end + size :]) if end >= 0 else (block[start:], b"")
    return HttpResponse(int(status_line[1]) if status_line else None, parse_headers(b"\n" + head), body)


def _head_end(block: bytes, start: int) -> tuple[int, int]:
    """Return where the head's last line ends and how long the blank line is, or -1."""
    found = (-1, 0)
    stop = min(len(block), MAX_HTTP_HEADER)
    for end in _HEADER_ENDS:
        at = block.find(end, start, stop)
        if at >= 0:
            found, stop = (at, len(end)), at + 2
    return found


def _dechunk(body: bytes) -> Body:
    """Return the chunks of `body` joined: all of it if it is not chunked, what is there if it is cut."""
    pieces: list[bytes] = []
    at, is_ended = 0, False
    while size_line := _CHUNK_SIZE.match(body, at):
        size = int(size_line[1], 16)
        if size == 0:
            is_ended = True
            break
        end = size_line.end() + size
        is_first = not pieces
        pieces.append(body[size_line.end() : end])
        at = end + (2 if body[end : end + 2] == b"\r\n" else 1)
        if end < len(body) and body[end : end + 1] not in (b"\r", b"\n"):
            if is_first:  # the first "chunk" was text that looks like one
                return Body(body, None, (Repair.FALSE_CHUNKED,))
            break
    if not pieces and not is_ended:
        return Body(body, None, (Repair.FALSE_CHUNKED,) if body else ())
    return Body(b"".join(pieces), None, () if is_ended else (Repair.CUT_BODY,))


def _decode(body: bytes, coding: str, cap: int) -> Body:
    """Undo one coding; the body itself if the claim is false, a fault if it is true and the data broken."""
    found = _DECODERS[coding](body.lstrip(b"\r\n") if coding.endswith("gzip") else body, cap)
    if len(found.data) > cap:
        return Body(b"", Fault.BODY_TOO_LARGE)
    if found.data or found.is_whole or body[:3] == b"\x1f\x8b\x08":
        fault = None if found.is_whole else Fault.BAD_CODING
        return Body(found.data, fault, (Repair.CUT_BODY,) if found.is_cut else ())
    return Body(body, None, (Repair.FALSE_CODING,) if body else ())


def _gunzip(body: bytes, cap: int) -> _Plain:
    return _unzip(body, 31, cap) if body[:2] == b"\x1f\x8b" else _Plain(b"", False)


def _undeflate(body: bytes, cap: int) -> _Plain:
    """Undo `deflate`, which is zlib by the standard and raw deflate by some servers."""
    found = _unzip(body, 15, cap)
    return found if found.data or found.is_whole else _unzip(body, -15, cap)


def _unzip(body: bytes, wbits: int, cap: int) -> _Plain:
    """Inflate up to `cap` bytes and one; a body that is only cut short counts as whole."""
    pieces: list[bytes] = []
    n = 0
    for _ in range(_MAX_MEMBERS):
        decoder = isal_zlib.decompressobj(wbits)
        try:
            pieces.append(decoder.decompress(body, cap + 1 - n))
        except (_GZIP_ERROR, zlib.error):
            return _Plain(b"".join(pieces) + _inflatable(body, wbits, cap - n), False)
        n += len(pieces[-1])
        body = decoder.unused_data or b""
        if n > cap or not decoder.eof or not body.startswith(_GZIP_MAGIC):
            break
    is_cut = not decoder.eof or body.startswith(_GZIP_MAGIC)
    return _Plain(b"".join(pieces), n > 0 or decoder.eof, is_cut)


def _inflatable(body: bytes, wbits: int, cap: int) -> bytes:
    """Return what can be inflated before the fault; in small steps, for the last one is lost."""
    decoder, pieces, n = zlib.decompressobj(wbits), list[bytes](), 0
    try:
        for at in range(0, len(body), 4096):
            data = body[at : at + 4096]
            while data and n <= cap:
                pieces.append(decoder.decompress(data, 256))
                n += len(pieces[-1])
                data = decoder.unconsumed_tail
    except zlib.error:
        pass
    return b"".join(pieces)


def _unbrotli(body: bytes, cap: int) -> _Plain:
    decoder, pieces, n = brotli.Decompressor(), list[bytes](), 0
    try:
        piece = decoder.process(body, output_buffer_limit=65536)
        while piece and n <= cap:
            pieces.append(piece)
            n += len(piece)
            piece = b"" if decoder.is_finished() else decoder.process(b"", output_buffer_limit=65536)
    except brotli.error:
        return _Plain(b"".join(pieces), False)
    return _Plain(b"".join(pieces), n > 0 or decoder.is_finished(), not decoder.is_finished())


def _unzstd(body: bytes, cap: int) -> _Plain:
    decoder = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW)
    pieces, n = [], 0
    try:
        with decoder.stream_reader(body, read_across_frames=True) as reader:
            while n <= cap and (piece := reader.read(65536)):
                pieces.append(piece)
                n += len(piece)
    except zstandard.ZstdError:
        return _Plain(b"".join(pieces), False)
    n_whole = zstandard.frame_content_size(body) if pieces else -1
    return _Plain(b"".join(pieces), bool(pieces), n < n_whole)


_DECODERS: dict[str, Callable[[bytes, int], _Plain]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _undeflate,
    "x-deflate": _undeflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}
