"""Token numbers of pages -> hashes of their n-grams, block by block: the numpy twin of ngram_graph.py.

A block is one kind of n-gram: of which view of the tokens, how many of them, of the URL or of the text, of its
beginning or its end. All arithmetic is on 64 bits without sign and wraps:

    x = mix(value of the token in the view)            mix(v) = v · MIX ^ (v · MIX >> 32)
    h = Σ x_j · ORDER^(n-1-j), plus the block's salt, then mixed once more
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from udfs.inference.word_encoder import END_PADS, TEXT_AT, URL_WORDS_AT
from udfs.inference.word_numbers import KIND_BITS, KIND_MASK, MARK, NUMBER, WORD_BITS, WORD_MASK
from udfs.train.ngram_block import NgramBlock

Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float32]

MIX = 0x9E37_79B9_7F4A_7C15
ORDER = 0xD6E8_FEB8_6659_FD93
SALT = 0xA076_1D64_78BD_642F
COMMON_SLOTS = 1 << 13
# Where the parts of a page begin and end, each with the pad before it.
PARTS = {"url": (0, URL_WORDS_AT), "url_words": (URL_WORDS_AT - 1, TEXT_AT), "text": (TEXT_AT - 1, None)}


@dataclass(frozen=True)
class Ngrams:
    """The distinct n-grams of a block in each page, one page after the other: hashes, counts, and where pages begin."""

    starts: Ints
    hashes: Hashes
    counts: Floats


def common_words(pages: Sequence[Ints], n: int) -> Ints:
    """Return the slots of the `n` folded words that most pages hold, for the view `style`; 0 is an empty slot.

    A word lies in slot (word mod COMMON_SLOTS); of two that share one, the more common stays.
    """
    words = [np.unique(ids[TEXT_AT:] >> KIND_BITS & WORD_MASK) for ids in pages]
    found, df = np.unique(np.concatenate(words), return_counts=True)
    chosen = found[np.argsort(-df, kind="stable")[: n + 1]]
    slots = np.zeros(COMMON_SLOTS, np.int64)
    slots[chosen[::-1] % COMMON_SLOTS] = chosen[::-1]
    return slots


def values(ids: Ints, view: str, common: Ints) -> Ints:
    """Return what the view sees of each token; the pad is 0 in all."""
    kind, word = ids & KIND_MASK, ids >> KIND_BITS & WORD_MASK
    match view:
        case "raw":
            return ids
        case "stem":
            return ids >> KIND_BITS + WORD_BITS
        case "folded":
            return np.where(kind >= NUMBER, kind, word)
    stays = kind == MARK
    if view == "style":
        stays |= common[word % COMMON_SLOTS] == word
    return np.where(stays, word, kind)


def ngram_hashes(ids: Ints, block: NgramBlock, place: int, common: Ints) -> Hashes:
    """Return the hash of every n-gram of the block, the `place`-th of its model, in one page.

    N-grams of pads alone are left out.
    """
    part = ids[slice(*PARTS[block.part])]
    start, end = window(block)
    mixed = _mix(values(part[start:end], block.view, common).astype(np.uint64), 32)
    n_grams = max(len(mixed) - block.n + 1, 0)
    hashes = mixed[:n_grams]
    for j in range(1, block.n):
        hashes = hashes * np.uint64(ORDER) + mixed[j : j + n_grams]
    return _mix(hashes[hashes != 0] + np.uint64(salt(place)), 29)


def window(block: NgramBlock) -> tuple[int, int]:
    """Return the bounds of the block's tokens in its part, as of a slice; the text has a pad before it."""
    if block.first:
        return 0, block.first + 1
    return (-block.last - END_PADS if block.last else 0), np.iinfo(np.int64).max


def salt(place: int) -> int:
    """Return what tells the n-grams of one block from the same ones of another."""
    return SALT * (place + 1) % (1 << 64)


def count_ngrams(pages: Sequence[Ints], block: NgramBlock, place: int, common: Ints) -> Ngrams:
    """Return the distinct n-grams of the block in each page."""
    found = [np.unique(ngram_hashes(ids, block, place, common), return_counts=True) for ids in pages]
    starts = np.cumsum([0, *(len(hashes) for hashes, _ in found)])
    counts = np.concatenate([n for _, n in found]).astype(np.float32)
    return Ngrams(starts, np.concatenate([hashes for hashes, _ in found]), counts)


def frequent(ngrams: Ngrams, min_df: int) -> Hashes:
    """Return the hashes, sorted, of the n-grams that at least `min_df` pages hold."""
    hashes, df = np.unique(ngrams.hashes, return_counts=True)
    return np.asarray(hashes[df >= min_df], np.uint64)


def ngram_matrix(ngrams: Ngrams, chosen: Hashes) -> sp.csr_matrix:
    """Return 1 + ln(count) [page, chosen n-gram]; `chosen` is sorted."""
    n_pages = len(ngrams.starts) - 1
    if not len(chosen):
        return sp.csr_matrix((n_pages, 0), dtype=np.float32)
    column = np.minimum(np.searchsorted(chosen, ngrams.hashes), len(chosen) - 1)
    is_chosen = chosen[column] == ngrams.hashes
    ends = np.concatenate([[0], np.cumsum(is_chosen)])[ngrams.starts]
    data = 1 + np.log(ngrams.counts[is_chosen])
    return sp.csr_matrix((data, column[is_chosen], ends), shape=(n_pages, len(chosen)), dtype=np.float32)


def _mix(numbers: Hashes, shift: int) -> Hashes:
    product = numbers * np.uint64(MIX)
    return np.asarray(product ^ (product >> np.uint64(shift)), np.uint64)
