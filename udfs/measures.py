"""Texts -> counts and ratios of their words, lines and characters; no model, one pass, linear in the text."""

import re
from functools import partial

from udfs.annotator import AnnotationField, Annotator, Columns, Predict, Texts
from udfs.measure.measure_set import Value, ratio

VERSION = "2"
# One character class per measure, ASCII and beyond; `re` compiles them to tables, so each is one C pass.
_NOT_ALPHA = re.compile(r"[\W\d_]+")
_NOT_DIGIT = re.compile(r"\D+")
_BLANK_LINES = re.compile(r"\n[^\S\n]*\n")
# A full stop inside a number or a name ends nothing; those of scripts without spaces need none behind them.
_SENTENCE_END = re.compile(r"[.!?…؟۔।॥።։]++[\"'”’)\]]*+(?=\s|\Z)|[。！？]++")
_NOT_PUNCTUATION = re.compile(r"[\w\s]+")

_FIELDS = (
    AnnotationField("n_words", "BIGINT", "words, as whitespace separates them"),
    AnnotationField("n_lines", "BIGINT", "lines that are not blank"),
    AnnotationField("n_paragraphs", "BIGINT", "stretches of lines between blank ones"),
    AnnotationField("n_sentences", "BIGINT", "runs of . ! ? or their like in other scripts, where a sentence can end"),
    AnnotationField("mean_word_length", "DOUBLE", "characters per word; NULL without words"),
    AnnotationField("alpha_ratio", "DOUBLE", "letters of any script, as a share of all characters"),
    AnnotationField("digit_ratio", "DOUBLE", "decimal digits, as a share of all characters"),
    AnnotationField(
        "punctuation_ratio", "DOUBLE", "neither letter, digit, underscore nor space, as a share of all characters"
    ),
    AnnotationField("upper_ratio", "DOUBLE", "upper-case letters, as a share of the letters; NULL without letters"),
    AnnotationField("unique_word_ratio", "DOUBLE", "distinct lower-cased words, as a share of the words"),
)


def measures_annotator(name: str = "text") -> Annotator:
    """Return the annotator of plain text measures; its column is `text_measures`."""
    return Annotator(
        name=name,
        version=VERSION,
        fields=_FIELDS,
        load=partial(_load),
        column=f"{name}_measures",
        details={"engine": "python"},
    )


def measure(text: str) -> tuple[Value, ...]:
    """Return the measures of one text, in the order of the annotator's fields."""
    words = text.split()
    n_words, n_chars = len(words), len(text)
    letters = _NOT_ALPHA.sub("", text)
    return (
        n_words,
        sum(1 for line in text.split("\n") if line and not line.isspace()),
        sum(1 for paragraph in _BLANK_LINES.split(text) if paragraph and not paragraph.isspace()),
        len(_SENTENCE_END.findall(text)),
        ratio(sum(map(len, words)), n_words),
        ratio(len(letters), n_chars),
        ratio(len(_NOT_DIGIT.sub("", text)), n_chars),
        ratio(len(_NOT_PUNCTUATION.sub("", text)), n_chars),
        ratio(sum(map(str.isupper, letters)), len(letters)),
        ratio(len({word.lower() for word in words}), n_words),
    )


def _load() -> Predict:
    return _predict


def _predict(texts: Texts) -> Columns:
    rows = [measure(text) for text in texts.text]
    return {item.name: [row[i] for row in rows] for i, item in enumerate(_FIELDS)}
