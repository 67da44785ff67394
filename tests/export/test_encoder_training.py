"""A tiny random encoder, fine-tuned on a toy task, becomes a model folder that solves it at run time."""

import json
from pathlib import Path

import pytest
import yaml

from udfs.errors import ConfigError, MissingInputError

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from transformers import BertConfig, BertModel  # noqa: E402

from tests.uncased_tokenizer import WORDS, uncased_tokenizer  # noqa: E402
from udfs.annotator import Texts  # noqa: E402
from udfs.inference.text_model import shared_model  # noqa: E402
from udfs.model_store.folder import read_model  # noqa: E402
from udfs.train.encoder import find_base, train_encoder  # noqa: E402


def write_base(folder: Path) -> Path:
    spec = uncased_tokenizer()
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(spec["model"]["vocab"]),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=32,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    (folder / "tokenizer.json").write_text(json.dumps(spec))
    return folder


def write_pages(path: Path) -> Path:
    """About goals or soup; shouted or said: without case the second cannot be told."""
    with path.open("w") as lines:
        for i in range(240):
            about, loud = i % 2, i // 2 % 2
            words = " ".join((WORDS[2 * about + i % 3 % 2], "the", WORDS[2 * about], "some"))
            text = words.upper() if loud else words
            row = {"url": "", "text": f"{text}\n{i}", "about": about, "loud": loud, "sure": 0.9, "domain": f"d{i}"}
            lines.write(json.dumps(row) + "\n")
    return path


def write_recipe(folder: Path, base: Path, **changes: object) -> Path:
    for name in ("about", "loud"):
        labels = [{"id": i, "name": f"{name} {i}", "definition": "."} for i in range(2)]
        (folder / f"{name}.yaml").write_text(yaml.safe_dump({"name": name, "source": "us", "labels": labels}))
    tune = {"lengths": [16] * 4, "batch": 8, "rate": 2e-3, "head_rate": 1e-2, "masked": 0.0, "precision": "fp32"}
    heads = [
        {"name": name, "description": name, "taxonomy": f"{name}.yaml", "label": name, "confidence": "sure"}
        for name in ("about", "loud")
    ]
    recipe = {
        "kind": "encoder",
        "version": "1",
        "base": str(base),
        "input": {"template": "{url}\n{text}", "max_tokens": 16},
        "data": {"group": "domain"},
        "rounds": [tune | {"threads": 1}],
        "heads": heads,
        "licence": "none",
        "training": "a toy",
    }
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(recipe | changes))
    return path


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("encoder")
    write_base(folder / "base")
    write_pages(folder / "pages.jsonl")
    write_recipe(folder, folder / "base")
    return folder


@pytest.fixture(scope="module")
def trained(workshop: Path) -> tuple[Path, dict[str, float]]:
    figures = train_encoder(workshop / "recipe.yaml", [workshop / "pages.jsonl"], workshop / "out")
    return workshop / "out", figures


def test_both_heads_learn_their_task_even_the_one_that_needs_case(trained: tuple[Path, dict[str, float]]) -> None:
    _, figures = trained

    assert figures["about_accuracy"] > 0.95
    assert figures["loud_accuracy"] > 0.95


def test_the_cards_of_one_graph_answer_at_run_time(trained: tuple[Path, dict[str, float]]) -> None:
    out, figures = trained
    folder, about = read_model(f"{out}#about")
    _, loud = read_model(f"{out}#loud")
    logits = shared_model(folder, about)(Texts(["the team some\n1", "THE SALT SOME\n1"], ["", ""]))

    assert (about.output.head, loud.output.head) == (0, 2)
    assert about.metrics["accuracy"] == figures["about_accuracy"]
    assert list(logits[:, 0:2].argmax(axis=1)) == [0, 1]
    assert list(logits[:, 2:4].argmax(axis=1)) == [0, 1]


def test_the_folder_holds_a_model_card_and_no_checkpoint(trained: tuple[Path, dict[str, float]]) -> None:
    out, _ = trained
    readme = (out / "README.md").read_text()

    assert sorted(path.name for path in out.iterdir()) == [
        "README.md",
        "about.yaml",
        "loud.yaml",
        "model.onnx",
        "tokenizer.json",
    ]
    assert list(read_model(f"{out}#about")[1].priors) == ["about 0", "about 1"]
    for said in ("a toy", "240 pages, split by `domain`", "95 % interval", "| loud 1 |", "out.checkpoint"):
        assert said in readme


@pytest.mark.usefixtures("trained")
def test_the_same_recipe_gives_the_same_weights(workshop: Path) -> None:
    train_encoder(workshop / "recipe.yaml", [workshop / "pages.jsonl"], workshop / "again")

    for name in ("model.safetensors", "head.safetensors", "tokenizer.json"):
        assert (workshop / "again.checkpoint" / name).read_bytes() == (workshop / "out.checkpoint" / name).read_bytes()


def test_a_length_above_what_the_model_reads_is_refused(workshop: Path, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, workshop / "base", input={"template": "{text}", "max_tokens": 8})

    with pytest.raises(ConfigError, match=r"above `input\.max_tokens`"):
        train_encoder(recipe, [workshop / "pages.jsonl"], tmp_path / "out")


def test_a_base_that_is_not_installed_says_so() -> None:
    with pytest.raises(MissingInputError, match="no package no_such_package is installed"):
        find_base("python:no_such_package/model")
