"""Which language a text is measured in: the one that lid.176 names, or one that is said beforehand."""

import re
from collections.abc import Callable

from udfs.language import MAX_CHARS, MODEL_SHA256, language_of

DETECTED = "detected"
ENGLISH = "en"
# Written without spaces between words: what a tokenizer for words between spaces counts there are no words.
WITHOUT_SPACES = frozenset({"bo", "dz", "ja", "km", "lo", "my", "th", "wuu", "yue", "zh"})

# Letters of their scripts: Thai, Lao, Tibetan, Myanmar, Khmer, kana and ideographs.
_LETTER = re.compile("[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff]")

LanguageOf = Callable[[str], str | None]


def language_rule(language: str) -> LanguageOf:
    """Return what names a text's language: lid.176 for `detected`, otherwise always `language` (ISO 639).

    datatrove measures every text as English unless told otherwise: `en` does the same.
    """
    return _detected if language == DETECTED else lambda _: language


def language_version(language: str) -> str:
    """Return what names everything that the rule depends on."""
    return f"lid176-{MODEL_SHA256[:12]}" if language == DETECTED else language


def has_words(language: str | None) -> bool:
    """Return whether spaces separate the words of a language; of an unknown one we think so."""
    return language not in WITHOUT_SPACES


def _detected(text: str) -> str | None:
    """Return what the model names, but no language without spaces for a text that is not written in its letters.

    The model takes letters thrown together (`a b x cccc`) for Chinese or Japanese: such a text has words, for fewer of
    its letters are theirs than white space parts it into words.
    """
    beginning = text[:MAX_CHARS]
    code = language_of(beginning)
    if has_words(code) or len(_LETTER.findall(beginning)) >= len(beginning.split()):
        return code
    return None
