"""A page-bearing record -> a Page: what the server said, and the main text or the fault that kept it away."""

from base64 import b32encode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b, sha1
from typing import NamedTuple

from udfs.charset import Decoded, decode
from udfs.extract_process import extract
from udfs.fault import Fault, Repair
from udfs.http import HttpResponse, decode_body, parse_response
from udfs.media_type import is_html, is_text, media_type_of
from udfs.normalise import clean_text, text_digest
from udfs.url import parse_url
from udfs.warc.record import Caps, Record

PAGE_KINDS = frozenset({"response", "resource", "conversion", "revisit"})
MAX_DETAIL_CHARS = 300
MAX_VALUE_CHARS = 16_384

_YEARS = range(1990, 2101)


@dataclass(frozen=True, slots=True)
class ReadSettings:
    """How pages are read: the crawl they belong to, the extractor, and the caps."""

    crawl: str
    extractor: str = "resiliparse"
    caps: Caps = field(default_factory=Caps)
    body_bytes: int = 64 * 1024 * 1024


class Page(NamedTuple):
    """A row of `pages`; exactly one of `text` and `fault` is None."""

    page_id: str
    crawl: str
    warc_file: str
    warc_offset: int
    warc_length: int
    record_type: str
    record_id: str | None
    url: str | None
    canonical_url: str | None
    host: str | None
    registered_domain: str | None
    fetched_at: datetime | None
    http_status: int | None
    content_type: str | None
    media_type: str | None
    charset: str | None
    charset_source: str | None
    charset_http: str | None
    charset_meta: str | None
    charset_detected: str | None
    repairs: list[str]
    payload_bytes: int | None
    payload_digest: str | None
    title: str | None
    text_digest: str | None
    n_chars: int | None
    fault: str | None
    fault_detail: str | None
    is_fault_expected: bool | None
    text: str | None


class _Payload(NamedTuple):
    """What a record holds: the body without codings, and how it was served."""

    status: int | None
    content_type: str | None
    body: bytes
    fault: Fault | None = None
    repairs: tuple[Repair, ...] = ()


class _Text(NamedTuple):
    """What was made of a payload: a text, or a fault."""

    decoded: Decoded | None = None
    title: str | None = None
    text: str | None = None
    fault: Fault | None = None
    detail: str | None = None
    repair: Repair | None = None


def page_of(record: Record, warc_file: str, settings: ReadSettings) -> Page:
    """Return the page in `record`, whose kind is one of PAGE_KINDS; raises nothing for what it holds."""
    payload = _payload(record, settings.body_bytes)
    media_type = media_type_of(payload.content_type)
    found = _text(record, payload, media_type, settings.extractor)
    url = _value(record.headers.get("warc-target-uri"))
    url = url.strip("<>") if url else None
    where = parse_url(url or "")
    body, decoded = payload.body, found.decoded
    return Page(
        page_id=page_id(settings.crawl, warc_file, record.offset),
        crawl=settings.crawl,
        warc_file=warc_file,
        warc_offset=record.offset,
        warc_length=record.length,
        record_type=record.kind,
        record_id=_value(record.headers.get("warc-record-id")),
        url=url,
        canonical_url=where.canonical,
        host=where.host,
        registered_domain=where.registered_domain,
        fetched_at=fetched_at(record.headers.get("warc-date")),
        http_status=payload.status,
        content_type=_value(payload.content_type),
        media_type=media_type,
        charset=decoded.charset if decoded else None,
        charset_source=decoded.source if decoded else None,
        charset_http=decoded.http if decoded else None,
        charset_meta=decoded.meta if decoded else None,
        charset_detected=decoded.detected if decoded else None,
        repairs=_repairs(record, payload, found),
        payload_bytes=len(body) if found.fault not in _UNREAD else None,
        payload_digest=_digest(body) if body else _value(record.headers.get("warc-payload-digest")),
        title=clean_text(found.title) if found.title else None,
        text_digest=text_digest(found.text) if found.text else None,
        n_chars=len(found.text) if found.text else None,
        fault=found.fault.value if found.fault else None,
        fault_detail=escaped(found.detail) if found.detail else None,
        is_fault_expected=found.fault.is_expected if found.fault else None,
        text=found.text,
    )


def unread_page(record: Record, warc_file: str, settings: ReadSettings, error: Exception) -> Page:
    """Return the page of a record over which a library stumbled: where it lies, and what was raised."""
    known = {
        "page_id": page_id(settings.crawl, warc_file, record.offset),
        "crawl": settings.crawl,
        "warc_file": warc_file,
        "warc_offset": record.offset,
        "warc_length": record.length,
        "record_type": record.kind,
        "repairs": [],
        "fault": Fault.EXTRACTOR_FAILED.value,
        "fault_detail": escaped(f"{type(error).__name__}: {error}"),
        "is_fault_expected": Fault.EXTRACTOR_FAILED.is_expected,
    }
    return Page(**{name: known.get(name) for name in Page._fields})  # type: ignore[arg-type]


def page_id(crawl: str, warc_file: str, offset: int) -> str:
    """Return the 128-bit BLAKE2b of where a page lies, as 32 hex characters: the same on every machine."""
    place = f"{crawl}\0{warc_file}\0{offset}".encode("utf-8", "surrogateescape")
    return blake2b(place, digest_size=16).hexdigest()


def fetched_at(warc_date: str | None) -> datetime | None:
    """Return a WARC-Date in UTC, None if it cannot be read or lies outside 1990 to 2100."""
    try:
        date = datetime.fromisoformat(warc_date or "")
        date = date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return date if date.year in _YEARS else None


def escaped(detail: str) -> str:
    """Return `detail` on one line of at most 300 characters, its control characters escaped."""
    safe = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in detail[:400])
    return safe[:MAX_DETAIL_CHARS]


_UNREAD = frozenset(
    {
        Fault.DAMAGED_RECORD,
        Fault.TRUNCATED_RECORD,
        Fault.BAD_WARC_HEADER,
        Fault.HEADER_TOO_LARGE,
        Fault.RECORD_TOO_LARGE,
        Fault.RATIO_TOO_HIGH,
        Fault.BODY_TOO_LARGE,
        Fault.REVISIT,
    }
)


def _payload(record: Record, cap: int) -> _Payload:
    """Return what `record` holds, as far as it can be read."""
    content_type = record.headers.get("content-type")
    if not _is_http(record, content_type):
        return _Payload(None, content_type, record.block if record.kind != "revisit" else b"", record.fault)
    response = parse_response(record.block)
    served_as = response.headers.get("content-type")
    if record.fault or response.fault or _is_bad_http(response):
        fault = record.fault or response.fault or Fault.BAD_HTTP
        return _Payload(response.status, served_as, b"", fault)
    body = decode_body(response, cap)
    return _Payload(response.status, served_as, body.data, body.fault, body.repairs)


def _is_http(record: Record, content_type: str | None) -> bool:
    """Tell whether the block is an HTTP response; DNS answers and FTP files are stored as they are."""
    if record.kind in ("resource", "conversion"):
        return False
    if content_type is not None and content_type.lower().startswith("application/http"):
        return True
    return record.block[:5].upper() in (b"HTTP/", b"ICY 2") or (
        record.kind == "response" and record.headers.get("warc-target-uri", "").lower()[:4].strip("<") == "http"
    )


def _is_bad_http(response: HttpResponse) -> bool:
    """Tell whether a block that should be HTTP has no head and is no text either."""
    return not response.headers and response.status is None and b"\0" in response.body[:1024]


def _text(record: Record, payload: _Payload, media_type: str | None, extractor: str) -> _Text:
    fault = payload.fault or _fault_before_text(record, payload, media_type)
    if fault:
        return _Text(fault=fault, detail=_detail(fault, record, payload))
    decoded = decode(payload.body, payload.content_type)
    if record.kind == "conversion" or not is_html(media_type, payload.body):
        return _main_text(decoded, None, clean_text(decoded.text))
    title, text, repair = extract(decoded.text.replace("\0", ""), extractor)
    return _main_text(decoded, title, clean_text(text), repair)


def _main_text(decoded: Decoded, title: str | None, text: str, repair: Repair | None = None) -> _Text:
    if not text.strip():
        return _Text(decoded, title, None, Fault.NO_MAIN_TEXT, repair=repair)
    return _Text(decoded, title, text, repair=repair)


def _repairs(record: Record, payload: _Payload, found: _Text) -> list[str]:
    """Return what was set right on the way to the text, in the order of the way."""
    is_replaced = found.decoded is not None and found.decoded.is_repaired
    charset = Repair.CHARSET_REPLACED if is_replaced else None
    return [repair.value for repair in (record.repair, *payload.repairs, charset, found.repair) if repair]


def _fault_before_text(record: Record, payload: _Payload, media_type: str | None) -> Fault | None:
    """Return why no text is even looked for."""
    status = payload.status
    if record.kind == "revisit" or status == 304:
        return Fault.REVISIT
    if status is not None and 300 <= status < 400:
        return Fault.REDIRECT
    if status is not None and not 200 <= status < 300:
        return Fault.HTTP_ERROR
    if not payload.body.strip():
        return Fault.EMPTY_BODY
    if record.kind != "conversion" and not is_text(media_type, payload.body):
        return Fault.NOT_TEXT
    return None


def _detail(fault: Fault, record: Record, payload: _Payload) -> str | None:
    """Return what tells one case of a fault from another."""
    if fault in (Fault.HTTP_ERROR, Fault.REDIRECT):
        return f"HTTP {payload.status}"
    if fault is Fault.NOT_TEXT:
        return payload.content_type or "no Content-Type"
    if fault is Fault.TRUNCATED_RECORD:
        return f"{len(record.block):,} bytes of {record.headers.get('content-length', 'an unknown number')}"
    return None


def _value(header: str | None) -> str | None:
    return clean_text(header)[:MAX_VALUE_CHARS] or None if header else None


def _digest(body: bytes) -> str:
    return "sha1:" + b32encode(sha1(body, usedforsecurity=False).digest()).decode("ascii")
