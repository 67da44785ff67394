"""Several models as one annotator, corrected priors, kept scores, conditions: what is said, and under which version."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.small_models import LABELS, write_card, write_colours
from udfs.annotator import SPEAKER, AnnotationField, Annotator, Texts
from udfs.annotators import AnnotatorsConf, load_annotators
from udfs.cascade import asked_where, cascade
from udfs.classifier import Answer, Part, blend_annotator, classifier_annotator
from udfs.conf import parse_conf
from udfs.errors import ConfigError, ModelError
from udfs.inference.priors import correct, estimate_priors

PAGES = Texts(["red red green", "blue", "red green"], ["", "", ""])
EVEN = np.full(3, 1 / 3)
shares = st.lists(st.floats(0.01, 1), min_size=3, max_size=3).map(lambda row: np.array(row) / sum(row))


@pytest.fixture
def colours(tmp_path: Path) -> str:
    return str(write_colours(tmp_path / "colours"))


@pytest.fixture
def bold(tmp_path: Path) -> str:
    return str(write_colours(tmp_path / "bold", name="bold", output={"temperature": 0.5}))


def softmax(*logits: float) -> list[float]:
    powers = np.exp(logits)
    return [pytest.approx(value, abs=1e-6) for value in powers / powers.sum()]


def test_the_scores_of_all_labels_are_kept_where_they_are_asked_for(colours: str) -> None:
    found = classifier_annotator("colour", colours, answer=Answer(keeps_scores=True))(PAGES)

    assert found["scores"][0] == softmax(2, 1, 0)
    assert found["score"][0] == max(found["scores"][0])


def test_a_blend_is_the_mean_of_log_probabilities_by_weight(colours: str, bold: str) -> None:
    blend = blend_annotator("colour", [Part(colours, 3), Part(bold, 1)], Answer(keeps_scores=True))

    assert blend(PAGES)["scores"][0] == softmax(2 * 1.25, 1 * 1.25, 0)  # (3 · 1 + 1 · 2) / 4
    assert blend(PAGES)["label"] == ["Red", "Blue", "Red"]


def test_a_blend_of_regressions_is_the_mean_of_scores(tmp_path: Path) -> None:
    plain = {"task": "regression", "labels": [], "output": {"activation": "none"}}
    low = write_colours(tmp_path / "low", **plain)
    high = write_colours(tmp_path / "high", **plain | {"output": {"activation": "none", "offset": 3.0}})

    assert blend_annotator("red", [Part(str(low)), Part(str(high), 2)])(PAGES)["score"] == [4.0, 2.0, 3.0]


def test_models_of_other_labels_cannot_be_blended(colours: str, tmp_path: Path) -> None:
    other = str(write_colours(tmp_path / "other", labels=[*LABELS[:2], "Violet"]))

    with pytest.raises(ModelError, match="different labels"):
        blend_annotator("colour", [Part(colours), Part(other)])


def test_priors_change_the_label_where_two_are_near(colours: str) -> None:
    plain = classifier_annotator("colour", colours)
    green = classifier_annotator("colour", colours, answer=Answer({"Red": 1, "Green": 2, "Blue": 1}))

    assert plain(PAGES)["label"] == ["Red", "Blue", "Red"]
    assert green(PAGES)["label"] == ["Red", "Blue", "Green"]


def test_the_priors_of_training_are_divided_out(colours: str) -> None:
    priors = {"Red": 0.2, "Green": 0.5, "Blue": 0.3}
    trained = str(write_card(Path(colours), priors=priors))
    corrected = classifier_annotator("colour", trained, answer=Answer(priors, keeps_scores=True))

    assert corrected(PAGES)["scores"][0] == softmax(2, 1, 0)


@pytest.mark.parametrize(
    ("priors", "says"),
    [
        ({"Red": 1, "Green": 1}, "labels differ in Blue"),
        ({"Red": 0, "Green": 0, "Blue": 0}, "shares of all labels are 0"),
    ],
)
def test_priors_that_do_not_fit_the_labels_are_refused(colours: str, priors: dict[str, float], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        classifier_annotator("colour", colours, answer=Answer(priors))


def test_whatever_may_change_an_answer_changes_the_version(colours: str, bold: str) -> None:
    parts = [Part(colours), Part(bold)]
    made = [
        classifier_annotator("colour", colours),
        classifier_annotator("colour", bold),
        classifier_annotator("colour", colours, answer=Answer({"Red": 1, "Green": 2, "Blue": 1})),
        classifier_annotator("colour", colours, answer=Answer(keeps_scores=True)),
        blend_annotator("colour", parts),
        blend_annotator("colour", [Part(colours, 2), Part(bold)]),
    ]

    assert len({annotator.version for annotator in made}) == len(made)


@given(st.lists(shares, min_size=1, max_size=5), shares)
def test_a_correction_there_and_back_changes_nothing(rows: list[np.ndarray], new: np.ndarray) -> None:
    there = correct(np.array(rows), EVEN, new)

    assert np.allclose(there.sum(axis=1), 1)
    assert np.allclose(correct(there, new, EVEN), rows)


def test_priors_are_estimated_from_pages_without_labels() -> None:
    chance = np.random.default_rng(7)
    truth = chance.choice(3, 20_000, p=[0.7, 0.2, 0.1])
    evidence = np.exp(chance.normal(1.5 * np.eye(3)[truth], 1) * 1.5)  # its likelihoods, so posteriors are exact
    posteriors = evidence / evidence.sum(axis=1, keepdims=True)

    assert estimate_priors(posteriors, EVEN) == pytest.approx([0.7, 0.2, 0.1], abs=0.02)


def test_a_cascade_has_the_fields_of_its_models_and_who_spoke(colours: str, bold: str) -> None:
    cheap, costly = classifier_annotator("colour", colours), classifier_annotator("colour", bold)

    both = cascade([cheap, costly], ["", "colour.score < 0.5"])

    assert both.fields == (*cheap.fields, SPEAKER)
    assert [speaker.where for speaker in both.speakers] == ["", "colour.score < 0.5"]
    assert [speaker.details["speaks_as"] for speaker in both.speakers] == [cheap.version, costly.version]
    assert both.version not in (cheap.version, costly.version)


def test_models_that_say_different_things_make_no_cascade(colours: str) -> None:
    one = classifier_annotator("colour", colours)
    other = replace(one, fields=(AnnotationField("score", "DOUBLE", ""),))

    with pytest.raises(ConfigError, match="other fields"):
        cascade([one, other], ["", "true"])


def test_a_condition_and_what_it_looks_at_are_part_of_the_version(colours: str) -> None:
    annotator = classifier_annotator("colour", colours)
    language = Annotator("language", "1", (AnnotationField("label", "STRING", ""),), load=lambda: lambda _: {})

    english = asked_where(annotator, "language.label = 'en'", [language])
    german = asked_where(annotator, "language.label = 'de'", [language])
    later = asked_where(annotator, "language.label = 'en'", [replace(language, version="2")])
    long = asked_where(annotator, "n_tokens > 9", [language])
    long_later = asked_where(annotator, "n_tokens > 9", [replace(language, version="2")])

    assert len({item.version for item in (annotator, english, german, later, long)}) == 5
    assert long.version == long_later.version


def test_a_condition_on_a_cascade_holds_for_all_its_models(colours: str, bold: str) -> None:
    both = cascade([classifier_annotator("colour", model) for model in (colours, bold)], ["", "colour.score < 0.5"])

    asked = asked_where(both, "n_tokens > 9 OR true", [])

    assert [speaker.where for speaker in asked.speakers] == [
        "n_tokens > 9 OR true",
        "(n_tokens > 9 OR true) AND (colour.score < 0.5)",
    ]


def test_a_config_names_blends_cascades_and_conditions(colours: str, bold: str) -> None:
    lines = [
        {"name": "language", "kind": "language"},
        {"name": "colour", "kind": "cascade", "models": [{"model": colours}, {"model": bold, "where": "true"}]},
        {
            "name": "shade",
            "kind": "blend",
            "models": [{"model": colours, "weight": 2}, {"model": bold}],
            "scores": True,
        },
        {"name": "rare", "kind": "classifier", "model": bold, "where": "language.label = 'en'"},
    ]
    conf = parse_conf({"annotators": lines}, AnnotatorsConf, where="test")

    whole, alone = load_annotators(conf), load_annotators(conf, ["rare"])

    assert [annotator.name for annotator in whole] == ["language", "colour", "shade", "rare"]
    assert [annotator.name for annotator in alone] == ["language", "rare"]  # with what its condition looks at
    assert alone[-1].version == whole[-1].version


def test_only_the_first_model_of_a_cascade_speaks_without_a_condition(colours: str, bold: str) -> None:
    line = {"name": "colour", "kind": "cascade", "models": [{"model": colours}, {"model": bold}]}

    with pytest.raises(ConfigError, match="but the first have a `where`"):
        parse_conf({"annotators": [line]}, AnnotatorsConf, where="test")
