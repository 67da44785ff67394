"""Text -> its sentences and how hard it is to read: Flesch, Flesch-Kincaid and McAlpine's EFLAW.

A sentence is a run of text that ends with `.` `!` `?` (or what other scripts have for them) or with the text, and has
more than two words: the rule of the library textstat, which GneissWeb measures by. A text of words has at least one.
Words are what white space separates, without punctuation. With W words, S sentences and Y syllables:

- Flesch reading ease, 206.835 - 1.015 W/S - 84.6 Y/W: higher is easier (Flesch, 1948)
- Flesch-Kincaid grade, 0.39 W/S + 11.8 Y/W - 15.59: years of school in the United States (Kincaid et al., 1975)
- McAlpine EFLAW, (W + words of at most 3 characters) / S: for readers of English as a foreign language (McAlpine,
  2006); GneissWeb's readability score (arXiv 2502.14907)

The formulas are of English: NULL for other languages. Syllables are counted by rule (runs of vowels, without a silent
final e), where textstat asks a dictionary: Flesch's two scores are not textstat's to the point, EFLAW is.
"""

import re
from collections import Counter
from functools import lru_cache

from udfs.annotator import AnnotationField, Annotator, rounded
from udfs.measure.measure_set import Measure, Value, measures_annotator, ratio
from udfs.measure.spacing import LANGUAGE_VERSION, has_spaces, text_language

VERSION = "1"
MAX_SHORT_SENTENCE = 2  # words; headings, "Yes!" and the dots of abbreviations are no sentences
MINI_WORD = 3  # characters

# Scripts in which no sign ends a sentence, or the sign of a word's end is taken for it.
_NO_STOPS = frozenset({"th", "lo", "km", "my", "bo", "dz"})
_STOPS = ".!?\u3002\uff01\uff1f\uff61\u061f\u06d4\u0964\u0965\u0589\u1362\u1367"
_SENTENCE_END = re.compile(rf"[{_STOPS}]+")
_OTHER_PUNCTUATION = re.compile(rf"[^\w\s{_STOPS}]+")
_PUNCTUATION = re.compile(r"[^\w\s]+")
_VOWELS = re.compile(r"[aeiouy]+")
_SILENT_E = re.compile(r"(?:[^aeiouyl]|[aeiouy]l)e\Z|[^aeiouydt]ed\Z")

_FIELDS = (
    AnnotationField(
        "n_sentences", "BIGINT", "sentences of more than 2 words, at least 1; NULL where no sign ends them"
    ),
    AnnotationField("mean_sentence_length", "DOUBLE", "words per sentence, as white space separates words"),
    AnnotationField("mean_syllables", "DOUBLE", "syllables per word, by rule; English only"),
    AnnotationField("flesch_reading_ease", "DOUBLE", "about 0 (hard) to 100 (easy), without bounds; English only"),
    AnnotationField("flesch_kincaid_grade", "DOUBLE", "years of school needed, without bounds; English only"),
    AnnotationField("mcalpine_eflaw", "DOUBLE", "(words + words of 3 characters or less) / sentences; English only"),
)


def readability_annotator(name: str) -> Annotator:
    """Return the annotator of readability; NULL where a formula is of another language, or the text has no words."""
    return measures_annotator(
        name,
        version=f"readability-{VERSION}-{LANGUAGE_VERSION}",
        fields=_FIELDS,
        load=_load,
        details={"source": "Flesch 1948; Kincaid et al. 1975; McAlpine 2006; GneissWeb, arXiv 2502.14907"},
    )


def _load() -> Measure:
    return lambda text, _: measure(text)


def measure(text: str) -> list[Value]:
    """Return the measures of one text, in the order of the annotator's fields."""
    language = text_language(text)
    words = Counter(_PUNCTUATION.sub("", text).split())
    n_words = words.total()
    is_spaced = has_spaces(text)
    if not n_words or (language in _NO_STOPS and not is_spaced):
        return [None if n_words else 0, *[None] * (len(_FIELDS) - 1)]
    n_sentences = _n_sentences(text, MAX_SHORT_SENTENCE if is_spaced else 0)
    length = n_words / n_sentences
    scores = _scores(words, n_sentences) if language == "en" else [None] * 4
    return [n_sentences, rounded(length) if is_spaced else None, *scores]


def _n_sentences(text: str, too_few: int) -> int:
    pieces = _SENTENCE_END.split(_OTHER_PUNCTUATION.sub("", text))
    return max(1, sum(len(piece.split(maxsplit=too_few)) > too_few for piece in pieces))


def _scores(words: Counter[str], n_sentences: int) -> list[Value]:
    n_words = words.total()
    length = n_words / n_sentences
    syllables = sum(_n_syllables(word[:50].lower()) * count for word, count in words.items()) / n_words
    n_mini = sum(count for word, count in words.items() if len(word) <= MINI_WORD)
    return [
        rounded(syllables),
        rounded(206.835 - 1.015 * length - 84.6 * syllables),
        rounded(0.39 * length + 11.8 * syllables - 15.59),
        ratio(n_words + n_mini, n_sentences),
    ]


@lru_cache(maxsize=65_536)
def _n_syllables(word: str) -> int:
    return max(1, len(_VOWELS.findall(word)) - bool(_SILENT_E.search(word)))
