"""Every hostile model folder is refused for the right reason, before it can read, hang, swell or crash."""

import json
import re
import resource
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer

from tests.unit.hostile_models import HOSTILE, MEMORY_BYTES, make_folder, plain
from tests.unit.model_builder import seal, words_tokenizer
from udfs.annotator import Texts
from udfs.classifier import classifier_annotator
from udfs.conf import read_yaml
from udfs.errors import ConfigError, ModelError
from udfs.inference.text_encoder import count_tokens, read_tokenizer
from udfs.model_store.folder import read_card
from udfs.model_store.tokenizer_file import pattern_problem
from udfs.model_store.trial import Trial, run_trial, trial_pages

ROOT = Path(__file__).parents[2]
Said = Mapping[str, Mapping[str, Any]]


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Said:
    """What one process within hard limits said about each folder."""
    folder = tmp_path_factory.mktemp("hostile")
    command = [sys.executable, "-m", "tests.unit.hostile_models", str(folder)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=500, check=False)
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(lines) == len(HOSTILE), f"it ended with {run.returncode}: {run.stderr[-2000:]}"
    return {line["name"]: line for line in lines}


@pytest.mark.parametrize("name", list(HOSTILE))
def test_a_hostile_model_is_refused_with_the_reason(name: str, said: Said) -> None:
    assert re.match("ModelError|ConfigError", said[name]["said"])
    assert re.search(HOSTILE[name].reason, said[name]["said"])
    assert len(said[name]["said"]) < 2000


def test_refusing_takes_neither_the_drivers_time_nor_its_memory(said: Said) -> None:
    assert max(line["seconds"] for line in said.values()) < 5
    assert max(line["kilobytes"] for line in said.values()) * 1024 < MEMORY_BYTES / 4


def test_the_harmless_folder_that_they_are_made_of_opens(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(plain().SerializeToString())
    words_tokenizer(tmp_path / "tokenizer.json")
    seal(tmp_path)
    assert classifier_annotator("plain", str(tmp_path))(Texts(["red"], [""]))["score"] == [0.5]


def test_who_pins_the_digest_vouches_for_the_model(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "model", "not a number")
    with pytest.raises(ModelError, match="finite"):
        classifier_annotator("pinned", str(folder))
    digest = read_card(folder).digest
    annotator = classifier_annotator("pinned", str(folder), digest)  # and its tasks refuse it all the same
    with pytest.raises(ModelError, match="finite"):
        annotator(Texts(["red"], [""]))


@pytest.mark.parametrize("preset", ["padding", "truncation"])
def test_what_a_tokenizer_presets_does_not_count(preset: str, tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    words_tokenizer(path)
    conf = json.loads(path.read_text())
    presets = {
        "padding": {"strategy": {"Fixed": 1 << 31}, "direction": "Right", "pad_to_multiple_of": None},
        "truncation": {"max_length": 1, "strategy": "LongestFirst", "stride": 0, "direction": "Right"},
    }
    presets["padding"] |= {"pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"}
    path.write_text(json.dumps(conf | {preset: presets[preset]}))
    assert getattr(Tokenizer.from_file(str(path)), preset) is not None
    assert count_tokens(read_tokenizer(path), ["red green blue"]) == [3]


GOOD_PATTERNS = (
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    r"(?i:'s|'t|'re|'ve)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}]*[\p{Ll}\p{Lm}]+(?i:'s|'t)?| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+",
    r" ?[^(\s|[.,!?…。])]+",
    r"<\|endoftext\|>|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+",
    " {2,}|[\n\r\t]",
)
BAD_PATTERNS = {
    "(a+)+$": "repeats a group",
    "((a*))*": "repeats a group",
    "(?:a|aa){2,}b": "repeats a group",
    "a*a*b": "more than once",
    "a{1,1000}a*b": "more than once",
    "(a*)(a*)b": "more than once",
    "(?:x|a*)a*b": "more than once",
    "[a]*[ab]*!": "more than once",
    r"(a*)\1": "refers back",
    "(?~abc)": "unusual group",
    "(?x: a )": "unusual group",
    "[]a]+(a+)+": "unusual class",
    "a" * 3000: "2,000 characters",
}


@pytest.mark.parametrize("pattern", GOOD_PATTERNS)
def test_the_patterns_of_published_tokenizers_pass(pattern: str) -> None:
    assert pattern_problem(pattern) is None


@pytest.mark.parametrize("pattern", BAD_PATTERNS)
def test_patterns_that_try_many_ways_are_refused(pattern: str) -> None:
    assert BAD_PATTERNS[pattern] in str(pattern_problem(pattern))


def test_a_trial_reads_none_a_short_and_a_long_page() -> None:
    assert [len(text) > 50_000 for text in trial_pages(None).text] == [False, False, True]
    assert trial_pages(None).text[0] == ""
    assert 100 <= len(trial_pages(100).text[2]) < 200


def test_the_next_trial_works_after_one_that_was_killed(tmp_path: Path) -> None:
    bad = make_folder(tmp_path / "bad", "products without end")
    with pytest.raises(ModelError, match="more than 1 s of processor time"):
        run_trial(Trial(str(bad), read_card(bad).digest, cpu_seconds=1))
    good = tmp_path / "good"
    good.mkdir()
    (good / "model.onnx").write_bytes(plain().SerializeToString())
    words_tokenizer(good / "tokenizer.json")
    seal(good)
    assert run_trial(Trial(str(good), read_card(good).digest)) is None


def test_a_trial_writes_no_file_and_its_own_limits_stay_in_it(tmp_path: Path) -> None:
    before = [resource.getrlimit(what) for what in (resource.RLIMIT_AS, resource.RLIMIT_CPU)]
    folder = make_folder(tmp_path / "model", "not a number")
    names = sorted(path.name for path in folder.iterdir())
    with pytest.raises(ModelError, match="finite"):
        run_trial(Trial(str(folder), read_card(folder).digest))
    assert sorted(path.name for path in folder.iterdir()) == names
    assert [resource.getrlimit(what) for what in (resource.RLIMIT_AS, resource.RLIMIT_CPU)] == before


def test_a_key_that_stands_twice_is_refused_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("a:\n  - {b: 1, c: 2, b: 3}\n")
    with pytest.raises(ConfigError, match="the key 'b' stands twice"):
        read_yaml(path)
