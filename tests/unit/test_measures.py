"""Measures of the plain text, by hand and by property."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from udfs.annotator import Texts
from udfs.measures import measures_annotator

TEXT = measures_annotator()


def _one(text: str) -> dict[str, object]:
    return {name: column[0] for name, column in TEXT(Texts([text], [""])).items()}


def test_measures_of_a_small_text_are_as_counted_by_hand() -> None:
    found = _one("The CAT, the 2 cats!\n\n")
    assert found == {
        "n_words": 5,
        "n_lines": 1,
        "n_paragraphs": 1,
        "n_sentences": 1,
        "mean_word_length": 3.2,
        "alpha_ratio": round(13 / 22, 6),
        "digit_ratio": round(1 / 22, 6),
        "punctuation_ratio": round(2 / 22, 6),
        "upper_ratio": round(4 / 13, 6),
        "unique_word_ratio": 0.8,
    }


def test_a_share_of_nothing_is_none_and_not_zero() -> None:
    found = _one(" \n\t")

    assert (found["n_words"], found["alpha_ratio"]) == (0, 0)
    assert found["mean_word_length"] is found["upper_ratio"] is found["unique_word_ratio"] is None


@pytest.mark.parametrize(
    ("text", "n_paragraphs", "n_sentences"),
    [
        ("One. Two!\nThree?\n\nFour", 2, 3),
        ("Version 3.11 of e.g. this...\n \t\nEnd.\n\n\n", 2, 3),
        ('He said "no." Then left.', 1, 2),
        ("今天很好。明天呢？好！", 1, 3),
        ("क्या हाल है। ठीक है।", 1, 2),
        ("", 0, 0),
    ],
)
def test_paragraphs_and_sentences_are_counted(text: str, n_paragraphs: int, n_sentences: int) -> None:
    found = _one(text)

    assert (found["n_paragraphs"], found["n_sentences"]) == (n_paragraphs, n_sentences)


def test_letters_of_any_script_are_letters() -> None:
    assert _one("मन भाषा 语言")["digit_ratio"] == 0
    assert _one("语言")["alpha_ratio"] == 1


def test_the_column_is_called_text_measures() -> None:
    assert TEXT.name == "text"
    assert TEXT.column == "text_measures"


@settings(deadline=None)
@given(st.text(max_size=200))
def test_ratios_stay_between_zero_and_one(text: str) -> None:
    found = _one(text)
    ratios = [value for name, value in found.items() if name.endswith("_ratio")]
    assert all(value is None or 0 <= value <= 1 for value in ratios)


@settings(deadline=None)
@given(st.lists(st.text(max_size=40), max_size=5))
def test_a_text_is_measured_alike_whatever_stands_beside_it(texts: list[str]) -> None:
    together = TEXT(Texts(texts, [""] * len(texts)))
    for i, text in enumerate(texts):
        assert {name: column[i] for name, column in together.items()} == _one(text)
