"""Model folders that want to read other files, hang, swell or crash, each with the reason it must be refused for.

python -m tests.unit.hostile_models FOLDER    makes each in FOLDER, opens it, and prints a JSON line about it
"""

import json
import os
import resource
import signal
import struct
import sys
import time
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import fasttext
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tests.unit.model_builder import seal, words_tokenizer
from udfs.classifier import classifier_annotator
from udfs.errors import WebstrataError
from udfs.model_store import trial as model_trial

MEMORY_BYTES = 3 << 30
CPU_SECONDS = 1  # of a trial
CLOCK_SECONDS = 30  # for each file, on a busy machine
LABELS = ["Red", "Green"]
TERA = 1 << 42

Make = Callable[[Path], None]


class Hostile(NamedTuple):
    """How to make a hostile folder of a harmless one, and what the error must say (a regular expression)."""

    make: Make
    reason: str


HOSTILE: dict[str, Hostile] = {}


def hostile(name: str, reason: str) -> Callable[[Make], Make]:
    """Add a maker to HOSTILE."""

    def add(make: Make) -> Make:
        HOSTILE[name] = Hostile(make, reason)
        return make

    return add


# --- ONNX: graphs ----------------------------------------------------------------------------------------------------


def graph_model(nodes: list[onnx.NodeProto], constants: list[onnx.TensorProto] | None = None) -> onnx.ModelProto:
    """Return a model of these nodes, which take `input_ids` and give `logits`."""
    names = ("input_ids", "attention_mask")
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["b", "s"]) for name in names]
    output = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, None)]
    graph = helper.make_graph(nodes, "hostile", inputs, output, constants or [])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def plain() -> onnx.ModelProto:
    """Return a harmless model: two logits, whatever the page."""
    return graph_model(_logits_of("table"), [_numbers(np.zeros((9, 2), np.float32), "table"), _numbers([1], "axis")])


def _logits_of(table: str) -> list[onnx.NodeProto]:
    return [
        helper.make_node("Gather", [table, "input_ids"], ["rows"]),
        helper.make_node("ReduceSum", ["rows", "axis"], ["logits"], keepdims=0),
    ]


def _numbers(values: object, name: str) -> onnx.TensorProto:
    return numpy_helper.from_array(np.asarray(values), name)


def _save(folder: Path, model: onnx.ModelProto) -> None:
    (folder / "model.onnx").write_bytes(model.SerializeToString())


def external(location: str = "weights.bin", name: str = "table") -> onnx.TensorProto:
    """Return a tensor whose data lie in another file."""
    tensor = onnx.TensorProto(name=name, data_type=TensorProto.FLOAT, dims=[9, 2])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    return tensor


def _with_external(location: str) -> Make:
    def make(folder: Path) -> None:
        for place in (folder, folder.parent):
            (place / "weights.bin").write_bytes(bytes(72))
        _save(folder, graph_model(_logits_of("table"), [external(location), _numbers([1], "axis")]))

    return make


for _name, _location in (
    ("relative", "weights.bin"),
    ("in the folder above", "../weights.bin"),
    ("absolute", "/etc/passwd"),
    ("a device", "/dev/zero"),
    ("without a name", ""),
):
    hostile(f"external data, {_name}", "another file")(_with_external(_location))


@hostile("external data, a link", "another file")
def _link(folder: Path) -> None:
    _with_external("link.bin")(folder)
    (folder / "link.bin").symlink_to("/etc/passwd")


def _constant(tensor: onnx.TensorProto) -> onnx.NodeProto:
    return helper.make_node("Constant", [], ["hidden"], value=tensor)


def _branch(nodes: list[onnx.NodeProto], constants: list[onnx.TensorProto]) -> onnx.ModelProto:
    output = [helper.make_tensor_value_info("hidden", 1, [9, 2])]
    graph = helper.make_graph(nodes, "branch", [], output, constants)
    node = helper.make_node("If", ["flag"], ["unused"], then_branch=graph, else_branch=graph)
    model = plain()
    model.graph.node.append(node)
    model.graph.initializer.append(_numbers(np.array([True]), "flag"))
    return model


@hostile("external data, in an attribute", "another file")
def _attribute(folder: Path) -> None:
    model = plain()
    model.graph.node.append(_constant(external()))
    _save(folder, model)


@hostile("external data, in a list of tensors", "another file")
def _tensors(folder: Path) -> None:
    model = plain()
    model.graph.node[0].attribute.append(helper.make_attribute("values", [external()]))
    _save(folder, model)


@hostile("external data, in a subgraph", "another file")
def _subgraph(folder: Path) -> None:
    _save(folder, _branch([_constant(external())], []))


@hostile("external data, an initializer of a subgraph", "another file")
def _subgraph_initializer(folder: Path) -> None:
    _save(folder, _branch([], [external(name="hidden")]))


@hostile("external data, in a sparse tensor", "sparse tensors")
def _sparse(folder: Path) -> None:
    model = plain()
    model.graph.sparse_initializer.add(values=external(), indices=external(name="places"), dims=[4])
    _save(folder, model)


@hostile("external data, in a sparse attribute", "sparse tensors")
def _sparse_attribute(folder: Path) -> None:
    model = plain()
    sparse = onnx.SparseTensorProto(values=external(), indices=external(name="places"), dims=[4])
    model.graph.node[0].attribute.append(helper.make_attribute("sparse_value", sparse))
    _save(folder, model)


@hostile("external data, in a function", "functions of its own")
def _function(folder: Path) -> None:
    model = plain()
    opset = [helper.make_opsetid("", 18)]
    model.functions.append(helper.make_function("", "F", [], ["hidden"], [_constant(external())], opset))
    _save(folder, model)


@hostile("external data, in training steps", "steps of a training")
def _training(folder: Path) -> None:
    model = plain()
    model.training_info.add().algorithm.initializer.append(external())
    _save(folder, model)


@hostile("external data, only the flag", "another file")
def _flag_only(folder: Path) -> None:
    model = plain()
    model.graph.initializer[0].data_location = TensorProto.EXTERNAL
    _save(folder, model)


@hostile("external data, only the name", "another file")
def _name_only(folder: Path) -> None:
    model = plain()
    model.graph.initializer[0].external_data.add(key="location", value="weights.bin")
    _save(folder, model)


def _field(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


def _in_graph(folder: Path, data: bytes) -> None:
    """Append a field to the graph of a harmless model: protobuf readers merge what stands twice."""
    (folder / "model.onnx").write_bytes(plain().SerializeToString() + _field(7, data))


@hostile("external data, under a field number that readers cut", "no protobuf")
def _cut_number(folder: Path) -> None:
    tensor = external(name="more").SerializeToString()
    _in_graph(folder, _varint((5 + (1 << 29)) << 3 | 2) + _varint(len(tensor)) + tensor)


@hostile("external data, under a flag that readers cut", "another file")
def _cut_flag(folder: Path) -> None:
    _in_graph(folder, _field(5, _varint(14 << 3) + _varint((1 << 32) + 1)))


@hostile("unknown domain, imported", r"unknown domain 'evil\.ops'")
def _imported(folder: Path) -> None:
    model = plain()
    model.opset_import.append(helper.make_opsetid("evil.ops", 1))
    _save(folder, model)


@hostile("unknown domain, of a node", r"unknown domain 'evil\.ops'")
def _node_domain(folder: Path) -> None:
    _save(folder, graph_model([helper.make_node("Run", ["input_ids"], ["logits"], domain="evil.ops")]))


@hostile("unknown domain, of a node in a subgraph", r"unknown domain 'evil\.ops'")
def _inner_domain(folder: Path) -> None:
    _save(folder, _branch([helper.make_node("Run", [], ["hidden"], domain="evil.ops")], []))


@hostile("unknown domain, of a function", "functions of its own")
def _function_domain(folder: Path) -> None:
    model = plain()
    function = helper.make_function("evil.ops", "F", [], ["x"], [], [helper.make_opsetid("", 18)])
    model.functions.append(function)
    _save(folder, model)


@hostile("an unknown operator", "Run")
def _custom(folder: Path) -> None:
    _save(folder, graph_model([helper.make_node("Run", ["input_ids"], ["logits"])]))


@hostile("functions that double", "functions of its own")
def _doubling(folder: Path) -> None:
    model, opset = plain(), [helper.make_opsetid("", 18)]
    for i in range(40):
        nodes = [helper.make_node(f"F{i + 1}", ["x"], ["y"]), helper.make_node(f"F{i + 1}", ["y"], ["z"])]
        model.functions.append(helper.make_function("", f"F{i}", ["x"], ["z"], nodes, opset))
    _save(folder, model)


def _refused_node(operator: str, reason: str, **attributes: Any) -> None:
    def make(folder: Path) -> None:
        model = plain()
        model.graph.node.append(helper.make_node(operator, ["input_ids"], ["unused"], **attributes))
        _save(folder, model)

    hostile(f"operator {operator}", reason)(make)


_body = helper.make_graph([], "body", [], [])
_refused_node("Loop", "Loop loops", body=_body)
_refused_node("Scan", "Scan loops", body=_body, num_scan_inputs=1)
_refused_node("SequenceMap", "SequenceMap loops", body=_body)
_refused_node("RandomNormal", "draws at random", shape=[TERA])
_refused_node("RandomUniformLike", "draws at random")
_refused_node("EPContext", "reads another file", domain="com.microsoft")


@hostile("a loop of 2^40 trips", "Loop loops")
def _endless(folder: Path) -> None:
    flag = helper.make_tensor_value_info("go", TensorProto.BOOL, [])
    step = helper.make_tensor_value_info("i", TensorProto.INT64, [])
    again = helper.make_node("Identity", ["go"], ["on"])
    body = helper.make_graph([again], "body", [step, flag], [helper.make_tensor_value_info("on", TensorProto.BOOL, [])])
    model = plain()
    model.graph.initializer.extend([_numbers(1 << 40, "trips"), _numbers(True, "yes")])
    model.graph.node.append(helper.make_node("Loop", ["trips", "yes"], [], body=body))
    _save(folder, model)


# --- ONNX: sizes -----------------------------------------------------------------------------------------------------


def _bomb(name: str, node: onnx.NodeProto, *constants: onnx.TensorProto) -> None:
    """Add a model one of whose nodes gives `big`, a tensor of some terabytes."""

    def make(folder: Path) -> None:
        model = plain()
        nodes = [node, helper.make_node("ReduceMax", ["big"], ["most"], keepdims=0)]
        model.graph.node.extend([*nodes, helper.make_node("Cast", ["most"], ["unused"], to=TensorProto.FLOAT)])
        model.graph.initializer.extend(constants)
        model.graph.output.append(helper.make_tensor_value_info("unused", TensorProto.FLOAT, None))
        _save(folder, model)

    hostile(f"{name} of terabytes", r"[Aa]lloc|memory|more than 4294967296")(make)


_one = _numbers(np.ones((1, 1), np.float32), "one")
_million = _numbers(np.ones((1 << 19, 1), np.float32), "column")
_bomb("ConstantOfShape", helper.make_node("ConstantOfShape", ["shape"], ["big"]), _numbers([TERA], "shape"))
_bomb("Expand", helper.make_node("Expand", ["one", "shape"], ["big"]), _one, _numbers([1 << 21, 1 << 21], "shape"))
_bomb("Tile", helper.make_node("Tile", ["one", "times"], ["big"]), _one, _numbers([1 << 21, 1 << 21], "times"))
_bomb(
    "Range",
    helper.make_node("Range", ["zero", "end", "step"], ["big"]),
    *(_numbers(number, name) for number, name in ((0, "zero"), (TERA, "end"), (1, "step"))),
)
_bomb(
    "broadcast",
    helper.make_node("Add", ["column", "row"], ["big"]),
    *(_million, _numbers(np.ones((1, 1 << 21), np.float32), "row")),
)


@hostile("a tensor that grows with the page", r"[Aa]lloc|memory")
def _growing(folder: Path) -> None:
    model = plain()
    four = [helper.make_node("Shape", ["input_ids"], ["shape"]), helper.make_node("Tile", ["shape", "four"], ["big"])]
    ones = [helper.make_node("Expand", ["one", "big"], ["huge"]), helper.make_node("ReduceMax", ["huge"], ["unused"])]
    model.graph.node.extend(four + ones)
    model.graph.initializer.extend([_one, _numbers([5], "four")])
    model.graph.output.append(helper.make_tensor_value_info("unused", TensorProto.FLOAT, None))
    _save(folder, model)


@hostile("products without end", "more than 1 s of processor time")
def _products(folder: Path) -> None:
    model = plain()
    model.graph.initializer.append(_numbers([1500, 1500], "shape"))
    model.graph.node.append(helper.make_node("ConstantOfShape", ["shape"], ["x0"]))
    for i in range(2000):
        model.graph.node.append(helper.make_node("MatMul", [f"x{i}", f"x{i}"], [f"x{i + 1}"]))
    model.graph.output.append(helper.make_tensor_value_info("x2000", TensorProto.FLOAT, None))
    _save(folder, model)


def _with_dims(name: str, dims: list[int], reason: str) -> None:
    def make(folder: Path) -> None:
        model = plain()
        tensor = onnx.TensorProto(name="more", data_type=TensorProto.FLOAT, raw_data=bytes(4))
        tensor.dims.extend(dims)
        model.graph.initializer.append(tensor)
        _save(folder, model)

    hostile(f"an initializer of {name} with 4 bytes", reason)(make)


_with_dims("2^40 numbers", [1 << 20, 1 << 20], "1,099,511,627,776 elements with 4 bytes")
_with_dims("-1 numbers", [-1], "elements with 4 bytes")
_with_dims("100,000 dimensions", [2] * 100_000, "100,000 dimensions")


@hostile("an initializer of 2^40 numbers without data", "elements with 0 bytes")
def _no_data(folder: Path) -> None:
    model = plain()
    model.graph.initializer.append(onnx.TensorProto(name="more", data_type=TensorProto.FLOAT, dims=[1 << 40]))
    _save(folder, model)


# --- ONNX: answers ---------------------------------------------------------------------------------------------------


def _answers(name: str, reason: str, nodes: list[onnx.NodeProto], constants: list[onnx.TensorProto]) -> None:
    hostile(name, reason)(lambda folder: _save(folder, graph_model(nodes, constants)))


_table = _numbers(np.zeros((9, 1), np.float32), "table")
_answers("one logit for two labels", "gives 1 logits", _logits_of("table"), [_table, _numbers([1], "axis")])
_rows = helper.make_node("Gather", ["table", "input_ids"], ["logits"])
_answers("logits of rank 3", r"gives \(4, 1\) and not a row", [_rows], [_table])
_answers(
    "a scalar", "first inference", [helper.make_node("Identity", ["x"], ["logits"])], [_numbers(np.float32(1), "x")]
)
_answers(
    "not a number",
    "not a row of finite logits",
    _logits_of("table"),
    [_numbers(np.full((9, 2), np.nan, np.float32), "table"), _numbers([1], "axis")],
)


def _with_input(name: str, change: Callable[[onnx.ValueInfoProto], None], reason: str) -> None:
    def make(folder: Path) -> None:
        model = plain()
        change(model.graph.input[1])
        _save(folder, model)

    hostile(name, reason)(make)


def _set_type(element: int) -> Callable[[onnx.ValueInfoProto], None]:
    return lambda item: setattr(item.type.tensor_type, "elem_type", element)


_with_input("an input of strings", _set_type(TensorProto.STRING), "string")
_with_input("another input", lambda item: setattr(item, "name", "mask"), "a text model takes input_ids")


# --- ONNX: bytes -----------------------------------------------------------------------------------------------------


def _bytes(name: str, reason: str, data: Callable[[], bytes]) -> None:
    hostile(name, reason)(lambda folder: (folder / "model.onnx").write_bytes(data()) and None)


for _share in (0.02, 0.3, 0.6, 0.9, 0.99):
    _bytes(
        f"an ONNX file cut to {_share:.0%}",
        "cut off|no protobuf|no graph|elements with",
        lambda share=_share: plain().SerializeToString()[: int(len(plain().SerializeToString()) * share)],
    )
_bytes("an ONNX file of garbage", "no protobuf|cut off", lambda: bytes(range(255, 0, -1)) * 50)
_bytes("an ONNX file that is a pickle", "no protobuf|cut off|no graph", lambda: b"\x80\x04\x95" + bytes(100))
_bytes("an empty ONNX file", "empty file", lambda: b"")
_bytes("a wrong wire type", "wire type 3", lambda: plain().SerializeToString() + _varint(7 << 3 | 3))
_bytes("an endless number", "endless number", lambda: b"\x80" * 50)
_bytes("a length beyond the file", "cut off", lambda: _varint(7 << 3 | 2) + _varint(1 << 40))
_bytes("millions of fields", "fields|processor time", lambda: _field(7, b"\x10\x01" * 1_500_000))


@hostile("graphs in graphs in graphs", "nested deeper")
def _nested(folder: Path) -> None:
    data = b""
    for _ in range(500):
        data = _field(1, _field(5, _field(6, data)))
    _in_graph(folder, data)


# --- tokenizers ------------------------------------------------------------------------------------------------------


def _tokenizer(name: str, reason: str, change: Callable[[dict[str, Any]], object]) -> None:
    def make(folder: Path) -> None:
        path = folder / "tokenizer.json"
        conf = json.loads(path.read_text())
        change(conf)
        path.write_text(json.dumps(conf))

    hostile(f"a tokenizer with {name}", reason)(make)


def _split(pattern: str) -> Callable[[dict[str, Any]], object]:
    split = {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}
    return lambda conf: conf.update(pre_tokenizer={"type": "Sequence", "pretokenizers": [split]})


def _replace(pattern: dict[str, str], content: str) -> Callable[[dict[str, Any]], object]:
    return lambda conf: conf.update(normalizer={"type": "Replace", "pattern": pattern, "content": content})


_tokenizer("a repeated group", "repeats a group", _split("(a+)+$"))
_tokenizer("a group of two ways, repeated", "repeats a group", _split("(?:a|a)*b"))
_tokenizer("a cubic pattern", "repeats without end", _split(" *[ ]*[ \\n]*x"))
_tokenizer("a pattern that refers back", "refers back", _split(r"(a*)\1b"))
_tokenizer("a pattern that calls itself", "unusual group", _split(r"(?<x>a\g<x>?b)"))
_tokenizer("an enormous pattern", "more than 2,000 characters", _split("a?" * 50_000))
_tokenizer("a replacement's repeated group", "repeats a group", _replace({"Regex": "(x+x+)+y"}, ""))
_tokenizer("a replacement that swells", "something longer", _replace({"String": "a"}, "b" * 1_000_000))
_tokenizer("merges left out at random", "at random", lambda conf: conf["model"].update(dropout=0.5))
_tokenizer("a model that nobody knows", "not a tokenizer.json", lambda conf: conf["model"].update(type="Evil"))
_tokenizer("no model", "it has no model", lambda conf: conf.pop("model"))
_tokenizer(
    "60,000 added tokens",
    "60,000 added tokens",
    lambda conf: conf.update(added_tokens=[{"id": i, "content": f"<{i}>"} for i in range(60_000)]),
)


def _tokenizer_text(name: str, reason: str, text: str) -> None:
    hostile(f"a tokenizer {name}", reason)(lambda folder: (folder / "tokenizer.json").write_text(text) and None)


_tokenizer_text("nested without end", "not a tokenizer.json", "[" * 200_000)
_tokenizer_text("that is no JSON", "not a tokenizer.json", "import os")
_tokenizer_text("with a number of 100,000 digits", "not a tokenizer.json", f'{{"model": {"1" * 100_000}}}')


@hostile("a tokenizer of 65 MB", "larger than")
def _large_tokenizer(folder: Path) -> None:
    with (folder / "tokenizer.json").open("r+b") as file:
        file.truncate((64 << 20) + 1)


# --- cards -----------------------------------------------------------------------------------------------------------


def _card(name: str, reason: str, **more: Any) -> None:
    hostile(f"a card with {name}", reason)(lambda folder: seal(folder, **more))


def _card_text(name: str, reason: str, text: str) -> None:
    def make(folder: Path) -> None:
        seal(folder)
        with (folder / "model.yaml").open("a", encoding="utf-8") as file:
            file.write(text)

    hostile(f"a card with {name}", reason)(make)


_ALIASES = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
_card_text("aliases of aliases", "aliases", _ALIASES)
_card_text("a hundred thousand levels", "nested deeper", "a: " + "[" * 100_000)
_card_text("1 MB", "larger than", "# " + "x" * 1_000_000)
_card_text("a number to the base of 60", "a number of", "a: 1" + ":1" * 200_000)
_card_text("a number of 100,000 digits", "a number of", "a: " + "1" * 100_000)
_card_text("a Python object", "not YAML", "a: !!python/object/apply:os.system [exit]")
_card_text("a key that stands twice", "stands twice", "name: other")
_card_text("an unknown key", "unknown key", "trust_remote_code: true")
_card_text("a date that is none", "not YAML", "a: 2024-99-99")
_card_text("a NUL", "not YAML", "a: \0")
_card("a template that reaches attributes", "a template holds", input={"template": "{text.__class__.__mro__}"})
_card("a template that pads", "a template holds", input={"template": "{text:>999999999}"})
_card("more tokens than a machine counts", "refused", input={"max_tokens": 1 << 70})
_card("a file in the folder above", "no plain name", files={"../model.onnx": "0" * 64})
_card("a file by its whole path", "no plain name", files={"/etc/passwd": "0" * 64})
_card("a pickle", "no plain name", files={"model.pt": "0" * 64})
_card("wrong digests", "has changed", files={"model.onnx": "0" * 64, "tokenizer.json": "0" * 64})


@hostile("a card that is not UTF-8", "not YAML")
def _latin(folder: Path) -> None:
    seal(folder)
    (folder / "model.yaml").write_bytes((folder / "model.yaml").read_bytes() + b"# \xff\xfe")


@hostile("a file that is a link", "no such plain file")
def _linked(folder: Path) -> None:
    seal(folder)
    (folder / "model.onnx").rename(folder.parent / "elsewhere.onnx")
    (folder / "model.onnx").symlink_to(folder.parent / "elsewhere.onnx")


@hostile("a file that is a pipe", "no such plain file")
def _pipe(folder: Path) -> None:
    seal(folder)
    (folder / "model.onnx").unlink()
    os.mkfifo(folder / "model.onnx")


# --- fastText --------------------------------------------------------------------------------------------------------

_HEADER = {"version": 4, "dim": 8, "word_ngrams": 28, "loss": 32, "model": 36, "bucket": 40, "minn": 44, "maxn": 48}
_HEADER |= {"magic": 0, "entries": 64, "words": 68, "labels": 72, "pruned": 84}
DICTIONARY = 92


def fasttext_model(folder: Path, *, is_quantised: bool = False, loss: str = "softmax") -> Path:
    """Put a small fastText model of the labels in place of the ONNX model, and return its path."""
    for name in ("model.onnx", "tokenizer.json"):
        (folder / name).unlink(missing_ok=True)
    path = folder / ("model.ftz" if is_quantised else "model.bin")
    path.write_bytes(_trained(is_quantised, loss))
    return path


@cache
def _trained(is_quantised: bool, loss: str) -> bytes:
    with TemporaryDirectory() as folder:
        text, path = Path(folder) / "text", Path(folder) / "model"
        text.write_text("__label__Red cat owl fox\n__label__Green saw nail bolt\n" * 20)
        shape = {"dim": 4, "bucket": 500, "wordNgrams": 2, "minCount": 1, "epoch": 5}
        model = fasttext.train_supervised(str(text), loss=loss, thread=1, verbose=0, **shape)
        if is_quantised:
            model.quantize(qnorm=True, cutoff=300)
        model.save_model(str(path))
        return path.read_bytes()


def _seal_fasttext(folder: Path, **more: Any) -> None:
    seal(folder, engine="fasttext", **more)


def _fasttext(name: str, reason: str, change: Callable[[bytearray], object], **more: Any) -> None:
    def make(folder: Path) -> None:
        path = fasttext_model(folder, **more)
        data = bytearray(path.read_bytes())
        change(data)
        path.write_bytes(data)
        _seal_fasttext(folder)

    hostile(f"fastText, {name}", reason)(make)


def _header(name: str, reason: str, value: int) -> None:
    form = "<q" if name == "pruned" else "<i"
    _fasttext(f"{name} {value}", reason, lambda data: struct.pack_into(form, data, _HEADER[name], value))


_header("magic", "magic 1234", 1234)
_header("version", "version 99", 99)
_header("dim", "impossible sizes", -1)
_header("dim", "does not fit", 60_000)
_header("words", "impossible sizes", -5)
_header("words", "do not fit", 2_000_000_000)
_header("entries", "do not fit", 2_000_000_000)
_header("labels", "impossible sizes", 0)
_header("labels", "impossible sizes", 2_000_000_000)
_header("model", "no classifier", 1)
_header("loss", "no classifier", 9)
_header("bucket", "in 0 buckets", 0)
_header("bucket", "does not fit", 2_000_000_000)
_header("bucket", "in -1 buckets", -1)
_header("word_ngrams", "n-grams of", 2_000_000_000)
_header("maxn", "n-grams of", 2_000_000_000)
_header("pruned", "lost n-grams", 0)


def _cut(share: float) -> Callable[[bytearray], object]:
    return lambda data: data.__delitem__(slice(int(len(data) * share), None))


def _set(form: str, value: int, find: bytes, offset: int) -> Callable[[bytearray], object]:
    """Return what writes a number at a distance from the first place of some bytes."""
    return lambda data: struct.pack_into(form, data, data.index(find) + offset, value)


for _share in (0, 0.05, 0.2, 0.5, 0.95):
    _fasttext(f"cut to {_share:.0%}", "not a fastText model|no size", _cut(_share))
    _fasttext(f"quantised, cut to {_share:.0%}", "not a fastText model|no size", _cut(_share), is_quantised=True)
_fasttext("bytes at its end", "bytes too many", lambda data: data.extend(bytes(99)))
_fasttext("a label among the words", "is of kind 1", _set("<b", 1, b"owl\0", 12))
_fasttext("a label never seen", "seen 0 times", _set("<q", 0, b"__label__Red\0", 13), loss="hs")
_fasttext("a label seen 2^62 times", "seen 4611", _set("<q", 1 << 62, b"__label__Red\0", 13), loss="hs")
_fasttext("a label that is not UTF-8", "cannot load it", _set("<B", 0xFF, b"__label__Red\0", 9))
_fasttext("a matrix of terabytes", "does not fit", lambda data: struct.pack_into("<q", data, len(data) - 48, TERA))


def _end_of_words(data: bytearray) -> int:
    return max(data.index(b"__label__Red\0") + 13, data.index(b"__label__Green\0") + 15) + 9


@partial(_fasttext, "a dictionary without end", "has no end|of kind")
def _no_end(data: bytearray) -> None:
    data[DICTIONARY:] = b"x" * (len(data) - DICTIONARY)


@partial(_fasttext, "an n-gram outside its matrix", "outside its matrix", is_quantised=True)
def _outside(data: bytearray) -> None:
    struct.pack_into("<i", data, _end_of_words(data) + 4, 1 << 30)


@hostile("fastText, other labels than the card's", "differ in the labels")
def _other_labels(folder: Path) -> None:
    fasttext_model(folder)
    _seal_fasttext(folder, labels=["Red", "Blue"])


@hostile("fastText, weights that are no numbers", "NaN")
def _nan(folder: Path) -> None:
    path = fasttext_model(folder)
    data = path.read_bytes()
    path.write_bytes(data[:-32] + struct.pack("<8f", *[float("nan")] * 8))
    _seal_fasttext(folder)


# --- the harness -----------------------------------------------------------------------------------------------------


def make_folder(folder: Path, name: str) -> Path:
    """Make a harmless folder and then the hostile one of this name."""
    folder.mkdir()
    _save(folder, plain())
    words_tokenizer(folder / "tokenizer.json")
    HOSTILE[name].make(folder)
    if not (folder / "model.yaml").exists():
        seal(folder)
    return folder


def open_all(root: Path) -> None:
    """Make and open each folder within hard limits, printing what happened."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    model_trial.CPU_SECONDS = CPU_SECONDS
    for i, name in enumerate(HOSTILE):
        (root / str(i)).mkdir()
        folder = make_folder(root / str(i) / "model", name)
        signal.alarm(CLOCK_SECONDS)  # ends the process: a file that hangs is the last one in the output
        started_at = time.process_time()
        said = _open(folder)
        signal.alarm(0)
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        seconds = time.process_time() - started_at
        print(json.dumps({"name": name, "said": said, "seconds": seconds, "kilobytes": most}), flush=True)


def _open(folder: Path) -> str:
    try:
        classifier_annotator("hostile", str(folder))
    except WebstrataError as error:
        return f"{type(error).__name__}: {error}"
    return "opened"


if __name__ == "__main__":
    open_all(Path(sys.argv[1]))
