"""The presets of the dialects ask for what their annotators say, and for nothing else."""

from pathlib import Path

import pytest

from udfs.annotator import Annotator
from udfs.conf import read_yaml
from udfs.measure.characters import characters_annotator
from udfs.measure.dclm import dclm_annotator
from udfs.measure.readability import readability_annotator
from udfs.measure.url_rules import UrlRulesConf, url_rules_annotator

FOLDER = Path(__file__).parents[2] / "conf" / "flags"
ANNOTATORS: tuple[Annotator, ...] = (
    characters_annotator("characters"),
    dclm_annotator("dclm"),
    readability_annotator("readability"),
    url_rules_annotator("url_rules", UrlRulesConf()),
)
KNOWN = {
    *(f"{annotator.name}.{field.name}" for annotator in ANNOTATORS for field in annotator.fields),
    *("language.label", "language.score", "topic.label", "n_tokens", "host"),
}
# The thresholds of the sources, as the reference has them.
DCLM = {
    "soft_words_in_url": 2,
    "language_unsure": 0.65,
    "too_short": 50,
    "too_long": 100_000,
    "words_too_short": 3,
    "words_too_long": 10,
    "too_many_symbols": 0.1,
    "too_many_bullet_lines": 0.9,
    "too_many_ellipsis_lines": 0.3,
    "too_few_alpha_words": 0.2,
    "too_few_stop_words": 2,
    "too_many_repeated_lines": 0.3,
    "too_many_repeated_paragraphs": 0.3,
    "too_many_repeated_line_chars": 0.2,
    "too_many_repeated_paragraph_chars": 0.2,
    **dict(zip((f"top_{n}gram_too_frequent" for n in (2, 3, 4)), (0.2, 0.18, 0.16), strict=True)),
    **{f"too_many_repeated_{n}grams": round(0.2 - n / 100, 2) for n in range(5, 11)},
    "too_much_removed": 0.05,
}


def flags(name: str) -> list[dict[str, str]]:
    preset = read_yaml(FOLDER / f"{name}.yaml")
    assert isinstance(preset, dict)
    return list(preset["flags"])


@pytest.mark.parametrize("name", ["c4", "fineweb", "dclm", "refinedweb"])
def test_flags_over_lists_of_the_users_are_optional_and_ask_for_fields_that_there_are(name: str) -> None:
    asked = {flag["where"].split()[0] for flag in flags(name) if flag.get("optional")}
    lists = {field for field in {*KNOWN, "unsafe_words.n_unsafe_words"} if field.startswith(("url_rules", "unsafe"))}

    assert asked
    assert asked <= lists
    assert not any(word in flag["where"] for flag in flags(name) if not flag.get("optional") for word in lists)


@pytest.mark.parametrize("name", ["dclm", "refinedweb", "gneissweb", "cc_net"])
def test_a_preset_asks_for_columns_that_there_are(name: str) -> None:
    for flag in flags(name):
        words = flag["where"].replace("(", " ").replace(",", " ").split()
        asked = {word for word in words if "." in word and word[0].isalpha() and "'" not in word}
        assert asked <= KNOWN, flag["name"]


def test_no_flag_of_dclm_is_named_like_a_measure() -> None:
    assert not {f"dclm.{flag['name']}" for flag in flags("dclm")} & KNOWN


def test_dclm_has_the_thresholds_of_its_configuration_in_its_order() -> None:
    found = {flag["name"]: float(flag["where"].split()[-1]) for flag in flags("dclm") if flag["name"] in DCLM}
    assert list(found.items()) == list(DCLM.items())


def test_refinedweb_is_dclm_and_the_sites_with_curated_copies() -> None:
    assert [flag for flag in flags("refinedweb") if flag["name"] != "in_curated_sources"] == flags("dclm")
