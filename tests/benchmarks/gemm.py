"""An ONNX encoder -> the operations that a page costs it, and the most that this core can do in a second."""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper

# Operators of a layer's attention, after and before ONNX Runtime's fusion.
_FUSED_ATTENTION = {"Attention", "MultiHeadAttention", "PackedAttention"}
_MULTIPLY = {"MatMul", "Gemm", "FusedMatMul"}
_SHAPES = ((512, 384, 1536), (512, 768, 768), (1024, 1024, 1024))


class EncoderCost:
    """Operations of an encoder's matrix products, by the number of a page's tokens."""

    def __init__(self, path: Path) -> None:
        graph = onnx.load(str(path)).graph
        weights = {item.name: tuple(item.dims) for item in graph.initializer if len(item.dims) == 2}
        products = [node for node in graph.node if node.op_type in _MULTIPLY]
        used = [weights[name] for node in products for name in node.input if name in weights]
        # What is pooled (the head) comes once for a page; it is the odd sizes at the end, and too small to count.
        self._weights = sum(rows * columns for rows, columns in used if min(rows, columns) > 64)
        self._width = max({shape[1] for shape in used}, key=[shape[1] for shape in used].count)
        n_free = sum(not any(name in weights for name in node.input) for node in products)
        n_fused = sum(node.op_type in _FUSED_ATTENTION for node in graph.node)
        self._n_layers = n_fused or n_free // 2

    def __call__(self, n_tokens: int) -> int:
        """Return the floating-point operations of one page: 2 for each weight and token, 4 · n² · width a layer."""
        return 2 * self._weights * n_tokens + 4 * n_tokens**2 * self._width * self._n_layers


def peak(rounds: int = 9) -> float:
    """Return the most operations a second that an fp32 product reaches in ONNX Runtime on one thread."""
    return max(2 * m * k * n / median(_seconds(_product(m, k, n), rounds)) for m, k, n in _SHAPES)


def _product(m: int, k: int, n: int) -> Callable[[], object]:
    """Return a product of an [m, k] input with [k, n] weights, as an encoder has them."""
    shapes = {"a": [m, k], "c": [m, n]}
    a, c = (helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items())
    rng = np.random.default_rng(0)
    weights = onnx.numpy_helper.from_array(rng.normal(size=(k, n)).astype(np.float32), "b")
    graph = helper.make_graph([helper.make_node("MatMul", ["a", "b"], ["c"])], "product", [a], [c], [weights])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    feed = {"a": rng.normal(size=(m, k)).astype(np.float32)}
    return lambda: session.run(None, feed)


def _seconds(work: Callable[[], object], rounds: int) -> list[float]:
    work()
    found = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        found.append(time.perf_counter() - started)
    return found
