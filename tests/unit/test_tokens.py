"""Counts of tokens by the default tokenizer and by any other."""

import json
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from udfs.annotator import Texts
from udfs.errors import MissingInputError, ModelError
from udfs.model_store.folder import find_model
from udfs.tokens import DEFAULT_TOKENIZER, tokens_annotator

TEXTS = Texts(["Hello, world!\n", "", "naïve 语言 🙂"], ["", "", ""])


def _preset(path: Path, length: int = 4) -> Path:
    """Write a copy of the default tokenizer that presets truncation and padding, as published files do."""
    tokenizer = Tokenizer.from_file(str(find_model(DEFAULT_TOKENIZER)))
    tokenizer.enable_truncation(length)
    tokenizer.enable_padding(length=length)
    tokenizer.save(str(path))
    return path


def test_the_default_tokenizer_counts_the_whole_text() -> None:
    counts = tokens_annotator()(TEXTS)["n_tokens"]
    assert counts[1] == 0
    assert counts[0] == 5
    assert tokens_annotator()(Texts(["word " * 5000], [""]))["n_tokens"] == [5001]


def test_the_default_tokenizer_loses_nothing() -> None:
    tokenizer = Tokenizer.from_file(str(find_model(DEFAULT_TOKENIZER)))
    for text in TEXTS.text:
        assert tokenizer.decode(tokenizer.encode(text).ids) == text


def test_a_preset_truncation_or_padding_is_not_applied(tmp_path: Path) -> None:
    other = tokens_annotator(tokenizer=str(_preset(tmp_path / "tokenizer.json")))
    assert other(TEXTS) == tokens_annotator()(TEXTS)


def test_the_digest_is_recorded_and_decides_the_version(tmp_path: Path) -> None:
    default, other = tokens_annotator(), tokens_annotator(tokenizer=str(_preset(tmp_path / "tokenizer.json")))
    assert len(default.details["digest"]) == 64
    assert default.version != other.version
    assert (default.column, default.is_struct, default.ddl) == ("n_tokens", False, "BIGINT")


def test_a_missing_tokenizer_is_named() -> None:
    with pytest.raises(MissingInputError, match=r"no tokenizer at /nowhere/tokenizer\.json"):
        tokens_annotator(tokenizer="/nowhere/tokenizer.json")


def test_a_file_that_is_no_tokenizer_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps({"model": "none"}))
    with pytest.raises(ModelError, match=r"not a tokenizer\.json"):
        tokens_annotator(tokenizer=str(path))(TEXTS)


def test_a_tokenizer_that_changed_since_the_driver_saw_it_is_refused(tmp_path: Path) -> None:
    path = _preset(tmp_path / "tokenizer.json", length=7)
    annotator = tokens_annotator(tokenizer=str(path))
    path.write_text("{}")
    with pytest.raises(ModelError, match="has changed"):
        annotator(TEXTS)
