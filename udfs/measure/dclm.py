"""DCLM's dialect of Gopher's quality rules, of Table A1 and of RefinedWeb's line rules, as numbers of a text.

Source: Li et al., 2024 (arXiv 2406.11794) and what decides in its release at 361714b: `content_filters.py` under
`dclm_baseline_refinedweb.yaml`. The text is measured as it stands: their removal of URLs comes before, as the edit
`dclm_text`. Words are of three kinds there, and so here: tokens between ASCII white space that begin with a letter or
digit (`n_words`), tokens between white space of any kind (lengths, symbols, alphabetic words, stop words), and
Unicode's words (repetition; udfs/measure/segment_words.py). Pages of no words, which DCLM drops, have NULL ratios.
"""

from collections.abc import Sequence

from udfs.annotator import AnnotationField, Annotator
from udfs.edit.dclm_lines import DCLM_LINES, dclm_lines
from udfs.edit.edits import count_words
from udfs.measure.dclm_repetition import REPETITION_FIELDS, line_repetition, ngram_repetition
from udfs.measure.measure_set import Measure, Value, measures_annotator, ratio
from udfs.measure.spacing import LANGUAGE_VERSION, has_spaces, is_english
from udfs.measure.stop_words import GOPHER_STOP_WORDS

VERSION = "1"
BULLETS = ("●", "•", "*", "-")
ELLIPSES = ("...", ". . .", "\u2026")
SYMBOLS = ("#", *ELLIPSES)
LINE_RULES = ("uppercase", "numeric", "counter", "few_words")

_WORD_FIELDS = (
    AnnotationField("n_words", "BIGINT", "tokens between ASCII white space that begin with a letter or digit"),
    AnnotationField("mean_word_length", "DOUBLE", "characters per word, as white space separates words"),
    AnnotationField("symbol_ratio", "DOUBLE", "`#`, `...`, `. . .` and `…` together, per word"),
    AnnotationField("non_alphabetic_word_ratio", "DOUBLE", "words without a letter, as a share of the words"),
    AnnotationField("n_stop_words", "BIGINT", "occurrences of the, be, to, of, and, that, have, with; English only"),
)
_LINE_FIELDS = (
    AnnotationField("bullet_line_ratio", "DOUBLE", "filled lines that begin with ● • * or -, as a share of them"),
    AnnotationField(
        "ellipsis_line_ratio", "DOUBLE", "filled lines that end with ... or . . . or …, as a share of them"
    ),
)
_REMOVED_FIELDS = (
    AnnotationField("n_uppercase_lines", "BIGINT", "lines of more than 50 % capitals, which the edit dclm_lines drops"),
    AnnotationField("n_numeric_lines", "BIGINT", "lines of digits that dclm_lines then drops"),
    AnnotationField("n_counter_lines", "BIGINT", "lines such as `3 likes` that dclm_lines then drops"),
    AnnotationField("n_few_words_lines", "BIGINT", "lines of fewer than 2 words that dclm_lines then drops"),
    AnnotationField("removed_word_ratio", "DOUBLE", "words that dclm_lines removes, as a share of n_words"),
)


def dclm_annotator(name: str) -> Annotator:
    """Return the annotator of DCLM's measures; those of words are NULL in languages written without spaces."""
    return measures_annotator(
        name,
        version=f"dclm-{VERSION}-{DCLM_LINES.label}-{LANGUAGE_VERSION}",
        fields=(*_WORD_FIELDS, *_LINE_FIELDS, *REPETITION_FIELDS, *_REMOVED_FIELDS),
        load=_load,
        details={"dialect": "dclm", "source": "arXiv 2406.11794; mlfoundations/dclm at 361714b"},
    )


def _load() -> Measure:
    return lambda text, _: measure(text)


def measure(text: str) -> list[Value]:
    """Return the measures of one text, in the order of the annotator's fields."""
    is_spaced = has_spaces(text)
    lines = [line for line in map(str.strip, text.split("\n")) if line]
    return [
        *(_of_words(text) if is_spaced else [None] * len(_WORD_FIELDS)),
        ratio(sum(line.startswith(BULLETS) for line in lines), len(lines)),
        ratio(sum(line.endswith(ELLIPSES) for line in lines), len(lines)),
        *line_repetition(text, lines),
        *ngram_repetition(text, is_spaced),
        *(_of_removal(text) if is_spaced else [None] * len(_REMOVED_FIELDS)),
    ]


def _of_words(text: str) -> list[Value]:
    words = text.split()
    return [
        count_words(text),
        ratio(sum(map(len, words)), len(words)),
        ratio(sum(map(text.count, SYMBOLS)), len(words)),
        ratio(sum(not word[0].isalpha() and not any(map(str.isalpha, word)) for word in words), len(words)),
        _n_stop_words(words) if is_english(text) else None,
    ]


def _n_stop_words(words: Sequence[str]) -> int:
    return sum(word.lower() in GOPHER_STOP_WORDS for word in words)


def _of_removal(text: str) -> list[Value]:
    """Return how many lines each rule drops, one rule after the other, and the share of words that all remove."""
    left, dropped = dclm_lines(text)
    n_words = count_words(text)
    return [*(dropped.get(rule, 0) for rule in LINE_RULES), ratio(n_words - count_words(left), n_words)]
