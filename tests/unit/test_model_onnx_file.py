"""An ONNX file is walked before a session sees it; what must never pass is in hostile_models.py."""

import subprocess
import sys
from pathlib import Path

import onnx
import pytest
from google.protobuf.message import DecodeError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from tests.unit.hostile_models import external, graph_model, plain
from udfs.errors import ModelError
from udfs.inference.onnx_model import OnnxModel
from udfs.model_store.onnx_file import REFUSED_OPERATORS, check_onnx


def _refusal(data: bytes, path: Path) -> str:
    """Return why the bytes are refused, nothing if they are not."""
    path.write_bytes(data)
    try:
        check_onnx(path)
    except ModelError as error:
        return str(error)
    return ""


def test_a_harmless_model_passes_and_gives_its_logits(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    assert _refusal(plain().SerializeToString(), path) == ""
    assert OnnxModel(path).logits([1, 2]).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("data", [b"", b"\n", b"not a model", b"\x80" * 12, bytes(100), b":\x05abc"])
def test_what_is_no_model_is_refused(data: bytes, tmp_path: Path) -> None:
    assert str(tmp_path) in _refusal(data, tmp_path / "model.onnx")


def test_a_file_cut_anywhere_is_refused(tmp_path: Path) -> None:
    data = plain().SerializeToString()
    reasons = [_refusal(data[:n], tmp_path / "model.onnx") for n in range(len(data))]
    # Fields at the end may be missing: what is left is a whole model, and ONNX Runtime asks for the rest.
    whole = [n for n, reason in enumerate(reasons) if not reason]
    assert all(onnx.ModelProto.FromString(data[:n]).HasField("graph") for n in whole)
    assert len(whole) < 10


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=200))
def test_bytes_without_a_graph_never_pass(data: bytes, tmp_path: Path) -> None:
    reason = _refusal(data, tmp_path / "model.onnx")
    has_graph_tag = b":" in data or b"\xba" in data  # field 7 with a length, in one byte or in several
    assert reason or has_graph_tag


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=4))
def test_no_edit_of_bytes_makes_external_data_pass(edits: list[tuple[int, int]], tmp_path: Path) -> None:
    model = plain()
    model.graph.initializer.append(external(name="more"))
    data = bytearray(model.SerializeToString())
    for place, value in edits:
        data[place % len(data)] = value
    reason = _refusal(bytes(data), tmp_path / "model.onnx")
    assert reason or not _has_external_data(bytes(data))


def _has_external_data(data: bytes) -> bool:
    """Return whether another reader of protobuf finds a tensor whose data lie elsewhere."""
    try:
        graph = onnx.ModelProto.FromString(data).graph
    except DecodeError:
        return False
    return any(tensor.external_data or tensor.data_location for tensor in graph.initializer)


@pytest.mark.parametrize("bits", [TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.INT8, TensorProto.INT4])
def test_tensors_of_any_width_pass_with_just_their_bytes(bits: int, tmp_path: Path) -> None:
    tensor = helper.make_tensor("more", bits, [3], [1, 2, 3])
    for data in (tensor, onnx.TensorProto(name="none", data_type=bits, dims=[0, 9])):
        model = plain()
        model.graph.initializer.append(data)
        assert _refusal(model.SerializeToString(), tmp_path / "model.onnx") == ""


def test_a_raw_tensor_with_a_byte_too_many_is_refused(tmp_path: Path) -> None:
    model = plain()
    model.graph.initializer[0].raw_data += b"\0"
    assert "18 elements with 73 bytes" in _refusal(model.SerializeToString(), tmp_path / "model.onnx")


@pytest.mark.parametrize("operator", sorted(REFUSED_OPERATORS))
def test_an_operator_that_loops_draws_or_reads_is_refused(operator: str, tmp_path: Path) -> None:
    model = graph_model([helper.make_node(operator, ["input_ids"], ["logits"])])
    reason = _refusal(model.SerializeToString(), tmp_path / "model.onnx")
    assert f"its operator {operator} {REFUSED_OPERATORS[operator]}" in reason


def test_a_graph_that_asks_for_terabytes_is_refused_by_the_runtime_too(tmp_path: Path) -> None:
    shape = helper.make_tensor("shape", TensorProto.INT64, [1], [1 << 42])
    path = tmp_path / "model.onnx"
    node = helper.make_node("ConstantOfShape", ["shape"], ["logits"])
    path.write_bytes(graph_model([node], [shape]).SerializeToString())
    with pytest.raises(ModelError, match=r"[Aa]lloc|memory"):
        OnnxModel(path)


def test_running_models_needs_no_onnx_package() -> None:
    script = "import sys, udfs.annotators; print('onnx' in sys.modules, 'sklearn' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert out.stdout.split() == ["False", "False"]
