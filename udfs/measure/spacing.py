"""Text -> whether white space separates its words, and whether it is English: what a count of words asks first."""

from udfs.measure.languages import DETECTED, has_words, language_rule, language_version

LANGUAGE_VERSION = language_version(DETECTED)  # part of the version of every measure that asks here


def has_spaces(text: str) -> bool:
    """Return False for a text in a language whose words are not separated: what counts words has no meaning there."""
    return has_words(text_language(text))


def is_english(text: str) -> bool:
    """Return whether a text is in English, by lid.176."""
    return text_language(text) == "en"


text_language = language_rule(DETECTED)
