"""Counts of a list's words, with little lists of harmless words."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shared import SHARED, needs_shared
from udfs.annotator import Annotator, Texts
from udfs.errors import MissingInputError, ModelError
from udfs.measure.unsafe_words import unsafe_words_annotator

LISTS = {
    "en": "Fig\nfig tree\ncat-nap\n🍐\nC++\n",
    "ja": "sm\nグロ\nりんご\n",
    "zh": "性\n苹果\n",
    "fr": "pomme\n",
    "LICENSE": "the\n",
}
ENGLISH = "The children of the village walk to the school by the river every morning. "


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("lists")
    for name, words in LISTS.items():
        (path / name).write_text(words, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def unsafe(folder: Path) -> Annotator:
    return unsafe_words_annotator("unsafe", folder)


def counts(annotator: Annotator, text: str) -> tuple[object, ...]:
    return tuple(column[0] for column in annotator(Texts([text], [""])).values())


@pytest.mark.parametrize(
    ("text", "found"),
    {
        "A FIG, a fig and figs": (2, 1),
        "the fig tree fig": (2, 2),  # the longest first, and no word twice
        "(fig)fig": (2, 1),
        "fig_ _fig figure": (0, 0),
        "a cat-nap, a cat": (1, 1),
        "two 🍐🍐 and c++": (3, 2),
        "nothing": (0, 0),
    }.items(),
)
def test_whole_words_are_counted_in_any_case(unsafe: Annotator, text: str, found: tuple[int, int]) -> None:
    assert counts(unsafe, ENGLISH + text) == found


def test_words_of_scripts_without_spaces_are_found_anywhere(unsafe: Annotator) -> None:
    assert counts(unsafe, "今日は天気がいいので、赤りんごジュースとりんごを買いました。") == (2, 1)
    assert counts(unsafe, "我们昨天在市场上买了很多红苹果汁，味道很好。") == (1, 1)


def test_words_that_c4_allows_there_are_not_counted(unsafe: Annotator) -> None:
    assert counts(unsafe, "今日はグローバルなビジネスについて話しました。smとグロ。") == (0, 0)
    assert counts(unsafe, "这个问题的重要性和可能性我们已经讨论过了。") == (0, 0)


def test_a_language_without_a_list_has_no_count(unsafe: Annotator) -> None:
    assert counts(unsafe, "Der Fluss fließt durch die alte Stadt und mündet in das Meer. fig") == (None, None)


def test_a_file_is_for_texts_of_every_language(folder: Path) -> None:
    annotator = unsafe_words_annotator("unsafe", folder / "fr")
    assert counts(annotator, "Der Fluss fließt durch die alte Stadt in das Meer. pomme") == (1, 1)


def test_the_version_changes_with_a_list(folder: Path, tmp_path: Path, unsafe: Annotator) -> None:
    for name, words in LISTS.items():
        (tmp_path / name).write_text(words, encoding="utf-8")
    assert unsafe_words_annotator("unsafe", tmp_path).version == unsafe.version
    (tmp_path / "fr").write_text("poire\n", encoding="utf-8")
    assert unsafe_words_annotator("unsafe", tmp_path).version != unsafe.version


def test_a_list_that_changes_before_it_is_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "words").write_text("fig", encoding="utf-8")
    annotator = unsafe_words_annotator("unsafe", tmp_path / "words")
    (tmp_path / "words").write_text("pear", encoding="utf-8")
    with pytest.raises(ModelError, match="changed"):
        annotator(Texts([""], [""]))


def test_a_folder_without_lists_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match="no list"):
        unsafe_words_annotator("unsafe", tmp_path)


@given(st.text(alphabet="fig tre🍐+c-_ap\n", max_size=60))
def test_any_text_is_counted_as_one_word_after_the_other(unsafe: Annotator, text: str) -> None:
    n_words, n_distinct = counts(unsafe, ENGLISH + text)
    assert isinstance(n_words, int)
    assert isinstance(n_distinct, int)
    assert min(n_words, 1) <= n_distinct <= min(n_words, 5)


@needs_shared
def test_ldnoobw_is_read_as_it_is() -> None:
    annotator = unsafe_words_annotator("unsafe", SHARED / "lists" / "ldnoobw")
    assert len(annotator.details["languages"].split(", ")) == 28 - 1
    assert counts(annotator, ENGLISH) == (0, 0)
    words = (SHARED / "lists" / "ldnoobw" / "en").read_text(encoding="utf-8").split("\n")
    for word in filter(None, words):
        n_words, _ = counts(annotator, f"{ENGLISH} {word.upper()}.")
        assert n_words, "a word of the list is not found"
