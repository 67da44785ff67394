"""What a server and the first bytes say of a body -> its media type, and whether it is HTML or text."""

from udfs.normalise import clean_text

HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
TEXT_TYPES = frozenset({"text/plain"})

_UNKNOWN_TYPES = frozenset({None, "", "unknown/unknown", "application/octet-stream", "unk", "no-type"})
_HTML_STARTS = (b"<!doctype html", b"<html", b"<head", b"<body", b"<title", b"<meta", b"<!--", b"<div", b"<p>")
_PRINTABLE = bytes({9, 10, 12, 13, 27} | set(range(32, 256)) - {127})


def media_type_of(content_type: str | None) -> str | None:
    """Return the media type of a Content-Type in lower case, without its parameters."""
    if content_type is None:
        return None
    return clean_text(content_type.split(";")[0].split(",")[0].strip().lower())[:200] or None


def is_text(media_type: str | None, body: bytes) -> bool:
    """Tell whether a body is HTML or plain text: by its media type, else by its first bytes."""
    if media_type in _UNKNOWN_TYPES:
        return _looks_like_html(body) or _looks_like_text(body)
    is_binary = body[:5] == b"%PDF-" or body[:2] == b"PK" or body[:4] in (b"\x89PNG", b"\xff\xd8\xff\xe0", b"GIF8")
    return (media_type in HTML_TYPES or media_type in TEXT_TYPES) and not is_binary


def is_html(media_type: str | None, body: bytes) -> bool:
    """Tell whether a body that is text is HTML."""
    return media_type in HTML_TYPES or (media_type in _UNKNOWN_TYPES and _looks_like_html(body))


def _looks_like_html(body: bytes) -> bool:
    return body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((*_HTML_STARTS, b"<?xml"))


def _looks_like_text(body: bytes) -> bool:
    """Tell whether the first KB holds no control characters, as what has no media type must."""
    return not body[:1024].translate(None, _PRINTABLE)
