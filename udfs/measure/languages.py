"""Which language a text is measured in: the one that lid.176 names, or one that is said beforehand."""

from collections.abc import Callable

from udfs.language import MAX_CHARS, MODEL_SHA256, language_of

DETECTED = "detected"
ENGLISH = "en"
# Written without spaces between words: what a tokenizer for words between spaces counts there are no words.
WITHOUT_SPACES = frozenset({"bo", "dz", "ja", "km", "lo", "my", "th", "wuu", "yue", "zh"})

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
    # fastText takes no lone surrogates.
    return language_of(text[:MAX_CHARS].encode("utf-8", "replace").decode("utf-8"))
