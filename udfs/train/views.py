"""A byte-level BPE vocabulary -> views: tables that say of each token id what a block of features sees in it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class View:
    """A table token id -> value, and how many values there are."""

    table: Ints
    n_values: int


@dataclass(frozen=True)
class Vocabulary:
    """What the features need to know of a tokenizer."""

    views: dict[str, View]
    has_newline: Ints  # 1 for tokens with a line end: the first of a page ends its URL


def read_vocabulary(tokenizer: Tokenizer) -> Vocabulary:
    """Return the views of a byte-level tokenizer's tokens."""
    size = tokenizer.get_vocab_size()
    words = [_text(tokenizer.id_to_token(i) or "") for i in range(size)]
    views = {"raw": View(np.arange(size), size), "folded": _view(words, fold), "shape": _view(words, shape)}
    return Vocabulary(views, np.array(["\n" in word for word in words], np.int64))


def fold(word: str) -> str:
    """Return a token without case and leading space; of a number only its length is kept."""
    bare = word.strip(" ").lower() or word
    return "0" * len(bare) if bare.isdigit() else bare


def shape(word: str) -> str:
    """Return a token's shape.

    `_Xx` is a capitalised word after a space, `y` the inside of a word, `00` a number, `N` a line end.
    """
    bare = word.strip(" ")
    space = "_" if word.startswith(" ") else ""
    if not bare or "\n" in bare:
        return "N" if bare else "_"
    if bare.isdigit():
        return space + "0" * min(len(bare), 5)
    if not bare.isalpha():
        return space + bare
    return space + _letters(bare) if space or bare[0].isupper() or not bare.isascii() else "y"


def _letters(word: str) -> str:
    if not word.isascii():
        return "u"
    if word.isupper():
        return "X" if len(word) == 1 else "XX"
    return "Xx" if word[0].isupper() else "x"


def _view(words: list[str], function: Callable[[str], str]) -> View:
    values: dict[str, int] = {}
    table = np.array([values.setdefault(function(word), len(values)) for word in words], np.int64)
    return View(table, len(values))


def _text(token: str) -> str:
    return bytes(_BYTES[c] for c in token).decode("utf-8", "replace") if set(token) <= _BYTES.keys() else token


def _byte_alphabet() -> dict[str, int]:
    """Return GPT-2's printable alphabet of bytes, reversed: character -> byte."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(b): b for b in printable} | {chr(256 + i): b for i, b in enumerate(others)}


_BYTES = _byte_alphabet()
