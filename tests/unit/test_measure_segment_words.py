"""Unicode's words, by hand and by property."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from udfs.measure.segment_words import segment_words

CASES = {
    "can't 'quoted' e.g. U.S.A. a:b it’s": ["can't", "quoted", "e.g", "U.S.A", "a:b", "it’s"],
    "3.5a 1,000.5 1;2 1:2 1'000 3.a a.3": ["3.5a", "1,000.5", "1;2", "1", "2", "1'000", "3", "a", "a", "3"],
    "a_b _c d_ __": ["a_b", "d_"],
    "x²y ½": ["x", "²", "y", "½"],
    "日本語カタカナー ひら": ["日", "本", "語", "カタカナー", "ひ", "ら"],
    "한국어 abc한": ["한국어", "abc한"],
    "สวัสดี": ["ส", "วั", "ส", "ดี"],
    "हिन्दी क्षि": ["हिन्दी", "क्षि"],
    "e\u0301.a a\u00adb a\u200bb": ["e\u0301.a", "a\u00adb", "a", "b"],
    "well-known #tag @you a/b 😀": ["well", "known", "tag", "you", "a", "b"],
}


@pytest.mark.parametrize("text", CASES)
def test_words_are_segmented_as_the_standard_says(text: str) -> None:
    assert segment_words(text) == CASES[text]


@given(st.text(alphabet="aZ09_'.,:;- \n#é", max_size=40))
def test_the_quick_way_for_ascii_is_the_same_rule(text: str) -> None:
    assert segment_words(text) == segment_words(text + " …")


@given(st.text(max_size=60))
def test_words_stand_in_the_text_one_behind_the_other(text: str) -> None:
    end = 0
    for word in segment_words(text):
        assert word[0].isalnum()
        end = text.index(word, end) + len(word)
