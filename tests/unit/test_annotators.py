"""conf/annotators.yaml: the default annotators, and what a wrong line says."""

from pathlib import Path

import numpy as np
import pytest

from tests.shared import SHARED, needs_shared
from udfs.annotator import Texts
from udfs.annotators import AnnotatorsConf, load_annotators
from udfs.conf import parse_conf
from udfs.errors import ConfigError, ModelError
from udfs.model_store.folder import read_model
from udfs.train.dataset import read_dataset
from udfs.train.metrics import auc
from udfs.train.recipe import DataConf

CONF = Path(__file__).parents[2] / "conf" / "annotators.yaml"
RECIPE = "Preheat the oven to 200 degrees. Mix flour, butter and sugar, then bake the dough for 20 minutes.\n" * 5
MATCH = "The striker scored twice in the second half and the team won the league cup final 3-1.\n" * 5
TEXTS = Texts([RECIPE, MATCH, ""], ["https://cakes.example/recipes/shortbread", "https://news.example/sport/final", ""])


def _conf(*lines: dict[str, object]) -> AnnotatorsConf:
    return parse_conf({"annotators": list(lines)}, AnnotatorsConf, where="test")


def test_the_defaults_annotate_any_text() -> None:
    columns = {item.column: item(TEXTS) for item in load_annotators(CONF)}
    assert {"language", "n_tokens", "text_measures", "gopher", "dclm", "topic", "format", "quality"} <= set(columns)
    assert columns["topic"]["label"][:2] == ["Food & Dining", "Sports & Fitness"]
    assert columns["topic"]["id"][:2] == [10, 21]
    assert set(columns["format"]["label"]) <= set(read_model("package:web#format")[1].labels)
    assert columns["language"]["label"][:2] == ["en", "en"]
    assert all(0 <= score <= 1 for score in columns["quality"]["score"])


def test_each_annotator_has_a_column_per_field_in_order() -> None:
    for annotator in load_annotators(CONF):
        found = annotator(TEXTS)
        assert list(found) == [item.name for item in annotator.fields]
        assert all(len(column) == 3 for column in found.values())


def test_a_documents_annotations_do_not_depend_on_its_neighbours() -> None:
    for annotator in load_annotators(CONF):
        together = annotator(TEXTS)
        for i in range(3):
            alone = annotator(Texts([TEXTS.text[i]], [TEXTS.url[i]]))
            assert {name: column[i] for name, column in together.items()} == {k: v[0] for k, v in alone.items()}


def test_only_some_can_be_asked_for() -> None:
    assert [item.name for item in load_annotators(CONF, ["quality", "language"])] == ["language", "quality"]


def test_a_wrong_name_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"no annotator 'topics' \(did you mean 'topic'\?\)"):
        load_annotators(CONF, ["topics"])


def test_an_unknown_key_or_kind_is_refused() -> None:
    with pytest.raises(ConfigError, match="max_char"):
        _conf({"name": "language", "kind": "language", "max_char": 5})
    with pytest.raises(ConfigError, match="kind"):
        _conf({"name": "language", "kind": "guess"})


def test_two_annotators_of_one_name_are_refused() -> None:
    line = {"name": "language", "kind": "language"}
    with pytest.raises(ConfigError, match="two annotators are named language"):
        _conf(line, line)


def test_a_model_that_is_not_there_is_named() -> None:
    with pytest.raises(ModelError, match=r"/nowhere: no model\.yaml there"):
        load_annotators(_conf({"name": "edu", "kind": "classifier", "model": "/nowhere"}))


@needs_shared
def test_the_quality_score_sorts_the_pages_it_was_trained_on() -> None:
    path = SHARED / "labelled" / "quality" / "dclm_human_quality.jsonl.gz"
    data = read_dataset([path], DataConf(label="label", url=None))
    (quality,) = load_annotators(CONF, ["quality"])
    assert auc(np.array(quality(data.pages)["score"]), data.labels) > 0.95
