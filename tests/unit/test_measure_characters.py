"""Shares of characters, by hand and by property."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from udfs.annotator import Texts
from udfs.measure.characters import characters_annotator

CHARACTERS = characters_annotator("characters")
CLASSES = ("letter", "digit", "punctuation", "space", "symbol", "control")


def one(text: str) -> dict[str, object]:
    return {name: column[0] for name, column in CHARACTERS(Texts([text], [""])).items()}


def test_classes_of_a_small_text_are_as_counted_by_hand() -> None:
    found = one("Ab 1²,\n😀+\x00\ue000")
    assert found["n_characters"] == 11
    assert [found[f"{name}_ratio"] for name in CLASSES] == [round(n / 11, 6) for n in (2, 2, 1, 2, 2, 2)]
    assert found["uppercase_ratio"] == 0.5


@pytest.mark.parametrize(
    ("text", "script"),
    {
        "été": "latin",
        "Ａｂ": "latin",
        "мир": "cyrillic",
        "λόγος": "greek",
        "سلام": "arabic",
        "שלום": "hebrew",
        "नमस्ते": "devanagari",
        "สวัสดี": "thai",
        "안녕": "hangul",
        "ひらカタｶﾅ": "kana",
        "漢字": "han",
        "ꓐꓑ": "other_script",
    }.items(),
)
def test_letters_are_told_apart_by_script(text: str, script: str) -> None:
    found = one(text)
    assert found[f"{script}_ratio"] == 1
    assert found["letter_ratio"] == 1


def test_a_script_without_capitals_has_no_share_of_them() -> None:
    assert one("漢字")["uppercase_ratio"] is None


def test_a_text_without_letters_has_no_scripts() -> None:
    found = one("12, 3")
    assert found["latin_ratio"] is None
    assert found["letter_ratio"] == 0


def test_a_text_of_nothing_has_no_shares() -> None:
    found = one("")
    assert found.pop("n_characters") == 0
    assert set(found.values()) == {None}


@given(st.text(alphabet=st.characters(), min_size=1, max_size=80))
def test_each_character_is_of_one_class(text: str) -> None:
    found = one(text)
    assert sum(found[f"{name}_ratio"] for name in CLASSES) == pytest.approx(1, abs=1e-5)  # type: ignore[misc]


@given(st.lists(st.sampled_from(["\ud800", "\udfff", "\x00", "a", "\U000e0001"]), min_size=1).map("".join))
def test_halves_of_pairs_are_characters_too(text: str) -> None:
    assert one(text)["n_characters"] == len(text)
