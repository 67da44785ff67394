"""Model folders: any exported classifier or regression drops in; a changed or odd one is refused."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import yaml
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, pre_tokenizers

from udfs.annotator import Texts
from udfs.classifier import classifier_annotator
from udfs.errors import ConfigError, ModelError
from udfs.inference.text_model import shared_model
from udfs.model_store.folder import read_card, read_model

WORDS = ("[PAD]", "red", "green", "blue")
LABELS = ["Red", "Green", "Blue"]
MakeFolder = Callable[..., Path]


def _one_hot_model(path: Path, *, columns: list[int], gain: float = 1.0, extra_input: bool = False) -> None:
    """Write a graph whose logits are `gain` times how often the words of `columns` occur."""
    table = np.eye(len(WORDS), dtype=np.float32)[:, columns] * gain
    names = ["input_ids", "attention_mask", *(["token_type_ids"] if extra_input else [])]
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["rows"]),
        helper.make_node("ReduceSum", ["rows", "axis"], ["logits"], keepdims=0),
    ]
    constants = [numpy_helper.from_array(table, "table"), numpy_helper.from_array(np.array([1]), "axis")]
    inputs = [helper.make_tensor_value_info(n, TensorProto.INT64, ["b", "s"]) for n in names]
    output = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["b", len(columns)])]
    graph = helper.make_graph(nodes, "words", inputs, output, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    path.write_bytes(model.SerializeToString())


def _words_tokenizer(path: Path) -> None:
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[PAD]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    # As published files do: the model's own settings must win.
    tokenizer.enable_truncation(2)
    tokenizer.enable_padding(length=8)
    tokenizer.save(str(path))


def _write_card(folder: Path, file_name: str = "model.yaml", **more: Any) -> None:
    files = {n: hashlib.sha256((folder / n).read_bytes()).hexdigest() for n in ("model.onnx", "tokenizer.json")}
    card = {"name": "colours", "version": "1", "licence": "none", "labels": LABELS, "files": files} | more
    (folder / file_name).write_text(yaml.safe_dump(card))


@pytest.fixture
def make_folder(tmp_path: Path) -> MakeFolder:
    def make(
        columns: tuple[int, ...] = (1, 2, 3), *, gain: float = 1.0, extra_input: bool = False, **card: Any
    ) -> Path:
        _one_hot_model(tmp_path / "model.onnx", columns=list(columns), gain=gain, extra_input=extra_input)
        _words_tokenizer(tmp_path / "tokenizer.json")
        _write_card(tmp_path, **card)
        return tmp_path

    return make


def _texts(*texts: str) -> Texts:
    return Texts(texts, ["blue blue blue"] * len(texts))


def test_a_folder_of_labels_gives_the_two_best(make_folder: MakeFolder) -> None:
    colours = classifier_annotator("colour", str(make_folder()))
    found = colours(_texts("red red green", "blue"))
    assert found["label"] == ["Red", "Blue"]
    assert found["id"] == [0, 2]
    assert found["second_label"] == ["Green", "Red"]
    shares = np.exp([2.0, 1.0, 0.0]) / np.exp([2.0, 1.0, 0.0]).sum()
    assert found["score"][0] == pytest.approx(shares[0], abs=1e-6)
    assert found["second_score"][0] == pytest.approx(shares[1], abs=1e-6)


def test_a_regression_of_one_logit_is_scaled_and_clipped(make_folder: MakeFolder) -> None:
    output = {"activation": "none", "scale": 2.0, "offset": -1.0, "clip": [0, 5]}
    folder = make_folder((1,), task="regression", labels=[], output=output)
    assert classifier_annotator("edu", str(folder))(_texts("red red", "green", "red " * 9)) == {
        "score": [3.0, 0.0, 5.0]
    }


def test_one_head_of_several_can_be_taken(make_folder: MakeFolder) -> None:
    folder = make_folder(task="regression", labels=[], output={"activation": "none", "head": 2})
    assert classifier_annotator("rater", str(folder))(_texts("red blue blue")) == {"score": [2.0]}


def test_a_sigmoid_stays_between_zero_and_one(make_folder: MakeFolder) -> None:
    folder = make_folder((1,), gain=1e4, task="regression", labels=[], output={"activation": "sigmoid"})
    assert classifier_annotator("sure", str(folder))(_texts("red", "green"))["score"] == [1.0, 0.5]


def test_the_template_decides_what_the_model_sees(make_folder: MakeFolder) -> None:
    folder = make_folder(input={"template": "{url}\n\n{text}"})
    assert classifier_annotator("colour", str(folder))(_texts("red red"))["label"] == ["Blue"]


def test_the_text_is_cut_to_max_chars_and_the_input_to_max_tokens(make_folder: MakeFolder) -> None:
    text = "green green red red red red red"
    for settings in ({"max_chars": 11}, {"max_tokens": 2}):
        folder = make_folder(input=settings)
        assert classifier_annotator("colour", str(folder))(_texts(text))["label"] == ["Green"]


def test_truncation_on_the_left_keeps_the_end(make_folder: MakeFolder) -> None:
    folder = make_folder(input={"max_tokens": 2, "truncation": "left"})
    assert classifier_annotator("colour", str(folder))(_texts("red red red blue blue"))["label"] == ["Blue"]


def test_a_graph_that_wants_token_types_gets_zeros(make_folder: MakeFolder) -> None:
    folder = make_folder(extra_input=True)
    assert classifier_annotator("colour", str(folder))(_texts("green"))["label"] == ["Green"]


def test_a_score_does_not_depend_on_the_neighbours(make_folder: MakeFolder) -> None:
    colours = classifier_annotator("colour", str(make_folder()))
    texts = ["red", "red red green", "", "blue " * 100, "red"]
    together = colours(_texts(*texts))["score"]
    assert together == [colours(_texts(text))["score"][0] for text in texts]


def test_not_a_number_is_stored_as_null(make_folder: MakeFolder) -> None:
    folder = make_folder(gain=1e38)
    found = classifier_annotator("colour", str(folder))(_texts("red " * 9, "green"))
    assert found["label"] == [None, "Green"]
    assert found["score"][0] is None


def test_a_changed_file_is_refused_with_both_digests(make_folder: MakeFolder) -> None:
    folder = make_folder(version="changed")
    annotator = classifier_annotator("colour", str(folder))
    expected = read_card(folder).files["model.onnx"]
    (folder / "model.onnx").write_bytes(b"other")
    found = hashlib.sha256(b"other").hexdigest()
    with pytest.raises(ModelError, match=rf"model\.onnx has changed: its sha256 is {found}, expected {expected}"):
        annotator(_texts("red"))


def test_a_pinned_digest_must_be_the_folders(make_folder: MakeFolder) -> None:
    folder = make_folder()
    classifier_annotator("colour", str(folder), read_card(folder).digest)
    with pytest.raises(ModelError, match="the config pins 0000"):
        classifier_annotator("colour", str(folder), "0" * 64)


def test_what_changes_an_answer_changes_the_version_and_a_figure_does_not(make_folder: MakeFolder) -> None:
    version = classifier_annotator("colour", str(make_folder())).version
    assert classifier_annotator("colour", str(make_folder(metrics={"accuracy": 0.5}))).version == version
    assert classifier_annotator("colour", str(make_folder(output={"temperature": 2.0}))).version != version
    assert classifier_annotator("colour", str(make_folder(gain=2.0))).version != version


def test_a_graph_with_too_few_logits_is_refused(make_folder: MakeFolder) -> None:
    folder = make_folder((1, 2))
    with pytest.raises(ModelError, match="gives 2 logits, the card of colours needs 3"):
        classifier_annotator("colour", str(folder))(_texts("red"))


def test_cards_of_one_folder_take_their_logits_from_one_graph(make_folder: MakeFolder) -> None:
    folder = make_folder((1, 2, 3, 2))
    _write_card(folder, "cool.yaml", name="cool", labels=["Green", "Blue"], output={"head": 1})
    output = {"head": 3, "activation": "none"}
    _write_card(folder, "greenness.yaml", name="greenness", task="regression", labels=[], output=output)
    texts = _texts("red red red green green blue", "blue")
    assert classifier_annotator("colour", str(folder))(texts)["label"] == ["Red", "Blue"]
    assert classifier_annotator("cool", f"{folder}#cool")(texts)["label"] == ["Green", "Blue"]
    assert classifier_annotator("green", f"{folder}#greenness")(texts)["score"] == [2.0, 0.0]


def test_cards_of_one_folder_share_one_model_and_other_input_settings_do_not(make_folder: MakeFolder) -> None:
    folder = make_folder()
    _write_card(folder, "cool.yaml", name="cool", labels=["Green", "Blue"], output={"head": 1})
    _write_card(folder, "short.yaml", input={"max_tokens": 2})
    model = shared_model(*read_model(str(folder)))
    assert shared_model(*read_model(f"{folder}#cool")) is model
    assert shared_model(*read_model(f"{folder}#short")) is not model


def test_a_card_that_is_not_there_is_told_the_others(make_folder: MakeFolder) -> None:
    with pytest.raises(ModelError, match=r"no topic\.yaml there; it has the cards #model"):
        read_model(f"{make_folder()}#topic")


def test_a_setting_at_its_default_changes_no_digest(make_folder: MakeFolder) -> None:
    digest = read_card(make_folder()).digest
    assert read_card(make_folder(input={"max_tokens": 512}, output={"head": 0})).digest == digest


def test_a_folder_without_a_card_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no model\.yaml there"):
        classifier_annotator("colour", str(tmp_path))


@pytest.mark.parametrize("template", ["{text.__class__}", "{text!r}", "{0}", "{url:>9999999}", "none", "{secret}"])
def test_a_template_reaches_nothing_but_text_and_url(make_folder: MakeFolder, template: str) -> None:
    with pytest.raises(ConfigError, match="a template holds"):
        read_card(make_folder(input={"template": template}))


def test_a_file_outside_the_folder_is_refused(make_folder: MakeFolder) -> None:
    with pytest.raises(ConfigError, match="no plain name of a model file"):
        read_card(make_folder(files={"../model.onnx": "0" * 64}))


def test_a_link_in_place_of_a_file_is_refused(make_folder: MakeFolder) -> None:
    folder = make_folder(version="linked")
    (folder / "model.onnx").rename(folder / "elsewhere")
    (folder / "model.onnx").symlink_to(folder / "elsewhere")
    with pytest.raises(ModelError, match="no such plain file"):
        classifier_annotator("colour", str(folder))(_texts("red"))


def test_an_exported_model_passes_the_onnx_checker(make_folder: MakeFolder) -> None:
    assert onnx.checker.check_model(onnx.load(str(make_folder() / "model.onnx"))) is None
