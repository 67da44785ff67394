"""Evaluation: figures against hand counts and references, intervals over groups, honest words, no texts written."""

import gzip
import hashlib
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from sklearn.metrics import cohen_kappa_score, f1_score, roc_auc_score

from etl.cli import main
from etl.report.evaluation import confusions, render_evaluation
from tests.processes import run_python
from tests.small_models import LABELS, write_card, write_colours
from udfs.annotators import AnnotatorsConf
from udfs.conf import parse_conf
from udfs.digest import data_file
from udfs.errors import ConfigError, MissingInputError, ModelError
from udfs.evaluate.agreement import cohens_kappa
from udfs.evaluate.calibration import reliability
from udfs.evaluate.evaluate import Ask, evaluate
from udfs.evaluate.evaluation import Evaluation
from udfs.evaluate.figures import correlations, figures, with_intervals
from udfs.evaluate.judge import Judge
from udfs.evaluate.judged import judge_pages
from udfs.evaluate.judges import open_judge
from udfs.evaluate.priors import reweighted
from udfs.evaluate.table import Keys, read_pages
from udfs.evaluate.verdicts import of_probabilities
from udfs.inference.priors import correct, estimate_priors, read_priors
from udfs.train.dataset import split_by_group
from udfs.train.metrics import calibration_error

CONF = parse_conf(
    {
        "annotators": [
            {"name": "language", "kind": "language"},
            {"name": "tokens", "kind": "tokens"},
        ]
    },
    AnnotatorsConf,
    where="the test",
)


def _draw(n: int = 400, seed: int = 0) -> tuple[Any, Any]:
    """Return probabilities [n, 3] and labels that follow them."""
    generator = np.random.default_rng(seed)
    probabilities = generator.dirichlet([0.6, 0.6, 0.6], size=n)
    return probabilities, np.array([generator.choice(3, p=row) for row in probabilities])


def _write(path: Path, rows: Sequence[object]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def _colour_rows() -> list[dict[str, object]]:
    """Return 40 pages of 10 domains; every fifth says another colour than its label."""
    names = [name.lower() for name in LABELS]
    return [
        {
            "id": f"p{i}",
            "url": f"https://www{i}.site{i // 4}.co.uk/{i}",
            "text": f"{names[(i + (i % 5 == 0)) % 3]} " * (1 + i % 3) + f"page {i}",
            "label": LABELS[i % 3],
            "label_id": i % 3,
            "sure": 0.9 if i % 2 else 0.5,
            "lang": "en" if i < 30 else "de",
        }
        for i in range(40)
    ]


def _evaluated(folder: Path, data: Path, keys: Keys, ask: Ask | None = None) -> Evaluation:
    judge = open_judge(str(folder), CONF)
    asked = ask or Ask()
    return evaluate(judge, judge_pages(judge, read_pages([data], keys), asked.threshold), asked)


def test_figures_are_those_of_the_reference_implementation() -> None:
    probabilities, truth = _draw()
    found = figures(of_probabilities(probabilities, truth, ("a", "b", "c")))
    said = probabilities.argmax(axis=1)
    assert found["accuracy"] == pytest.approx((said == truth).mean())
    assert found["macro_f1"] == pytest.approx(f1_score(truth, said, average="macro"))
    two = np.stack([1 - probabilities[:, 0], probabilities[:, 0]], axis=1)
    binary = (truth == 0).astype(int)
    assert figures(of_probabilities(two, binary, ("no", "yes")))["auc"] == pytest.approx(
        roc_auc_score(binary, probabilities[:, 0])
    )


def test_the_calibration_error_is_the_mean_gap_of_the_bins_and_small_where_labels_follow_the_probabilities() -> None:
    probabilities, truth = _draw(20_000)
    verdicts = of_probabilities(probabilities, truth, ("a", "b", "c"))
    assert verdicts.confidence is not None
    bins = reliability(verdicts.confidence, verdicts.is_right)
    error = calibration_error(verdicts.confidence, verdicts.is_right)
    assert error == pytest.approx(sum(item.share * abs(item.confidence - item.accuracy) for item in bins))
    assert error < 0.02
    assert sum(item.n_pages for item in bins) == len(truth)
    assert sum(item.share for item in bins) == pytest.approx(1)
    assert calibration_error(np.sqrt(verdicts.confidence), verdicts.is_right) > 0.1


def test_kappa_is_that_of_the_reference_implementation() -> None:
    left, right = _draw(seed=1)[1], _draw(seed=2)[1]
    assert cohens_kappa(left, right) == pytest.approx(cohen_kappa_score(left, right))
    assert cohens_kappa(left, left) == pytest.approx(1)
    assert cohens_kappa(np.zeros(3, int), np.zeros(3, int)) == 1


def test_intervals_over_groups_are_wider_than_over_pages_and_the_same_again() -> None:
    is_right = np.repeat(np.arange(50) % 2 == 0, 20)

    def figures_of(rows: Any) -> dict[str, float]:
        return {"accuracy": float(is_right[rows].mean())}

    by_group = with_intervals(figures_of, [f"site{i // 20}" for i in range(1000)])["accuracy"]
    by_page = with_intervals(figures_of, [f"page{i}" for i in range(1000)])["accuracy"]
    assert by_group == with_intervals(figures_of, [f"site{i // 20}" for i in range(1000)])["accuracy"]
    assert by_group.value == by_page.value == 0.5
    assert by_group.high - by_group.low > 3 * (by_page.high - by_page.low)
    assert by_page.low < 0.5 < by_page.high


def test_correlations_know_ties_and_constants() -> None:
    scores, truth = np.array([0.0, 1.0, 1.0, 8.0]), np.array([1.0, 2.0, 2.0, 3.0])
    assert correlations(scores, truth)["spearman"] == pytest.approx(1)
    assert correlations(scores, truth)["pearson"] == pytest.approx(np.corrcoef(scores, truth)[0, 1])
    assert math.isnan(correlations(scores, np.ones(4))["pearson"])


def test_a_correction_for_the_true_priors_is_bayes_rule() -> None:
    likelihoods, even, new = _draw(50)[0], np.full(3, 1 / 3), np.array([0.7, 0.2, 0.1])
    expected = likelihoods * new / (likelihoods * new).sum(axis=1, keepdims=True)
    assert np.allclose(correct(likelihoods, even, new), expected)
    assert np.allclose(correct(correct(likelihoods, even, new), new, even), likelihoods)


def test_priors_are_estimated_from_scores_alone() -> None:
    generator = np.random.default_rng(3)
    shares = np.array([0.8, 0.15, 0.05])
    truth = generator.choice(3, p=shares, size=20_000)
    points = generator.normal(truth, 0.5)
    likelihoods = np.exp(-((points[:, None] - np.arange(3)) ** 2) / 0.5)
    scores = likelihoods / likelihoods.sum(axis=1, keepdims=True)
    even = np.full(3, 1 / 3)
    found = estimate_priors(scores, even)
    assert np.abs(found - shares).max() < 0.01
    before = of_probabilities(scores, truth, ("a", "b", "c"))
    after = of_probabilities(correct(scores, even, found), truth, ("a", "b", "c"))
    assert after.is_right.mean() > before.is_right.mean() + 0.02


def test_reweighted_figures_are_those_of_pages_with_these_shares() -> None:
    probabilities, truth = _draw(600)
    new = np.array([0.5, 0.3, 0.2])
    copies = np.rint(new / (np.bincount(truth) / len(truth)) * 1000).astype(int)
    rows = np.repeat(np.arange(600), copies[truth])
    found = reweighted(of_probabilities(probabilities, truth, ("a", "b", "c")), new)
    expected = figures(of_probabilities(probabilities[rows], truth[rows], ("a", "b", "c")))
    assert found == pytest.approx(expected, abs=1e-3)


def test_priors_of_unknown_labels_are_refused_with_the_nearest_name(tmp_path: Path) -> None:
    path = tmp_path / "priors.yaml"
    path.write_text("{Red: 3, Green: 1}")
    assert read_priors(path, LABELS).tolist() == [0.75, 0.25, 0]
    path.write_text("{Redd: 1}")
    with pytest.raises(ConfigError, match="did you mean 'Red'"):
        read_priors(path, LABELS)
    for wrong in ("{Red: -1}", "{Red: .inf}", "{Red: true}", "{Red: 0}", "[1]"):
        path.write_text(wrong)
        with pytest.raises(ConfigError):
            read_priors(path, LABELS)


def test_a_folder_is_evaluated_by_registered_domain(tmp_path: Path) -> None:
    folder, data = write_colours(tmp_path / "model"), _write(tmp_path / "pages.jsonl", _colour_rows())
    found = _evaluated(folder, data, Keys(label="label", confidence="sure", language="lang"))
    assert found.figures["accuracy"].value == pytest.approx(32 / 40)
    assert found.wilson
    assert found.wilson.low < 0.8 < found.wilson.high
    assert (found.about.n_pages, found.about.n_groups) == (40, 10)
    assert found.sure
    assert (found.sure.n_pages, found.sure.accuracy.value) == (20, 0.8)
    assert [(part.name, part.n_pages) for part in found.languages] == [("en", 30), ("de", 10)]
    assert sum(map(sum, found.confusion)) == 40
    assert [item.n_pages for item in found.labels] == [14, 13, 13]
    assert sum(item.n_pages for item in confusions(found)) == 8
    assert found.speed.n_pages == 40


def test_labels_by_name_and_by_id_are_the_same(tmp_path: Path) -> None:
    folder, data = write_colours(tmp_path / "model"), _write(tmp_path / "pages.jsonl", _colour_rows())
    by_name, by_id = (_evaluated(folder, data, Keys(label=key)) for key in ("label", "label_id"))
    assert by_name.confusion == by_id.confusion
    assert [part.name for part in by_name.languages], "without a key the language annotator names them"


def test_a_label_that_the_model_does_not_have_is_an_error(tmp_path: Path) -> None:
    folder = write_colours(tmp_path / "model")
    for label in ("Gren", 3, 1.5, -1):
        data = _write(tmp_path / "pages.jsonl", [{"text": "red", "label": label}])
        with pytest.raises(ConfigError, match="the pages have the label"):
            _evaluated(folder, data, Keys(label="label"))


def test_json_lines_gzip_and_parquet_hold_the_same_pages(tmp_path: Path) -> None:
    rows = _colour_rows()
    plain = _write(tmp_path / "pages.jsonl", rows)
    packed = tmp_path / "pages.jsonl.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    (tmp_path / "table").mkdir()
    for name, part in (("a", rows[:25]), ("b", rows[25:])):
        pq.write_table(pa.Table.from_pylist(part), tmp_path / "table" / f"{name}.parquet")
    keys = Keys(label="label")
    read = [read_pages([path], keys) for path in (plain, packed, tmp_path / "table")]
    assert read[0].pages == read[1].pages == read[2].pages
    assert [set(item.groups) for item in read] == [{f"site{i}.co.uk" for i in range(10)}] * 3


def test_rows_are_counted_once_and_null_labels_left_out(tmp_path: Path) -> None:
    rows = _colour_rows()
    rows.append(rows[0] | {"id": "again"})
    rows.append(rows[1] | {"label": None})
    found = read_pages([_write(tmp_path / "pages.jsonl", rows)], Keys(label="label"))
    assert (found.n_rows, len(found), found.n_without_label) == (42, 40, 1)


def test_a_missing_key_names_the_row_and_the_nearest_key(tmp_path: Path) -> None:
    data = _write(tmp_path / "pages.jsonl", _colour_rows())
    with pytest.raises(ConfigError, match=r"row 1: no key 'labl' \(did you mean 'label'\?\)"):
        read_pages([data], Keys(label="labl"))
    with pytest.raises(ConfigError, match="not an object"):
        read_pages([_write(tmp_path / "list.jsonl", [["text"]])], Keys(label="label"))
    (tmp_path / "lake" / "_delta_log").mkdir(parents=True)
    with pytest.raises(ConfigError, match="own folder on the command line"):
        read_pages([tmp_path / "lake"], Keys(label="label"))
    with pytest.raises(MissingInputError):
        read_pages([tmp_path / "none.parquet"], Keys(label="label"))
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(ConfigError, match="not Parquet"):
        read_pages([tmp_path / "broken.parquet"], Keys(label="label"))


def test_the_held_out_part_is_that_of_training(tmp_path: Path) -> None:
    data = read_pages([_write(tmp_path / "pages.jsonl", _colour_rows())], Keys(label="label"))
    parts = [data.held_out(part, 3, "seed") for part in range(3)]
    assert sorted(name for part in parts for name in part.ids) == sorted(data.ids)
    expected = [name for name, p in zip(data.ids, split_by_group(data.groups, 3, "seed"), strict=True) if p == 0]
    assert list(parts[0].ids) == expected
    with pytest.raises(MissingInputError, match="no page falls"):
        data.held_out(999, 1000, "seed")


def test_it_says_that_the_model_was_trained_on_these_pages(tmp_path: Path) -> None:
    folder, data = write_colours(tmp_path / "model"), _write(tmp_path / "pages.jsonl", _colour_rows())
    keys = Keys(label="label")
    assert not _evaluated(folder, data, keys).about.is_suspect
    write_card(folder, metrics={"accuracy": 0.5, "accuracy_low": 0.4, "accuracy_high": 0.6})
    about = _evaluated(folder, data, keys).about
    assert about.is_suspect
    assert "The accuracy is 0.800, that of the card on held-out pages 0.500" in about.warning
    write_card(folder, training=f"Trained on sha256 {hashlib.sha256(data.read_bytes()).hexdigest()}")
    assert "was trained on pages.jsonl" in _evaluated(folder, data, keys).about.warning
    renamed = data.replace(tmp_path / "renamed.jsonl")
    write_card(folder, data=[{"name": "pages.jsonl", "sha256": data_file(renamed).sha256}])
    assert "was trained on renamed.jsonl" in _evaluated(folder, renamed, keys).about.warning
    renamed.replace(data)
    write_card(folder)
    (folder / "README.md").write_text("- data: pages.jsonl")
    assert "was trained on pages.jsonl" in _evaluated(folder, data, keys).about.warning


def test_a_name_inside_other_words_does_not_say_what_a_model_was_trained_on(tmp_path: Path) -> None:
    folder, data = write_colours(tmp_path / "model"), _write(tmp_path / "pages.jsonl", _colour_rows())
    (tmp_path / "pages").mkdir()
    pq.write_table(pa.Table.from_pylist(_colour_rows()), tmp_path / "pages" / "a.parquet")
    keys = Keys(label="label")
    write_card(folder, training="Trained on pages, old-pages.jsonl and pages.jsonl.gz")
    assert not _evaluated(folder, data, keys).about.is_suspect
    assert not _evaluated(folder, tmp_path / "pages", keys).about.is_suspect
    for said in ("Trained on:\npages.jsonl\n", "Trained on data/pages.jsonl.", "Trained on `pages.jsonl`"):
        write_card(folder, training=said)
        assert _evaluated(folder, data, keys).about.is_suspect


def test_a_blend_is_not_measured_by_the_card_of_its_first_model(tmp_path: Path) -> None:
    folder, data = write_colours(tmp_path / "model"), _write(tmp_path / "pages.jsonl", _colour_rows())
    write_card(folder, metrics={"accuracy": 0.5, "accuracy_high": 0.6})
    write_card(folder, "other.yaml", version="2")
    line = {"name": "both", "kind": "blend", "models": [{"model": str(folder)}, {"model": f"{folder}#other"}]}
    conf = parse_conf({"annotators": [line]}, AnnotatorsConf, where="the test")
    judge, pages = open_judge("both", conf), read_pages([data], Keys(label="label"))
    about = evaluate(judge, judge_pages(judge, pages), Ask()).about
    assert (about.is_suspect, about.card_metrics) == (False, {})
    write_card(folder, "other.yaml", version="2", training="Trained on pages.jsonl")
    judge = open_judge("both", conf)
    assert evaluate(judge, judge_pages(judge, pages), Ask()).about.is_suspect


def test_a_model_that_nobody_vouched_for_is_tried_before_it_sees_a_page(tmp_path: Path) -> None:
    folder = write_colours(tmp_path / "model")
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    tokenizer["model"]["vocab"] |= {"odd": 900}
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer | {"model": tokenizer["model"] | {"unk_token": "odd"}}))
    write_card(folder)
    with pytest.raises(ModelError):
        open_judge(str(folder), CONF)


def test_numbers_are_names_where_an_annotator_has_no_list_of_labels(tmp_path: Path) -> None:
    rows = [{"text": f"A page of English text, number {i}.", "label": i % 4} for i in range(8)]
    judge = open_judge("language", CONF)
    judged = judge_pages(judge, read_pages([_write(tmp_path / "pages.jsonl", rows)], Keys(label="label")))
    assert judged.verdicts
    assert not judged.verdicts.is_right.any()
    assert [row["label"] for row in judged.rows()] == [str(i % 4) for i in range(8)]
    assert {judged.verdicts.labels[i] for i in judged.verdicts.truth} == {"0", "1", "2", "3"}


_WITHOUT = """
import sys
for name in sys.argv[1].split(","):
    sys.modules[name] = None
from etl.cli import main
sys.exit(main(sys.argv[2:]))
"""


def test_evaluating_needs_no_package_of_an_extra_and_names_what_is_missing(tmp_path: Path) -> None:
    folder, data = write_colours(tmp_path / "model"), _write(tmp_path / "pages.jsonl", _colour_rows())
    asked = ["evaluate", str(folder), "--data", str(data), "--label", "label"]
    extras = "scipy,sklearn,onnx,onnxscript,torch,transformers,safetensors,spacy,phonenumbers"
    found = run_python(_WITHOUT, extras, *asked, "--out", str(tmp_path / "out"))
    assert found.returncode == 0, found.stderr
    refused = run_python(_WITHOUT, "rich.console", *asked)
    assert refused.returncode == 2
    assert "evaluating needs more packages" in refused.stderr


def test_a_binary_score_has_an_auc_and_verdicts(tmp_path: Path) -> None:
    folder = write_colours(tmp_path / "model", task="regression", labels=[], output={"activation": "sigmoid"})
    rows = [{"text": "red " * (i % 4) + f"page {i}", "label": int(i % 4 > 1)} for i in range(40)]
    found = _evaluated(folder, _write(tmp_path / "pages.jsonl", rows), Keys(label="label"))
    assert found.figures["auc"].value == 1
    assert [item.label for item in found.labels] == ["no", "yes"]
    # Without a red word the sigmoid is ½, which counts as a yes: only "no" pages are said wrongly.
    assert found.figures["accuracy"].value == 0.5
    corrected = evaluate_priors(folder, tmp_path / "pages.jsonl", tmp_path)
    assert corrected.corrections[0].priors == (0.75, 0.25)
    assert corrected.corrections[0].n_changed == 20
    assert corrected.corrections[0].after["accuracy"] == 1


def evaluate_priors(folder: Path, data: Path, scratch: Path) -> Evaluation:
    """Return the evaluation with a correction for three noes to a yes: only p > ¾, two red words, stays a yes."""
    (scratch / "priors.yaml").write_text("{'no': 3, 'yes': 1}")
    return _evaluated(folder, data, Keys(label="label"), Ask(priors=scratch / "priors.yaml"))


def test_a_graded_score_has_correlations_and_verdicts_from_a_threshold_on(tmp_path: Path) -> None:
    folder = write_colours(tmp_path / "model", task="regression", labels=[], output={"activation": "none"})
    rows = [{"text": "red " * (i % 6) + f"page {i}", "label": i % 6} for i in range(60)]
    data, keys = _write(tmp_path / "pages.jsonl", rows), Keys(label="label")
    found = _evaluated(folder, data, keys)
    assert found.figures["spearman"].value == pytest.approx(1)
    assert found.figures["rmse"].value == pytest.approx(0)
    assert (found.labels, found.reliability, found.wilson) == ((), (), None)
    decided = _evaluated(folder, data, keys, Ask(threshold=3))
    assert decided.figures["accuracy"].value == 1
    assert decided.confusion == ((30, 0), (0, 30))
    with pytest.raises(ConfigError, match="no priors"):
        _evaluated(folder, data, keys, Ask(estimates_priors=True))
    assert "Spearman" in render_evaluation(found)


def test_pages_that_the_model_cannot_judge_are_counted_and_left_out(tmp_path: Path) -> None:
    rows = [{"text": text, "label": "b"} for text in ("right", "odd", "wrong")]
    scores = {"right": [0.1, 0.9], "odd": [math.nan, math.nan], "wrong": [0.8, 0.2]}
    judge = Judge("two", "1", {}, ("a", "b"), lambda texts: [scores.get(text, [0.5, 0.5]) for text in texts.text])
    judged = judge_pages(judge, read_pages([_write(tmp_path / "pages.jsonl", rows)], Keys(label="label")))
    found = evaluate(judge, judged, Ask())
    assert (found.about.n_pages, found.about.n_unjudged) == (2, 1)
    assert found.figures["accuracy"].value == 0.5
    assert [row["said"] for row in judged.rows()] == ["b", "a"]


def test_an_annotator_without_label_and_score_cannot_be_evaluated() -> None:
    with pytest.raises(ConfigError, match="neither a label nor a score"):
        open_judge("tokens", CONF)
    with pytest.raises(ConfigError, match="did you mean 'language'"):
        open_judge("langage", CONF)


def test_a_configured_classifier_is_judged_with_its_priors(tmp_path: Path) -> None:
    folder, data = write_colours(tmp_path / "model"), _write(tmp_path / "pages.jsonl", _colour_rows())
    line = {"name": "colour", "kind": "classifier", "model": str(folder), "priors": {"Red": 8, "Green": 1, "Blue": 1}}
    conf = parse_conf({"annotators": [line]}, AnnotatorsConf, where="the test")
    judge, plain = open_judge("colour", conf), open_judge(str(folder), conf)
    pages = read_pages([data], Keys(label="label")).pages
    expected = correct(plain.judge(pages).rows, np.full(3, 1 / 3), np.array([0.8, 0.1, 0.1]))
    assert np.allclose(judge.judge(pages).rows, expected, atol=1e-6)


def test_two_models_are_compared_on_the_same_pages(tmp_path: Path) -> None:
    folder, data = write_colours(tmp_path / "model"), _write(tmp_path / "pages.jsonl", _colour_rows())
    write_card(folder, "turned.yaml", labels=["Green", "Blue", "Red"])
    judge = open_judge(str(folder), CONF)
    judged = judge_pages(judge, read_pages([data], Keys(label="label")))
    same = evaluate(judge, judged, Ask(), judge).agreement
    other = evaluate(judge, judged, Ask(), open_judge(f"{folder}#turned", CONF)).agreement
    assert same
    assert (same.raw.value, same.kappa.value, same.gain.value) == (1, 1, 0)
    assert other
    assert other.raw.value == 0
    assert other.kappa.value < 0
    counts = (other.n_both_right, other.n_only_first_right, other.n_only_other_right, other.n_neither_right)
    assert counts == (0, 32, 0, 8)


def test_the_verb_writes_all_figures_and_no_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [row | {"text": f"{row['text']} <b>secretword</b>"} for row in _colour_rows()]
    folder, data = write_colours(tmp_path / "model"), _write(tmp_path / "pages.jsonl", rows)
    (tmp_path / "priors.yaml").write_text(yaml.safe_dump(dict(zip(LABELS, (6, 3, 1), strict=True))))
    asked = ["--label", "label", "--confidence", "sure", "--language", "lang", "--held-out", "0/2", "--pages"]
    asked += ["--priors", str(tmp_path / "priors.yaml"), "--estimate-priors", "--against", str(folder)]
    assert main(["evaluate", str(folder), "--data", str(data), *asked, "--out", str(tmp_path / "out")]) == 0
    assert "part 0 of 2" in capsys.readouterr().out
    found = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert found["about"]["files"] == [{"name": "pages.jsonl", "sha256": hashlib.sha256(data.read_bytes()).hexdigest()}]
    assert 0 < found["about"]["n_pages"] < 40
    assert found["corrections"][0]["name"] == "the shares in priors.yaml"
    assert found["speed"]["pages_per_second"] > 0
    pages = [json.loads(line) for line in (tmp_path / "out" / "pages.jsonl").read_text().splitlines()]
    assert len(pages) == found["about"]["n_pages"]
    assert set(pages[0]) == {"id", "url", "label", "said", "score"}
    html = (tmp_path / "out" / "evaluation.html").read_text()
    assert "Content-Security-Policy" in html
    assert "style=" not in html
    assert all("secretword" not in path.read_text() for path in (tmp_path / "out").iterdir())


def test_labels_of_strangers_are_escaped(tmp_path: Path) -> None:
    folder = write_colours(tmp_path / "model", labels=["<script>alert(1)</script>", "Green", "Blue"])
    rows = [{"text": "green", "label": "Green", "lang": "en"}, {"text": "red", "label": 0, "lang": "<img src=x>"}]
    found = _evaluated(folder, _write(tmp_path / "p.jsonl", rows), Keys(label="label", language="lang"))
    html = render_evaluation(found)
    assert "<script>" not in html
    assert "<img" not in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--held-out", "1"], "--held-out 1"),
        (["--held-out", "5/5"], "--held-out 5/5"),
        (["--pages"], "--out"),
        (["--threshold", "2"], "labels, not a score"),
        (["--against", "tokens"], "neither a label"),
    ],
)
def test_a_wrong_request_says_what_to_do(
    options: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, data = write_colours(tmp_path / "model"), _write(tmp_path / "pages.jsonl", _colour_rows())
    assert main(["evaluate", str(folder), "--data", str(data), "--label", "label", *options]) == 2
    assert words in capsys.readouterr().err
