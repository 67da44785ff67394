"""Hostile ONNX files are refused before a session sees them."""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from udfs.errors import ModelError
from udfs.onnx_file import check_onnx
from udfs.onnx_model import OnnxModel

INPUTS = ("input_ids", "attention_mask")


def _external(name: str = "weight") -> onnx.TensorProto:
    tensor = numpy_helper.from_array(np.zeros(4, np.float32), name)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    return tensor


def _model(nodes: list[onnx.NodeProto], constants: list[onnx.TensorProto] | None = None) -> onnx.ModelProto:
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["b", "s"]) for name in INPUTS]
    output = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["b", "n"])]
    graph = helper.make_graph(nodes, "hostile", inputs, output, constants or [])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def _cast() -> list[onnx.NodeProto]:
    return [helper.make_node("Cast", ["input_ids"], ["logits"], to=TensorProto.FLOAT)]


def _in_a_branch(inner: onnx.NodeProto | None, constants: list[onnx.TensorProto]) -> onnx.ModelProto:
    branch = helper.make_graph(
        [inner] if inner else [], "branch", [], [helper.make_tensor_value_info("x", 1, [4])], constants
    )
    node = helper.make_node("If", ["flag"], ["logits"], then_branch=branch, else_branch=branch)
    return _model([node])


def _hostile() -> dict[str, tuple[onnx.ModelProto, str]]:
    constant = helper.make_node("Constant", [], ["logits"], value=_external())
    many = helper.make_node("Any", [], ["logits"])
    many.attribute.append(helper.make_attribute("values", [_external()]))
    sparse = _model(_cast())
    sparse.graph.sparse_initializer.add(values=_external(), indices=_external("places"), dims=[4])
    key_only = numpy_helper.from_array(np.zeros(4, np.float32), "weight")
    key_only.external_data.add(key="location", value="weights.bin")
    opset = _model(_cast())
    opset.opset_import.append(helper.make_opsetid("evil.ops", 1))
    function = _model(_cast())
    function.functions.append(helper.make_function("evil.ops", "F", [], ["x"], [], [helper.make_opsetid("", 18)]))
    nested = _model(_cast())
    nested.functions.append(helper.make_function("", "F", [], ["x"], [constant], [helper.make_opsetid("", 18)]))
    training = _model(_cast())
    training.training_info.add().algorithm.CopyFrom(_model(_cast(), [_external()]).graph)
    return {
        "an initializer": (_model(_cast(), [_external()]), "another file"),
        "a constant": (_model([constant]), "another file"),
        "a list of tensors": (_model([many]), "another file"),
        "a sparse initializer": (sparse, "another file"),
        "a location without the flag": (_model(_cast(), [key_only]), "another file"),
        "a branch's initializer": (_in_a_branch(None, [_external()]), "another file"),
        "a branch's constant": (_in_a_branch(constant, []), "another file"),
        "a function's constant": (nested, "another file"),
        "a training graph": (training, "another file"),
        "a node's domain": (_model([helper.make_node("Run", [], ["logits"], domain="evil.ops")]), "unknown domain"),
        "an imported domain": (opset, "unknown domain"),
        "a function's domain": (function, "unknown domain"),
    }


@pytest.mark.parametrize("what", list(_hostile()))
def test_external_data_and_unknown_domains_are_refused_wherever_they_hide(what: str, tmp_path: Path) -> None:
    model, reason = _hostile()[what]
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match=reason):
        check_onnx(path)


@pytest.mark.parametrize("data", [b"", b"\n", b"not a model", b"\x80" * 12, bytes(100), b":\x05abc"])
def test_what_is_no_model_is_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(data)
    with pytest.raises(ModelError):
        check_onnx(path)


def test_graphs_inside_graphs_without_end_are_refused(tmp_path: Path) -> None:
    attribute = onnx.AttributeProto(name="g", type=onnx.AttributeProto.GRAPH)
    for _ in range(14):
        outer = onnx.AttributeProto(name="g", type=onnx.AttributeProto.GRAPH)
        outer.g.node.add().attribute.append(attribute)
        attribute = outer
    model = _model(_cast())
    model.graph.node[0].attribute.append(attribute)
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match="nested deeper"):
        check_onnx(path)


def test_a_cut_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(
        _model(_cast(), [numpy_helper.from_array(np.zeros(500, np.float32), "w")]).SerializeToString()[:-9]
    )
    with pytest.raises(ModelError, match="cut off"):
        check_onnx(path)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=200))
def test_any_bytes_are_refused_or_passed_and_never_crash(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(data)
    with suppress(ModelError):
        check_onnx(path)


def test_a_graph_with_other_inputs_is_refused(tmp_path: Path) -> None:
    model = _model(_cast())
    model.graph.input[1].name = "mask"
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ModelError, match="a text model takes input_ids, attention_mask"):
        OnnxModel(path)


def test_a_graph_that_gives_no_finite_logits_is_refused(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Cast", ["input_ids"], ["x"], to=TensorProto.FLOAT),
        helper.make_node("Sub", ["x", "x"], ["zero"]),
        helper.make_node("Div", ["zero", "zero"], ["logits"]),
    ]
    path = tmp_path / "model.onnx"
    path.write_bytes(_model(nodes).SerializeToString())
    with pytest.raises(ModelError, match="not a row of finite logits"):
        OnnxModel(path)


def test_a_graph_that_asks_for_terabytes_is_refused(tmp_path: Path) -> None:
    shape = numpy_helper.from_array(np.array([1 << 42]), "shape")
    path = tmp_path / "model.onnx"
    path.write_bytes(_model([helper.make_node("ConstantOfShape", ["shape"], ["logits"])], [shape]).SerializeToString())
    with pytest.raises(ModelError):
        OnnxModel(path)


def test_running_models_needs_no_onnx_package() -> None:
    script = "import sys, udfs.annotators; print('onnx' in sys.modules, 'sklearn' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert out.stdout.split() == ["False", "False"]
