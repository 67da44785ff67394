"""Stop words by language, from files that the user names."""

import json
from pathlib import Path

import pytest

from tests.shared import SHARED
from udfs.annotator import Texts
from udfs.errors import ConfigError, MissingInputError
from udfs.measure.gopher import gopher_annotator
from udfs.measure.stop_words import read_stop_words

FRENCH = "Le chat de la voisine dort sur le mur de la maison et il ne fait que dormir toute la journée."
ENGLISH = "The cat of the neighbour sleeps on the wall, and that is what it likes to have with its dinner."
PUBLISHED = SHARED / "papers" / "fineweb2" / "configs.tar.gz"


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    path = tmp_path / "words.json"
    path.write_text(json.dumps({"fr": ["le", "la", "de", "absent"], "de": ["der"]}))
    return path


def n_stop_words(stop_words: str | None, *texts: str) -> list[object]:
    found = gopher_annotator("gopher", stop_words=stop_words)(Texts(texts, [""] * len(texts)))
    return list(found["n_stop_words"])


def test_different_words_of_the_texts_own_language_are_counted_and_others_have_none(lists: Path) -> None:
    assert n_stop_words(str(lists), FRENCH, ENGLISH) == [3, None]  # "Le" is not "le", which is there too


def test_without_lists_gophers_eight_words_are_counted_in_english_texts() -> None:
    assert n_stop_words(None, FRENCH, ENGLISH) == [None, 7]  # all but be


def test_other_words_make_another_version(lists: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text('{"fr": ["le"]}')

    versions = {gopher_annotator("gopher", stop_words=place).version for place in (None, str(lists), str(other))}

    assert len(versions) == 3


def test_the_configs_of_fineweb2_are_read(tmp_path: Path) -> None:
    (tmp_path / "fra_Latn.yml").write_text("stopwords: [de, la]\ndup_line_frac: 0.2\n")
    (tmp_path / "deu_Latn.yml").write_text("dup_line_frac: 0.2\n")

    assert read_stop_words(str(tmp_path)) == {"fr": ("de", "la")}


@pytest.mark.skipif(not PUBLISHED.exists(), reason="FineWeb-2's configs are not here")
def test_the_published_configs_have_words_for_most_languages() -> None:
    words = read_stop_words(str(PUBLISHED))

    assert len(words) > 150
    assert "de" in words["fr"]


def test_what_holds_no_lists_is_refused(tmp_path: Path) -> None:
    for name, text in {"a.json": "[", "b.json": "[1]", "c.json": '{"fr": "le"}'}.items():
        (tmp_path / name).write_text(text)
        with pytest.raises(ConfigError):
            read_stop_words(str(tmp_path / name))
    with pytest.raises(MissingInputError):
        read_stop_words(str(tmp_path / "none"))
