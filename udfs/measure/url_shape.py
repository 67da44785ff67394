"""URL -> numbers of its form: how long and deep it is, what it is made of."""

import re
from urllib.parse import SplitResult, urlsplit

from udfs.annotator import AnnotationField, Annotator
from udfs.measure.measure_set import Measure, Value, measures_annotator, ratio
from udfs.url import parse_url

VERSION = "1"
_INDEX = re.compile(r"(?:index|default|home)(?:\.[a-z]{2,5})?", re.IGNORECASE)
_IP_ADDRESS = re.compile(r"[0-9.]+|.*:.*")
_DIGIT = re.compile(r"[0-9]")

_FIELDS = (
    AnnotationField("n_characters", "BIGINT", "characters of the URL"),
    AnnotationField("depth", "BIGINT", "parts of the path between slashes: 0 at the root, 2 for /a/b"),
    AnnotationField("n_query_parameters", "BIGINT", "parameters after the question mark"),
    AnnotationField("n_subdomains", "BIGINT", "labels of the host before its registered domain, www too"),
    AnnotationField("n_hyphens", "BIGINT", "hyphens in the host"),
    AnnotationField("digit_ratio", "DOUBLE", "ASCII digits, as a share of the characters of path and query"),
    AnnotationField("is_home_page", "BOOLEAN", "no path, or index, default or home at the root, and no query"),
    AnnotationField("is_https", "BOOLEAN", "scheme https"),
    AnnotationField("is_ip_address", "BOOLEAN", "the host is an IP address"),
)


def url_annotator(name: str) -> Annotator:
    """Return the annotator of URLs' form; all NULL for a URL that is none."""
    return measures_annotator(name, version=f"url-{VERSION}", fields=_FIELDS, load=_load)


def _load() -> Measure:
    return lambda _, url: measure(url)


def measure(url: str) -> list[Value]:
    """Return the measures of one URL, in the order of the annotator's fields."""
    found = parse_url(url)
    if found.host is None or found.canonical is None:
        return [None] * len(_FIELDS)
    parts = urlsplit(found.canonical)
    segments = [segment for segment in parts.path.split("/") if segment]
    tail = parts.path + parts.query
    return [
        len(url),
        len(segments),
        sum(1 for item in parts.query.replace(";", "&").split("&") if item),
        _n_subdomains(found.host, found.registered_domain),
        found.host.count("-"),
        ratio(len(_DIGIT.findall(tail)), len(tail)),
        _is_home_page(parts, segments),
        parts.scheme.lower() == "https",
        bool(_IP_ADDRESS.fullmatch(found.host)),
    ]


def _n_subdomains(host: str, domain: str | None) -> int | None:
    return host.removesuffix(domain).count(".") if domain else None


def _is_home_page(parts: SplitResult, segments: list[str]) -> bool:
    is_root = not segments or (len(segments) == 1 and bool(_INDEX.fullmatch(segments[0])))
    return is_root and not parts.query
