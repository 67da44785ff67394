"""Table A1 of Gopher as DCLM counts it: repeated lines, paragraphs and n-grams of words.

Source: `repetition_filter` of mlfoundations/dclm at 361714b, for Rae et al., 2021 (arXiv 2112.11446, Table A1).
All occurrences of a line that comes twice count, the first one too, where datatrove counts from the second on. The
characters of n-grams are those of their words, as a share of the characters of all words: a repeated word counts once
however many repeated n-grams it is part of.
"""

from collections import Counter
from collections.abc import Sequence

from udfs.annotator import AnnotationField
from udfs.measure.measure_set import Value, ratio
from udfs.measure.repeated_ngrams import MAX_N, MIN_N, NGrams, Words, repeated_ngrams
from udfs.measure.segment_words import segment_words

TOP_N = (2, 3, 4)  # the most frequent n-gram alone; of longer ones, all that are repeated

_SEGMENTS = (
    AnnotationField("repeated_line_ratio", "DOUBLE", "filled lines that occur twice or more, as a share of them"),
    AnnotationField("repeated_line_char_ratio", "DOUBLE", "characters in such lines, as a share of those of all"),
    AnnotationField("repeated_paragraph_ratio", "DOUBLE", "paragraphs (between two newlines) that occur twice or more"),
    AnnotationField("repeated_paragraph_char_ratio", "DOUBLE", "characters in such paragraphs, as a share of all's"),
)
REPETITION_FIELDS = (
    *_SEGMENTS,
    *(
        AnnotationField(
            f"top_{n}gram_ratio",
            "DOUBLE",
            f"characters in the most frequent sequence of {n} words, the longest of equally frequent ones, as a share"
            " of all words'; 0 if none comes twice",
        )
        for n in TOP_N
    ),
    *(
        AnnotationField(
            f"repeated_{n}gram_ratio",
            "DOUBLE",
            f"characters of the words in sequences of {n} words that come twice or more, as a share of all words'",
        )
        for n in range(TOP_N[-1] + 1, MAX_N + 1)
    ),
)


def line_repetition(text: str, lines: Sequence[str]) -> list[Value]:
    """Return the shares of repeated lines and paragraphs; `lines` are the text's, stripped, none empty."""
    paragraphs = [part for part in map(str.strip, text.split("\n\n")) if part]
    return [*_repeated(lines), *_repeated(paragraphs)]


def ngram_repetition(text: str, is_spaced: bool) -> list[Value]:
    """Return the ratio of n-grams for n = 2 to 10; NULL for texts of fewer than n words, which DCLM lets pass."""
    if not is_spaced:
        return [None] * (MAX_N - MIN_N + 1)
    return [_ratio(found) for found in repeated_ngrams(Words(segment_words(text)))]


def _repeated(segments: Sequence[str]) -> tuple[Value, Value]:
    counts = Counter(segments)
    n_chars = sum(map(len, segments))
    twice = [(segment, count) for segment, count in counts.items() if count > 1]
    return (
        ratio(sum(count for _, count in twice), len(segments)),
        ratio(sum(len(segment) * count for segment, count in twice), n_chars),
    )


def _ratio(found: NGrams) -> Value:
    if not found.n_all:
        return None
    if not len(found.starts):
        return 0.0
    if found.n in TOP_N:
        return ratio(_top_chars(found), found.words.n_chars)
    return ratio(found.words.chars_in(found.covered()), found.words.n_chars)


def _top_chars(found: NGrams) -> int:
    most = int(found.counts.max())
    return most * int(found.chars[found.counts[found.kinds] == most].max())
