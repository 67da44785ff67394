"""FineWeb's measures in datatrove's dialect, by hand; the presets of flags that stand on all three dialects."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.parity.flag_presets import FLAGS, reasons
from udfs.annotator import Annotator, Texts
from udfs.measure import c4, fineweb, gopher
from udfs.measure.c4 import c4_annotator
from udfs.measure.fineweb import fineweb_annotator
from udfs.measure.gopher import gopher_annotator

ENGLISH = fineweb_annotator("fineweb", "fast", "en")
DETECTED = fineweb_annotator("fineweb", "fast")
ALL = (gopher_annotator("gopher", "fast", "en"), c4_annotator("c4", "fast", "en"), ENGLISH)
FIELDS = {"gopher": gopher.FIELDS, "c4": c4.FIELDS, "fineweb": fineweb.FIELDS}
PRESETS = ("gopher", "c4", "fineweb")
PROSE = (
    "The people of the village have a bridge over the river, and it is old. Every spring the water comes up to the "
    "stones that carry it. Nobody wants to lose the bridge, so they meet with an engineer from the city. She measures "
    "what moves and what does not. Then she tells them how long it may stand, and what it would cost to mend it."
)


def measured(text: str, annotator: Annotator = ENGLISH) -> dict[str, object]:
    return {name: column[0] for name, column in annotator(Texts([text], [""])).items()}


def flagged(preset: str, text: str) -> list[str]:
    return reasons(preset, {annotator.name: measured(text, annotator) for annotator in ALL})


def test_shares_of_lines_are_as_counted_by_hand() -> None:
    # Three lines that are not blank, of 31, 5 and 5 characters; 42 with the space that is no line.
    found = measured("This line has thirty-one chars.\nShort\n \nShort")
    assert found["terminal_punct_line_ratio"] == round(1 / 3, 6)
    assert found["short_line_ratio"] == round(2 / 3, 6)
    assert found["dup_line_char_ratio"] == round(5 / 42, 6)
    assert found["newline_word_ratio"] == round(3 / 10, 6)  # thirty-one is three tokens, the full stop one


def test_a_line_that_ends_in_a_space_ends_like_no_sentence() -> None:
    assert measured("It ends. ")["terminal_punct_line_ratio"] == 0
    assert measured("यह समाप्त होता है।")["terminal_punct_line_ratio"] == 1


def test_lines_that_c4_takes_out_count_no_more() -> None:
    found = measured("Menu\nWe use cookies here\nOne line that has an end.\nMenu")
    assert found["terminal_punct_line_ratio"] == 0.25
    assert found["terminal_punct_line_ratio_after_c4"] == 1
    assert found["dup_line_char_ratio_after_c4"] == 0


def test_a_ratio_of_nothing_is_null() -> None:
    assert set(measured(" \n").values()) == {None}


def test_newlines_per_word_have_no_meaning_in_languages_without_spaces() -> None:
    found = measured("猫が窓辺で静かに雨を眺めている。\n今日はとても寒いです。", DETECTED)
    assert found["terminal_punct_line_ratio"] == 1
    assert found["newline_word_ratio"] is None
    assert found["short_line_ratio_after_c4"] is None


@settings(deadline=None)
@given(st.text(max_size=200) | st.text(alphabet="a. \n\r\ud800", max_size=60))
def test_any_text_has_measures(text: str) -> None:
    found = measured(text, DETECTED)
    assert all(value is None or value >= 0 for value in found.values())  # type: ignore[operator]


@pytest.mark.parametrize("preset", PRESETS)
def test_prose_has_no_flag_and_an_empty_list_has_some(preset: str) -> None:
    assert flagged(preset, PROSE) == []
    assert flagged(preset, "- one\n- two\n- one\n- two") != []


@pytest.mark.parametrize(
    ("preset", "text", "reason"),
    [
        ("gopher", PROSE.replace("bridge", "#### ####"), "too_many_hashes"),
        ("gopher", PROSE.replace(". ", "...\n") + "..", "too_many_ellipsis_lines"),
        ("gopher", PROSE + "\n\n" + PROSE, "too_many_dup_paragraphs"),
        ("gopher", PROSE.replace(" ", " 7 "), "too_few_alpha_words"),
        ("gopher", PROSE.upper(), "too_few_stop_words"),
        ("c4", PROSE + "\nThis has { in it.", "curly_bracket"),
        ("c4", "One line. And more.", "too_few_sentences"),
        ("fineweb", PROSE.replace(" ", "\n"), "too_few_sentences"),
        ("fineweb", PROSE + "\n" + "\n".join(["Twice the same line, thirty-five."] * 2), "too_many_repeated_chars"),
        ("fineweb", PROSE.replace(". ", "\n").replace(".", "") + "\nHere are 3 words", "too_few_ended_lines"),
    ],
)
def test_a_flag_is_true_where_its_rule_is_broken(preset: str, text: str, reason: str) -> None:
    assert reason in flagged(preset, text)


@pytest.mark.parametrize("preset", PRESETS)
def test_flags_read_fields_that_exist_and_are_called_otherwise(preset: str) -> None:
    flags = yaml.safe_load(Path(FLAGS / f"{preset}.yaml").read_text())["flags"]
    known = {f"{name}.{field.name}" for name, fields in FIELDS.items() for field in fields}
    read = {flag["where"].split()[0] for flag in flags if not flag.get("optional")}
    assert read <= known | {"language.label", "language.score"}
    assert not {flag["name"] for flag in flags} & {field.name for field in FIELDS[preset]}


def test_the_fineweb_preset_has_all_of_gophers_flags() -> None:
    ours, its = (yaml.safe_load((FLAGS / f"{name}.yaml").read_text())["flags"] for name in ("fineweb", "gopher"))
    conditions = {flag["name"]: flag["where"] for flag in ours}
    assert {flag["name"]: flag["where"] for flag in its}.items() <= conditions.items()
