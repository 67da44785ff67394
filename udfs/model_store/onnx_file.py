"""An ONNX file -> nothing, or a ModelError: a protobuf walk that refuses what must never reach a session.

Checked, without the onnx package (its loader has had path-traversal bugs): no tensor with data outside the file or
with another size than it says, no sparse tensor (a few bytes become terabytes), no operator domain outside
ALLOWED_DOMAINS, no operator that loops or draws, no functions (they call each other in exponential numbers) and no
training, no nesting deeper than MAX_DEPTH, no more fields than MAX_FIELDS, every length inside its parent.
What a graph computes, and in how much time and memory, only a trial can tell: udfs/model_store/trial.py.
"""

import mmap
from collections.abc import Iterator
from math import prod
from pathlib import Path

from udfs.errors import ModelError

ALLOWED_DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml", "com.microsoft"})
MAX_DEPTH = 32
MAX_DIMS = 16
MAX_FIELDS = 1_000_000  # an encoder has some ten thousand; so many take a second
# A loop need not end, and what is drawn differs from run to run; no text classifier needs either.
REFUSED_OPERATORS = {
    **dict.fromkeys(("Loop", "Scan", "SequenceMap"), "loops"),
    **dict.fromkeys(("BeamSearch", "GreedySearch", "Sampling", "WhisperBeamSearch"), "loops"),
    **dict.fromkeys(("RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"), "draws at random"),
    **dict.fromkeys(("Multinomial", "Bernoulli"), "draws at random"),
    "EPContext": "reads another file",
}

# onnx.proto3: message -> field number -> message inside; the fields that can hold a tensor or a domain.
_INSIDE = {
    "Model": {7: "Graph", 8: "OperatorSet"},
    "Graph": {1: "Node", 5: "Tensor"},
    "Node": {5: "Attribute"},
    "Attribute": {5: "Tensor", 6: "Graph", 10: "Tensor", 11: "Graph"},
    "Tensor": {},
    "OperatorSet": {},
}
_REFUSED_FIELDS = {
    "Model": {20: "steps of a training", 25: "functions of its own"},
    "Graph": {15: "sparse tensors"},
    "Attribute": {22: "sparse tensors", 23: "sparse tensors"},
}
_DOMAIN_FIELD = {"OperatorSet": 1, "Node": 7}
_OPERATOR = 4
_DIMS, _DATA_TYPE, _RAW_DATA, _EXTERNAL_DATA, _DATA_LOCATION = 1, 2, 9, 13, 14
_TYPED_DATA = (4, 5, 6, 7, 10, 11)
# Bits of an element of raw data, by data type: from float and uint8 to the types of four bits.
_BITS = {1: 32, 2: 8, 3: 8, 4: 16, 5: 16, 6: 32, 7: 64, 9: 8, 10: 16, 11: 64, 12: 32, 13: 64, 14: 64, 15: 128, 16: 16}
_BITS |= {17: 8, 18: 8, 19: 8, 20: 8, 21: 4, 22: 4, 23: 4}

_Field = tuple[int, int | tuple[int, int]]


class _RefusedError(ValueError):
    """What is wrong with the file."""


def check_onnx(path: Path) -> None:
    """Raise ModelError if the ONNX file `path` is damaged or holds anything that we refuse."""
    if path.stat().st_size == 0:
        raise ModelError(f"{path}: an empty file is no ONNX model")
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            has_graph = _Walk(data).check(0, len(data), "Model", 0)
        except _RefusedError as error:
            raise ModelError(f"{path}: refused, {error}; export the model again as one plain file") from error
    if not has_graph:
        raise ModelError(f"{path}: no ONNX model (it holds no graph)")


class _Walk:
    """One pass over a file."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._n_left = MAX_FIELDS

    def check(self, start: int, end: int, message: str, depth: int) -> bool:
        """Check one message and all inside; return whether it holds any message that we know."""
        if depth > MAX_DEPTH:
            raise _RefusedError(f"it is nested deeper than {MAX_DEPTH} levels")
        if message == "Tensor":
            self._check_tensor(start, end)
            return False
        holds_any = False
        for number, value in self._fields(start, end):
            if number in _REFUSED_FIELDS.get(message, ()):
                raise _RefusedError(f"it holds {_REFUSED_FIELDS[message][number]}")
            if isinstance(value, int):
                continue
            self._check_names(message, number, value)
            inside = _INSIDE[message].get(number)
            if inside:
                holds_any = True
                self.check(*value, inside, depth + 1)
        return holds_any

    def _check_names(self, message: str, number: int, value: tuple[int, int]) -> None:
        if number == _DOMAIN_FIELD.get(message):
            domain = self._data[value[0] : value[1]].decode("utf-8", "replace")
            if domain not in ALLOWED_DOMAINS:
                raise _RefusedError(f"it uses operators of the unknown domain {domain[:100]!r}")
        elif message == "Node" and number == _OPERATOR:
            operator = self._data[value[0] : value[1]].decode("utf-8", "replace")
            if operator in REFUSED_OPERATORS:
                raise _RefusedError(f"its operator {operator} {REFUSED_OPERATORS[operator]}")

    def _check_tensor(self, start: int, end: int) -> None:
        """Refuse a tensor whose data lie elsewhere, or are not as many as its dimensions say."""
        dims: list[int] = []
        data_type, n_raw, n_typed = 0, -1, 0
        for number, value in self._fields(start, end):
            if number == _EXTERNAL_DATA or (number == _DATA_LOCATION and value != 0):
                raise _RefusedError("it has a tensor whose data lie in another file")
            if number == _DIMS:
                dims += [value] if isinstance(value, int) else self._packed(*value)
            elif number == _DATA_TYPE and isinstance(value, int):
                data_type = value
            elif number == _RAW_DATA and isinstance(value, tuple):
                n_raw = value[1] - value[0]
            elif number in _TYPED_DATA:
                n_typed += value[1] - value[0] if isinstance(value, tuple) else 1
        if len(dims) > MAX_DIMS:
            raise _RefusedError(f"it has a tensor of {len(dims):,} dimensions")
        n_elements = prod(dims)  # a negative one, as 64 bits without a sign, is more than any file holds
        n_bytes = (n_elements * _BITS.get(data_type, 8) + 7) // 8
        if n_raw not in {-1, n_bytes} or (n_raw < 0 and (n_elements + 1) // 2 > max(n_typed, 1)):
            held = n_raw if n_raw >= 0 else n_typed
            raise _RefusedError(f"it has a tensor of {n_elements:,} elements with {held:,} bytes of data")

    def _packed(self, at: int, end: int) -> list[int]:
        values = []
        while at < end:
            value, at = self._varint(at, end)
            values.append(value)
        return values

    def _fields(self, at: int, end: int) -> Iterator[_Field]:
        """Yield each field of a message: its number and its varint, or the bounds of its bytes."""
        while at < end:
            tag, at = self._varint(at, end)
            number, wire = tag >> 3, tag & 7
            if not 0 < number < 1 << 29:  # readers differ in what they take it for
                raise _RefusedError(f"it is no protobuf (field number {number})")
            value: int | tuple[int, int]
            if wire == 0:
                value, at = self._varint(at, end)
            else:
                size, at = self._size(wire, at, end)
                value = (at, at + size)
                at += size
            yield number, value

    def _size(self, wire: int, at: int, end: int) -> tuple[int, int]:
        """Return the number of bytes of a field that is no varint, and where they begin."""
        if wire == 2:
            size, at = self._varint(at, end)
        elif wire in {1, 5}:
            size = 8 if wire == 1 else 4
        else:
            raise _RefusedError(f"it is no protobuf (wire type {wire})")
        if at + size > end:
            raise _RefusedError("it is cut off or its lengths are wrong")
        return size, at

    def _varint(self, at: int, end: int) -> tuple[int, int]:
        self._n_left -= 1
        if self._n_left < 0:
            raise _RefusedError(f"it has more than {MAX_FIELDS:,} fields")
        value = 0
        for shift in range(0, 70, 7):
            if at >= end:
                raise _RefusedError("it is cut off or its lengths are wrong")
            byte = self._data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value, at
        raise _RefusedError("it is no protobuf (endless number)")
