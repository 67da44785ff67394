"""Words and sentences: the fast tokenizer by hand, the memo, and what is said where spaCy is not there."""

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from udfs.errors import ConfigError
from udfs.measure import words as words_module
from udfs.measure.fast_words import FastSplitter
from udfs.measure.punctuation import SENTENCE_ENDS, SYMBOLS, TERMINAL
from udfs.measure.words import BASE, WordTokenizer, token_records, tokenizer_version, word_tokenizer

TEXTS = st.text(max_size=80) | st.text(alphabet="aX1. ':()-/<>é语\n\t\ud800", max_size=40)


def tokens(text: str) -> list[str]:
    return FastSplitter().split_text(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The cat sat.", "The|cat|sat|."),
        ('("Well," he said)', '(|"|Well|,|"|he|said|)'),
        ("don't can’t they'll it's I'm thats", "do|n't|ca|n’t|they|'ll|it|'s|I|'m|that|s"),
        ("its were well hell", "its|were|well|hell"),
        ("Mr. Smith, e.g. of the U.S., came at 5pm.", "Mr.|Smith|,|e.g.|of|the|U.S.|,|came|at|5|pm|."),
        ("the NASA. 3.5 kg, 30km -5 +7 $9.99 US$5", "the|NASA|.|3.5|kg|,|30|km|-5|+7|$|9.99|US$|5"),
        ("well-known mid-1990s and/or a/b", "well|-|known|mid-1990s|and/or|a|/|b"),
        ("so... wait...what?!", "so|...|wait|...|what|?|!"),
        ("see https://a.example/b?c=d-e, or x@y.org.", "see|https://a.example/b?c=d-e|,|or|x@y.org|."),
        ("dog's dogs’ end.Start", "dog|'s|dogs|’|end|.|Start"),
        ("20 °C. :) <3", "20|°|C|.|:)|<3"),
        ("", ""),
    ],
)
def test_the_fast_tokenizer_cuts_as_spacy_does(text: str, expected: str) -> None:
    assert "|".join(tokens(text)) == expected


@pytest.mark.parametrize(
    ("line", "n"),
    [
        ("One. Two! Three?", 3),
        ('He said "no." She left.', 2),
        ("No end", 1),
        ("Dr. No came at 5 p.m. sharp.", 1),
        ("Wait... what?", 1),
        ("End.  ", 2),  # the second space is a token, and begins a sentence
        ("End. ", 1),
        ("One.\tTwo", 2),
        ("", 1),
    ],
)
def test_sentences_are_counted_as_the_sentencizer_counts_them(line: str, n: int) -> None:
    assert word_tokenizer("fast").n_sentences(line) == n


def test_a_record_says_what_a_token_is() -> None:
    found = token_records(["the", "#", "1", "b2"])
    assert found["length"].tolist() == [3, 1, 1, 2]
    assert found["kind"].tolist() == [words_module.IS_ALPHA, 1, 0, words_module.IS_ALPHA]
    with np.errstate(over="ignore"):
        a, b = token_records(["a"])[0], token_records(["bc"])[0]
        assert token_records(["abc"])["hash"][0] == a["hash"] + b["hash"] * np.uint64(BASE)


def test_what_ends_a_sentence_is_punctuation() -> None:
    assert SENTENCE_ENDS < TERMINAL < SYMBOLS
    assert not any(mark.isalpha() for mark in SYMBOLS)


@settings(deadline=None)
@given(TEXTS)
def test_tokens_together_are_the_text_without_whitespace(text: str) -> None:
    assert "".join(tokens(text)) == "".join(text.split())
    found = word_tokenizer("fast").words(text)
    assert found["length"].tolist() == [len(token) for token in tokens(text)]
    assert word_tokenizer("fast").n_words(text) == len(found)


@settings(deadline=None)
@given(st.lists(TEXTS, max_size=8))
def test_a_full_memo_changes_nothing(texts: list[str]) -> None:
    forgetful, other = WordTokenizer(FastSplitter()), word_tokenizer("fast")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(words_module, "_MAX_MEMO", 10)
        for text in texts:
            assert forgetful.words(text).tolist() == other.words(text).tolist()
            assert forgetful.n_sentences(text) == other.n_sentences(text)


def test_the_memo_stays_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words_module, "_MAX_MEMO", 1_000)
    small = WordTokenizer(FastSplitter())
    for i in range(200):
        small.words(f"word{i} other{i}")
        small.n_sentences(f"a{i}\tb{i}")
    assert len(small._tokens_of) < 100
    assert len(small._marks) < 100


def test_an_unknown_tokenizer_is_refused() -> None:
    with pytest.raises(ConfigError, match="choose `fast`"):
        word_tokenizer("nltk")


def test_without_spacy_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "spacy", None)
    words_module._splitter.cache_clear()
    with pytest.raises(ConfigError, match=r"pip install webstrata\[spacy\]"):
        tokenizer_version("spacy")
