"""Text -> where numbers of payment cards, bank accounts (IBAN) and telephones stand; linear in any text.

Card and account numbers are those whose check digits are right, so that one in ten, and one in ninety-seven, of the
other numbers of that form are found with them. Telephones are what the library `phonenumbers` calls valid.
"""

import re
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType

from udfs.errors import ConfigError
from udfs.measure.addresses import Span

# In one piece, in fours as most cards have them, or 4-6-5 as American Express has.
# (A pattern that begins with a character class is searched for three times as fast as one that looks behind first.)
_CARD = re.compile(
    r"[0-9](?<![\w.-].)(?:[0-9]{12,18}|[0-9]{3}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{1,7}|[0-9]{3}([ -])[0-9]{6}\2[0-9]{5})"
    r"(?!\w|[.-][0-9])"
)
# First digits of ISO/IEC 7812 that payment cards have: Mastercard's second range, and most of 3 to 6.
_CARD_START = re.compile(r"2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)|3[04-9]|4|5[0-8]|6")
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)

# Each start is looked at: behind the first few characters stands the next number, or a word in capitals.
_IBAN = re.compile(r"[A-Z](?<!\w.)(?=([A-Z][0-9]{2}(?: ?[0-9A-Z]){11,30}))")
# Characters of an IBAN by country: ISO 13616.
_IBAN_LENGTHS = {
    15: "NO", 16: "BE", 18: "DK FO FI GL NL FK SD", 19: "MK SI", 20: "AT BA EE KZ LT LU XK MN", 21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM SO TL", 24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST", 26: "IS TR", 27: "BI DJ FR GR IT MC MR SM", 28: "AL AZ BY CY DO GT HU LB NI PL SV",
    29: "BR EG PS QA UA", 30: "JO KW MU YE", 31: "MT SC", 32: "LC", 33: "RU",
}  # fmt: skip
_LENGTH_OF = {country: length for length, countries in _IBAN_LENGTHS.items() for country in countries.split()}


def cards(text: str) -> Iterator[Span]:
    """Yield where payment card numbers stand: 13 to 19 digits with the right check digit (ISO/IEC 7812, Luhn)."""
    return (match.span() for match in _CARD.finditer(text) if _CARD_START.match(match[0]) and _is_luhn(match[0]))


def ibans(text: str) -> Iterator[Span]:
    """Yield where international bank account numbers stand: a country's length and check digits (ISO 13616)."""
    free = 0
    for match in _IBAN.finditer(text):
        spaced = match[0] + match[1]
        length = _LENGTH_OF.get(spaced[:2], 0)
        end = match.start() + _end_of(spaced, length)
        is_whole = match.start() >= free and not text[end : end + 1].isalnum()
        if is_whole and _is_iban(spaced.replace(" ", "")[:length], length):
            yield match.start(), end
            free = end


def phones(text: str, region: str | None = None) -> Iterator[Span]:
    """Yield where telephone numbers stand: in international form (+44 …), and in that of `region` (`US`) if given.

    The library gives up on a text after 65,535 things that are no numbers. Raises ConfigError if it is not installed,
    or does not know the region.
    """
    if region and region not in phone_library().SUPPORTED_REGIONS:
        raise ConfigError(f"no region {region!r}; give two capital letters, such as US")
    if region is None and "+" not in text and "\uff0b" not in text:
        return iter(())
    return ((match.start, match.end) for match in phone_library().PhoneNumberMatcher(text, region))


def phone_library() -> ModuleType:
    """Return the module `phonenumbers`; raises ConfigError if it is not installed."""
    try:
        return import_module("phonenumbers")
    except ImportError:
        raise ConfigError("telephone numbers need the library phonenumbers: pip install phonenumbers") from None


def _is_luhn(number: str) -> bool:
    digits = [int(char) for char in reversed(number) if char.isdigit()]
    return (sum(digits[::2]) + sum(_DOUBLED[digit] for digit in digits[1::2])) % 10 == 0


def _end_of(spaced: str, length: int) -> int:
    """Return where the first `length` characters of `spaced` end, spaces not counted."""
    seen = 0
    for i, char in enumerate(spaced):
        seen += char != " "
        if seen == length:
            return i + 1
    return len(spaced)


def _is_iban(number: str, length: int) -> bool:
    if not length or len(number) != length:
        return False
    return int("".join(str(int(char, 36)) for char in number[4:] + number[:4])) % 97 == 1
