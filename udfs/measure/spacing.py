"""Text -> whether white space separates its words, and whether it is English: what a count of words asks first."""

import re

from udfs.language import MAX_CHARS
from udfs.measure.languages import DETECTED, has_words, language_rule, language_version

LANGUAGE_VERSION = language_version(DETECTED)  # part of the version of every measure that asks here

# Letters of scripts without spaces between words: Thai, Lao, Tibetan, Myanmar, Khmer, kana and ideographs.
_LETTER = re.compile("[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff]")


def has_spaces(text: str) -> bool:
    """Return False for a text in a language whose words are not separated: what counts words has no meaning there.

    The model takes letters thrown together (`a b x cccc`) for Chinese or Japanese too: such a text has spaces, for
    fewer of its letters are theirs than white space parts it into words.
    """
    if has_words(text_language(text)):
        return True
    beginning = text[:MAX_CHARS]
    return len(_LETTER.findall(beginning)) < len(beginning.split())


def is_english(text: str) -> bool:
    """Return whether a text is in English, by lid.176."""
    return text_language(text) == "en"


text_language = language_rule(DETECTED)
