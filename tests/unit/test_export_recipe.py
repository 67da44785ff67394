"""Recipes of exports, and the samples that models are compared on: all that needs no torch."""

import json
from pathlib import Path

import pytest

from tests.processes import run_python
from udfs.errors import ConfigError, MissingInputError, UsageError
from udfs.export.recipe import ExportRecipe, read_recipe
from udfs.export.samples import read_samples, sample_texts
from udfs.model_store.folder import ModelCard

CONF = Path(__file__).parents[2] / "conf" / "export"
FILES = {"model.onnx": "0" * 64, "tokenizer.json": "0" * 64}


@pytest.mark.parametrize("path", sorted(CONF.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_shipped_recipe_makes_valid_cards(path: Path) -> None:
    recipe = read_recipe(path)
    for card in recipe.cards:
        made = ModelCard(
            **card.model_dump(exclude={"taxonomy"}),
            version=recipe.version,
            input=recipe.input,
            files=FILES,
            licence=recipe.licence,
        )
        assert card.heads == slice(made.output.head, made.output.head + made.n_outputs)


def test_the_labels_are_those_of_the_taxonomy() -> None:
    (card,) = read_recipe(CONF / "weborganizer_topic.yaml").cards
    assert (len(card.labels), card.labels[0], card.heads) == (24, "Adult", slice(0, 24))


def test_quraters_heads_are_four_logits_of_one_graph() -> None:
    recipe = read_recipe(CONF / "qurater.yaml")
    assert [card.output.head for card in recipe.cards] == [0, 1, 2, 3]
    assert (recipe.input.long, recipe.input.add_special_tokens) == ("mean", False)


def minimal(**options: object) -> dict[str, object]:
    card = {"name": "a", "description": "", "labels": ["x", "y"]}
    return {"version": "1", "input": {}, "cards": [card], "licence": "", "training": "", **options}


def test_labels_and_a_taxonomy_together_are_refused(tmp_path: Path) -> None:
    card = {"name": "a", "description": "", "labels": ["x", "y"], "taxonomy": "topics.yaml"}
    (tmp_path / "recipe.yaml").write_text(json.dumps(minimal(cards=[card])))
    with pytest.raises(ConfigError, match="both labels and a taxonomy"):
        read_recipe(tmp_path / "recipe.yaml")


def test_two_cards_of_one_name_are_refused(tmp_path: Path) -> None:
    card = {"name": "a", "description": "", "labels": ["x", "y"]}
    (tmp_path / "recipe.yaml").write_text(json.dumps(minimal(cards=[card, card])))
    with pytest.raises(ConfigError, match="two cards of the same name"):
        read_recipe(tmp_path / "recipe.yaml")


def test_fp32_tolerates_little_and_int8_what_it_is_told() -> None:
    exact, rough, strict = (
        ExportRecipe.model_validate(minimal(**options))
        for options in ({}, {"precision": "int8"}, {"precision": "int8", "tolerance": 0.5})
    )
    assert (exact.largest_difference, rough.largest_difference, strict.largest_difference) == (1e-3, None, 0.5)


def test_samples_reach_from_a_word_to_more_than_fits() -> None:
    n_words = [len(text.split()) for text in sample_texts(100).text]
    assert (min(n_words), max(n_words) >= 150) == (1, True)
    assert len(set(sample_texts(100).text)) >= 20


def test_samples_of_ones_own_are_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "samples.jsonl"
    path.write_text('{"text": "a", "url": "u"}\n\n{"text": "b"}\n')
    samples = read_samples(path)
    assert (list(samples.text), list(samples.url)) == (["a", "b"], ["u", ""])


@pytest.mark.parametrize("text", ["", "{", '["text"]', '{"page": 1}'])
def test_other_samples_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "samples.jsonl"
    path.write_text(text)
    with pytest.raises(UsageError, match="samples"):
        read_samples(path)


def test_samples_that_are_not_there_are_missed(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError):
        read_samples(tmp_path / "none.jsonl")


def test_without_torch_the_verb_says_what_to_install(tmp_path: Path) -> None:
    program = "import sys; sys.modules['torch'] = None; from etl.cli import main; sys.exit(main(sys.argv[1:]))"
    asked = ("export", str(CONF / "qurater.yaml"), "--checkpoint", str(tmp_path), "--out", str(tmp_path / "out"))
    done = run_python(program, *asked)
    assert (done.returncode, "pip install 'webstrata[export]'" in done.stderr) == (2, True)
