"""Texts -> the measures behind the rules of Gopher, quality and repetition, in datatrove's dialect.

Rae et al. 2021, arXiv 2112.11446, A1.1 and Table A1; definitions of datatrove 0.10.1 (`gopher_quality_filter.py`,
`gopher_repetition_filter.py`). Other toolkits measure something else under the same names.
"""

from functools import partial

import numpy as np

from udfs.annotator import AnnotationField, Annotator
from udfs.measure import repetition
from udfs.measure.languages import DETECTED, ENGLISH, has_words, language_rule, language_version
from udfs.measure.measure_set import Measure, Value, measures_annotator, ratio
from udfs.measure.stop_words import (
    GOPHER_STOP_WORDS,
    StopWords,
    read_stop_words,
    stop_word_counter,
    stop_words_version,
)
from udfs.measure.words import IS_ALPHA, IS_SYMBOL, Words, tokenizer_version, word_tokenizer

VERSION = "datatrove-0.10.1-1"

_NO_WORDS = "; NULL in languages written without spaces"
FIELDS = (
    AnnotationField("n_tokens", "BIGINT", f"tokens, those of punctuation alone too{_NO_WORDS}"),
    AnnotationField("n_words", "BIGINT", f"tokens with a character that is no punctuation{_NO_WORDS}"),
    AnnotationField("mean_word_length", "DOUBLE", f"mean characters of those words; NULL without words{_NO_WORDS}"),
    AnnotationField("hash_ratio", "DOUBLE", f"hash signs per token{_NO_WORDS}"),
    AnnotationField("ellipsis_ratio", "DOUBLE", f"... and … per token{_NO_WORDS}"),
    AnnotationField("bullet_line_ratio", "DOUBLE", "lines that begin with • or - behind any spaces, as a share of all"),
    AnnotationField(
        "ellipsis_line_ratio", "DOUBLE", "lines that end with ... or … before any spaces, as a share of all"
    ),
    AnnotationField("alpha_word_ratio", "DOUBLE", f"tokens with a letter, as a share of all tokens{_NO_WORDS}"),
    AnnotationField(
        "n_stop_words",
        "BIGINT",
        "different stop words among the tokens, case kept: the, be, to, of, and, that, have, with of English texts, or"
        " those of a list for the language; NULL in others",
    ),
    *repetition.FIELDS,
)


def gopher_annotator(
    name: str, tokenizer: str = "fast", language: str = DETECTED, stop_words: str | None = None
) -> Annotator:
    """Return the annotator of Gopher's measures, by datatrove's definitions, over the tokens of `tokenizer`.

    `language`: `detected`, or a code that every text is taken for (`en` does as datatrove does by default).
    `stop_words`: a JSON file {language: [words]}, or FineWeb-2's configs, instead of Gopher's 8 English words.
    Raises ConfigError if the tokenizer is unknown or its package is missing, or for lists that cannot be read.
    """
    words = read_stop_words(stop_words) if stop_words else {ENGLISH: GOPHER_STOP_WORDS}
    lists = f"-{stop_words_version(words)}" if stop_words else ""
    version = f"{VERSION}-{tokenizer_version(tokenizer)}-{language_version(language)}{lists}"
    details = {"tokenizer": tokenizer, "language": language, "stop_words": stop_words or "Gopher's"}
    return measures_annotator(name, version, FIELDS, partial(_load, tokenizer, language, words), details)


def _load(tokenizer: str, language: str, stop_words: StopWords) -> Measure:
    words_of, language_of = word_tokenizer(tokenizer).words, language_rule(language)
    count = stop_word_counter(stop_words)

    def measure(text: str, _url: str) -> tuple[Value, ...]:
        code = language_of(text)
        words = words_of(text) if has_words(code) else None
        n_stop_words = None if words is None else count(words, code)
        return (*_quality(text, words, n_stop_words), *repetition.repetition(text, words))

    return measure


def _quality(text: str, words: Words | None, n_stop_words: int | None) -> tuple[Value, ...]:
    lines = text.splitlines()
    n_bullets = sum(line.lstrip().startswith(("•", "-")) for line in lines)
    n_ellipses = sum(line.rstrip().endswith(("...", "…")) for line in lines)
    of_lines = ratio(n_bullets, len(lines)), ratio(n_ellipses, len(lines))
    if words is None:
        return (None, None, None, None, None, *of_lines, None, None)
    n_tokens, kinds = len(words), words["kind"]
    is_word = kinds & IS_SYMBOL == 0
    n_words = int(np.count_nonzero(is_word))
    return (
        n_tokens,
        n_words,
        ratio(int(words["length"][is_word].sum()), n_words),
        ratio(text.count("#"), n_tokens),
        ratio(text.count("...") + text.count("…"), n_tokens),
        *of_lines,
        ratio(int(np.count_nonzero(kinds & IS_ALPHA)), n_tokens),
        n_stop_words,
    )
