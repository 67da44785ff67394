"""Features of pages and several heads' labelled pages -> a model of n-grams, each head fitted and calibrated."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from udfs.errors import ConfigError
from udfs.train.dataset import Dataset, split_by_group, split_in_three
from udfs.train.features import Features
from udfs.train.linear import Examples, Fit, fit_dual, gram, held_out_logits
from udfs.train.recipe import BlockConf, HeadConf

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
MAX_PAGES_AT_ONCE = 10_000


@dataclass(frozen=True)
class Head:
    """One head of a recipe: its labels, its labelled pages, and which of all pages they are."""

    conf: HeadConf
    labels: tuple[str, ...]
    data: Dataset
    rows: Ints

    def part(self, places: Ints) -> "Head":
        """Return the head with the labelled pages at these places alone."""
        return Head(self.conf, self.labels, self.data.part(places), self.rows[places])

    @property
    def n_logits(self) -> int:
        """Return how many logits of the graph are the head's."""
        return 1 if self.conf.task == "regression" else len(self.labels)

    def parts(self, seed: str) -> Ints:
        """Return the part of each labelled page: 0 is the test, 1 sets the calibration; -1 is in neither."""
        if self.conf.is_cross_validated:
            return np.full(len(self.rows), -1)
        try:
            return split_in_three(self.data.groups, self.conf.test_share, seed)
        except ConfigError as error:
            raise ConfigError(f"head {self.conf.name}: {error}") from error

    def examples(self) -> Examples:
        """Return the targets, and weights · confidence^power."""
        power = np.float32(self.conf.fit.confidence_power)
        return Examples(self.data.targets(len(self.labels)), self.data.weights * self.data.confidence**power)

    def block_weights(self, blocks: Sequence[BlockConf]) -> Floats:
        """Return how much each block counts."""
        return np.array(self.conf.weights or [block.weight for block in blocks], np.float32)


@dataclass(frozen=True)
class FittedHead:
    """A head's weights [n-gram, logit] and bias [logit], for blocks of length 1.

    `held_out`, of a head that is cross-validated, are the logits [page, label] of its own pages, each by a fit that did
    not see the page's part; else none.
    """

    name: str
    weights: Floats
    bias: Floats
    held_out: Floats


@dataclass(frozen=True)
class Bench:
    """What the fits of several heads share: the pages' features."""

    features: Features
    blocks: tuple[BlockConf, ...]
    seed: str

    def fit(self, heads: Sequence[Head]) -> list[FittedHead]:
        """Return the heads fitted one after the other; a head's rows are those of the features' pages.

        Of more than MAX_PAGES_AT_ONCE pages, shards are fitted and their weights averaged (Zhang, Duchi & Wainwright
        2013): memory and time then grow with the pages, and not with their square and cube.
        """
        fitted: list[FittedHead] = []
        known: dict[bytes, list[Floats]] = {}
        for i, head in enumerate(heads):
            n_shards = -(-len(head.rows) // MAX_PAGES_AT_ONCE)
            shard = split_by_group(head.data.groups, n_shards, f"{self.seed} shards")
            shard = np.unique(shard, return_inverse=True)[1]  # numbered without those that no group fell into
            parts = [head.part(np.flatnonzero(shard == j)) for j in range(shard.max() + 1)]
            fits = []
            for part in parts:
                key = part.rows.tobytes()
                if key not in known:
                    known = {key: self._products(part.rows, heads[i:] if n_shards == 1 else [part])}
                fits.append(self._fit(part, known[key].pop(0), fitted))
            fitted.append(_average(head, fits, shard))
        return fitted

    def _products(self, rows: Ints, heads: Sequence[Head]) -> list[Floats]:
        """Return the inner products of these pages for each head that has the same: a block's are made once."""
        alike = [head for head in heads if np.array_equal(head.rows, rows)]
        weights = [head.block_weights(self.blocks) ** 2 for head in alike]
        products = [np.ones((len(rows), len(rows)), np.float32) for _ in alike]  # 1 is the bias, one more feature
        for i, block in enumerate(self.features.blocks):
            if any(w[i] for w in weights):
                found = gram(block[rows])
                for total, w in zip(products, weights, strict=True):
                    total += w[i] * found
        return products

    def _fit(self, head: Head, products: Floats, before: Sequence[FittedHead]) -> "_Part":
        others = self._others(head, before)
        products = products + others.values @ others.values.T
        examples, fit = head.examples(), Fit(head.conf.fit.l2, head.conf.fit.iterations)
        held_out = np.zeros((0, len(head.labels)), np.float32)
        if head.conf.is_cross_validated:
            parts = split_by_group(head.data.groups, head.conf.folds, f"{self.seed} folds")
            if len(set(parts)) < 2:
                raise ConfigError(f"head {head.conf.name}: too few pages to split in folds; add groups of pages")
            held_out = held_out_logits(products, examples, fit, parts)
        counts = fit_dual(products, examples, fit)
        if head.conf.task == "regression":
            # One logit whose sigmoid is the softmax of the two.
            counts = counts[:, 1:] - counts[:, :1]
        pairs = zip(self.features.blocks, head.block_weights(self.blocks), strict=True)
        own = np.concatenate([w * w * (block[head.rows].T @ counts) for block, w in pairs])
        more, more_bias = others.folded(counts)
        return _Part(own + more, counts.sum(axis=0) + more_bias, held_out)

    def _others(self, head: Head, before: Sequence[FittedHead]) -> "_Others":
        """Return the text's logits of the heads that the head names."""
        used = [fit for fit in before if head.conf.others.get(fit.name)]
        sizes = [block.shape[1] for block in self.features.blocks]
        is_text = np.repeat([block.part == "text" for block in self.blocks], sizes)[:, None]
        weights = np.hstack([np.zeros((len(is_text), 0), np.float32), *(fit.weights * is_text for fit in used)])
        ends = np.cumsum([0, *sizes])
        pairs = zip(self.features.blocks, ends, ends[1:], strict=False)
        raw = np.sum([block[head.rows] @ weights[start:end] for block, start, end in pairs], axis=0)
        counts = [head.conf.others[fit.name] / np.sqrt(fit.weights.shape[1]) for fit in used]
        count = np.repeat(np.array(counts, np.float32), [fit.weights.shape[1] for fit in used])
        return _Others(raw, weights, count / np.maximum(raw.std(axis=0), 1e-6))


@dataclass(frozen=True)
class _Part:
    """A fit on a shard of a head's pages: weights [n-gram, logit], bias [logit], held-out logits [page, label]."""

    weights: Floats
    bias: Floats
    held_out: Floats


def _average(head: Head, fits: Sequence[_Part], shard: Ints) -> FittedHead:
    """Return the mean of the shards' fits, each counting for its pages."""
    held_out = np.zeros((len(shard) if head.conf.is_cross_validated else 0, len(head.labels)), np.float32)
    for i, fit in enumerate(fits):
        if len(held_out):
            held_out[shard == i] = fit.held_out
    pages = np.bincount(shard, minlength=len(fits)) / len(shard)
    weights = np.sum([n * fit.weights for n, fit in zip(pages, fits, strict=True)], axis=0)
    bias = np.sum([n * fit.bias for n, fit in zip(pages, fits, strict=True)], axis=0)
    return FittedHead(head.conf.name, weights.astype(np.float32), bias.astype(np.float32), held_out)


@dataclass(frozen=True)
class _Others:
    """Logits of other heads as features, standardised: being linear in the n-grams, they fold into the weights."""

    raw: Floats  # [page, feature]
    weights: Floats  # [n-gram, feature]
    scale: Floats

    @property
    def values(self) -> Floats:
        """Return the features [page, feature], each of mean 0."""
        return np.asarray((self.raw - self.raw.mean(axis=0)) * self.scale, np.float32)

    def folded(self, counts: Floats) -> tuple[Floats, Floats]:
        """Return weights of n-grams and a bias that give the same logits as features that pages count so much for."""
        weights = self.scale[:, None] * (self.values.T @ counts)
        return self.weights @ weights, -self.raw.mean(axis=0) @ weights
