"""Texts -> the measures behind the rules of C4, with and without its rule that a line ends like a sentence.

Raffel et al. 2020, JMLR 21/140, 2.2, and Xue et al. 2021 (mC4: long paragraphs); definitions of datatrove 0.10.1
(`c4_filters.py`). FineWeb takes the rules without the one of line ends: those fields end in `_any_end`.
"""

from collections import Counter
from enum import StrEnum
from functools import partial
from typing import NamedTuple

from udfs.annotator import AnnotationField, Annotator
from udfs.edit.c4_lines import CITATION, ELLIPSIS, ENDS, MAX_WORD_CHARS, MIN_WORDS, POLICY
from udfs.errors import ConfigError
from udfs.measure.languages import DETECTED, has_words, language_rule, language_version
from udfs.measure.measure_set import Measure, Value, measures_annotator
from udfs.measure.words import WordTokenizer, tokenizer_version, word_tokenizer

VERSION = "datatrove-0.10.1-1"
LONG_PARAGRAPH_CHARS = 200


class Rules(NamedTuple):
    """Where toolkits differ: words a line must have, and whether the citations that are taken out count as words."""

    min_words: int
    are_citations_words: bool


# DCLM: c4.yaml of mlfoundations/dclm at 361714b, which also wants fewer sentences (a flag's matter).
DIALECTS = {"datatrove": Rules(MIN_WORDS, are_citations_words=True), "dclm": Rules(5, are_citations_words=False)}


class Verdict(StrEnum):
    """The first rule that takes a line or its page out, or none."""

    LONG_WORD = "long_word"
    SHORT = "short"
    LOREM_IPSUM = "lorem_ipsum"
    JAVASCRIPT = "javascript"
    CURLY_BRACKET = "curly_bracket"
    POLICY = "policy"
    KEPT = "kept"


class Line(NamedTuple):
    """What the rules say of a line; sentences of kept lines only."""

    verdict: Verdict
    is_ended: bool
    n_sentences: int = 0


def _judged_fields(suffix: str, lines: str, min_words: int) -> tuple[AnnotationField, ...]:
    return (
        AnnotationField(f"n_kept_lines{suffix}", "BIGINT", f"{lines} that no rule takes out"),
        AnnotationField(f"n_sentences{suffix}", "BIGINT", "sentences of the kept lines"),
        AnnotationField(f"n_short_lines{suffix}", "BIGINT", f"{lines} of fewer than {min_words} words"),
        AnnotationField(f"n_javascript_lines{suffix}", "BIGINT", f"{lines} left that speak of javascript"),
        AnnotationField(f"n_policy_lines{suffix}", "BIGINT", f"{lines} left that speak of cookies, privacy or terms"),
        AnnotationField(f"has_lorem_ipsum{suffix}", "BOOLEAN", f"whether one of the {lines} left says lorem ipsum"),
        AnnotationField(f"has_curly_bracket{suffix}", "BOOLEAN", f"whether one of the {lines} left has an opening one"),
    )


def fields_of(rules: Rules) -> tuple[AnnotationField, ...]:
    """Return the fields of a dialect: the same names, of its own lines."""
    return (
        AnnotationField("n_lines", "BIGINT", "lines, blank ones too"),
        AnnotationField("n_long_paragraphs", "BIGINT", f"lines of at least {LONG_PARAGRAPH_CHARS} characters (mC4)"),
        AnnotationField("n_long_word_lines", "BIGINT", f"lines with a word of more than {MAX_WORD_CHARS} characters"),
        AnnotationField(
            "n_unended_lines", "BIGINT", "other lines that do not end in . ? ! or a straight quote, or in ..."
        ),
        *_judged_fields("", "lines that end like a sentence", rules.min_words),
        *_judged_fields("_any_end", "lines", rules.min_words),
    )


FIELDS = fields_of(DIALECTS["datatrove"])


def c4_annotator(name: str, tokenizer: str = "fast", language: str = DETECTED, dialect: str = "datatrove") -> Annotator:
    """Return the annotator of C4's measures, in a dialect of DIALECTS; sentences are those of `tokenizer`.

    All but lines and long paragraphs are NULL in languages written without spaces. `language`: `detected`, or a code
    that every text is taken for. Raises ConfigError if the tokenizer is unknown or its package is missing.
    """
    if dialect not in DIALECTS:
        raise ConfigError(f"annotator {name}: no dialect {dialect!r} of C4; known: {', '.join(DIALECTS)}")
    rules = DIALECTS[dialect]
    version = f"{VERSION}-{tokenizer_version(tokenizer)}-{language_version(language)}"
    version += "" if dialect == "datatrove" else f"-{dialect}"
    details = {"tokenizer": tokenizer, "language": language, "dialect": dialect}
    return measures_annotator(name, version, fields_of(rules), partial(_load, tokenizer, language, rules), details)


def _load(tokenizer: str, language: str, rules: Rules) -> Measure:
    words, language_of = word_tokenizer(tokenizer), language_rule(language)

    def measure(text: str, _url: str) -> tuple[Value, ...]:
        n_long = sum(len(line) >= LONG_PARAGRAPH_CHARS for line in text.split("\n"))
        lines = text.splitlines()
        if not has_words(language_of(text)):
            return len(lines), n_long, *[None] * (len(FIELDS) - 2)
        words.learn(text)
        judged = [_judged(line, words, rules) for line in lines]
        counts = Counter((line.verdict, line.is_ended) for line in judged)
        n_unended = sum(counts[verdict, False] for verdict in Verdict if verdict is not Verdict.LONG_WORD)
        n_long_words = counts[Verdict.LONG_WORD, False]
        ended = _counted([line for line in judged if line.is_ended])
        return len(lines), n_long, n_long_words, n_unended, *ended, *_counted(judged)

    return measure


def _judged(line: str, words: WordTokenizer, rules: Rules) -> Line:
    """Return what the rules say of a line, in their order; the one of line ends stands apart, for both orders.

    In datatrove's dialect words are counted before citations are taken out, which leaves the space before one: such a
    line ends in a space.
    """
    line = line.strip()
    parts = line.split()
    if len(line) > MAX_WORD_CHARS and max(map(len, parts)) > MAX_WORD_CHARS:
        return Line(Verdict.LONG_WORD, is_ended=False)
    if "[" in line:
        line = CITATION.sub("", line)
    is_ended = line.endswith(ENDS) and not line.endswith(ELLIPSIS)
    n_words = len(parts) if rules.are_citations_words else len(line.split())
    verdict = Verdict.SHORT if n_words < rules.min_words else _verdict_of_content(line)
    return Line(verdict, is_ended, words.n_sentences(line) if verdict is Verdict.KEPT else 0)


def _verdict_of_content(line: str) -> Verdict:
    small = line.lower()
    if "lorem ipsum" in small:
        return Verdict.LOREM_IPSUM
    if "javascript" in small:
        return Verdict.JAVASCRIPT
    if "{" in line:
        return Verdict.CURLY_BRACKET
    return Verdict.POLICY if any(policy in small for policy in POLICY) else Verdict.KEPT


def _counted(lines: list[Line]) -> tuple[Value, ...]:
    counts = Counter(line.verdict for line in lines)
    return (
        counts[Verdict.KEPT],
        sum(line.n_sentences for line in lines),
        counts[Verdict.SHORT],
        counts[Verdict.JAVASCRIPT],
        counts[Verdict.POLICY],
        counts[Verdict.LOREM_IPSUM] > 0,
        counts[Verdict.CURLY_BRACKET] > 0,
    )
