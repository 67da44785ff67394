"""Thresholds by language, from files in FineWeb-2's form."""

import io
import tarfile
from pathlib import Path

import pytest

from etl.flags.preset import Preset
from etl.flags.presets import sort_out
from etl.flags.thresholds import read_thresholds, with_thresholds
from tests.shared import SHARED
from udfs.conf import parse_conf
from udfs.errors import ConfigError, MissingInputError

FRENCH = "dup_line_frac: 0.26\ndup_n_grams:\n- - 5\n  - 0.15\nstopwords: [de, la]\n"
SERBIAN, LATIN_SERBIAN = "dup_line_frac: 0.3\n", "dup_line_frac: 0.9\n"
FILES = {"fra_Latn.yml": FRENCH, "srp_Cyrl.yml": SERBIAN, "srp_Latn.yml": LATIN_SERBIAN, "README.md": "no config"}
VARIABLE = "TEST_CONFIGS"
PUBLISHED = SHARED / "papers" / "fineweb2" / "configs.tar.gz"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def archive(path: Path) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, text in FILES.items():
            member = tarfile.TarInfo(f"configs/{name}")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return path


def test_a_folder_and_an_archive_say_the_same(folder: Path, tmp_path: Path) -> None:
    expected = {"fr": {"dup_line_frac": 0.26, "dup_n_grams_5": 0.15}, "sr": {"dup_line_frac": 0.3}}

    assert read_thresholds(str(folder), VARIABLE) == expected
    assert read_thresholds(str(archive(tmp_path / "c.tar.gz")), VARIABLE) == expected


def test_a_placeholder_becomes_the_threshold_of_the_pages_language(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(folder))

    assert with_thresholds("a.b > {dup_line_frac}", VARIABLE) == (
        "a.b > try_element_at(map_from_arrays(split('fr,sr', ','),"
        " cast(split('0.26,0.3', ',') AS ARRAY<DOUBLE>)), language.label)"
    )


def test_a_name_that_no_config_has_is_an_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(folder))

    with pytest.raises(ConfigError, match=r"\{dup_lines\}"):
        with_thresholds("a.b > {dup_lines}", VARIABLE)


def test_without_the_files_the_preset_says_which_variable_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    values = {"name": "p", "thresholds": VARIABLE, "flags": [{"name": "f", "where": "a.b > {dup_line_frac}"}]}

    presets = sort_out([parse_conf(values, Preset, where="test")], {"a": {"b"}, "language": {"label"}})

    assert f"set {VARIABLE} to the folder" in presets.lacking["p"]


def test_a_broken_archive_and_a_folder_without_configs_are_errors(tmp_path: Path) -> None:
    (tmp_path / "c.tar.gz").write_bytes(b"no archive")

    with pytest.raises(ConfigError, match="no archive"):
        read_thresholds(str(tmp_path / "c.tar.gz"), VARIABLE)
    with pytest.raises(MissingInputError, match=f"set {VARIABLE} to the folder"):
        read_thresholds(str(tmp_path / "none"), VARIABLE)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="no file named like"):
        read_thresholds(str(tmp_path / "empty"), VARIABLE)


@pytest.mark.skipif(not PUBLISHED.exists(), reason="FineWeb-2's configs are not here")
def test_the_published_configs_have_every_language_of_the_identifier_but_english() -> None:
    from udfs.language import languages

    values = read_thresholds(str(PUBLISHED), VARIABLE)

    assert set(languages()) - set(values) == {"en", "sh"}
    assert {"dup_line_frac", "language_score", "top_n_grams_2", "dup_n_grams_10"} <= set(values["fr"])
