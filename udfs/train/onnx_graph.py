"""Operators and constants, added one by one -> an ONNX file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 18
IR_VERSION = 9


class Graph:
    """Nodes and constants of one ONNX graph, named as they come."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}

    def constant(self, value: npt.ArrayLike, kind: type[np.generic] = np.int64) -> str:
        """Return the name of a constant; equal small ones are stored once."""
        array = np.asarray(value, kind)
        is_small = 0 < array.size <= 4
        name = f"c_{array.dtype}_{array.tolist()}".replace(" ", "") if is_small else f"c_{len(self._constants)}"
        self._constants.setdefault(name, numpy_helper.from_array(array, name))
        return name

    def zeros(self, n: int) -> str:
        """Return `n` zeros [n], which the file does not hold: ONNX Runtime makes them once, when it opens the graph."""
        zero = numpy_helper.from_array(np.zeros(1, np.float32))
        return self.add("ConstantOfShape", self.constant([n]), value=zero)

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

    def save(self, output: str, n_logits: int, path: Path, inputs: Sequence[str] = ("input_ids",)) -> None:
        """Write the graph as a model of these inputs, each int64 [batch, sequence], and of one output, the logits."""
        self._nodes.append(helper.make_node("Identity", [output], ["logits"]))
        given = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "sequence"]) for name in inputs]
        logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", n_logits])
        graph = helper.make_graph(self._nodes, "bag_of_ngrams", given, [logits], [*self._constants.values()])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
        onnx.checker.check_model(model)
        path.write_bytes(model.SerializeToString(deterministic=True))
