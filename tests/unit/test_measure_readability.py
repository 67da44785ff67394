"""Readability by hand."""

import pytest

from udfs.annotator import Texts
from udfs.measure.readability import _n_syllables, readability_annotator

READABILITY = readability_annotator("readability")
SENTENCES = "The old cat sat on the mat. Then it ran away from the dog! Did you see where it went?"


def one(text: str) -> dict[str, object]:
    return {name: column[0] for name, column in READABILITY(Texts([text], [""])).items()}


def test_the_three_formulas_of_a_small_text_are_as_worked_out_by_hand() -> None:
    found = one(SENTENCES)
    assert found["n_sentences"] == 3
    assert found["mean_sentence_length"] == round(20 / 3, 6)
    assert found["mean_syllables"] == round(21 / 20, 6)
    assert found["flesch_reading_ease"] == pytest.approx(206.835 - 1.015 * 20 / 3 - 84.6 * 21 / 20, abs=1e-6)
    assert found["flesch_kincaid_grade"] == pytest.approx(0.39 * 20 / 3 + 11.8 * 21 / 20 - 15.59, abs=1e-6)
    assert found["mcalpine_eflaw"] == round((20 + 15) / 3, 6)


def test_two_words_are_no_sentence() -> None:
    assert one(f"{SENTENCES} Oh no! Yes. E.g. this one is.")["n_sentences"] == 4


def test_a_text_without_a_stop_is_one_sentence() -> None:
    assert one("the cats and dogs of the neighbours\nand the birds in the trees")["n_sentences"] == 1


def test_words_are_counted_without_their_punctuation() -> None:
    assert one("I - for one - said: «well, it’s so»!")["mean_sentence_length"] == 7


def test_english_formulas_say_nothing_of_other_languages() -> None:
    found = one("Der Fluss fließt durch die alte Stadt. Dann mündet er in das große Meer.")
    assert found["n_sentences"] == 2
    assert found["mean_sentence_length"] == 7
    assert found["flesch_reading_ease"] is None
    assert found["mcalpine_eflaw"] is None


def test_sentences_are_counted_where_words_are_not() -> None:
    found = one("今天天气很好。我们一起去公园散步。你来吗？")
    assert found["n_sentences"] == 3
    assert found["mean_sentence_length"] is None


def test_thai_has_no_sign_that_ends_a_sentence() -> None:
    assert set(one("แม่น้ำไหลผ่านเมืองเก่าแล้วไหลลงสู่ทะเลที่ผู้คนจับปลา").values()) == {None}


def test_a_text_without_words_has_no_sentence_and_nothing_else() -> None:
    for text in ("", " ... \n!?"):
        found = one(text)
        assert found.pop("n_sentences") == 0
        assert set(found.values()) == {None}


@pytest.mark.parametrize(
    ("word", "n"),
    {
        "cat": 1,
        "make": 1,
        "table": 2,
        "walked": 1,
        "wanted": 2,
        "reading": 2,
        "beautiful": 3,
        "the": 1,
        "nth": 1,
    }.items(),
)
def test_syllables_are_runs_of_vowels_without_a_silent_e(word: str, n: int) -> None:
    assert _n_syllables(word) == n
