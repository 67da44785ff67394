"""The tokenizer `words`: exact numbers by arithmetic, nothing of case, marks or line ends lost, fixed places."""

import unicodedata
from itertools import groupby

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from udfs.annotator import Texts
from udfs.conf import parse_conf
from udfs.errors import ConfigError
from udfs.inference.word_encoder import CHARACTERS_AT_ONCE, END_PADS, TEXT_AT, URL_WORDS_AT, WordEncoder
from udfs.inference.word_numbers import (
    BASE,
    CAPITAL,
    KIND_MASK,
    LOWER,
    MARK,
    MIX,
    MIXED,
    NUMBER,
    STEM,
    SYMBOL,
    TITLE,
    UNCASED,
    UPPER,
    Ints,
    character_numbers,
    token_numbers,
)
from udfs.model_store.folder import InputSettings

TEMPLATE = "{url}\n\n{text}"
texts = st.text(st.sampled_from("aB éÉßİ日कि1٣9_.'\n\t\xa0🙂𝐀-"), max_size=80)


def _slow_tokens(text: str) -> list[str]:
    """Return the tokens as the module's docstring says, one character at a time."""

    def kind(place: int) -> object:
        character = text[place]
        if character.isdecimal() and ord(character) < 1 << 16:
            return "digits"
        is_letter = character.isalnum() or unicodedata.category(character).startswith("M")
        return "letters" if is_letter and ord(character) < 1 << 16 else place

    tokens = ["".join(text[i] for i in places) for _, places in groupby(range(len(text)), kind)]
    return [token for token in tokens if not token.isspace() or token == "\n"]


def _slow_hash(token: str) -> int:
    lower = [c.lower() if len(c.lower()) == 1 and ord(c) < 1 << 16 else c for c in token]
    total = sum((ord(c) + 1) * pow(BASE, i, 1 << 64) for i, c in enumerate(lower)) % (1 << 64)
    return (total ^ total >> 32) * MIX % (1 << 64) >> 32


def _encode(*pages: tuple[str, str], **settings: object) -> list[Ints]:
    encoder = WordEncoder(InputSettings.model_validate({"tokenizer": "words", "template": TEMPLATE} | settings))
    rendered = encoder.render(Texts([text for _, text in pages], [url for url, _ in pages]))
    return [np.asarray(windows[0].ids) for windows in encoder.windows(rendered)]


@settings(deadline=None)
@given(text=texts)
@example("x" * 3_000 + " tail")
@example("")
def test_numbers_are_those_of_the_slow_definition(text: str) -> None:
    tokens, (numbers, starts) = _slow_tokens(text), token_numbers(text)
    assert [text[start : start + len(token)] for token, start in zip(tokens, starts, strict=True)] == tokens
    for token, number in zip(tokens, numbers.tolist(), strict=True):
        assert number >> 4 == _slow_hash(token[:STEM]) >> 5 << 32 | _slow_hash(token)


@settings(deadline=None)
@given(text=texts)
def test_a_token_has_the_same_number_wherever_it_stands(text: str) -> None:
    alone = [token_numbers(token)[0][0] for token in _slow_tokens(text)]
    assert token_numbers(text)[0].tolist() == alone


def test_a_characters_number_is_that_of_the_token() -> None:
    assert character_numbers("aB/9é").tolist() == [token_numbers(c)[0][0] for c in "aB/9é"]


def test_case_marks_lengths_of_numbers_and_line_ends_are_kept() -> None:
    words = ["word", "Word", "WORD", "W", "wOrd", "日本", "🙂", "1", "23", "456", "7890", "12345", "123456", ",", "\n"]
    kinds = [int(token_numbers(word)[0][0]) & KIND_MASK for word in words]
    assert kinds[:7] == [LOWER, TITLE, UPPER, CAPITAL, MIXED, UNCASED, SYMBOL]
    assert kinds[7:13] == [NUMBER + i for i in (0, 1, 2, 3, 4, 4)]
    assert kinds[13:] == [MARK, MARK]


def test_the_parts_of_a_page_lie_at_fixed_places() -> None:
    (page,) = _encode(("https://a.example/B-2", "The end.\n"))
    assert len(page) == TEXT_AT + 4 + END_PADS
    assert page[0] == 0
    np.testing.assert_array_equal(page[1:14], character_numbers("a.example/B-2"))
    assert not page[14:URL_WORDS_AT].any()
    np.testing.assert_array_equal(page[URL_WORDS_AT : URL_WORDS_AT + 4], token_numbers("a example B 2")[0])
    assert not page[URL_WORDS_AT + 4 : TEXT_AT].any()
    np.testing.assert_array_equal(page[TEXT_AT:-END_PADS], token_numbers("The end.\n")[0])
    assert not page[-END_PADS:].any()


def test_long_parts_are_cut_and_a_pad_stands_before_each() -> None:
    (page,) = _encode(("https://a.example/" + "b/" * 500, "word " * 500), max_tokens=300)
    assert len(page) == TEXT_AT + 300 + END_PADS
    assert page[0] == page[URL_WORDS_AT - 1] == page[TEXT_AT - 1] == 0
    assert page[1 : URL_WORDS_AT - 1].all()
    assert page[URL_WORDS_AT : TEXT_AT - 1].all()


def test_the_text_is_cut_to_max_chars_and_a_template_without_url_hides_it() -> None:
    (page,) = _encode(("https://a.example/", "one two three"), max_chars=7, template="{text}")
    np.testing.assert_array_equal(page[TEXT_AT:-END_PADS], token_numbers("one two")[0])
    assert not page[:TEXT_AT].any()


def test_a_pages_numbers_do_not_depend_on_its_neighbours() -> None:
    pages = [("https://a.example/", ""), ("", "one Two\n"), ("x", "é" * CHARACTERS_AT_ONCE), ("y\n", "1"), ("", "\n")]
    for page, ids in zip(pages, _encode(*pages), strict=True):
        np.testing.assert_array_equal(ids, _encode(page)[0])


@pytest.mark.parametrize("more", [{"template": "{text} {url}"}, {"truncation": "left"}])
def test_settings_that_words_cannot_keep_are_refused(more: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="tokenizer `words`"):
        parse_conf({"tokenizer": "words"} | more, InputSettings, where="test")
