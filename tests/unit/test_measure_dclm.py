"""DCLM's dialect by hand: each row of the table of dialects has a text that another dialect would measure otherwise."""

from udfs.annotator import Texts
from udfs.measure.dclm import dclm_annotator

DCLM = dclm_annotator("dclm")
ENGLISH = (
    "The river runs through the old town and then it turns to the sea, where people have always fished with nets. "
)


def one(text: str) -> dict[str, object]:
    return {name: column[0] for name, column in DCLM(Texts([text], [""])).items()}


def test_words_are_tokens_that_begin_with_a_letter_or_digit() -> None:
    assert one(ENGLISH + '"quoted" -- 3rd #tag (aside) été')["n_words"] == 21 + 2


def test_words_are_parted_by_ascii_white_space_alone() -> None:
    assert one(ENGLISH + "no\u00a0break\u2003here")["n_words"] == 21 + 1


def test_the_length_of_words_is_a_mean_over_all_that_white_space_parts() -> None:
    # a median would be 1, and without the dash the mean 4
    assert one("a a aaaaaaaaaa -")["mean_word_length"] == 13 / 4


def test_symbols_are_added_up_and_counted_even_inside_words() -> None:
    assert one("a##b c... d. . . e\u2026 f g h i")["symbol_ratio"] == round(5 / 10, 6)


def test_bullets_are_looked_for_after_spaces_and_blank_lines_are_no_lines() -> None:
    found = one("  ● one\n\n• two\n* three\n- four\nfive")
    assert found["bullet_line_ratio"] == 4 / 5


def test_spaced_dots_end_a_line_like_an_ellipsis() -> None:
    assert one("one...\ntwo . . .\nthree\u2026  \n\nfour.")["ellipsis_line_ratio"] == 3 / 4


def test_words_without_a_letter_are_counted_by_letters_of_any_script() -> None:
    assert one("one 2 3a % слово \u00b2")["non_alphabetic_word_ratio"] == round(3 / 6, 6)


def test_stop_words_are_occurrences_in_lower_case() -> None:
    assert one("THE the The " + "cats sleep here all day long under our garden table")["n_stop_words"] == 3


def test_stop_words_say_nothing_of_another_language() -> None:
    german = one("Der Fluss fließt durch die alte Stadt und mündet dann in das Meer, wo Fischer ihre Netze auswerfen.")
    assert german["n_stop_words"] is None
    assert german["n_words"] == 18


def test_every_occurrence_of_a_repeated_line_counts() -> None:
    found = one("same line\n\nsame line  \nother line here")
    assert found["repeated_line_ratio"] == round(2 / 3, 6)  # 1/3 if the first did not count
    assert found["repeated_line_char_ratio"] == round(18 / 33, 6)


def test_paragraphs_end_at_two_newlines() -> None:
    found = one("one\ntwo\n\none\ntwo\n\n\n\nthree")
    assert found["repeated_paragraph_ratio"] == round(2 / 3, 6)
    assert found["repeated_paragraph_char_ratio"] == round(14 / 19, 6)
    assert found["repeated_line_ratio"] == 4 / 5


def test_the_longest_of_equally_frequent_ngrams_is_the_top_one() -> None:
    # "a b" and "cccc dddd" come twice each; the first would be 4 of 24 characters
    assert one("a b x cccc dddd y a b z cccc dddd w")["top_2gram_ratio"] == round(16 / 24, 6)


def test_the_top_ngram_of_a_text_that_repeats_none_is_nothing() -> None:
    assert one("each word comes here once only")["top_2gram_ratio"] == 0


def test_words_in_several_repeated_ngrams_count_once() -> None:
    # "a b c d e f" twice: two 5-grams each, six words each; x once
    assert one("a b c d e f x a b c d e f")["repeated_5gram_ratio"] == round(12 / 13, 6)


def test_punctuation_parts_no_ngram_and_counts_no_characters() -> None:
    assert one("a, b. x a b!")["top_2gram_ratio"] == round(4 / 5, 6)


def test_a_text_shorter_than_the_ngram_has_no_ratio() -> None:
    found = one("four words are here")
    assert found["top_4gram_ratio"] == 0
    assert found["repeated_5gram_ratio"] is None


def test_lines_are_judged_one_rule_after_the_other() -> None:
    found = one(f"{ENGLISH}\nBUY NOW\n12345\n3.5k likes\nshort\n{ENGLISH}")
    assert found["n_uppercase_lines"] == 1
    assert found["n_numeric_lines"] == 1
    assert found["n_counter_lines"] == 1
    assert found["n_few_words_lines"] == 1
    assert found["removed_word_ratio"] == round(6 / 48, 6)


def test_a_counter_ends_with_its_line() -> None:
    assert one("3 likes from people who were there last night")["n_counter_lines"] == 0


def test_words_are_not_counted_in_languages_without_spaces() -> None:
    found = one("今天天气很好，我们一起去公园散步。\n" * 3)
    assert found["n_words"] is None
    assert found["top_2gram_ratio"] is None
    assert found["removed_word_ratio"] is None
    assert found["repeated_line_ratio"] == 1


def test_letters_thrown_together_are_words_whatever_language_the_model_sees() -> None:
    assert one("a b x cccc dddd y a b z cccc dddd w")["n_words"] == 12


def test_a_text_of_nothing_has_no_ratios() -> None:
    for text in ("", " \n\t"):
        found = one(text)
        assert found.pop("n_words") == 0
        assert {value for name, value in found.items() if name.endswith("_ratio")} == {None}
