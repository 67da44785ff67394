"""An ONNX file -> nothing, or a ModelError: a protobuf walk that refuses what must never reach a session.

Checked, without the onnx package (its loader has had path-traversal bugs): no tensor with external data or
with a location other than the file, no operator domain outside ALLOWED_DOMAINS, no nesting deeper than
MAX_DEPTH, every length inside its parent. Shapes and memory are left to ONNX Runtime's own checks.
"""

import mmap
from collections.abc import Iterator
from pathlib import Path

from udfs.errors import ModelError

ALLOWED_DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml", "com.microsoft"})
MAX_DEPTH = 32

# onnx.proto3: message -> field number -> message inside; the fields that can hold a tensor or a domain.
_INSIDE = {
    "Model": {7: "Graph", 8: "OperatorSet", 20: "Training", 25: "Function"},
    "Training": {1: "Graph", 2: "Graph"},
    "Graph": {1: "Node", 5: "Tensor", 15: "SparseTensor"},
    "Function": {7: "Node", 9: "OperatorSet", 11: "Attribute"},
    "Node": {5: "Attribute"},
    "Attribute": {5: "Tensor", 6: "Graph", 10: "Tensor", 11: "Graph", 22: "SparseTensor", 23: "SparseTensor"},
    "SparseTensor": {1: "Tensor", 2: "Tensor"},
    "Tensor": {},
    "OperatorSet": {},
}
_DOMAIN_FIELD = {"OperatorSet": 1, "Node": 7, "Function": 10}
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14

_Field = tuple[int, int | tuple[int, int]]


class _RefusedError(ValueError):
    """What is wrong with the file."""


def check_onnx(path: Path) -> None:
    """Raise ModelError if the ONNX file `path` is damaged or holds anything that we refuse."""
    if path.stat().st_size == 0:
        raise ModelError(f"{path}: an empty file is no ONNX model")
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            has_graph = _check(data, 0, len(data), "Model", 0)
        except _RefusedError as error:
            raise ModelError(f"{path}: refused, {error}; export the model again as one plain file") from error
    if not has_graph:
        raise ModelError(f"{path}: no ONNX model (it holds no graph)")


def _check(data: mmap.mmap, start: int, end: int, message: str, depth: int) -> bool:
    """Check one message and all inside; return whether it holds any message that we know."""
    if depth > MAX_DEPTH:
        raise _RefusedError(f"nested deeper than {MAX_DEPTH} levels")
    holds_any = False
    for number, value in _fields(data, start, end):
        if message == "Tensor":
            _check_tensor_field(number, value)
        if isinstance(value, int):
            continue
        if number == _DOMAIN_FIELD.get(message):
            _check_domain(data[value[0] : value[1]])
        inside = _INSIDE[message].get(number)
        if inside:
            holds_any = True
            _check(data, *value, inside, depth + 1)
    return holds_any


def _check_tensor_field(number: int, value: int | tuple[int, int]) -> None:
    if number == _EXTERNAL_DATA or (number == _DATA_LOCATION and value != 0):
        raise _RefusedError("it has a tensor whose data lie in another file")


def _check_domain(name: bytes) -> None:
    domain = name.decode("utf-8", "replace")
    if domain not in ALLOWED_DOMAINS:
        raise _RefusedError(f"it uses operators of the unknown domain {domain[:100]!r}")


def _fields(data: mmap.mmap, at: int, end: int) -> Iterator[_Field]:
    """Yield each field of a message: its number and its varint, or the bounds of its bytes."""
    while at < end:
        tag, at = _varint(data, at, end)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            value, at = _varint(data, at, end)
            yield number, value
            continue
        if wire == 2:
            size, at = _varint(data, at, end)
        elif wire in {1, 5}:
            size = 8 if wire == 1 else 4
        else:
            raise _RefusedError(f"it is no protobuf (wire type {wire})")
        if at + size > end:
            raise _RefusedError("it is cut off or its lengths are wrong")
        if wire == 2:
            yield number, (at, at + size)
        at += size


def _varint(data: mmap.mmap, at: int, end: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= end:
            raise _RefusedError("it is cut off or its lengths are wrong")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise _RefusedError("it is no protobuf (endless number)")
