"""Numbers and strings from a crawl go in, what a person can safely read comes out."""

import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime

MAX_CHARS = 300
_SPACE = "\N{NARROW NO-BREAK SPACE}"
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_SCALES = ((1e12, "T"), (1e9, "B"), (1e6, "M"))
_ROUNDS_UP = 0.9995  # from here on three digits would read "1000"
_BYTE_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def clean(text: str, limit: int = MAX_CHARS, keep: str = "") -> str:
    """Return `text` without control, format and surrogate characters (but those in `keep`), cut at `limit`.

    URLs and headers come from strangers: escape sequences, line breaks and right-to-left overrides
    would let them rewrite the line that they stand in.
    """
    visible = "".join(c for c in text[: 4 * limit] if c in keep or unicodedata.category(c) not in _UNSEEN)
    return visible if len(visible) <= limit else visible[: limit - 1] + "…"


def count(n: int | None) -> str:
    """Return a count: in full below a million (12,345), then with three digits (1.23 M)."""
    if n is None:
        return "–"
    for scale, unit in _SCALES:
        if n >= (1e6 if unit == "M" else scale * _ROUNDS_UP):
            return f"{_three_digits(n / scale)}{_SPACE}{unit}"
    return f"{n:,}"


def short(n: int) -> str:
    """Return a count in at most five characters, for a cell of a table: 345, 1.2k, 12k, 3.4M."""
    for scale, unit in (*_SCALES, (1e3, "k")):
        if n >= scale * _ROUNDS_UP:
            value = n / scale
            return f"{value:.1f}{unit}" if value < 9.95 else f"{value:.0f}{unit}"
    return str(n)


def share(part: float, whole: float) -> str:
    """Return `part` of `whole` in per cent, with as many digits as help."""
    if not whole:
        return "–"
    percent = 100 * part / whole
    if 0 < percent < 0.1:
        return f"<{_SPACE}0.1{_SPACE}%"
    return f"{percent:.0f}{_SPACE}%" if percent >= 99.95 or percent == 0 else f"{percent:.1f}{_SPACE}%"


def size(n_bytes: int) -> str:
    """Return a size in decimal units: 1.23 GB."""
    value, unit = float(n_bytes), _BYTE_UNITS[0]
    if n_bytes < 1000:
        return f"{n_bytes}{_SPACE}B"
    for unit in _BYTE_UNITS:
        if value < 1000 * _ROUNDS_UP or unit == _BYTE_UNITS[-1]:
            break
        value /= 1000
    return f"{_three_digits(value)}{_SPACE}{unit}"


def duration(seconds: float | None) -> str:
    """Return a length of time: 4.2 s, 3 min 20 s, 2 h 5 min."""
    if seconds is None:
        return "–"
    if seconds < 60:
        return f"{seconds:.1f}{_SPACE}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}{_SPACE}min {rest}{_SPACE}s"
    return f"{minutes // 60}{_SPACE}h {minutes % 60}{_SPACE}min"


def rate(per_second: float | None) -> str:
    """Return a number per second: 842 /s."""
    if per_second is None:
        return "–"
    return f"{per_second:,.0f}/s" if per_second >= 10 else f"{per_second:.1f}/s"


def moment(at: datetime | None) -> str:
    """Return a time in UTC, to the minute."""
    return "–" if at is None else f"{_in_utc(at):%Y-%m-%d %H:%M} UTC"


def plural(n: int, noun: str, nouns: str | None = None) -> str:
    """Return a count with its noun: 1 page, 12,345 pages, 3 strata."""
    return f"{count(n)} {noun if n == 1 else nouns or noun + 's'}"


def listed(names: Sequence[str], n_shown: int = 4) -> str:
    """Return names in a row: a, b, c and 5 more."""
    more = f" and {len(names) - n_shown} more" if len(names) > n_shown else ""
    return ", ".join(names[:n_shown]) + more


def words(code: str) -> str:
    """Return a code as words: `damaged_record` is a damaged record."""
    return code.replace("_", " ")


def _three_digits(value: float) -> str:
    return f"{value:.2f}" if value < 9.995 else f"{value:.1f}" if value < 99.95 else f"{value:.0f}"


def _in_utc(at: datetime) -> datetime:
    return at.astimezone(UTC) if at.tzinfo else at
