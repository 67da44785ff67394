"""Gopher's measures in datatrove's dialect: by hand, beside a naive program, and linear in the text."""

import random
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.growth import LIMIT, growth
from udfs.annotator import Annotator, Texts
from udfs.measure.c4 import c4_annotator
from udfs.measure.fast_words import FastSplitter
from udfs.measure.fineweb import fineweb_annotator
from udfs.measure.gopher import gopher_annotator
from udfs.measure.words import word_tokenizer

ENGLISH = gopher_annotator("gopher", "fast", "en")
DETECTED = gopher_annotator("gopher", "fast")


def measured(text: str, annotator: Annotator = ENGLISH) -> dict[str, object]:
    return {name: column[0] for name, column in annotator(Texts([text], [""])).items()}


def share(part: float, whole: float) -> float:
    return round(part / whole, 6)


def test_quality_of_a_small_text_is_as_counted_by_hand() -> None:
    # 16 tokens: The cat and the dog , with a hat ... # 1 - be • to; the marks , ... # - are no words, • is one.
    found = measured("The cat and the dog, with a hat... #1\n  - be\n• to…\n")
    assert found["n_tokens"] == 17
    assert found["n_words"] == 12
    assert found["mean_word_length"] == share(3 + 3 + 3 + 3 + 3 + 4 + 1 + 3 + 1 + 2 + 1 + 2, 12)
    assert found["hash_ratio"] == share(1, 17)
    assert found["ellipsis_ratio"] == share(2, 17)
    assert found["bullet_line_ratio"] == share(2, 3)
    assert found["ellipsis_line_ratio"] == share(1, 3)
    assert found["alpha_word_ratio"] == share(10, 17)
    assert found["n_stop_words"] == 5  # the, and, with, be, to; The is another word


def test_repeated_lines_and_paragraphs_are_as_counted_by_hand() -> None:
    found = measured("x y\nx y\n\nz\n\nz")  # 13 characters
    assert found["dup_line_ratio"] == share(2, 4)
    assert found["dup_line_char_ratio"] == share(3 + 1, 13)
    assert found["dup_paragraph_ratio"] == share(1, 3)
    assert found["dup_paragraph_char_ratio"] == share(1, 13)


def test_the_ends_of_a_text_make_lines_but_no_paragraphs() -> None:
    found = measured("\n\na\n\n")
    assert found["dup_line_ratio"] == share(1, 3)  # "", "a", ""
    assert found["dup_paragraph_ratio"] == 0


def test_a_top_n_gram_is_the_first_of_the_most_frequent() -> None:
    found = measured("x y\nx y\n\nz\n\nz")
    assert found["top_2gram_char_ratio"] == share(2 * len("x y"), 13)
    assert found["top_3gram_char_ratio"] == share(len("x y x"), 13)
    assert measured("aa bb c d c d aa bb")["top_2gram_char_ratio"] == share(2 * len("aa bb"), 19)


def test_duplicate_n_grams_are_found_from_the_left_and_do_not_overlap() -> None:
    found = measured("a b c d e a b c d e a b c d e")  # 29 characters
    assert [found[f"dup_{n}gram_char_ratio"] for n in (5, 6, 10)] == [share(n, 29) for n in (10, 6, 10)]


def test_duplicate_n_grams_are_compared_without_spaces_and_top_ones_with_them() -> None:
    text = "ab c d e f x a bc d e f"
    assert measured(text)["dup_5gram_char_ratio"] == share(len("abcdef"), len(text))
    assert measured("ab c a bc")["top_2gram_char_ratio"] == share(len("ab c"), 9)


def test_of_too_few_words_there_is_no_top_n_gram() -> None:
    found = measured("one two")
    assert found["top_2gram_char_ratio"] == 1
    assert found["top_3gram_char_ratio"] is None
    assert found["dup_5gram_char_ratio"] == 0


def test_a_ratio_of_nothing_is_null() -> None:
    found = measured("")
    assert found["n_words"] == found["n_tokens"] == found["n_stop_words"] == 0
    assert {found[name] for name in ("mean_word_length", "hash_ratio", "bullet_line_ratio", "dup_line_char_ratio")} == {
        None
    }
    assert found["dup_line_ratio"] == 0  # of one empty line


def test_english_stop_words_have_no_meaning_in_another_language() -> None:
    text = "Le chat est assis sur le tapis et regarde la pluie qui tombe sur la ville depuis ce matin."
    assert measured(text, DETECTED)["n_stop_words"] is None
    assert measured(text, DETECTED)["n_words"] == 19
    assert measured(text)["n_stop_words"] == 0


def test_words_have_no_meaning_where_no_spaces_separate_them() -> None:
    found = measured("猫が窓辺で静かに雨を眺めている。今日はとても寒い。\n猫が好きです。", DETECTED)
    of_lines = {name for name, value in found.items() if value is not None}
    assert of_lines == {name for name in found if name.split("_")[0] in {"bullet", "ellipsis", "dup"}} - {
        "ellipsis_ratio",
        *(f"dup_{n}gram_char_ratio" for n in range(5, 11)),
    }


def test_an_annotator_is_another_one_in_another_language_or_with_another_tokenizer() -> None:
    assert ENGLISH.version != DETECTED.version
    assert "fast" in ENGLISH.version
    assert ENGLISH.details == {
        "engine": "python",
        "tokenizer": "fast",
        "language": "en",
        "stop_words": "Gopher's",
    }


def naive(text: str) -> dict[str, object]:
    """Return the n-gram measures by the shortest program that says what they are."""
    words, found = FastSplitter().split_text(text), {}
    for n in (2, 3, 4):
        grams = Counter(" ".join(words[i : i + n]) for i in range(len(words) - n + 1))
        top = grams.most_common(1)
        found[f"top_{n}gram_char_ratio"] = share(len(top[0][0]) * top[0][1], len(text)) if top else None
    for n in range(5, 11):
        seen: set[str] = set()
        place = n_chars = 0
        while place + n <= len(words):
            gram = "".join(words[place : place + n])
            n_chars += len(gram) if gram in seen else 0
            place += n if gram in seen else 1
            seen.add(gram)
        found[f"dup_{n}gram_char_ratio"] = share(n_chars, len(text)) if text else None
    return found


@settings(deadline=None, max_examples=300)
@given(
    st.text(alphabet="ab é\n", max_size=300) | st.lists(st.sampled_from(["a", "b", "ab"]), max_size=90).map(" ".join)
)
def test_n_grams_are_those_of_a_naive_program(text: str) -> None:
    expected = naive(text)
    assert {name: value for name, value in measured(text).items() if name in expected} == expected


@settings(deadline=None)
@given(st.text(max_size=200) | st.text(alphabet=" \n\ud800\udfff#.•", max_size=30))
def test_any_text_has_measures_and_shares_stay_between_zero_and_one(text: str) -> None:
    found = measured(text, DETECTED)
    free = ("hash_ratio", "ellipsis_ratio", "top_")  # per token; a top n-gram may overlap itself
    shares = [value for name, value in found.items() if name.endswith("_ratio") and not name.startswith(free)]
    assert all(value is None or 0 <= value <= 1 for value in shares)


MAKERS = {"gopher": gopher_annotator, "c4": c4_annotator, "fineweb": fineweb_annotator}
SHAPES: dict[str, tuple[Callable[[int], str], int]] = {
    "one line": (lambda n: " ".join(f"word{i * i % 9973}" for i in range(n)) + ".", 8_000),
    "one word": (lambda n: "x" * n, 300_000),
    "a word of marks": (lambda n: ")" * n, 50_000),
    "a word of many marks": (lambda n: "".join(random.Random(n).choices("().:-'/@$_", k=n)), 30_000),
    "an address": (lambda n: "a." * n + "-", 100_000),
    "dots": (lambda n: "." * n, 300_000),
    "many lines": (lambda n: "".join(f"This is line number {i}.\n" for i in range(n)), 2_000),
    "equal lines": (lambda n: "Home | About | Contact.\n" * n, 3_000),
    "blank lines": (lambda n: "\n" * n, 30_000),
    "equal words": (lambda n: "the " * n, 60_000),
    "words that part anywhere": (lambda n: "a aa aaa " * n, 8_000),
    "open citations": (lambda n: "one two " + "[" * n + "1" * n + ".", 40_000),
}


def work(name: str, text: str) -> Callable[[], object]:
    def run() -> object:
        word_tokenizer.cache_clear()  # a memo would know the text
        return MAKERS[name](name, "fast", "en").load()(Texts([text], [""]))

    return run


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", MAKERS)
def test_twice_as_much_text_takes_less_than_two_and_a_half_times_as_long(name: str, shape: str) -> None:
    make, n = SHAPES[shape]

    assert growth(lambda n: work(name, make(n)), n) < LIMIT
