"""Every measure of datatrove's dialect has datatrove's value, and every flag decides as its filter, on real texts.

datatrove 0.10.1 and spaCy live in an environment of their own, with what udfs and tests import beside them:
`PYTHONPATH=. ITS_PYTHON -m pytest -o addopts= --import-mode=importlib --noconftest tests/parity/test_datatrove.py`.
Without them, or without ../shared/data, all of it is skipped; tests/unit/golden keeps their values of our own pages.
"""

import random
from collections.abc import Mapping
from functools import cache

import pytest

pytest.importorskip("datatrove.pipeline.filters", reason="datatrove is not installed here")
pytest.importorskip("spacy", reason="spaCy is not installed here")

from datatrove.utils import text as its_text
from datatrove.utils.word_tokenizers import load_word_tokenizer
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.pipeline import Sentencizer

from tests.parity.datatrove_values import dropped_by, values
from tests.parity.flag_presets import reasons
from tests.parity.real_texts import real_texts
from tests.shared import needs_shared
from udfs.annotator import Texts
from udfs.measure.c4 import c4_annotator
from udfs.measure.fineweb import fineweb_annotator
from udfs.measure.gopher import gopher_annotator
from udfs.measure.punctuation import SENTENCE_ENDS, SYMBOLS, TERMINAL
from udfs.measure.words import WordTokenizer, token_records, word_tokenizer

MAKERS = {"gopher": gopher_annotator, "c4": c4_annotator, "fineweb": fineweb_annotator}
Values = Mapping[str, object]


@cache
def measured(tokenizer: str) -> list[dict[str, dict[str, object]]]:
    """Return the measures of each real text, of all annotators."""
    texts = real_texts()
    batch = Texts(texts, [""] * len(texts))
    columns = {name: make(name, tokenizer, "en")(batch) for name, make in MAKERS.items()}
    return [
        {name: {key: c[i] for key, c in found.items()} for name, found in columns.items()} for i in range(len(texts))
    ]


@needs_shared
def test_there_are_at_least_three_thousand_real_texts() -> None:
    assert len(real_texts()) >= 3_000


@needs_shared
@pytest.mark.parametrize("name", MAKERS)
def test_each_value_is_datatroves(name: str) -> None:
    differences = []
    for text, ours in zip(real_texts(), measured("spacy"), strict=True):
        its = values(name, text)
        differences += [(key, ours[name][key], its[key], text[:60]) for key in its if ours[name][key] != its[key]]
        assert its.keys() <= ours[name].keys()
    assert differences == []


@needs_shared
@pytest.mark.parametrize("preset", ["gopher", "c4", "fineweb"])
def test_each_decision_and_reason_is_datatroves(preset: str) -> None:
    differences = []
    for text, ours in zip(real_texts(), measured("spacy"), strict=True):
        its, found = dropped_by(preset, text), reasons(preset, ours)
        if (its is None) != (not found) or (its and its not in found):
            differences.append((its, found, text[:60]))
    assert differences == []


@needs_shared
@pytest.mark.parametrize("preset", ["gopher", "c4", "fineweb"])
def test_the_fast_tokenizer_decides_alike_on_nearly_all_pages(preset: str) -> None:
    equal = [
        bool(reasons(preset, fast)) == (dropped_by(preset, text) is not None)
        for text, fast in zip(real_texts(), measured("fast"), strict=True)
    ]
    assert sum(equal) >= 0.995 * len(equal)


def test_the_sets_of_marks_are_its_own() -> None:
    assert its_text.TERMINAL_PUNCTUATION == TERMINAL
    assert its_text.PUNCTUATION_SET == SYMBOLS
    assert Sentencizer().punct_chars == SENTENCE_ENDS
    assert not any(mark.isalpha() for mark in SYMBOLS)


@cache
def pieces() -> list[str]:
    """Return what its tokenizer treats in a special way, and what can stand beside it."""
    special = sorted(load_word_tokenizer("en").tokenizer.tokenizer.rules)
    plain = [
        "word",
        "The",
        "X",
        "8",
        "1",
        "3.5",
        "'",
        '"',
        ".",
        "..",
        "…",
        ":",
        "-",
        "(",
        ")",
        "/",
        "o",
        "D",
        "é",
        "语",
    ]
    return [
        *special,
        *plain,
        " ",
        " ",
        " ",
        " ",
        "\n",
        "\t",
        "  ",
        "http://a.b/c?d=e",
        "x@y.com",
        "IS_ALPHA",
        "ORTH",
        "$",
    ]


def its_words(text: str) -> list[str]:
    return load_word_tokenizer("en").word_tokenize(text)


def agree_on(text: str, words: WordTokenizer) -> bool:
    """Return whether lengths of words and the number of sentences are its own; the hashes tell words apart."""
    its = its_words(text)
    ours = words.words(text)
    return (
        ours["length"].tolist() == [len(word) for word in its]
        and ours["hash"].tolist() == token_records(its)["hash"].tolist()
        and words.n_sentences(text.strip()) == len(its_text.split_into_sentences(text.strip()))
    )


def test_words_and_sentences_are_its_own_on_texts_made_of_special_cases() -> None:
    dice = random.Random(7)
    words = word_tokenizer("spacy")
    texts = ("".join(dice.choices(pieces(), k=dice.randint(1, 12))) for _ in range(20_000))
    assert [text for text in texts if not agree_on(text, words)] == []


@settings(deadline=None, max_examples=1_000)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60))
def test_words_and_sentences_are_its_own_on_any_text(text: str) -> None:
    assert agree_on(text, word_tokenizer("spacy"))


# spaCy passes over a special case that overlaps a find across a space: `:)` here is two tokens.
@pytest.mark.parametrize("text", ["_= ):-", ":) :)o*", "(a. 8DD[<:) )", "^<[ =]a8[<;D^)", "IS_ALPHA x"])
def test_words_and_sentences_are_its_own_where_special_cases_overlap(text: str) -> None:
    assert agree_on(text, word_tokenizer("spacy"))


@settings(deadline=None, max_examples=1_000)
@given(st.text(alphabet="aoD8v. ':()-/<>=_^;*[]\"\n\t", max_size=30))
def test_words_and_sentences_are_its_own_on_any_marks(text: str) -> None:
    assert agree_on(text, word_tokenizer("spacy"))
