"""Blocks, chosen n-grams and weights -> model.onnx: the numbers of a page's tokens in, the logits of all heads out.

    logits = bias + Σ_block Σ_n-gram  (1 + ln c) · norm weight / ‖block‖ · block weight · weights[n-gram]

over the chosen n-grams of the page alone, c being how often it holds one; ‖block‖ is the length of (1 + ln c) · norm
weight. N-grams that were not chosen count for nothing, neither in the sum nor in the length. One page a run.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from onnx import TensorProto

from udfs.inference.word_numbers import KIND_BITS, KIND_MASK, MARK, NUMBER, WORD_BITS, WORD_MASK
from udfs.train.ngram_block import NgramBlock
from udfs.train.ngram_table import FINGERPRINT_MASK, NgramTable, build_table
from udfs.train.ngrams import (
    COMMON_SLOTS,
    MIX,
    ORDER,
    PARTS,
    Floats,
    Hashes,
    Ints,
    salt,
    window,
)
from udfs.train.onnx_graph import Graph

TINY = 1e-9
SPREAD = 64  # what a head's largest weight is scaled to, well inside half precision


@dataclass(frozen=True)
class NgramModel:
    """A linear model of n-grams; the n-grams of all blocks follow one another, in the order of the blocks."""

    blocks: tuple[NgramBlock, ...]
    common: Ints
    hashes: tuple[Hashes, ...]  # per block
    norm_weights: Floats  # [n-gram]
    weights: Floats  # [n-gram, logit]
    bias: Floats  # [logit]


@dataclass(frozen=True)
class _Stored:
    """A model's weights as the graph holds them, slot by slot."""

    table: NgramTable
    parameters: npt.NDArray[np.float16]  # [slot, 3]: norm weight, scale, block
    weights: npt.NDArray[np.int8]  # [slot, logit]
    head_scales: Floats  # [logit]


def write_ngram_graph(path: Path, model: NgramModel) -> None:
    """Write model.onnx."""
    graph, stored = Graph(), _stored(model)
    page = _Page(graph, model.common)
    hashes = graph.add("Concat", *(page.hashes(block, i) for i, block in enumerate(model.blocks)), axis=0)
    slots = _chosen_slots(graph, _mixed(graph, hashes, 29), stored.table)
    total = _weighted_sum(graph, slots, stored, len(model.blocks))
    scaled = graph.add("Mul", total, graph.constant(stored.head_scales, np.float32))
    logits = graph.add("Add", scaled, graph.constant(model.bias, np.float32))
    graph.save(logits, len(model.bias), path)


def quantised(weights: Floats, norm_weights: Floats, block_weights: Floats) -> tuple[Ints, Floats, Floats]:
    """Return int8 weights, a scale per n-gram (half precision) and one per head.

    Their product is norm weight · block weight · weight.
    """
    effective = weights * (norm_weights * block_weights)[:, None]
    heads = np.maximum(np.abs(effective).max(axis=0, initial=0), TINY) / SPREAD
    relative = effective / heads
    scales = (np.abs(relative).max(axis=1, initial=0) / 127).astype(np.float16).astype(np.float32)
    steps = np.rint(relative / np.where(scales > 0, scales, 1)[:, None])
    return np.clip(steps, -127, 127).astype(np.int64) * (scales > 0)[:, None], scales, heads.astype(np.float32)


def _stored(model: NgramModel) -> _Stored:
    sizes = [len(hashes) for hashes in model.hashes]
    block = np.repeat(np.arange(len(sizes)), sizes)
    block_weights = np.array([item.weight for item in model.blocks], np.float32)[block]
    steps, scales, heads = quantised(model.weights, model.norm_weights, block_weights)
    table = build_table(np.concatenate(model.hashes))
    parameters = np.zeros((table.n_slots, 3), np.float16)
    parameters[table.slots] = np.stack([model.norm_weights, scales, block], axis=1)
    weights = np.zeros((table.n_slots, steps.shape[1]), np.int8)
    weights[table.slots] = steps
    return _Stored(table, parameters, weights, heads)


def _mixed(graph: Graph, numbers: str, shift: int) -> str:
    product = graph.add("Mul", numbers, graph.constant(MIX, np.uint64))
    high = graph.add("BitShift", product, graph.constant(shift, np.uint64), direction="RIGHT")
    return graph.add("BitwiseXor", product, high)


def _chosen_slots(graph: Graph, hashes: str, table: NgramTable) -> str:
    """Add the slots of those n-grams that the table holds."""
    by = graph.constant(table.bucket_shift, np.uint64)
    bucket = graph.cast(graph.add("BitShift", hashes, by, direction="RIGHT"), TensorProto.INT64)
    displacement = graph.add("Gather", graph.constant(table.displacements, np.uint16), bucket)
    factor = graph.add("Add", graph.cast(displacement, TensorProto.UINT64), graph.constant(MIX, np.uint64))
    product = graph.add("Mul", hashes, factor)
    high = graph.add("BitShift", product, graph.constant(32, np.uint64), direction="RIGHT")
    slots = graph.add("Mod", graph.cast(high, TensorProto.INT64), graph.constant(table.n_slots))
    stored = graph.cast(graph.add("Gather", graph.constant(table.fingerprints, np.uint16), slots), TensorProto.INT32)
    own = graph.add("BitwiseAnd", hashes, graph.constant(FINGERPRINT_MASK, np.uint64))
    return graph.add("Compress", slots, graph.add("Equal", stored, graph.cast(own, TensorProto.INT32)), axis=0)


def _weighted_sum(graph: Graph, slots: str, stored: _Stored, n_blocks: int) -> str:
    """Add the sum [1, logit] over the n-grams at these slots.

    Summing (1 + ln c) / c over the c places of an n-gram sums 1 + ln c over distinct n-grams.
    """
    ones = graph.add("Expand", graph.constant(1.0, np.float32), graph.add("Shape", slots))
    zeros = graph.zeros(stored.table.n_slots)
    counts = graph.add("Gather", graph.add("ScatterElements", zeros, slots, ones, reduction="add"), slots)
    damped = graph.add("Add", graph.add("Log", counts), graph.constant(1.0, np.float32))
    share = graph.add("Div", damped, counts)
    parameters = graph.cast(
        graph.add("Gather", graph.constant(stored.parameters, np.float16), slots), TensorProto.FLOAT
    )
    norm_weight, scale, block = (graph.add("Gather", parameters, graph.constant(i), axis=1) for i in range(3))
    place = graph.cast(block, TensorProto.INT64)
    weighted = graph.add("Mul", damped, norm_weight)
    squares = graph.add("Div", graph.add("Mul", weighted, weighted), counts)
    none = graph.zeros(n_blocks)
    lengths = graph.add("Sqrt", graph.add("ScatterElements", none, place, squares, reduction="add"))
    length = graph.add("Gather", graph.add("Max", lengths, graph.constant(TINY, np.float32)), place)
    values = graph.add("Mul", graph.add("Div", share, length), scale)
    rows = graph.cast(graph.add("Gather", graph.constant(stored.weights, np.int8), slots), TensorProto.FLOAT)
    return graph.add("MatMul", graph.add("Unsqueeze", values, graph.constant([0])), rows)


class _Page:
    """The page's tokens inside the graph, and the n-grams of its views."""

    def __init__(self, graph: Graph, common: Ints) -> None:
        self._graph, self._common = graph, common
        self._ids = graph.add("Reshape", "input_ids", graph.constant([-1]))
        self._kind = graph.add("BitwiseAnd", self._ids, graph.constant(KIND_MASK))
        self._known: dict[tuple[object, ...], str] = {}

    def hashes(self, block: NgramBlock, place: int) -> str:
        """Return the hash of each n-gram of the block, not yet mixed for the last time."""
        start, end = window(block)
        inside = self._n_grams(block.view, block.part, block.n)
        # Slices of tokens become slices of n-grams, which are n - 1 fewer and must end inside.
        if block.first:
            inside = self._slice(inside, start, end - block.n + 1)
        if block.last:
            inside = self._slice(inside, start + block.n - 1, end)
        return self._graph.add("Add", inside, self._graph.constant(salt(place), np.uint64))

    def _n_grams(self, view: str, part: str, n: int) -> str:
        key = (view, part, n)
        if key not in self._known:
            mixed = self._part(view, part)
            self._known[key] = mixed if n == 1 else self._longer(self._n_grams(view, part, n - 1), mixed, n)
        return self._known[key]

    def _longer(self, shorter: str, mixed: str, n: int) -> str:
        firsts = self._graph.add("Mul", self._slice(shorter, 0, -1), self._graph.constant(ORDER, np.uint64))
        return self._graph.add("Add", firsts, self._slice(mixed, n - 1, None))

    def _part(self, view: str, part: str) -> str:
        return self._slice(self._mixed_view(view), *PARTS[part])

    def _mixed_view(self, view: str) -> str:
        if (view,) not in self._known:
            self._known[(view,)] = _mixed(self._graph, self._graph.cast(self._values(view), TensorProto.UINT64), 32)
        return self._known[(view,)]

    def _values(self, view: str) -> str:
        graph = self._graph
        if view == "raw":
            return self._ids
        if view == "stem":
            return graph.add("Div", self._ids, graph.constant(1 << KIND_BITS + WORD_BITS))
        if view == "folded":
            is_number = graph.add("GreaterOrEqual", self._kind, graph.constant(NUMBER))
            return graph.add("Where", is_number, self._kind, self._word())
        stays = graph.add("Equal", self._kind, graph.constant(MARK))
        if view == "style":
            slot = graph.add("BitwiseAnd", self._word(), graph.constant(COMMON_SLOTS - 1))
            there = graph.add("Gather", graph.constant(self._common), slot)
            stays = graph.add("Or", stays, graph.add("Equal", there, self._word()))
        return graph.add("Where", stays, self._word(), self._kind)

    def _word(self) -> str:
        if ("word",) not in self._known:
            shifted = self._graph.add("Div", self._ids, self._graph.constant(1 << KIND_BITS))
            self._known[("word",)] = self._graph.add("BitwiseAnd", shifted, self._graph.constant(WORD_MASK))
        return self._known[("word",)]

    def _slice(self, values: str, start: int, end: int | None) -> str:
        stop = np.iinfo(np.int64).max if end is None else end
        return self._graph.add("Slice", values, self._graph.constant([start]), self._graph.constant([stop]))
