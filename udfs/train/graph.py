"""Vocabulary, blocks and weights -> model.onnx: token ids in, logits out, the features computed inside the graph.

The twin of features.py. Weights are stored as int8 with one scale per bucket.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from udfs.train.features import MULTIPLIERS
from udfs.train.recipe import BlockConf
from udfs.train.views import Vocabulary

Floats = npt.NDArray[np.float32]
OPSET = 18
IR_VERSION = 9
TINY = 1e-9


class Graph:
    """Nodes and constants of one ONNX graph, named as they come."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}

    def constant(self, value: npt.ArrayLike, kind: type[np.generic] = np.int64) -> str:
        """Return the name of a constant; equal small ones are stored once."""
        array = np.asarray(value, kind)
        name = f"c_{array.dtype}_{array.tolist()}".replace(" ", "") if array.size <= 4 else f"c_{len(self._constants)}"
        self._constants.setdefault(name, numpy_helper.from_array(array, name))
        return name

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Return the name of the output of a new node."""
        name = f"n_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def span(self, values: str, start: int | str, end: int | str) -> str:
        """Return the columns `start` to `end` of a [batch, sequence] tensor."""
        first, last = (self.constant([at]) if isinstance(at, int) else at for at in (start, end))
        return self.add("Slice", values, first, last, self.constant([1]))

    def cast(self, values: str, kind: int) -> str:
        """Return the values as another type."""
        return self.add("Cast", values, to=kind)

    def save(self, output: str, n_logits: int, path: Path) -> None:
        """Write the graph as a model with the two inputs of the contract."""
        self._nodes.append(helper.make_node("Identity", [output], ["logits"]))
        inputs = [
            helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "sequence"])
            for name in ("input_ids", "attention_mask")
        ]
        logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", n_logits])
        graph = helper.make_graph(self._nodes, "bag_of_ngrams", inputs, [logits], [*self._constants.values()])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
        onnx.checker.check_model(model)
        path.write_bytes(model.SerializeToString(deterministic=True))


def write_graph(
    path: Path, vocabulary: Vocabulary, blocks: Sequence[BlockConf], buckets: Floats, weights: Floats, bias: Floats
) -> None:
    """Write model.onnx; `buckets` [bucket] and `weights` [bucket, logit] cover all blocks, in their order."""
    graph = Graph()
    page = _Page(graph, vocabulary)
    quantised, scales = quantise(weights)
    tables = graph.constant(np.stack([buckets, scales], axis=1), np.float16)
    matrix = graph.constant(quantised, np.int8)
    first, terms = 0, []
    for block in blocks:
        ids, mask = page.n_grams(block)
        terms.append(_block_logits(graph, ids, mask, (tables, matrix), (first, block)))
        first += block.buckets
    total = graph.add("Sum", *terms)
    graph.save(graph.add("Add", total, graph.constant(bias, np.float32)), len(bias), path)


def quantise(weights: Floats) -> tuple[npt.NDArray[np.int8], Floats]:
    """Return int8 weights and, per bucket, the half-precision scale that gives the weights back."""
    scales = (np.abs(weights).max(axis=1) / 127).astype(np.float16)
    # Rows too small for half precision are zero; none overflows int8 by its scale's rounding.
    safe = np.where(scales > 0, scales, 1).astype(np.float32)
    rounded = np.where(scales[:, None] > 0, np.rint(weights / safe[:, None]), 0)
    return np.clip(rounded, -127, 127).astype(np.int8), scales.astype(np.float32)


def _block_logits(graph: Graph, ids: str, mask: str, tables: tuple[str, str], place: tuple[int, BlockConf]) -> str:
    """Add the block's part of the logits: its n-grams' tf · bucket weight, made of length `weight`, times the weights.

    Summing (1 + ln c) / c over the c places of an n-gram sums 1 + ln c over distinct n-grams.
    """
    first, block = place
    counts = _counts(graph, ids, mask, block.buckets)
    tf = graph.add("Div", graph.add("Add", graph.add("Log", counts), graph.constant(1.0, np.float32)), counts)
    rows = graph.add("Add", ids, graph.constant(first)) if first else ids
    both = graph.cast(graph.add("Gather", tables[0], rows, axis=0), TensorProto.FLOAT)
    rarity = graph.add("Gather", both, graph.constant(0), axis=2)
    scale = graph.add("Gather", both, graph.constant(1), axis=2)
    values = graph.add("Mul", graph.add("Mul", tf, rarity), mask)
    squares = graph.add("Mul", graph.add("Mul", values, values), counts)
    length = graph.add("Sqrt", graph.add("ReduceSum", squares, graph.constant([1]), keepdims=1))
    norm = graph.add("Max", length, graph.constant(TINY, np.float32))
    factor = graph.add("Div", graph.constant(block.weight, np.float32), norm)
    scaled = graph.add("Mul", graph.add("Mul", values, scale), factor)
    vectors = graph.cast(graph.add("Gather", tables[1], rows, axis=0), TensorProto.FLOAT)
    product = graph.add("MatMul", graph.add("Unsqueeze", scaled, graph.constant([1])), vectors)
    return graph.add("Squeeze", product, graph.constant([1]))


def _counts(graph: Graph, ids: str, mask: str, buckets: int) -> str:
    """Add how often the n-gram at each place occurs in the page's block, at least 1."""
    batch = graph.add("Shape", ids, start=0, end=1)
    shape = graph.add("Concat", batch, graph.constant([buckets]), axis=0)
    zeros = graph.add("ConstantOfShape", shape, value=numpy_helper.from_array(np.zeros(1, np.float32)))
    table = graph.add("ScatterElements", zeros, ids, mask, axis=1, reduction="add")
    return graph.add("Max", graph.add("GatherElements", table, ids, axis=1), graph.constant(1.0, np.float32))


class _Page:
    """The page's tokens inside the graph: padded so that an n-gram starts at each, and masked by part."""

    def __init__(self, graph: Graph, vocabulary: Vocabulary) -> None:
        self._graph, self._vocabulary = graph, vocabulary
        pads = graph.constant([0, 0, 0, len(MULTIPLIERS) - 1])
        self._length = graph.add("Shape", "input_ids", start=1, end=2)
        self._ids = graph.add("Pad", "input_ids", pads)
        mask = graph.add("Pad", "attention_mask", pads)
        newlines = graph.add("Gather", graph.constant(vocabulary.has_newline, np.int32), self._ids)
        is_text = graph.add("Min", graph.add("CumSum", newlines, graph.constant(1)), graph.constant(1, np.int32))
        text = graph.add("Mul", graph.cast(mask, TensorProto.FLOAT), graph.cast(is_text, TensorProto.FLOAT))
        url = graph.add("Sub", graph.cast(mask, TensorProto.FLOAT), text)
        self._masks = {"text": text, "url": url}
        self._views: dict[str, str] = {}

    def n_grams(self, block: BlockConf) -> tuple[str, str]:
        """Return the block's bucket at each place, and a mask of the places that count."""
        values, mask, end = self._view(block.view), self._masks[block.part], self._length
        if block.window:
            # Past the window nothing counts, so nothing past it need be computed.
            window = self._graph.constant([block.window])
            end = self._graph.add("Min", end, window)
            mask = self._graph.span(mask, 0, window)
            mask = self._graph.add("Pad", mask, self._graph.constant([0, 0, 0, len(MULTIPLIERS) - 1]))
        parts = [self._shifted(values, j, end) for j in range(block.n)]
        terms = [self._graph.add("Mul", part, self._graph.constant(MULTIPLIERS[j])) for j, part in enumerate(parts)]
        masks = [self._shifted(mask, j, end) for j in range(block.n)]
        return self._bucket(terms, block), self._product(masks)

    def _bucket(self, terms: list[str], block: BlockConf) -> str:
        hashes = terms[0]
        for term in terms[1:]:
            hashes = self._graph.add("Add", hashes, term)
        return self._graph.add("Mod", hashes, self._graph.constant(block.buckets))

    def _product(self, masks: list[str]) -> str:
        product = masks[0]
        for mask in masks[1:]:
            product = self._graph.add("Mul", product, mask)
        return product

    def _view(self, name: str) -> str:
        if name not in self._views:
            table = self._graph.constant(self._vocabulary.views[name].table, np.int32)
            self._views[name] = self._graph.cast(self._graph.add("Gather", table, self._ids), TensorProto.INT64)
        return self._views[name]

    def _shifted(self, values: str, by: int, end: str) -> str:
        last = self._graph.add("Add", end, self._graph.constant([by])) if by else end
        return self._graph.span(values, by, last)
