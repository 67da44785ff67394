"""Dolma's dialect of Gopher's quality rules and Table A1, as numbers of a text.

Source: Soldaini et al., 2024 (arXiv 2402.00159), the tagger `gopher_v1` of allenai/dolma at v1.2.1. It differs from
the others in nearly every rule: words are what white space separates; the *median* of their lengths; words that hold
`#` or `…` count as symbols; lines are split at "\\n" and neither stripped nor dropped when empty, so that blank lines
are repeated lines; an n-gram that comes once may be the most frequent one; overlapping n-grams count again and again.
Its published mixers name `most_common_2gram` where the tagger says `2grams`, so as published those three rules never
fire: here both sides are our own names. Values that the tagger sets to 0 for a text of nothing are NULL.
"""

from collections import Counter
from collections.abc import Sequence
from statistics import median

import numpy as np

from udfs.annotator import AnnotationField, Annotator
from udfs.measure.measure_set import Measure, Value, measures_annotator, ratio
from udfs.measure.repeated_ngrams import MAX_N, NGrams, Words, repeated_ngrams
from udfs.measure.spacing import LANGUAGE_VERSION, has_spaces, is_english
from udfs.measure.stop_words import GOPHER_STOP_WORDS

VERSION = "1"
BULLETS = ("*", "-")
ELLIPSIS = "\u2026"
TOP_N = (2, 3, 4)

_WORD_FIELDS = (
    AnnotationField("n_words", "BIGINT", "words, as white space separates them"),
    AnnotationField("median_word_length", "DOUBLE", "median of the characters per word"),
    AnnotationField("symbol_word_ratio", "DOUBLE", "words with a `#` or `…` in them, as a share of the words"),
    AnnotationField("alphabetic_word_ratio", "DOUBLE", "words with a letter in them, as a share of the words"),
    AnnotationField(
        "n_stop_words", "BIGINT", "occurrences of the, be, to, of, and, that, have, with, as written; English only"
    ),
)
_LINE_FIELDS = (
    AnnotationField("bullet_line_ratio", "DOUBLE", "lines that begin with * or -, unstripped, as a share of all lines"),
    AnnotationField("ellipsis_line_ratio", "DOUBLE", "lines that end with …, as a share of all lines"),
    AnnotationField("repeated_line_ratio", "DOUBLE", "lines that occur twice or more, blank ones too, as a share"),
    AnnotationField(
        "repeated_line_char_ratio", "DOUBLE", "characters of such lines per character of a word; may be > 1"
    ),
)
_NGRAM_FIELDS = (
    *(
        AnnotationField(
            f"top_{n}gram_ratio",
            "DOUBLE",
            f"characters in the most frequent sequence of {n} words, the first of equally frequent ones, as a share of"
            " all words'; also if it comes once",
        )
        for n in TOP_N
    ),
    *(
        AnnotationField(
            f"repeated_{n}gram_ratio",
            "DOUBLE",
            f"characters of the sequences of {n} words that come twice or more, as a share of those of all sequences",
        )
        for n in range(TOP_N[-1] + 1, MAX_N + 1)
    ),
)


def dolma_annotator(name: str) -> Annotator:
    """Return the annotator of dolma's measures; those of words are NULL in languages written without spaces."""
    return measures_annotator(
        name,
        version=f"dolma-{VERSION}-{LANGUAGE_VERSION}",
        fields=(*_WORD_FIELDS, *_LINE_FIELDS, *_NGRAM_FIELDS),
        load=_load,
        details={"dialect": "dolma", "source": "arXiv 2402.00159; allenai/dolma v1.2.1, gopher_v1"},
    )


def _load() -> Measure:
    return lambda text, _: measure(text)


def measure(text: str) -> list[Value]:
    """Return the measures of one text, in the order of the annotator's fields."""
    words = text.split()
    is_spaced = has_spaces(text)
    return [
        *(_of_words(words, is_english(text)) if is_spaced else [None] * len(_WORD_FIELDS)),
        *_of_lines(text, sum(map(len, words))),
        *(map(_ngram_ratio, repeated_ngrams(Words(words))) if is_spaced else [None] * len(_NGRAM_FIELDS)),
    ]


def _of_words(words: Sequence[str], is_english: bool) -> list[Value]:
    n_words = len(words)
    return [
        n_words,
        float(median(map(len, words))) if words else None,
        ratio(sum("#" in word or ELLIPSIS in word for word in words), n_words),
        ratio(sum(word[0].isalpha() or any(map(str.isalpha, word)) for word in words), n_words),
        sum(word in GOPHER_STOP_WORDS for word in words) if is_english else None,
    ]


def _of_lines(text: str, n_word_chars: int) -> list[Value]:
    lines = text.split("\n") if text else []
    twice = [(line, count) for line, count in Counter(lines).items() if count > 1]
    return [
        ratio(sum(line.startswith(BULLETS) for line in lines), len(lines)),
        ratio(sum(line.endswith(ELLIPSIS) for line in lines), len(lines)),
        ratio(sum(count for _, count in twice), len(lines)),
        ratio(sum(len(line) * count for line, count in twice), n_word_chars),
    ]


def _ngram_ratio(found: NGrams) -> Value:
    if not found.n_all:
        return None
    if found.n in TOP_N:
        return ratio(_top_chars(found), found.words.n_chars)
    mass = found.words.chars_at(np.arange(found.n_all), found.n)
    return ratio(int(found.chars.sum()), int(mass.sum()))


def _top_chars(found: NGrams) -> int:
    """Return the characters of the most frequent n-gram, each time that it occurs."""
    if not len(found.starts):
        return int(found.words.chars_at(np.zeros(1, np.int64), found.n)[0])
    most = int(found.counts.max())
    first = int(np.argmax(found.counts[found.kinds] == most))  # starts are ascending
    return most * int(found.chars[first])
