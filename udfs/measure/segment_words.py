"""Text -> its words as Unicode segments it (UAX #29), those that begin with a letter or digit: DCLM's "UniSeg" words.

The default word boundaries of https://www.unicode.org/reports/tr29/ as a regular expression: letters, digits and `_`
stick together, over `'` `.` `:` `·` `’` between letters and over `'` `.` `,` `;` between digits; marks and format
characters stick to what they follow; ideographs, Hiragana and the letters of Thai, Lao, Khmer and Myanmar stand alone;
Katakana runs together. A segment that begins otherwise (`_x`, `#`, an emoji) is no word, as in DCLM.
Differs from the standard in Hebrew's quotes (WB7a to WB7c), circled letters and rare scripts. Differs from the package
`uniseg`, which DCLM does not pin, where its releases differ: 0.7.2 has the tables of an old Unicode (full-width digits
stand alone, newer letters too); 0.8.0 cuts "can't" in three.
"""

import re
import unicodedata
from functools import cache

_MID_LETTER = ":\u00b7\u0387\u055f\u05f4\u2027\ufe13\ufe55\uff1a"
_MID_NUMBER = ",;\u037e\u0589\u060c\u060d\u066c\u07f8\u2044\ufe10\ufe14\ufe50\ufe54\uff0c\uff1b"
_MID_BOTH = "'.\u2018\u2019\u2024\ufe52\uff07\uff0e"
_KATAKANA = "\u3031-\u3035\u309b\u309c\u30a0-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u32d0-\u32fe\u3300-\u3357\uff66-\uff9d"
# Letters that are words of their own: only a dictionary could tell where words of these scripts end.
_ALONE = (
    "\u0e01-\u0e46\u0e81-\u0ec6\u0edc-\u0edf\u1000-\u103f\u1050-\u108f\u109a-\u109f\u1780-\u17dc\u1950-\u19da"
    "\u1a20-\u1aad\ua9e0-\ua9ef\ua9fa-\ua9fe\uaa60-\uaac2\uaadb-\uaadf"
    "\u3006-\u3007\u3021-\u3029\u3038-\u303a\u3041-\u3096\u309f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003134f"
)
_PLANES = (range(0x80, 0x20000), range(0xE0000, 0xE0200))


def segment_words(text: str) -> list[str]:
    """Return the words of a text, in its order."""
    ascii_words, any_words = _ascii_pattern().findall, _pattern().findall
    lines = [text] if text.isascii() else text.split("\n")  # no word goes on behind a newline
    return [
        word for line in lines for word in (ascii_words if line.isascii() else any_words)(line) if word[0].isalnum()
    ]


@cache
def _ascii_pattern() -> re.Pattern[str]:
    """Return the same rule for lines that are all ASCII: a third of the time."""
    return re.compile(r"\w++(?:(?:(?<=[A-Za-z])[:'.](?=[A-Za-z])|(?<=[0-9])[,;'.](?=[0-9]))\w++)*", re.ASCII)


@cache
def _pattern() -> re.Pattern[str]:
    marks = _class_of("Mn", "Mc", "Me", "Cf")
    apart = rf"\W{_KATAKANA}{_ALONE}{_class_of('No')}"
    run, letter = f"(?:[0-9A-Za-z_]++|[^{apart}]++)+", rf"[^\d_{apart}]"  # the first half is there for speed
    between_letters = rf"(?:(?<={letter})|(?<=[{marks}]))[{_MID_LETTER}{_MID_BOTH}](?={letter})"
    between_digits = rf"(?:(?<=\d)|(?<=[{marks}]))[{_MID_NUMBER}{_MID_BOTH}](?=\d)"
    return re.compile(
        rf"{run}(?:(?:[{marks}]++|{between_letters}|{between_digits})(?:{run})?)*"
        rf"|[{_KATAKANA}][{_KATAKANA}{marks}]*+(?:_{run})?"
        rf"|[^\W_][{marks}]*+"
    )


def _class_of(*categories: str) -> str:
    """Return the characters of some Unicode categories as ranges for a character class; no zero-width space."""
    codes = [i for plane in _PLANES for i in plane if unicodedata.category(chr(i)) in categories and i != 0x200B]
    starts = [i for i, before in zip(codes, [-2, *codes], strict=False) if i != before + 1]
    ends = [i for i, after in zip(codes, [*codes[1:], -2], strict=True) if i + 1 != after]
    return "".join(f"{chr(a)}-{chr(b)}" if a != b else chr(a) for a, b in zip(starts, ends, strict=True))
