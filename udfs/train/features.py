"""Pages as token numbers -> blocks of weighted n-grams, one sparse matrix each: what a linear model is fitted on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from udfs.train.ngrams import Hashes, Ints, Ngrams, common_words, count_ngrams, frequent, ngram_matrix
from udfs.train.recipe import BlockConf

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Features:
    """The n-grams of each block that a model knows, how rare each is, and the blocks of the pages."""

    common: Ints
    hashes: tuple[Hashes, ...]
    rarity: tuple[Floats, ...]
    blocks: tuple[sp.csr_matrix, ...]  # [page, n-gram], each page of length 1 (or 0)


def make_features(pages: Sequence[Ints], blocks: Sequence[BlockConf], n_common: int) -> Features:
    """Return the features of the pages; an n-gram is known if at least the block's `min_df` of them hold it."""
    common = common_words(pages, n_common)
    made = [_block(count_ngrams(pages, block, place, common), block) for place, block in enumerate(blocks)]
    hashes, rarity, matrices = zip(*made, strict=True)
    return Features(common, hashes, rarity, matrices)


def inverse_frequency(counts: sp.csr_matrix, power: float) -> Floats:
    """Return (ln((n + 1) / (df + 1)) + 1)^power of each n-gram, in the half precision that the graph stores."""
    values = (np.log((counts.shape[0] + 1) / (counts.getnnz(axis=0) + 1)) + 1) ** power
    return np.asarray(values, np.float16).astype(np.float32)


def weighted(counts: sp.csr_matrix, rarity: Floats, weight: float) -> sp.csr_matrix:
    """Return the block as the model sees it: counts · rarity, each page of length `weight` (or 0)."""
    values = counts @ sp.diags(rarity)
    values.eliminate_zeros()
    length = np.sqrt(np.asarray(values.multiply(values).sum(axis=1))).ravel()
    return (sp.diags(weight / np.maximum(length, 1e-9)) @ values).astype(np.float32).tocsr()


def _block(ngrams: Ngrams, block: BlockConf) -> tuple[Hashes, Floats, sp.csr_matrix]:
    chosen = frequent(ngrams, block.min_df)
    counts = ngram_matrix(ngrams, chosen)
    rarity = inverse_frequency(counts, block.rarity)
    return chosen, rarity, weighted(counts, rarity, 1.0)
