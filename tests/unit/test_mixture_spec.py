"""What a mixture's YAML may say, what it may not, and what its digest depends on."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

from etl.mixture import MixtureSpec
from udfs.conf import parse_conf, read_conf
from udfs.errors import ConfigError

MIXTURES = sorted((Path(__file__).parents[2] / "conf" / "mixtures").glob("*.yaml"))
AXES = ["topic.label", "format.label"]


def spec_of(text: str, **values: Any) -> MixtureSpec:
    base = {"name": "m", "strata": AXES, "token_budget": 100}
    return parse_conf({**base, **yaml.safe_load(text), **values}, MixtureSpec, where="m.yaml")


@pytest.mark.parametrize("path", MIXTURES, ids=lambda path: path.stem)
def test_every_mixture_that_ships_is_a_valid_spec_named_like_its_file(path):
    assert read_conf(path, MixtureSpec).name == path.stem


@pytest.mark.parametrize(
    "weights",
    [
        "weights: {Health / Tutorial: 6, Health / Spam / Ads: 2}",
        "weights: {Health: {Tutorial: 6, Spam / Ads: 2}}",
        "weights: {topic.label: {Health: 2}, format.label: {Tutorial: 3, Spam / Ads: 1.0}}",
    ],
)
def test_weights_may_be_flat_nested_or_one_per_axis(weights):
    spec = spec_of(weights)

    assert spec.given_weights() == {"Health / Tutorial": 6, "Health / Spam / Ads": 2}
    assert spec.digest == spec_of("weights: {Health / Spam / Ads: 2, Health / Tutorial: 6}").digest


def test_a_weight_is_the_decimal_number_that_was_written():
    assert spec_of("weights: {a / b: 0.1}").given_weights() == {"a / b": Fraction(1, 10)}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("weigths: {a / b: 1}", "did you mean 'weights'"),
        ("{}", "exactly one of `weights` and `strategy`"),
        ("{weights: {a / b: 1}, strategy: natural}", "exactly one of `weights` and `strategy`"),
        ("weights: {a / b: 0}", "positive number"),
        ("weights: {a / b: -1}", "positive number"),
        ("weights: {a / b: .nan}", "positive number"),
        ("weights: {a / b: yes}", "positive number"),
        ("weights: {a / b: much}", "positive number"),
        ("weights: {no: {b: 1}}", "put it in quotes"),
        ("weights: {a: {b: {c: 1}}}", "3 labels"),
        ("weights: {a: {b: 1}, a / b: 2}", "two weights"),
        ("weights: {topic.label: 1, format.label: {b: 1}}", "mapping of label to weight"),
        ("strategy: temprature", "did you mean 'temperature'"),
        ("strategy: temperature", "takes ['t']"),
        ("strategy: {name: temperature, t: 0}", "above 0"),
        ("strategy: {name: temperature, t: hot}", "must be a number"),
        ("strategy: {name: natural, t: 2}", "no parameters"),
        ("{strategy: natural, token_budget: 100e9}", "underscores"),
        ("{strategy: natural, token_budget: 0}", "greater than or equal to 1"),
        ("{strategy: natural, order: {pik: top}}", "did you mean 'pick'"),
        ("{strategy: natural, order: {temperature: 0}}", "greater than 0"),
        ("{strategy: natural, strata: [topic.label, topic.label]}", "column twice"),
        ("{strategy: natural, strata: ['a; drop table b']}", "pattern"),
        ("{strategy: natural, name: ../m}", "pattern"),
        ("{strategy: natural, max_epochs: 0.5}", "greater than or equal to 1"),
        ("{strategy: natural, caps: {max_share: 1.5}}", "less than or equal to 1"),
        ("{strategy: natural, text: {edit: dclm_edit}}", "did you mean 'edits'"),
        ("{strategy: natural, text: {edits: 'a; drop table b'}}", "pattern"),
        ("{strategy: natural, text: edited}", "text"),
    ],
)
def test_a_wrong_spec_is_one_clear_error(text, says):
    with pytest.raises(ConfigError) as error:
        spec_of(text)

    assert says in str(error.value)


def test_the_digest_does_not_see_comments_key_order_descriptions_or_spelled_out_defaults():
    one = spec_of("{strategy: {name: temperature, t: 2}, crawls: [b, a]} # a comment")
    other = spec_of("{crawls: [a, b], description: x, max_epochs: 1, strategy: {t: 2.0, name: temperature}}")

    assert one.digest == other.digest


@pytest.mark.parametrize(
    "change",
    [
        {"token_budget": 101},
        {"seed": 18},
        {"where": "n_tokens > 5"},
        {"strategy": "uniform"},
        {"strata": AXES[::-1]},
        {"max_epochs": 2},
        {"caps": {"max_share": 0.5}},
        {"order": {"pick": "gumbel"}},
        {"text": {"edits": "dclm_edit"}},
        {"text": {"mask": ["email"]}},
        {"name": "n"},
    ],
    ids=str,
)
def test_the_digest_sees_whatever_changes_the_rows(change):
    assert spec_of("strategy: natural").but(**change).digest != spec_of("strategy: natural").digest


def test_the_digest_is_the_same_in_every_release():
    # Stored plans are compared by it: if this fails, every mixture would be built again.
    assert spec_of("strategy: natural").digest[:16] == "a5e13ebfbf185347"
    assert spec_of("{weights: {a / b: 0.5}, order: {pick: top}}").digest[:16] == "9d9df8bf5f2c8973"


def test_a_text_that_is_raw_is_no_part_of_the_digest_and_the_order_of_masks_is_none():
    raw = spec_of("strategy: natural")
    masked = spec_of("{strategy: natural, text: {mask: [ipv4, email, ipv4]}}")

    assert spec_of("{strategy: natural, text: raw}").digest == raw.digest
    assert spec_of("{strategy: natural, text: {mask: []}}").digest == raw.digest
    assert spec_of("{strategy: natural, text: {mask: [email, ipv4]}}").digest == masked.digest


def test_a_spec_is_read_again_from_its_canonical_form():
    spec = spec_of("{weights: {topic.label: {a: 0.1, b: 3}, format.label: {c: 1/3}}, crawls: [z, y], seed: 5}")

    assert spec.given_weights()["a / c"] == Fraction(1, 30)
    assert MixtureSpec.model_validate_json(spec.canonical).canonical == spec.canonical


def test_a_changed_spec_is_validated_too():
    with pytest.raises(ConfigError, match="changed"):
        spec_of("strategy: natural").but(token_budget=-1)
