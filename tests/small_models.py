"""A folder -> a model of four words that fits in a kilobyte, for tests of what happens to model folders."""

import hashlib
import shutil
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import yaml
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, pre_tokenizers

from tests.servers import Behaviour

LABELS = ["Red", "Green", "Blue"]
_WORDS = ("[PAD]", *map(str.lower, LABELS))


def write_colours(folder: Path, **card: Any) -> Path:
    """Write a model folder that says which colour a text names most often; return it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(_counts_of_words().SerializeToString())
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(_WORDS)}, unk_token="[PAD]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    return write_card(folder, **card)


def write_card(folder: Path, file_name: str = "model.yaml", **card: Any) -> Path:
    """Write a card of the folder's model; return the folder."""
    names = ("model.onnx", "tokenizer.json")
    files = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
    said = {"name": "colours", "version": "1", "licence": "CC0", "labels": LABELS, "files": files} | card
    (folder / file_name).write_text(yaml.safe_dump(said))
    return folder


def packed(folder: Path, archive: Path) -> Path:
    """Pack a model folder as a .tar.gz or a .zip, by its name; return the archive."""
    if archive.name.endswith(".tar.gz"):
        with tarfile.open(archive, "w:gz") as tar:
            tar.add(folder, arcname=folder.name)
        return archive
    return Path(shutil.make_archive(str(archive.with_suffix("")), "zip", folder))


def n_fetches(behaviour: Behaviour) -> int:
    """Return how often somebody opened a file of a web server: each time it is asked for the size, then for ranges."""
    return sum(method == "HEAD" for method, _, _ in behaviour.asked)


def _counts_of_words() -> onnx.ModelProto:
    """Return a graph whose logits are how often each colour occurs."""
    table = np.eye(len(_WORDS), dtype=np.float32)[:, 1:]
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["rows"]),
        helper.make_node("ReduceSum", ["rows", "axis"], ["logits"], keepdims=0),
    ]
    constants = [numpy_helper.from_array(table, "table"), numpy_helper.from_array(np.array([1]), "axis")]
    inputs = [helper.make_tensor_value_info(n, TensorProto.INT64, ["b", "s"]) for n in ("input_ids", "attention_mask")]
    output = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["b", len(LABELS)])]
    graph = helper.make_graph(nodes, "words", inputs, output, constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
