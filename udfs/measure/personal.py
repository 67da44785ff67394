"""Text -> how much personal data it holds, and the same text with placeholders in its place.

The same patterns count and mask. E-mail and IPv4 addresses are replaced as FineWeb replaces them (Penedo et al., 2024,
arXiv 2406.17557, and datatrove 0.10.1): by two and six placeholders in turn, from the first one again for every text.
Unlike there, a placeholder that is already in the text is neither counted nor replaced, so a masked text has counts of
0 and masking it again changes nothing (unless two addresses touched, which makes one of their placeholders).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import cycle
from typing import NamedTuple

from udfs.annotator import AnnotationField, Annotator
from udfs.errors import ConfigError
from udfs.measure.addresses import Span, emails, public_ipv4, public_ipv6
from udfs.measure.identifiers import cards, ibans, phone_library, phones
from udfs.measure.measure_set import Measure, Value, measures_annotator

VERSION = "1"
DEFAULT_KINDS = ("email", "ipv4", "ipv6", "card", "iban")


class _Kind(NamedTuple):
    """A kind of personal data: the field that counts it, how it is found, and what replaces it in turn."""

    field: str
    comment: str
    find: Callable[[str], Iterator[Span]]
    placeholders: tuple[str, ...]


# FineWeb's are facts of its data. Our own are chosen so that no pattern finds them: reserved ranges, wrong checks.
_KINDS: Mapping[str, _Kind] = {
    "email": _Kind("n_emails", "e-mail addresses", emails, ("email@example.com", "firstname.lastname@example.org")),
    "ipv4": _Kind(
        "n_ipv4",
        "public IPv4 addresses",
        public_ipv4,
        ("22.214.171.124", "126.96.36.199", "188.8.131.52", "184.108.40.206", "220.127.116.11", "18.104.22.168"),
    ),
    "ipv6": _Kind("n_ipv6", "public IPv6 addresses", public_ipv6, ("2001:db8::1",)),
    "iban": _Kind("n_ibans", "bank account numbers with right check digits", ibans, ("XX00 0000 0000 0000",)),
    "card": _Kind("n_cards", "payment card numbers with a right check digit", cards, ("0000 0000 0000 0000",)),
    "phone": _Kind("n_phones", "valid telephone numbers", phones, ("+00 000 0000",)),
}
KINDS = tuple(_KINDS)


def personal_annotator(name: str, kinds: Sequence[str] = DEFAULT_KINDS, region: str | None = None) -> Annotator:
    """Return the annotator that counts personal data of these kinds, a field each; NULL for none of them.

    `region` (`US`, `DE` …) is where telephone numbers without a country code are taken to be from.
    Raises ConfigError for an unknown kind, or for `phone` where the optional library is not installed.
    """
    kinds = _checked(kinds)
    mask("", kinds, region)  # says now what it would say on a worker
    suffix = f"-phonenumbers{phone_library().__version__}-{region or 'any'}" if "phone" in kinds else ""
    return measures_annotator(
        name,
        version=f"personal-{VERSION}-{'+'.join(kinds)}{suffix}",
        fields=tuple(AnnotationField(_KINDS[kind].field, "BIGINT", _KINDS[kind].comment) for kind in kinds),
        load=partial(_load, kinds, region),
        details={"source": "arXiv 2406.17557 for e-mail and IPv4"},
    )


def mask(text: str, kinds: Iterable[str], region: str | None = None) -> tuple[str, dict[str, int]]:
    """Return the text with placeholders for personal data of these kinds, and how many of each kind it held.

    The kinds are looked for one after the other, each in what the one before it left: the order of `KINDS`.
    """
    counts = {}
    for kind in _checked(kinds):
        find = partial(phones, region=region) if kind == "phone" else _KINDS[kind].find
        text, counts[kind] = _replaced(text, find, _KINDS[kind].placeholders)
    return text, counts


def _replaced(text: str, find: Callable[[str], Iterator[Span]], placeholders: tuple[str, ...]) -> tuple[str, int]:
    found = [span for span in find(text) if not any(known in text[slice(*span)] for known in placeholders)]
    if not found:
        return text, 0
    pieces, end = [], 0
    for span, placeholder in zip(found, cycle(placeholders), strict=False):
        pieces += [text[end : span[0]], placeholder]
        end = span[1]
    return "".join([*pieces, text[end:]]), len(found)


def _load(kinds: tuple[str, ...], region: str | None) -> Measure:
    def measure(text: str, _: str) -> list[Value]:
        counts = mask(text, kinds, region)[1]
        return [counts[kind] for kind in kinds]

    return measure


def _checked(kinds: Iterable[str]) -> tuple[str, ...]:
    """Return the kinds in the order of `KINDS`; raises ConfigError for one that is unknown."""
    asked = set(kinds)
    if unknown := sorted(asked - set(KINDS)):
        raise ConfigError(f"no kind of personal data {', '.join(unknown)}; known: {', '.join(KINDS)}")
    return tuple(kind for kind in KINDS if kind in asked)
