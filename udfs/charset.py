"""The bytes of a text, and what its server and itself say of their charset -> the text, and which was chosen."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from resiliparse.parse.encoding import detect_encoding, map_encoding_to_html5

_META_BYTES = 4096
_META = re.compile(
    rb"<meta\b[^>]{0,512}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:\-]{2,40})"
    rb"|<\?xml\b[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9_.:\-]{2,40})",
    re.IGNORECASE,
)
_HTTP = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:\-]{2,40})", re.IGNORECASE)
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))

# Labels that the WHATWG standard does not know and the web uses.
_MORE_LABELS = {"utf8mb4": "utf-8", "cp932": "shift_jis", "cp936": "gbk", "cp949": "euc_kr", "cp950": "big5"}

# A WHATWG decoder often takes more than Python's codec of the same name.
_WIDER = {
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
    "iso8859-11": "cp874",
}
_FEW = 0.1  # broken characters, as a share of the well-formed ones, that a text in UTF-8 may have


class Decoded(NamedTuple):
    """A text, the charset it was read in, who named it, and whether replacement characters were needed.

    `http`, `meta` and `detected` are what each of the three said, by Python's name; None if it said nothing,
    nothing we know, or was not asked.
    """

    text: str
    charset: str
    source: str
    is_repaired: bool
    http: str | None = None
    meta: str | None = None
    detected: str | None = None


def decode(body: bytes, content_type: str | None) -> Decoded:
    """Return `body` as text.

    A byte order mark decides; then UTF-8 that is valid, whatever was declared; then the charset of the HTTP
    header, of `<meta>` in the first 4 KB, or a detected one, the first in which all bytes have a meaning;
    at last the one with the fewest replacement characters.
    """
    http, meta = http_charset(content_type), meta_charset(body)
    return _decode(body, http, meta)._replace(http=http, meta=meta)


def http_charset(content_type: str | None) -> str | None:
    """Return the charset that a Content-Type names, by its Python name, None if there is none we know."""
    match = _HTTP.search(content_type[:1000]) if content_type else None
    return _known(match[1]) if match else None


def meta_charset(body: bytes) -> str | None:
    """Return the charset that an HTML page names in its first 4 KB, by its Python name."""
    match = _META.search(body[:_META_BYTES])
    charset = _known((match[1] or match[2]).decode("ascii")) if match else None
    return "utf-8" if charset and charset.startswith("utf-16") else charset  # or it could not be read


def _decode(body: bytes, http: str | None, meta: str | None) -> Decoded:
    for bom, named in _BOMS:
        if body.startswith(bom):
            return _replaced(body[len(bom) :], named, "bom")
    if b"\0" in body[:_META_BYTES] and (charset := _utf16_of(body)):
        return _replaced(body, charset, "detected")._replace(detected=charset)
    try:
        return _as_utf8(body, http, meta)
    except UnicodeDecodeError:
        return _as_legacy(body, http, meta)


def _known(label: str) -> str | None:
    name = label.strip().lower()
    charset: str | None = _MORE_LABELS.get(name) or map_encoding_to_html5(name, fallback_utf8=False)
    return _WIDER.get(charset, charset) if charset else None


def _as_utf8(body: bytes, http: str | None, meta: str | None) -> Decoded:
    """Read `body` as UTF-8; raises UnicodeDecodeError."""
    declared = http or meta
    if declared == "iso2022_jp" and b"\x1b" in body:
        return _replaced(body, declared, "http" if http else "meta")
    text = body.decode("utf-8")
    if body.isascii() and declared:
        return Decoded(text, declared, "http" if http else "meta", False)
    sources = {http: "http", meta: "meta"} if http != "utf-8" else {http: "http"}
    return Decoded(text, "utf-8", sources.get("utf-8", "default" if body.isascii() else "detected"), False)


def _as_legacy(body: bytes, http: str | None, meta: str | None) -> Decoded:
    """Read `body`, which is not valid UTF-8."""
    if _is_mostly_utf8(body):
        return _replaced(body, "utf-8", "http" if http == "utf-8" else "meta" if meta == "utf-8" else "detected")
    detected = _known(detect_encoding(body) or "")
    named = [(http, "http"), (meta, "meta"), (detected, "detected"), ("cp1252", "default")]
    candidates = [(charset, source) for charset, source in named if charset and charset != "utf-8"]
    return _in_one_of(candidates, body)._replace(detected=detected)


def _in_one_of(candidates: Sequence[tuple[str, str]], body: bytes) -> Decoded:
    """Read `body` in the first charset in which all of it has a meaning, else in the one that loses least."""
    for charset, source in candidates:
        try:
            return Decoded(body.decode(charset), charset, source, False)
        except (UnicodeDecodeError, LookupError):
            continue
    tries = [_replaced(body, charset, source) for charset, source in candidates]
    return min(tries, key=lambda decoded: decoded.text.count("\ufffd"))


def _replaced(body: bytes, charset: str, source: str) -> Decoded:
    text = body.decode(charset, "replace")
    return Decoded(text, charset, source, "\ufffd" in text)


def _is_mostly_utf8(body: bytes) -> bool:
    """Tell whether only few characters of `body` are not UTF-8: damaged or cut, rather than another charset."""
    text = body.decode("utf-8", "replace")
    n_broken = text.count("\ufffd")
    n_whole = len(text) - len(text.encode("ascii", "ignore")) - n_broken
    return n_broken <= _FEW * n_whole


def _utf16_of(body: bytes) -> str | None:
    """Return which UTF-16 a text without byte order mark is in, seen by where its zero bytes are."""
    sample = body[:_META_BYTES]
    half = max(1, len(sample) // 2)
    if sample[1::2].count(0) > 0.4 * half and sample[0::2].count(0) < 0.1 * half:
        return "utf-16-le"
    if sample[0::2].count(0) > 0.4 * half and sample[1::2].count(0) < 0.1 * half:
        return "utf-16-be"
    return None
