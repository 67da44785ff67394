"""Text -> the shares of its characters by class, and of its letters by script."""

import unicodedata
from collections import Counter
from functools import cache

from udfs.annotator import AnnotationField, Annotator
from udfs.measure.measure_set import Measure, Value, measures_annotator, ratio

VERSION = f"1-unicode{unicodedata.unidata_version}"

_CLASSES = {
    "letter": "letters of any script, marks that belong to them included",
    "digit": "decimal digits and other numbers of any script",
    "punctuation": "punctuation",
    "space": "white space, ends of lines included",
    "symbol": "symbols: mathematical, of currencies, emoji, dingbats",
    "control": "what no text needs: control characters, private use, unassigned, halves of pairs",
}
# The script is the first word of a letter's Unicode name; "CJK" begins those of Han, HANGUL of Korean.
_SCRIPTS = {
    "LATIN": "latin", "GREEK": "greek", "CYRILLIC": "cyrillic", "ARMENIAN": "armenian", "HEBREW": "hebrew",
    "ARABIC": "arabic", "DEVANAGARI": "devanagari", "BENGALI": "bengali", "TAMIL": "tamil", "TELUGU": "telugu",
    "THAI": "thai", "GEORGIAN": "georgian", "HANGUL": "hangul", "HIRAGANA": "kana", "KATAKANA": "kana", "CJK": "han",
}  # fmt: skip
_NAMES = tuple(dict.fromkeys(_SCRIPTS.values()))
_WIDTHS = ("FULLWIDTH ", "HALFWIDTH ")

_FIELDS = (
    AnnotationField("n_characters", "BIGINT", "characters: Unicode code points"),
    *(
        AnnotationField(f"{name}_ratio", "DOUBLE", f"{what}, as a share of all characters")
        for name, what in _CLASSES.items()
    ),
    AnnotationField("uppercase_ratio", "DOUBLE", "capitals, as a share of the letters that have two cases"),
    *(
        AnnotationField(f"{name}_ratio", "DOUBLE", f"{name.title()} letters, as a share of the letters")
        for name in _NAMES
    ),
    AnnotationField("other_script_ratio", "DOUBLE", "letters of other scripts, as a share of the letters"),
)


def characters_annotator(name: str) -> Annotator:
    """Return the annotator of character classes and scripts, by the Unicode tables of the Python that runs it."""
    return measures_annotator(name, version=f"characters-{VERSION}", fields=_FIELDS, load=_load)


def _load() -> Measure:
    return lambda text, _: measure(text)


def measure(text: str) -> list[Value]:
    """Return the measures of one text, in the order of the annotator's fields."""
    seen: Counter[str] = Counter()
    for char, count in Counter(text).items():
        for what in _about(char):
            seen[what] += count
    return [
        len(text),
        *(ratio(seen[name], len(text)) for name in _CLASSES),
        ratio(seen["upper"], seen["upper"] + seen["lower"]),
        *(ratio(seen[f"script {name}"], seen["scripted"]) for name in (*_NAMES, "other")),
    ]


@cache
def _about(char: str) -> tuple[str, ...]:
    """Return everything that a character counts as."""
    category = unicodedata.category(char)
    if category[0] == "L":
        case = {"Lu": "upper", "Lt": "upper", "Ll": "lower"}.get(category)
        return ("letter", "scripted", f"script {_script(char)}", *((case,) if case else ()))
    return (_class(char, category),)


def _class(char: str, category: str) -> str:
    if char.isspace() or category[0] == "Z":
        return "space"
    by_first = {"M": "letter", "N": "digit", "P": "punctuation", "S": "symbol"}
    # Joiners of emoji and of Persian words, marks of direction: characters that change how others look.
    return by_first.get(category[0], "letter" if category == "Cf" else "control")


def _script(char: str) -> str:
    name = unicodedata.name(char, "")
    for width in _WIDTHS:
        name = name.removeprefix(width)
    return _SCRIPTS.get(name.split(" ")[0].split("-")[0], "other")
