"""Texts -> their words as arrays, and the number of sentences of a line; each distinct word is looked at once.

A word's tokens depend on the word alone (what stands between two spaces), with few exceptions that a splitter knows.
So a bounded memo of words replaces a tokenizer that sees every word again, and what the measures ask of a token
(length, letters, a hash) is computed once per distinct token and looked up in arrays.
"""

import re
from collections.abc import Sequence
from functools import cache
from hashlib import blake2b
from itertools import chain
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from udfs.errors import ConfigError
from udfs.measure.punctuation import SENTENCE_ENDS, SYMBOLS, is_punctuation

IS_SYMBOL, IS_ALPHA = 1, 2
# Strings are compared by polynomial hashes modulo 2^64, with this odd number in the place of 10 in a decimal number.
BASE = 0x9E3779B97F4A7C15

TOKEN = np.dtype([("length", np.int64), ("hash", np.uint64), ("factor", np.uint64), ("kind", np.uint16)], align=True)
Words = np.ndarray[Any, np.dtype[np.void]]  # of TOKEN: a record per token of a text, in its order
Array = npt.NDArray[np.uint64]

_MAX_MEMO = 1 << 25  # characters and overhead, about a tenth of the bytes that they take
_OVERHEAD = 40
_WHITESPACE = re.compile(r"(\s+)")


class Splitter(Protocol):
    """A tokenizer of single words."""

    version: str

    def split(self, words: Sequence[str]) -> list[list[str]]:
        """Return the tokens of each word; joined they are the word."""

    def crosses(self, words: Sequence[str]) -> bool:
        """Return whether the tokens of some word may depend on the word beside it."""

    def split_text(self, text: str) -> list[str]:
        """Return the tokens of a text in which words depend on each other, whitespace tokens included."""

    def forget(self) -> None:
        """Free what was kept for words seen so far."""


class WordTokenizer:
    """Words and sentences as a splitter cuts them."""

    def __init__(self, splitter: Splitter) -> None:
        self._splitter = splitter
        self._tokens_of: dict[str, tuple[int, ...]] = {}
        self._marks: dict[str, str] = {}
        self._numbers: dict[str, int] = {}
        self._counts: dict[bytes, int] = {}
        self._new: list[str] = []
        self._table: Words = np.zeros(1 << 12, TOKEN)
        self._forget()

    def words(self, text: str) -> Words:
        """Return a record of TOKEN for each token of the text; whitespace is none."""
        words = text.split()
        self._learn(words)
        if self._splitter.crosses(words):
            rows = [self._token(token) for token in self._splitter.split_text(text) if not token.isspace()]
            self._describe()
        else:
            rows = list(chain.from_iterable(map(self._tokens_of.__getitem__, words)))
        self._keep_count(text, len(rows))
        return self._table[np.array(rows, np.int64)]

    def n_words(self, text: str) -> int:
        """Return the number of tokens of the text."""
        found = self._counts.get(_digest(text))
        return len(self.words(text)) if found is None else found

    def learn(self, text: str) -> None:
        """Look at the words of a text at once, which is faster than one by one as its lines come."""
        if _digest(text) not in self._counts:
            self._learn(text.split())

    def _keep_count(self, text: str, n_tokens: int) -> None:
        """Keep what the annotators ask that look at the same batch one after another."""
        self._counts[_digest(text)] = n_tokens
        self._size += _OVERHEAD

    def n_sentences(self, line: str) -> int:
        """Return the number of sentences by the rule of spaCy's sentencizer, at least 1.

        A sentence begins with the first token behind a mark of SENTENCE_ENDS that is no punctuation; whitespace other
        than a single space is a token.
        """
        if self._splitter.crosses(line.split()):
            return 1 + "".join(map(_mark, self._splitter.split_text(line))).count("EO")
        pieces = line.removesuffix(" ").split(" ")
        try:
            marks = "".join(map(self._marks.__getitem__, pieces))
        except KeyError:
            marks = "".join(map(self._marks_of, pieces))
        return 1 + marks.count("EO")

    def _learn(self, words: Sequence[str]) -> None:
        if all(map(self._tokens_of.__contains__, words)):
            return
        if self._size > _MAX_MEMO:
            self._forget()
        unknown = list(set(words).difference(self._tokens_of))
        for word, tokens in zip(unknown, self._splitter.split(unknown), strict=True):
            self._tokens_of[word] = tuple(map(self._token, tokens))
            self._marks[word] = "".join(map(_mark, tokens))
        self._size += sum(map(len, unknown)) + _OVERHEAD * len(unknown)
        self._describe()

    def _token(self, token: str) -> int:
        """Return the number of a token, its row in the table once it is described."""
        number = self._numbers.get(token)
        if number is None:
            number = self._numbers[token] = len(self._numbers)
            self._new.append(token)
        return number

    def _marks_of(self, piece: str) -> str:
        """Return what the tokens of a piece between two spaces are to sentences; "" is the second of two spaces."""
        if piece not in self._marks:
            self._learn(piece.split())
            self._size += len(piece) + _OVERHEAD
            self._marks[piece] = "".join(
                "O" if part.isspace() else self._marks[part] for part in _WHITESPACE.split(piece) if part
            )
        return self._marks[piece]

    def _describe(self) -> None:
        if len(self._numbers) > len(self._table):
            larger = np.zeros(2 * len(self._numbers), TOKEN)
            larger[: len(self._table)] = self._table
            self._table = larger
        self._table[len(self._numbers) - len(self._new) : len(self._numbers)] = token_records(self._new)
        self._new.clear()

    def _forget(self) -> None:
        self._splitter.forget()
        for memo in (self._tokens_of, self._marks, self._numbers, self._counts):
            memo.clear()
        self._marks[""] = "O"
        self._size = 0


@cache
def word_tokenizer(name: str) -> WordTokenizer:
    """Return the tokenizer of that name, one per process; raises ConfigError for another name or a missing package."""
    return WordTokenizer(_splitter(name))


def tokenizer_version(name: str) -> str:
    """Return what names everything the tokens depend on; raises ConfigError like `word_tokenizer`."""
    return _splitter(name).version


@cache
def _splitter(name: str) -> Splitter:
    if name == "fast":
        from udfs.measure.fast_words import FastSplitter

        return FastSplitter()
    if name == "spacy":
        from udfs.measure.spacy_words import SpacySplitter

        return SpacySplitter()
    raise ConfigError(f"no tokenizer {name!r}: choose `fast`, or `spacy` for exactly datatrove's words")


def token_records(tokens: Sequence[str]) -> Words:
    """Return the records of tokens, none of them empty."""
    records = np.zeros(len(tokens), TOKEN)
    lengths = np.fromiter(map(len, tokens), np.int64, len(tokens))
    if len(tokens):
        powers = np.full(int(lengths.max()) + 1, BASE, np.uint64)
        powers[0] = 1
        np.multiply.accumulate(powers, out=powers)
        starts = np.cumsum(lengths) - lengths
        places = np.arange(int(lengths.sum())) - np.repeat(starts, lengths)
        # No character counts as nothing: a hash of words with spaces between them has nothing there.
        characters = (
            np.frombuffer("".join(tokens).encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64) + 1
        )
        records["length"], records["factor"] = lengths, powers[lengths]
        records["hash"] = np.add.reduceat(characters * powers[places], starts)
        records["kind"] = np.fromiter(map(_kind, tokens), np.uint16, len(tokens))
    return records


def _kind(token: str) -> int:
    kind = IS_ALPHA if token.isalpha() or any(map(str.isalpha, token)) else 0
    if not kind & IS_ALPHA and SYMBOLS.issuperset(token):
        kind |= IS_SYMBOL
    return kind


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _mark(token: str) -> str:
    """Return what a token is to sentences: E their end, O what begins one, nothing for other punctuation."""
    if token.isalnum():
        return "O"
    if token in SENTENCE_ENDS:
        return "E"
    return "" if all(map(is_punctuation, token)) else "O"
