"""Characters -> a number for each of their words and marks, by arithmetic over whole arrays: no vocabulary, no loop.

A token is a run of letters, a run of digits, or any other character that is no space; a line end is one too. Nothing
of case, punctuation or line ends is lost, and no word is unknown. A token's number, never negative, is

    27 bits of the hash of its stem, its first STEM characters  |  32 bits of its own hash  |  4 bits of its kind

of characters in lower case. The hash of c_0 … c_k is the high half of mix(Σ (c_i + 1) · BASE^i mod 2^64): as BASE has
an inverse, the hashes of all tokens are differences of one running sum. Letters beyond the first plane are marks.
"""

import unicodedata
from functools import cache

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]

STEM = 6
KIND_BITS, WORD_BITS = 4, 32
KIND_MASK, WORD_MASK = (1 << KIND_BITS) - 1, (1 << WORD_BITS) - 1
# Kinds: how a token is written. Of numbers it is NUMBER + digits - 1, up to LONGEST_NUMBER digits.
MARK, LOWER, TITLE, UPPER, CAPITAL, MIXED, UNCASED, SYMBOL, NUMBER = range(9)
LONGEST_NUMBER = 5
BASE = 0x2545_F491_4F6C_DD1D
MIX = 0x9E37_79B9_7F4A_7C15

_PLANE = 1 << 16
# Classes of characters; two neighbours are of one token if they have the same, and it is LETTER or DIGIT.
_SPACE, _LETTER, _DIGIT, _OTHER = range(4)
# Counts of a token's upper-case and lower-case letters share one running sum.
_FIELD = 32


def token_numbers(text: str) -> tuple[Ints, Ints]:
    """Return the numbers of the text's tokens, and at which character each begins."""
    codes = _codes(text)
    plane = np.minimum(codes, _PLANE)
    classes = _classes()[plane]
    starts, ends = _bounds(classes)
    powers, inverses = _powers(1 << len(codes).bit_length())
    terms = (_lower()[plane] + np.where(codes < _PLANE, 0, codes)).astype(np.uint64) * powers[: len(codes)]
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(terms)])
    before, scale = sums[starts], inverses[starts]
    words = _hashed((sums[ends] - before) * scale)
    stems = _hashed((sums[np.minimum(ends, starts + STEM)] - before) * scale)
    kinds = _kinds(plane, classes, starts, ends)
    return (stems >> 5 << KIND_BITS + WORD_BITS) | (words << KIND_BITS) | kinds, starts


def character_numbers(text: str) -> Ints:
    """Return the number of each character as a token of its own; those beyond the first plane are all the same."""
    return np.asarray(_of_characters()[np.minimum(_codes(text), _PLANE)], np.int64)


def _codes(text: str) -> npt.NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def _bounds(classes: npt.NDArray[np.uint8]) -> tuple[Ints, Ints]:
    """Return where each token begins and where it ends."""
    is_token = classes != _SPACE
    is_joined = (classes[1:] == classes[:-1]) & ((classes[1:] == _LETTER) | (classes[1:] == _DIGIT))
    begins, ends = is_token.copy(), is_token
    begins[1:] &= ~is_joined
    ends[:-1] &= ~is_joined
    return np.flatnonzero(begins), np.flatnonzero(ends) + 1


def _kinds(plane: npt.NDArray[np.uint32], classes: npt.NDArray[np.uint8], starts: Ints, ends: Ints) -> Ints:
    sums = np.concatenate([np.zeros(1, np.int64), np.cumsum(_cases()[plane])])
    cases, sizes = sums[ends] - sums[starts], ends - starts
    n_upper, n_lower = cases & (1 << _FIELD) - 1, cases >> _FIELD
    is_title = (n_upper == 1) & (_cases()[plane[starts]] == 1)
    mixed = np.where(n_upper == sizes, np.where(sizes == 1, CAPITAL, UPPER), np.where(is_title, TITLE, MIXED))
    letters = np.where(n_upper == 0, np.where(n_lower > 0, LOWER, UNCASED), mixed)
    first = classes[starts]
    others = np.where(plane[starts] < 128, MARK, SYMBOL)
    numbers = NUMBER + np.minimum(sizes, LONGEST_NUMBER) - 1
    return np.where(first == _LETTER, letters, np.where(first == _DIGIT, numbers, others)).astype(np.int64)


def _hashed(sums: Hashes) -> Ints:
    mixed = (sums ^ (sums >> np.uint64(32))) * np.uint64(MIX)
    return (mixed >> np.uint64(32)).astype(np.int64)


@cache
def _classes() -> npt.NDArray[np.uint8]:
    """Return the class of each character of the first plane, and of all beyond it."""
    classes = np.full(_PLANE + 1, _OTHER, np.uint8)
    for code in range(_PLANE):
        character = chr(code)
        if character.isspace() and character != "\n":
            classes[code] = _SPACE
        elif character.isdecimal():
            classes[code] = _DIGIT
        elif character.isalnum() or unicodedata.category(character).startswith("M"):
            classes[code] = _LETTER
    return classes


@cache
def _lower() -> Ints:
    """Return each character's lower case + 1, where that is one character, else its own code + 1."""
    lower = [chr(code).lower() for code in range(_PLANE)]
    codes = [ord(small) if len(small) == 1 else code for code, small in enumerate(lower)]
    return np.array([*codes, 0], np.int64) + 1


@cache
def _cases() -> Ints:
    """Return 1 for an upper-case letter, 1 << _FIELD for a lower-case one, 0 for any other."""
    cases = [int(chr(code).isupper()) + (int(chr(code).islower()) << _FIELD) for code in range(_PLANE)]
    return np.array([*cases, 0], np.int64)


@cache
def _of_characters() -> Ints:
    """Return the number of each character of the first plane as a token; spaces have one here."""
    hashes = _hashed(_lower().astype(np.uint64))
    plane = np.arange(_PLANE + 1, dtype=np.uint32)
    kinds = _kinds(plane, _classes(), np.arange(_PLANE + 1), np.arange(1, _PLANE + 2))
    return (hashes >> 5 << KIND_BITS + WORD_BITS) | (hashes << KIND_BITS) | kinds


@cache
def _powers(n: int) -> tuple[Hashes, Hashes]:
    """Return the first `n` powers of BASE and of its inverse, mod 2^64."""
    inverse = pow(BASE, -1, 1 << 64)
    rows = [np.cumprod(np.full(n, base, np.uint64)) for base in (BASE, inverse)]
    powers, inverses = (np.concatenate([np.ones(1, np.uint64), row[: n - 1]]) for row in rows)
    return powers, inverses
