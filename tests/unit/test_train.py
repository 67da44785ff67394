"""Training: a recipe and labelled pages in, a model folder out."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import scipy.sparse as sp
import yaml

from udfs.annotator import Texts
from udfs.classifier import classifier_annotator
from udfs.conf import parse_conf, read_conf
from udfs.digest import data_file
from udfs.errors import ConfigError, MissingInputError
from udfs.inference.calibration import flattened, softmax
from udfs.inference.text_encoder import read_tokenizer
from udfs.model_store.folder import find_model, read_card
from udfs.train.dataset import Dataset, read_dataset, split_by_group
from udfs.train.features import Features, inverse_frequency, weighted
from udfs.train.heads import Bench, Head
from udfs.train.linear import (
    Examples,
    Fit,
    best_calibration,
    best_temperature,
    fit_dual,
    gram,
    held_out_logits,
)
from udfs.train.metrics import accuracy_interval, auc, calibration_error, macro_f1
from udfs.train.recipe import BlockConf, DataConf, HeadConf, Recipe, Taxonomy
from udfs.train.train import train

CONF = Path(__file__).parents[2] / "conf"
ANIMALS = ("cat", "horse", "owl", "trout")
TOOLS = ("hammer", "chisel", "pliers", "saw")
THING: dict[str, object] = {
    "name": "thing",
    "version": "1",
    "description": "what a page is about",
    "taxonomy": "things.yaml",
    "data": {"label": "label", "group": "site"},
    "licence": "CC0",
    "training": "made in the test",
    "limits": ["It knows eight words."],
}
SHOUT: dict[str, object] = THING | {
    "name": "shout",
    "task": "regression",
    "taxonomy": None,
    "data": {"url": None, "label": "is_loud", "group": "site"},
    "weights": [0.5, 1.0],
    "others": {"thing": 0.1},
    "is_cross_validated": True,
}


def _page(i: int) -> dict[str, object]:
    words = (ANIMALS, TOOLS)[i % 2]
    is_loud = i // 2 % 2
    text = " ".join(f"the {words[(i * j + i // 3) % 4]} number {j}{'!' if is_loud else ''}" for j in range(1, 9))
    url = f"https://site{i // 4}.example/{i}"
    return {"url": url, "text": text, "label": i % 2, "is_loud": is_loud, "site": f"site{i // 4}"}


def _write_recipe(folder: Path, *heads: dict[str, object], **more: object) -> Path:
    labels = [{"id": i, "name": name, "definition": ""} for i, name in enumerate(("Animals", "Tools"))]
    (folder / "things.yaml").write_text(yaml.safe_dump({"name": "things", "source": "", "labels": labels}))
    recipe = {
        "name": "things",
        "input": {"tokenizer": "words", "template": "{url}\n\n{text}", "max_tokens": 64},
        "blocks": [{"view": "folded"}, {"view": "shape", "n": 2, "weight": 0.3}],
        "n_common": 2,
        "heads": list(heads or (THING,)),
    }
    path = folder / "recipe.yaml"
    path.write_text(json.dumps(recipe | more))  # JSON is YAML, and has no aliases
    return path


def _write_pages(folder: Path, n: int = 80) -> Path:
    path = folder / "pages.jsonl"
    path.write_text("".join(json.dumps(_page(i)) + "\n" for i in range(n)))
    return path


def _rows(folder: Path, *labels: object, **keys: str) -> Path:
    path = folder / "rows.jsonl"
    rows = [{"text": f"page {i}", "label": label, "sure": 0.5 + i / 10} for i, label in enumerate(labels)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_recipe_and_pages_make_a_folder_that_annotates(tmp_path: Path) -> None:
    metrics = train(_write_recipe(tmp_path), [_write_pages(tmp_path)], tmp_path / "model")
    assert metrics["accuracy"] == 1.0
    found = classifier_annotator("thing", str(tmp_path / "model"))(Texts(["an owl and a cat", "saw, pliers"], ["", ""]))
    assert found["label"] == ["Animals", "Tools"]
    card = (tmp_path / "model" / "README.md").read_text()
    digest = read_card(tmp_path / "model").digest
    for said in (digest, "CC0", "made in the test", "It knows eight words.", "95 % interval"):
        assert said in card


def test_heads_of_one_recipe_share_a_graph_and_each_has_its_card(tmp_path: Path) -> None:
    recipe, pages = _write_recipe(tmp_path, THING, SHOUT), _write_pages(tmp_path)
    few = tmp_path / "few.jsonl"
    few.write_text("".join(json.dumps(_page(i)) + "\n" for i in range(40)))
    metrics = train(recipe, [Path(f"thing={pages}"), Path(f"shout={few}")], tmp_path / "model")
    assert metrics["thing.accuracy"] == 1.0
    assert metrics["shout.auc"] == 1.0
    assert metrics["shout.n_test"] == len({_page(i)["text"] for i in range(40)})  # cross-validated: all of them
    cards = [read_card(tmp_path / "model", f"{name}.yaml") for name in ("thing", "shout")]
    assert [card.output.head for card in cards] == [0, 2]
    assert cards[0].files == cards[1].files
    assert [card.data for card in cards] == [(data_file(pages),), (data_file(few),)]
    texts = Texts(["owl number 1! cat number 2!", "saw number 1 hammer number 2"], ["", ""])
    found = classifier_annotator("thing", f"{tmp_path / 'model'}#thing")(texts)
    assert found["label"] == ["Animals", "Tools"]
    score = classifier_annotator("shout", f"{tmp_path / 'model'}#shout")(texts)["score"]
    assert [float(str(x)) > 0.5 for x in score] == [True, False]


def test_training_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    recipe, pages = _write_recipe(tmp_path, THING, SHOUT), _write_pages(tmp_path)
    for name in ("a", "b"):
        train(recipe, [pages], tmp_path / name)
    for name in ("model.onnx", "thing.yaml", "shout.yaml", "README.md"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_card_states_the_shares_of_the_labels_in_training(tmp_path: Path) -> None:
    pages = tmp_path / "pages.jsonl"
    rows = [_page(i) | {"times": 1 + 2 * (i % 2)} for i in range(80)]
    pages.write_text("".join(json.dumps(row) + "\n" for row in rows))
    head = THING | {"data": {"label": "label", "group": "site", "weight": "times"}}
    train(_write_recipe(tmp_path, head), [pages], tmp_path / "model")
    assert read_card(tmp_path / "model").priors == {"Animals": 0.25, "Tools": 0.75}


def test_a_label_is_an_id_a_name_or_scores(tmp_path: Path) -> None:
    names, keys = ("Animals", "Tools"), DataConf(label="label", url=None)
    by_id = read_dataset([_rows(tmp_path, 1, 0)], keys, names)
    by_name = read_dataset([_rows(tmp_path, "Tools", "Animals")], keys, names)
    assert by_id.labels.tolist() == by_name.labels.tolist() == [1, 0]
    by_list = read_dataset([_rows(tmp_path, [1, 3], [0.6, 0.4])], keys, names)
    by_mapping = read_dataset(
        [_rows(tmp_path, {"Animals": 1, "Tools": 3}, {"Animals": 0.6, "Tools": 0.4})], keys, names
    )
    for data in (by_list, by_mapping):
        assert data.targets(2) == pytest.approx(np.array([[0.25, 0.75], [0.6, 0.4]]))
        assert data.labels.tolist() == [1, 0]
        assert data.confidence.tolist() == pytest.approx([0.75, 0.6])


def test_a_confidence_becomes_a_soft_target(tmp_path: Path) -> None:
    keys = DataConf(label="label", url=None, confidence="sure")
    data = read_dataset([_rows(tmp_path, 0, 2)], keys, ("a", "b", "c"))
    assert data.targets(3) == pytest.approx(np.array([[0.5, 0.25, 0.25], [0.2, 0.2, 0.6]]))


@pytest.mark.parametrize(
    ("label", "reason"),
    [
        ("Tolls", "no label 'Tolls'.*'Tools'"),
        ({"Tool": 1}, "no label 'Tool'"),
        ([0, 0], "some is above 0"),
        ([0.2, 0.3, 0.5], "3 scores each; there are 2 labels"),
        ([0.5, None], "row 1: the score of label 1 is None"),
        (2, "label ids go from 2 to 2; there are 2 labels"),
        (1.5, r"no label 1\.5"),
        (None, "row 1: a label is an id"),
    ],
)
def test_an_odd_label_is_refused(tmp_path: Path, label: object, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        read_dataset([_rows(tmp_path, label)], DataConf(label="label", url=None), ("Animals", "Tools"))


def test_a_share_of_two_labels_is_a_soft_label(tmp_path: Path) -> None:
    data = read_dataset([_rows(tmp_path, 0.9, 0.25, 1.0, 0)], DataConf(label="label", url=None), ("no", "yes"))
    assert data.targets(2) == pytest.approx(np.array([[0.1, 0.9], [0.75, 0.25], [0, 1], [1, 0]]))
    with pytest.raises(ConfigError, match=r"row 2: no label 0\.9"):
        read_dataset([_rows(tmp_path, 1.0, 0.9)], DataConf(label="label", url=None), ("a", "b", "c"))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('["text"]', "line 2: not an object"),
        ('{"text": null, "label": 1, "sure": 1}', "row 2: text is None"),
        ('{"text": "a", "label": 1, "sure": null}', "row 2: sure is None, not a number"),
        ('{"text": "a", "label": 1, "sure": -1}', "row 2: sure is -1, not a number"),
        ('{"text": "a"', "line 2: not JSON"),
    ],
)
def test_an_odd_row_is_named(tmp_path: Path, line: str, reason: str) -> None:
    (tmp_path / "rows.jsonl").write_text(f'{{"text": "b", "label": 0, "sure": 1}}\n{line}\n')
    with pytest.raises(ConfigError, match=rf"rows\.jsonl, {reason}"):
        read_dataset([tmp_path / "rows.jsonl"], DataConf(label="label", url=None, confidence="sure"), ("no", "yes"))


def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lake" / "_delta_log").mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist([{"text": "a", "label": 1}]), tmp_path / "lake" / "a.parquet")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 not really")
    (tmp_path / "cut.jsonl.gz").write_bytes(gzip.compress(b'{"text": "a", "label": 1}\n')[:-9])
    (tmp_path / "latin.jsonl").write_bytes(b'{"text": "\xe9", "label": 1}\n')
    reasons = (
        "holds a Delta table.*own folder on the command line",
        "not Parquet",
        "gzipped badly",
        "not text in UTF-8",
    )
    for name, reason in zip(("lake", "broken.parquet", "cut.jsonl.gz", "latin.jsonl"), reasons, strict=True):
        with pytest.raises(ConfigError, match=reason):
            read_dataset([tmp_path / name], DataConf(label="label", url=None))


def test_reading_recipes_and_labelled_pages_needs_no_package_of_an_extra() -> None:
    names = "train.recipe train.dataset train.metrics train.train export.recipe evaluate.evaluate"
    imports = "; ".join(f"import udfs.{name}" for name in names.split())
    script = f"import sys; {imports}; print(*{{'scipy', 'onnx', 'torch', 'sklearn'}} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert out.stdout.split() == []


def test_too_few_pages_to_split_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "pages.jsonl"
    path.write_text("".join(json.dumps(_page(i) | {"site": "one"}) + "\n" for i in range(80)))
    for head in (THING, THING | {"is_cross_validated": True}):
        with pytest.raises(ConfigError, match=r"head thing: .*too few pages to split"):
            train(_write_recipe(tmp_path, head), [path], tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_cards_of_a_model_that_was_there_before_are_removed(tmp_path: Path) -> None:
    pages, out = _write_pages(tmp_path), tmp_path / "model"
    train(_write_recipe(tmp_path, THING, SHOUT), [pages], out)
    (out / "notes.yaml").write_text("mine: true\n")
    train(_write_recipe(tmp_path), [pages], out)
    assert sorted(path.name for path in out.iterdir()) == ["README.md", "model.onnx", "model.yaml", "notes.yaml"]


def test_pages_are_read_from_json_lines_zipped_or_not_and_from_parquet(tmp_path: Path) -> None:
    rows = [{"text": f"page {i}", "url": None, "label": [0.2, 0.8]} for i in range(3)]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    (tmp_path / "b.jsonl").write_text(lines)
    (tmp_path / "table" / "part=0").mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "table" / "part=0" / "c.parquet")
    for name in ("a.jsonl.gz", "b.jsonl", "table"):
        data = read_dataset([tmp_path / name], DataConf(label="label"))
        assert data.pages.text == ["page 0", "page 1", "page 2"]
        assert data.labels.tolist() == [1, 1, 1]
    assert len(read_dataset([tmp_path / "b.jsonl", tmp_path / "table"], DataConf(label="label"))) == 3


def test_a_tokenizer_is_trained_from_a_recipe(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.yaml"
    recipe = {"kind": "tokenizer", "name": "bpe", "version": "1", "vocabulary": 300, "licence": "CC0", "training": ""}
    path.write_text(yaml.safe_dump(recipe))
    assert train(path, [_write_pages(tmp_path)], tmp_path / "bpe") == {"n_tokens": 300}
    tokenizer = read_tokenizer(tmp_path / "bpe" / "tokenizer.json")
    text = "The Cat,\n\tnaïve 🙂"
    assert tokenizer.decode(tokenizer.encode(text).ids) == text


def test_errors_name_what_is_missing(tmp_path: Path) -> None:
    recipe, pages = _write_recipe(tmp_path), _write_pages(tmp_path)
    with pytest.raises(MissingInputError, match=r"no such file of labelled pages: .*none\.jsonl"):
        train(recipe, [tmp_path / "none.jsonl"], tmp_path / "model")
    (tmp_path / "odd.jsonl").write_text('{"text": "a", "url": "b"}\n')
    with pytest.raises(ConfigError, match="row 1: the row lacks the key 'label'"):
        train(recipe, [tmp_path / "odd.jsonl"], tmp_path / "model")
    with pytest.raises(ConfigError, match=r"the recipe has no head 'thigh'.*'thing'"):
        train(recipe, [Path(f"thigh={pages}")], tmp_path / "model")
    with pytest.raises(ConfigError, match="no labelled pages for the head shout"):
        train(_write_recipe(tmp_path, THING, SHOUT), [Path(f"thing={pages}")], tmp_path / "model")
    with pytest.raises(ConfigError, match="taxonomy"):
        train(_write_recipe(tmp_path, THING | {"taxonomy": None}), [pages], tmp_path / "model")


@pytest.mark.parametrize(
    ("heads", "reason"),
    [
        ((THING | {"weights": [1.0]},), "1 weights for 2 blocks"),
        ((SHOUT, THING), "no head 'thing' before it"),
        ((THING, THING), "two heads have the same name, thing"),
        ((THING | {"name": "../thing"},), "heads.0.name"),
        ((THING | {"test_share": 0.4},), "heads.0.test_share.*less than 0.4"),
    ],
)
def test_a_recipe_whose_heads_do_not_fit_is_refused(
    tmp_path: Path, heads: tuple[dict[str, object], ...], reason: str
) -> None:
    with pytest.raises(ConfigError, match=reason):
        read_conf(_write_recipe(tmp_path, *heads), Recipe)


def test_a_rare_ngram_counts_more_and_each_page_has_the_same_length() -> None:
    counts = sp.csr_matrix(np.array([[1, 1, 0], [1, 0, 2], [1, 0, 0]], np.float32))
    rarity = inverse_frequency(counts, 1.0)
    assert rarity[0] < rarity[1] == rarity[2]
    assert rarity[1] == pytest.approx(np.log(4 / 2) + 1, rel=1e-3)
    assert inverse_frequency(counts, 2.0) == pytest.approx(rarity**2, rel=1e-2)
    block = weighted(counts, rarity, 0.5)
    assert np.sqrt(block.multiply(block).sum(axis=1)) == pytest.approx(np.full((3, 1), 0.5))


def test_a_groups_rows_stay_together_whatever_else_is_there() -> None:
    parts = split_by_group(["a", "b", "a", "c", "b"], 5, "seed")
    assert parts[0] == parts[2]
    assert parts[1] == parts[4]
    assert split_by_group(["c"], 5, "seed")[0] == parts[3]


def test_the_fit_is_where_the_loss_is_least() -> None:
    rng = np.random.default_rng(0)
    x = sp.csr_matrix(rng.normal(size=(40, 6)).astype(np.float32))
    targets = softmax(rng.normal(size=(40, 3))).astype(np.float32)
    examples, l2 = Examples(targets, rng.uniform(0.5, 1, 40).astype(np.float32)), 1e-2
    weights = x.T @ fit_dual(gram(x), examples, Fit(l2, 100))
    share = (examples.weights / examples.weights.sum())[:, None]
    gradient = x.T @ (share * (softmax(x @ weights) - targets)) + l2 * weights
    assert np.abs(gradient).max() < 1e-4


def test_a_heads_weights_give_the_logits_of_its_fit() -> None:
    rng = np.random.default_rng(0)
    blocks = tuple(sp.csr_matrix(rng.normal(size=(30, n)).astype(np.float32)) for n in (4, 6))
    features = Features(np.zeros(1, np.int64), (), (), blocks)
    confs = (BlockConf(view="folded"), BlockConf(view="folded", part="url"))
    labels = rng.integers(0, 3, 30)
    texts = Texts([""] * 30, [""] * 30)
    data = Dataset(texts, labels, np.ones(30, np.float32), [str(i) for i in range(30)], np.ones(30, np.float32))
    thing = THING | {"fit": {"l2": 0.01}}
    first = parse_conf(thing | {"weights": [0.5, 2.0]}, HeadConf, where="test")
    second = parse_conf(thing | {"name": "b", "weights": [0.3, 0.1], "others": {"thing": 0.7}}, HeadConf, where="test")
    heads = [Head(conf, ("a", "b", "c"), data, np.arange(30)) for conf in (first, second)]
    one, two = Bench(features, confs, "seed").fit(heads)
    x = np.hstack([block.toarray() for block in blocks])
    of_text = x[:, :4] @ one.weights[:4]
    dense = 0.7 / np.sqrt(3) * (of_text - of_text.mean(axis=0)) / of_text.std(axis=0)
    for fit, conf, more in ((one, first, np.zeros((30, 0))), (two, second, dense)):
        scaled = np.hstack([x * np.repeat(conf.weights, (4, 6)), more, np.ones((30, 1))]).astype(np.float32)
        products = scaled @ scaled.T
        counts = fit_dual(products, heads[0].examples(), Fit(conf.fit.l2, conf.fit.iterations))
        assert x @ fit.weights + fit.bias == pytest.approx(products @ counts, abs=1e-2)


def test_many_pages_are_fitted_shard_by_shard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("udfs.train.heads.MAX_PAGES_AT_ONCE", 20)
    metrics = train(_write_recipe(tmp_path), [_write_pages(tmp_path)], tmp_path / "model")
    assert metrics["accuracy"] == 1.0


def test_a_shard_that_no_group_falls_into_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("udfs.train.heads.MAX_PAGES_AT_ONCE", 2)
    pages = tmp_path / "pages.jsonl"
    pages.write_text("".join(json.dumps(_page(i) | {"site": f"site{i // 8}"}) + "\n" for i in range(80)))
    metrics = train(_write_recipe(tmp_path), [pages], tmp_path / "model")
    assert metrics["accuracy"] == 1.0


def test_held_out_logits_know_nothing_of_their_own_labels() -> None:
    rng = np.random.default_rng(0)
    products, parts = gram(sp.csr_matrix(rng.normal(size=(30, 5)).astype(np.float32))), np.arange(30) % 3
    targets = np.eye(2, dtype=np.float32)[rng.integers(0, 2, 30)]
    other = np.where(parts[:, None] == 1, 1 - targets, targets)
    first, second = (
        held_out_logits(products, Examples(soft, np.ones(30, np.float32)), Fit(1e-2, 20), parts)
        for soft in (targets, other)
    )
    assert (first[parts == 1] == second[parts == 1]).all()
    assert (first[parts != 1] != second[parts != 1]).any()


def test_a_temperature_undoes_overconfidence() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(4000, 3))
    labels = np.array([rng.choice(3, p=p / p.sum()) for p in softmax(logits).astype(np.float64)])
    assert best_temperature(np.asarray(logits * 4, np.float32), labels) == pytest.approx(4, rel=0.15)


def test_a_calibration_flattens_what_promises_too_much() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(4000, 6)) * rng.uniform(0.5, 4, size=(4000, 1))
    honest = flattened(logits, 0.5) * 2
    labels = np.array([rng.choice(6, p=p / p.sum()) for p in softmax(honest).astype(np.float64)])
    found = best_calibration(logits.astype(np.float32), labels)
    assert found.flatten == pytest.approx(0.5, abs=0.1)
    assert found.temperature == pytest.approx(0.5, rel=0.1)
    probabilities = found.probabilities(logits.astype(np.float32))
    assert (probabilities.argmax(axis=1) == logits.argmax(axis=1)).all()


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


def test_the_shipped_models_are_those_of_their_recipe() -> None:
    recipe = read_conf(CONF / "train" / "web.yaml", Recipe)
    for head in recipe.heads:
        card = read_card(find_model("package:web"), f"{head.name}.yaml")
        assert (card.name, card.version, card.input) == (head.name, head.version, recipe.input)
