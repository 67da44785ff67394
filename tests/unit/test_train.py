"""Training: a recipe and labelled pages in, a model folder out; the graph is the twin of the numpy features."""

import json
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from udfs.annotator import Texts
from udfs.classifier import classifier_annotator
from udfs.conf import read_conf
from udfs.errors import ConfigError, MissingInputError
from udfs.model_folder import find_model, read_card
from udfs.onnx_model import OnnxModel
from udfs.text_encoder import read_tokenizer
from udfs.tokens import DEFAULT_TOKENIZER
from udfs.train.dataset import split_by_group
from udfs.train.features import block_counts, bucket_weights, lay_out, weighted
from udfs.train.graph import quantise, write_graph
from udfs.train.linear import best_temperature, fit_linear, softmax
from udfs.train.metrics import accuracy_interval, auc, calibration_error, macro_f1
from udfs.train.recipe import BlockConf, FitConf, Recipe, Taxonomy
from udfs.train.train import train
from udfs.train.views import fold, read_vocabulary, shape

CONF = Path(__file__).parents[2] / "conf"
VOCABULARY = read_vocabulary(read_tokenizer(find_model(DEFAULT_TOKENIZER)))
BLOCKS = (
    BlockConf(view="folded", n=1, buckets=32_003),
    BlockConf(view="folded", n=2, buckets=997, weight=0.5),
    BlockConf(view="raw", n=1, part="url", window=8, buckets=499, weight=0.4),
    BlockConf(view="shape", n=3, window=16, buckets=251, weight=0.3),
)
ANIMALS = ("cat", "horse", "owl", "trout")
TOOLS = ("hammer", "chisel", "pliers", "saw")


def _page(i: int) -> dict[str, object]:
    words = (ANIMALS, TOOLS)[i % 2]
    text = " ".join(f"the {words[(i * j + i // 3) % 4]} number {j}" for j in range(1, 9))
    return {"url": f"https://site{i // 4}.example/{i}", "text": text, "label": i % 2, "site": f"site{i // 4}"}


def _write_recipe(folder: Path, **more: object) -> Path:
    labels = [{"id": i, "name": name, "definition": ""} for i, name in enumerate(("Animals", "Tools"))]
    (folder / "things.yaml").write_text(yaml.safe_dump({"name": "things", "source": "", "labels": labels}))
    recipe = {
        "name": "thing",
        "version": "1",
        "description": "what a page is about",
        "taxonomy": "things.yaml",
        "input": {"template": "{url}\n\n{text}", "max_tokens": 64, "add_special_tokens": False},
        "data": {"label": "label", "group": "site"},
        "blocks": [{"view": "folded", "buckets": 499}, {"view": "shape", "n": 2, "buckets": 101, "weight": 0.3}],
        "fit": {"iterations": 40, "min_df": 1},
        "licence": "CC0",
        "training": "made in the test",
        "limits": ["It knows eight words."],
    }
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(recipe | more))
    return path


def _write_pages(folder: Path, n: int = 80) -> Path:
    path = folder / "pages.jsonl"
    path.write_text("".join(json.dumps(_page(i)) + "\n" for i in range(n)))
    return path


def test_a_recipe_and_pages_make_a_folder_that_annotates(tmp_path: Path) -> None:
    metrics = train(_write_recipe(tmp_path), [_write_pages(tmp_path)], tmp_path / "model")
    assert metrics["accuracy"] == 1.0
    found = classifier_annotator("thing", str(tmp_path / "model"))(Texts(["an owl and a cat", "saw, pliers"], ["", ""]))
    assert found["label"] == ["Animals", "Tools"]
    card = (tmp_path / "model" / "README.md").read_text()
    for said in (
        read_card(tmp_path / "model").digest,
        "CC0",
        "made in the test",
        "It knows eight words.",
        "95 % interval",
    ):
        assert said in card


def test_training_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    recipe, pages = _write_recipe(tmp_path), _write_pages(tmp_path)
    for name in ("a", "b"):
        train(recipe, [pages], tmp_path / name)
    for name in ("model.onnx", "model.yaml", "README.md", "tokenizer.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_binary_regression_is_cross_validated_and_scores_between_zero_and_one(tmp_path: Path) -> None:
    recipe = _write_recipe(tmp_path, task="regression", folds=4)
    metrics = train(recipe, [_write_pages(tmp_path)], tmp_path / "model")
    assert metrics["auc"] == 1.0
    assert metrics["n_test"] == 80
    score = classifier_annotator("tool", str(tmp_path / "model"))(Texts(["owl cat", "saw hammer"], ["", ""]))["score"]
    assert 0 <= score[0] < 0.5 < score[1] <= 1


def test_a_tokenizer_is_trained_from_a_recipe(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.yaml"
    recipe = {"kind": "tokenizer", "name": "bpe", "version": "1", "vocabulary": 300, "licence": "CC0", "training": ""}
    path.write_text(yaml.safe_dump(recipe))
    assert train(path, [_write_pages(tmp_path)], tmp_path / "bpe") == {"n_tokens": 300}
    tokenizer = read_tokenizer(tmp_path / "bpe" / "tokenizer.json")
    text = "The Cat,\n\tnaïve 🙂"
    assert tokenizer.decode(tokenizer.encode(text).ids) == text


def test_errors_name_what_is_missing(tmp_path: Path) -> None:
    recipe = _write_recipe(tmp_path)
    with pytest.raises(MissingInputError, match=r"no such file of labelled pages: .*none\.jsonl"):
        train(recipe, [tmp_path / "none.jsonl"], tmp_path / "model")
    (tmp_path / "odd.jsonl").write_text('{"text": "a", "url": "b"}\n')
    with pytest.raises(ConfigError, match="a row lacks the key 'label'"):
        train(recipe, [tmp_path / "odd.jsonl"], tmp_path / "model")
    with pytest.raises(ConfigError, match="taxonomy"):
        train(_write_recipe(tmp_path, taxonomy=None), [_write_pages(tmp_path)], tmp_path / "model")


@settings(max_examples=30, deadline=None)
@given(pages=st.lists(st.lists(st.integers(0, 31_999), min_size=1, max_size=30), min_size=2, max_size=5))
def test_the_graph_computes_what_the_features_and_weights_say(
    pages: list[list[int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    counts = [block_counts(lay_out(pages, VOCABULARY), block, VOCABULARY) for block in BLOCKS]
    rng = np.random.default_rng(0)
    buckets = [rng.uniform(size=b.buckets).astype(np.float16).astype(np.float32) for b in BLOCKS]
    weights = rng.normal(size=(sum(b.buckets for b in BLOCKS), 3)).astype(np.float32)
    bias = rng.normal(size=3).astype(np.float32)
    path = tmp_path_factory.mktemp("graph") / "model.onnx"
    write_graph(path, VOCABULARY, BLOCKS, np.concatenate(buckets), weights, bias)
    model = OnnxModel(path)
    values, scales = quantise(weights)
    stored = np.split(values * scales[:, None], np.cumsum([b.buckets for b in BLOCKS])[:-1])
    expected = bias + sum(
        weighted(c, f, b.weight) @ w for c, f, b, w in zip(counts, buckets, BLOCKS, stored, strict=True)
    )
    for ids, row in zip(pages, expected, strict=True):
        assert np.abs(model.logits(ids) - row).max() < 1e-3


def test_a_bucket_counts_for_being_rare_and_for_being_telling() -> None:
    everywhere, telling, even, once = [1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 1]
    counts = sp.csr_matrix(np.array([everywhere, telling, even, once], np.float32).T)
    targets = np.array([[1, 0], [1, 0], [0, 1], [0, 1]], np.float32)
    rare = bucket_weights(counts, targets, FitConf(min_df=2))
    assert rare[0] < rare[1] == rare[2]
    assert rare[3] == 0
    focused = bucket_weights(counts, targets, FitConf(min_df=2, focus=0.5))
    assert focused[1] > focused[2] == 0


def test_quantised_weights_are_within_half_a_step() -> None:
    weights = np.random.default_rng(0).normal(size=(50, 8)).astype(np.float32)
    values, scales = quantise(weights)
    assert np.abs(values * scales[:, None] - weights).max() <= 0.51 * scales.max()


def test_a_groups_rows_stay_together_whatever_else_is_there() -> None:
    parts = split_by_group(["a", "b", "a", "c", "b"], 5, "seed")
    assert parts[0] == parts[2]
    assert parts[1] == parts[4]
    assert split_by_group(["c"], 5, "seed")[0] == parts[3]


def test_views_forget_what_they_say_they_forget() -> None:
    assert [fold(word) for word in (" The", "the", " 2012", "\n", " ", "!!")] == ["the", "the", "0000", "\n", " ", "!!"]
    words = (" The", " USA", " a", "ing", " 2012", "\n\n", " ", "!!", " (", "é", " A")
    assert [shape(word) for word in words] == ["_Xx", "_XX", "_x", "y", "_0000", "N", "_", "!!", "_(", "u", "_X"]


def test_the_fit_separates_what_can_be_separated() -> None:
    x = sp.csr_matrix(np.eye(4, dtype=np.float32))
    targets = np.array([[1, 0], [1, 0], [0, 1], [0, 1]], np.float32)
    fitted = fit_linear(x, targets, np.ones(4, np.float32), l2=1e-4, iterations=200)
    assert (fitted.logits(x).argmax(axis=1) == targets.argmax(axis=1)).all()


def test_a_temperature_undoes_overconfidence() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(4000, 3))
    labels = np.array([rng.choice(3, p=p / p.sum()) for p in softmax(logits).astype(np.float64)])
    assert best_temperature(np.asarray(logits * 4, np.float32), labels) == pytest.approx(4, rel=0.15)


def test_figures_are_those_of_a_hand_calculation() -> None:
    assert auc(np.array([0.9, 0.5, 0.5, 0.1]), np.array([1, 1, 0, 0])) == 0.875
    assert accuracy_interval(50, 100) == pytest.approx((0.5, 0.4038, 0.5962), abs=1e-4)
    assert macro_f1(np.array([[2, 0, 0], [1, 1, 0], [0, 0, 0]])) == pytest.approx((0.8 + 2 / 3) / 2)
    assert calibration_error(np.array([1.0, 1.0]), np.array([True, False])) == pytest.approx(0.5)


@pytest.mark.parametrize("name", ["topics", "formats"])
def test_a_taxonomys_ids_are_its_order(name: str) -> None:
    labels = read_conf(CONF / "taxonomies" / f"{name}.yaml", Taxonomy).labels
    assert [label.id for label in labels] == list(range(24))
    assert len({label.name for label in labels}) == 24


@pytest.mark.parametrize("name", ["topic", "format", "quality"])
def test_a_recipe_made_the_model_that_is_shipped(name: str) -> None:
    recipe = read_conf(CONF / "train" / f"{name}.yaml", Recipe)
    card = read_card(find_model(f"package:{name}"))
    assert (card.name, card.version, card.input) == (recipe.name, recipe.version, recipe.input)
