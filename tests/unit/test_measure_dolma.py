"""Dolma's dialect by hand: each row of the table of dialects has a text that others would measure otherwise."""

from udfs.annotator import Texts
from udfs.measure.dolma import dolma_annotator

DOLMA = dolma_annotator("dolma")


def one(text: str) -> dict[str, object]:
    return {name: column[0] for name, column in DOLMA(Texts([text], [""])).items()}


def test_words_are_what_white_space_parts() -> None:
    assert one("one - two\u00a0three")["n_words"] == 4


def test_the_length_of_words_is_a_median() -> None:
    assert one("a a aaaaaaaaaa")["median_word_length"] == 1
    assert one("a aaaa")["median_word_length"] == 2.5


def test_a_word_counts_once_however_many_symbols_it_has_and_dots_are_none() -> None:
    assert one("a## b\u2026 c... d")["symbol_word_ratio"] == 2 / 4


def test_words_with_a_letter_are_alphabetic() -> None:
    assert one("one 2 3a %")["alphabetic_word_ratio"] == 2 / 4


def test_stop_words_are_occurrences_as_written() -> None:
    assert one("THE the The the cats sleep here all day long under our garden table")["n_stop_words"] == 2


def test_bullets_stand_at_the_very_beginning_of_any_line() -> None:
    assert one("- one\n  * two\n* three\n\n• four")["bullet_line_ratio"] == 2 / 5


def test_only_the_sign_is_an_ellipsis_at_the_end_of_a_line() -> None:
    assert one("one...\ntwo\u2026\nthree\u2026 \n")["ellipsis_line_ratio"] == 1 / 4


def test_blank_lines_are_repeated_lines() -> None:
    assert one("one\n\ntwo\n\nthree")["repeated_line_ratio"] == 2 / 5


def test_repeated_lines_with_their_spaces_are_measured_by_the_characters_of_words() -> None:
    found = one("a b\na b\nc")
    assert found["repeated_line_char_ratio"] == round(6 / 5, 6)


def test_an_ngram_that_comes_once_can_be_the_top_one() -> None:
    assert one("aa b cccc")["top_2gram_ratio"] == round(3 / 7, 6)


def test_the_first_of_equally_frequent_ngrams_is_the_top_one() -> None:
    assert one("a b x cccc dddd y a b z cccc dddd w")["top_2gram_ratio"] == round(4 / 24, 6)


def test_the_top_ngram_is_the_most_frequent_one_not_the_first_repeated() -> None:
    assert one("a b a b x cccc dddd x cccc dddd x cccc dddd")["top_2gram_ratio"] == round(15 / 31, 6)


def test_overlapping_ngrams_count_again_and_again() -> None:
    # nine 5-grams of 5 characters, two of them twice
    assert one("a b c d e f x a b c d e f")["repeated_5gram_ratio"] == round(20 / 45, 6)


def test_a_text_shorter_than_the_ngram_has_no_ratio() -> None:
    found = one("four words are here")
    assert found["top_4gram_ratio"] == 1
    assert found["repeated_5gram_ratio"] is None


def test_words_are_not_counted_in_languages_without_spaces() -> None:
    found = one("今天天气很好，我们一起去公园散步。")
    assert found["n_words"] is None
    assert found["top_2gram_ratio"] is None


def test_a_text_of_nothing_has_no_ratios() -> None:
    found = one("")
    assert found.pop("n_words") == 0
    found.pop("n_stop_words")
    assert set(found.values()) == {None}
