"""The measures' work grows with the length of hostile text, not with its square, and no text stops them."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.growth import LIMIT, SHORT_S, growth
from udfs.annotator import Annotator, Texts
from udfs.measure.characters import characters_annotator
from udfs.measure.dclm import dclm_annotator
from udfs.measure.dolma import dolma_annotator
from udfs.measure.personal import personal_annotator
from udfs.measure.readability import readability_annotator
from udfs.measure.unsafe_words import unsafe_words_annotator
from udfs.measure.url_rules import UrlRulesConf, url_rules_annotator
from udfs.measure.url_shape import url_annotator

N_CHARS = 200_000

# What is repeated up to N_CHARS: one line, one word, many lines, equal words, and what each pattern may begin with.
PIECES = {
    "a word": "a",
    "a line": "ab cd ",
    "lines": "ab c\n",
    "equal words": "the ",
    "blank lines": "\n",
    "spaces": " ",
    "a number": "1",
    "dotted numbers": "1.",
    "open addresses": "a@",
    "at signs": "@",
    "dotted words": "a.",
    "exclamations": "a!",
    "addresses": "a@b.c ",
    "a host of hyphens": "@a-",
    "colons": ":",
    "groups": "a:",
    "cards": "4111 ",
    "accounts": "GB82 WEST ",
    "capitals": "AB12",
    "ellipses": "... ",
    "apostrophes": "a'",
    "accents": "e\u0301",
    "ideographs": "中文",
    "katakana": "ア",
    "emoji": "😀",
    "beginnings of phrases": "fig fig tre ",
    "halves of pairs": "\ud800",
}


@pytest.fixture(scope="module")
def annotators(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Annotator]:
    path: Path = tmp_path_factory.mktemp("lists") / "words"
    path.write_text("fig\nfig fig tree\npear\n", encoding="utf-8")
    rules = UrlRulesConf(lists=(), strict_words=(str(path),), hard_words=(str(path),))
    made = (
        characters_annotator("characters"),
        dclm_annotator("dclm"),
        dolma_annotator("dolma"),
        personal_annotator("personal"),
        readability_annotator("readability"),
        unsafe_words_annotator("unsafe", path),
        url_annotator("url"),
        url_rules_annotator("url_rules", rules),
    )
    return {annotator.name: annotator for annotator in made}


NAMES = ("characters", "dclm", "dolma", "personal", "readability", "unsafe")


def work(annotator: Annotator, piece: str, n_chars: int) -> Callable[[], object]:
    texts = Texts([piece * (n_chars // len(piece))], [""])
    return lambda: annotator(texts)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("piece", PIECES)
def test_twice_the_text_takes_less_than_two_and_a_half_times_as_long(
    annotators: dict[str, Annotator], name: str, piece: str
) -> None:
    annotator = annotators[name]
    annotator(Texts([""], [""]))

    assert growth(partial(work, annotator, PIECES[piece]), N_CHARS, short_s=SHORT_S) < LIMIT


@settings(deadline=None, max_examples=50)
@given(st.lists(st.text(max_size=60), max_size=4), st.text(max_size=40))
def test_each_text_has_a_value_for_each_field_whatever_stands_beside_it(
    annotators: dict[str, Annotator], texts: list[str], tail: str
) -> None:
    url = f"http://example.com/{tail}"
    for annotator in annotators.values():
        together = annotator(Texts(texts, [url] * len(texts)))
        assert list(together) == [field.name for field in annotator.fields]
        for i, text in enumerate(texts):
            alone = annotator(Texts([text], [url]))
            assert [column[i] for column in together.values()] == [column[0] for column in alone.values()]


def test_names_of_fields_differ_and_are_told_what_they_mean(annotators: dict[str, Annotator]) -> None:
    for annotator in annotators.values():
        names = [field.name for field in annotator.fields]
        assert len(set(names)) == len(names)
        assert all(field.comment for field in annotator.fields)
