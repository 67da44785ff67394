"""Token ids of pages -> a sparse matrix of hashed n-grams: the numpy twin of the ONNX graph in graph.py."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from udfs.train.recipe import BlockConf, FitConf
from udfs.train.views import Vocabulary

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
# An n-gram's bucket is (Σ value · multiplier) mod buckets.
MULTIPLIERS = (1, 31_337, 7_000_021)


@dataclass(frozen=True)
class Tokens:
    """The tokens of all pages in one row: each one's page, its place there, and whether its URL is over."""

    ids: Ints
    page: Ints
    place: Ints
    is_text: npt.NDArray[np.bool_]
    n_pages: int


def lay_out(pages: Sequence[Sequence[int]], vocabulary: Vocabulary) -> Tokens:
    """Return the pages' tokens in one row."""
    sizes = np.array([len(ids) for ids in pages])
    starts = np.repeat(np.cumsum(sizes) - sizes, sizes)
    ids = np.concatenate([np.asarray(ids, np.int64) for ids in pages])
    newlines = vocabulary.has_newline[ids]
    seen = np.cumsum(newlines)
    before = seen[starts] - newlines[starts]
    page = np.repeat(np.arange(len(pages)), sizes)
    return Tokens(ids, page, np.arange(len(ids)) - starts, seen > before, len(pages))


def block_counts(tokens: Tokens, block: BlockConf, vocabulary: Vocabulary) -> sp.csr_matrix:
    """Return 1 + ln(count) of each of the block's buckets in each page."""
    n_grams = len(tokens.ids) - block.n + 1
    values = vocabulary.views[block.view].table[tokens.ids]
    is_inside = tokens.is_text == (block.part == "text")
    if block.window:
        is_inside &= tokens.place < block.window
    hashes = np.zeros(n_grams, np.int64)
    counts = np.ones(n_grams, np.bool_)
    for j in range(block.n):
        hashes += values[j : j + n_grams] * MULTIPLIERS[j]
        counts &= is_inside[j : j + n_grams] & (tokens.page[j : j + n_grams] == tokens.page[:n_grams])
    cells = tokens.page[:n_grams][counts] * block.buckets + hashes[counts] % block.buckets
    found, n_found = np.unique(cells, return_counts=True)
    data = 1 + np.log(n_found.astype(np.float32))
    where = (found // block.buckets, found % block.buckets)
    return sp.csr_matrix((data, where), shape=(tokens.n_pages, block.buckets), dtype=np.float32)


def bucket_weights(counts: sp.csr_matrix, targets: Floats, fit: FitConf) -> Floats:
    """Return each bucket's weight, 0 for those in fewer than `min_df` pages.

    It is (ln((n + 1) / (df + 1)) + 1) · (1 − H)^focus, where H is the entropy, 0 to 1, of the labels of the pages
    that hold the bucket: an n-gram that is as common in every label says little, however rare it is.
    """
    n, n_labels = targets.shape
    is_there = counts.copy()
    is_there.data[:] = 1
    df = counts.getnnz(axis=0)
    by_label = np.asarray(is_there.T @ targets) + fit.smoothing
    share = by_label / by_label.sum(axis=1, keepdims=True)
    entropy = -(share * np.log(share)).sum(axis=1) / np.log(n_labels)
    weights = (np.log((n + 1) / (df + 1)) + 1) * np.maximum(1 - entropy, 0.0) ** fit.focus
    # As the graph stores it: half precision.
    return np.where(df >= fit.min_df, weights, 0).astype(np.float16).astype(np.float32)


def weighted(counts: sp.csr_matrix, buckets: Floats, weight: float) -> sp.csr_matrix:
    """Return the block as the model sees it: counts · bucket weights, each page of length `weight` (or 0)."""
    values = counts @ sp.diags(buckets)
    values.eliminate_zeros()
    length = np.sqrt(np.asarray(values.multiply(values).sum(axis=1))).ravel()
    return (sp.diags(weight / np.maximum(length, 1e-9)) @ values).astype(np.float32).tocsr()
