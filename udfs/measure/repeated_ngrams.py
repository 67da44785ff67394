"""Words -> which of their n-grams, n = 2 to 10, occur more than once, and where."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

MIN_N, MAX_N = 2, 10

Ints = NDArray[np.int64]


class Words:
    """The words of a text and their lengths in characters."""

    def __init__(self, words: Sequence[str]) -> None:
        """Number the distinct words: equal n-grams are equal rows of numbers."""
        numbers: dict[str, int] = {}
        self.ids: Ints = np.fromiter((numbers.setdefault(word, len(numbers)) for word in words), np.int64, len(words))
        self.n_distinct = len(numbers)
        self._sizes: Ints = np.fromiter(map(len, words), np.int64, len(words))
        self._ends: Ints = np.concatenate((np.zeros(1, np.int64), np.cumsum(self._sizes)))

    def __len__(self) -> int:
        """Return how many words there are."""
        return len(self.ids)

    @property
    def n_chars(self) -> int:
        """Return the characters of all words."""
        return int(self._ends[-1])

    def chars_in(self, are_counted: NDArray[np.bool_]) -> int:
        """Return the characters of the words so marked."""
        return int(self._sizes[are_counted].sum())

    def chars_at(self, starts: Ints, n: int) -> Ints:
        """Return the characters of the n-grams that begin at these words."""
        return self._ends[starts + n] - self._ends[starts]


@dataclass(frozen=True)
class NGrams:
    """The n-grams of `words` that occur more than once: where each begins, and which of them are equal."""

    words: Words
    n: int
    starts: Ints  # ascending
    kinds: Ints  # equal n-grams have equal kinds, 0, 1, 2 …

    @property
    def n_all(self) -> int:
        """Return how many n-grams the text has, repeated or not."""
        return max(0, len(self.words) - self.n + 1)

    @cached_property
    def counts(self) -> Ints:
        """Return how often each kind occurs."""
        return np.bincount(self.kinds).astype(np.int64)

    @cached_property
    def chars(self) -> Ints:
        """Return the characters of each of `starts`' n-grams, spaces apart."""
        return self.words.chars_at(self.starts, self.n)

    def covered(self) -> NDArray[np.bool_]:
        """Return which words are part of a repeated n-gram."""
        marks = np.zeros(len(self.words), np.bool_)
        for offset in range(self.n):
            marks[self.starts + offset] = True
        return marks


def repeated_ngrams(words: Words) -> Iterator[NGrams]:
    """Yield the repeated n-grams for n = 2, 3 … 10.

    An n-gram occurs twice only where its first n - 1 words do, so each n looks only where the last one found
    something: on pages as they are, nearly all the work is done at n = 2.
    """
    starts = np.arange(len(words), dtype=np.int64)
    kinds = words.ids
    for n in range(MIN_N, MAX_N + 1):
        fits = starts <= len(words) - n
        starts, kinds = starts[fits], kinds[fits]
        starts, kinds = _repeated(starts, kinds * max(words.n_distinct, 1) + words.ids[starts + n - 1])
        yield NGrams(words, n, starts, kinds)


def _repeated(starts: Ints, keys: Ints) -> tuple[Ints, Ints]:
    """Return the starts whose key another start has too, and their keys as 0, 1, 2 …"""
    if not len(keys):
        return starts, keys
    _, kinds, counts = np.unique(keys, return_inverse=True, return_counts=True)
    are_repeated = counts > 1
    kept = are_repeated[kinds]
    return starts[kept], (np.cumsum(are_repeated) - 1)[kinds[kept]].astype(np.int64)
