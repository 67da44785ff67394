"""A text and its words -> how much of it repeats: lines, paragraphs and n-grams.

Rae et al. 2021, arXiv 2112.11446, Table A1, as datatrove 0.10.1 defines each (`gopher_repetition_filter.py`).
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from udfs.annotator import AnnotationField
from udfs.measure.measure_set import Value, ratio
from udfs.measure.words import BASE, Array, Words

TOP = (2, 3, 4)
DUPLICATE = (5, 6, 7, 8, 9, 10)

_LINES = re.compile(r"\n+")
_PARAGRAPHS = re.compile(r"\n{2,}")

FIELDS = (
    AnnotationField("dup_line_ratio", "DOUBLE", "lines that stood before, as a share of lines (newlines separate)"),
    AnnotationField("dup_paragraph_ratio", "DOUBLE", "paragraphs that stood before, as a share (blank lines separate)"),
    AnnotationField("dup_line_char_ratio", "DOUBLE", "characters of lines that stood before, as a share of the text's"),
    AnnotationField(
        "dup_paragraph_char_ratio", "DOUBLE", "characters of paragraphs that stood before, as a share of the text's"
    ),
    *(
        AnnotationField(
            f"top_{n}gram_char_ratio",
            "DOUBLE",
            f"length of the most frequent {n}-gram of words, spaces included, times its count, as a share of the "
            "text's characters; NULL below that many words or without spaces between words",
        )
        for n in TOP
    ),
    *(
        AnnotationField(
            f"dup_{n}gram_char_ratio",
            "DOUBLE",
            f"characters of {n}-grams of words that stood before, found from the left and not overlapping, spaces not "
            "included, as a share of the text's characters; NULL without spaces between words",
        )
        for n in DUPLICATE
    ),
)


class Grams(NamedTuple):
    """The n-grams of a text in its order: equal keys mean equal strings; lengths in characters."""

    n: int
    keys: Array
    lengths: Words


def repetition(text: str, words: Words | None) -> tuple[Value, ...]:
    """Return the values of FIELDS, ratios of 0 to 1 (a top n-gram that overlaps itself can exceed 1).

    Of a paragraph's text the ends are stripped first, of a line's not. What stood before counts, its first time does
    not. `words` is None where words have no meaning.
    """
    lines, paragraphs = _LINES.split(text), _PARAGRAPHS.split(text.strip())
    n_lines, n_line_chars = repeated(lines)
    n_paragraphs, n_paragraph_chars = repeated(paragraphs)
    return (
        ratio(n_lines, len(lines)),
        ratio(n_paragraphs, len(paragraphs)),
        ratio(n_line_chars, len(text)),
        ratio(n_paragraph_chars, len(text)),
        *(_n_gram_ratios(words, len(text)) if words is not None else [None] * len(TOP + DUPLICATE)),
    )


def repeated(parts: Sequence[str]) -> tuple[int, int]:
    """Return how many parts stood before, and how many characters they have."""
    unique = set(parts)
    return len(parts) - len(unique), sum(map(len, parts)) - sum(map(len, unique))


def _n_gram_ratios(words: Words, n_chars: int) -> Iterator[float | None]:
    for grams in _n_grams(words, max(TOP), gap=1):
        if grams.n in TOP:
            yield ratio(_top(grams), n_chars) if len(grams.keys) else None
    for grams in _n_grams(words, max(DUPLICATE), gap=0):
        if grams.n in DUPLICATE:
            yield ratio(_duplicate(grams), n_chars)


def _n_grams(words: Words, most: int, gap: int) -> Iterator[Grams]:
    """Yield the 1-grams to `most`-grams of words that are joined with `gap` spaces.

    A key is the polynomial hash of the joined string, so ("ab", "c") and ("a", "bc") are one without spaces, as in the
    source. Two strings meet by chance once in 2^64 pairs; texts written to make them meet only look repetitive.
    """
    hashes, lengths = words["hash"], words["length"]
    factors = words["factor"] * np.uint64(BASE if gap else 1)
    grams, factor, length = hashes.copy(), factors.copy(), lengths.copy()
    for n in range(1, most + 1):
        yield Grams(n, grams, length)
        grams = grams[:-1] + factor[:-1] * hashes[n:]
        factor, length = factor[:-1] * factors[n:], length[:-1] + lengths[n:] + gap


def _top(grams: Grams) -> int:
    """Return length times count of the most frequent n-gram; of equally frequent ones the first counts."""
    ordered = np.sort(grams.keys)
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    counts = np.diff(starts, append=len(ordered))
    most = int(counts.max())
    best = ordered[starts[counts == most]]
    first = int(_is_among(grams.keys, best).argmax()) if most > 1 else 0
    return int(grams.lengths[first]) * most


def _duplicate(grams: Grams) -> int:
    """Return the characters of n-grams that stood before; behind one of them the search goes on with the next word."""
    ordered = np.sort(grams.keys)
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    if not len(twice):
        return 0
    places = np.flatnonzero(_is_among(grams.keys, twice))
    seen: set[int] = set()
    n_chars = free = 0
    for place, key, length in zip(
        places.tolist(), grams.keys[places].tolist(), grams.lengths[places].tolist(), strict=True
    ):
        if place < free:
            continue
        if key in seen:
            n_chars += length
            free = place + grams.n
        else:
            seen.add(key)
    return n_chars


def _is_among(keys: Array, ordered: Array) -> npt.NDArray[np.bool_]:
    """Return for each key whether `ordered`, in ascending order and not empty, has it."""
    places = np.searchsorted(ordered, keys)
    return np.asarray(ordered[np.minimum(places, len(ordered) - 1)] == keys)
