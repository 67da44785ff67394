"""Texts -> the measures behind FineWeb's own rules.

Penedo et al. 2024, arXiv 2406.17557, 3.6; definitions of datatrove 0.10.1 (`fineweb_quality_filter.py`). FineWeb's
recipe (`examples/fineweb.py`) asks them of what C4's line rules left of a page: those fields end in `_after_c4`.
"""

from functools import partial

from udfs.annotator import AnnotationField, Annotator
from udfs.edit.c4_lines import fineweb_lines
from udfs.measure.languages import DETECTED, has_words, language_rule, language_version
from udfs.measure.measure_set import Measure, Value, measures_annotator, ratio
from udfs.measure.punctuation import TERMINAL
from udfs.measure.repetition import repeated
from udfs.measure.words import WordTokenizer, tokenizer_version, word_tokenizer

VERSION = "datatrove-0.10.1-1"
SHORT_LINE_CHARS = 30


def _fields(suffix: str, of: str) -> tuple[AnnotationField, ...]:
    shares = {
        "terminal_punct_line_ratio": "lines that end like a sentence in any script, as a share of non-blank ones",
        "short_line_ratio": f"lines of at most {SHORT_LINE_CHARS} characters, as a share of non-blank ones",
        "dup_line_char_ratio": "characters of non-blank lines that stood before, as a share of those not newlines",
        "newline_word_ratio": "newlines per token; NULL in languages written without spaces",
    }
    return tuple(AnnotationField(f"{name}{suffix}", "DOUBLE", f"{what}{of}") for name, what in shares.items())


FIELDS = (
    *_fields("", ""),
    *_fields("_after_c4", "; of the lines that C4's line rules but the one of line ends leave"),
)


def fineweb_annotator(name: str, tokenizer: str = "fast", language: str = DETECTED) -> Annotator:
    """Return the annotator of FineWeb's measures, by datatrove's definitions; tokens are those of `tokenizer`.

    Ratios are NULL of a blank text, and those after C4 in languages written without spaces. `language`: `detected`,
    or a code that every text is taken for. Raises ConfigError if the tokenizer is unknown or its package is missing.
    """
    version = f"{VERSION}-{tokenizer_version(tokenizer)}-{language_version(language)}"
    details = {"tokenizer": tokenizer, "language": language}
    return measures_annotator(name, version, FIELDS, partial(_load, tokenizer, language), details)


def _load(tokenizer: str, language: str) -> Measure:
    words, language_of = word_tokenizer(tokenizer), language_rule(language)

    def measure(text: str, _url: str) -> tuple[Value, ...]:
        if not has_words(language_of(text)):
            return *_measured(text, None), *[None] * (len(FIELDS) // 2)
        return *_measured(text, words), *_measured(fineweb_lines(text).text, words)

    return measure


def _measured(text: str, words: WordTokenizer | None) -> tuple[Value, ...]:
    lines = [line for line in text.split("\n") if line and not line.isspace()]
    n_newlines = text.count("\n")
    return (
        ratio(sum(line[-1] in TERMINAL for line in lines), len(lines)),
        ratio(sum(len(line) <= SHORT_LINE_CHARS for line in lines), len(lines)),
        ratio(repeated(lines)[1], len(text) - n_newlines) if lines else None,
        ratio(n_newlines, words.n_words(text)) if words else None,
    )
