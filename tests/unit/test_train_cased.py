"""A lower-casing tokenizer gets tokens with case and for line ends; without torch no encoder is trained."""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from tests.uncased_tokenizer import uncased_tokenizer
from udfs.errors import ConfigError, UsageError
from udfs.train.cased import add_case
from udfs.train.train import train


def test_case_and_line_ends_become_tokens(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(uncased_tokenizer()))
    cased = add_case(path)
    tokenizer = Tokenizer.from_str(json.dumps(cased.spec))
    found = tokenizer.encode("https://www.Goal.a/\n\nTEAM soup\nthe gOal", add_special_tokens=False)

    assert found.tokens == ["Goal", ".", "a", "/", "\n\n", "TEAM", "soup", "\n", "the", "g", "##O", "##a", "##l"]
    originals = {i: token for token, i in uncased_tokenizer()["model"]["vocab"].items()}
    assert [originals[cased.origins[i]] for i in found.ids[:4]] == ["goal", ".", "a", "/"]


def test_a_tokenizer_that_keeps_case_already_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(uncased_tokenizer(lowercase=False)))

    with pytest.raises(ConfigError, match="keeps_case: false"):
        add_case(path)


@pytest.mark.skipif(find_spec("torch") is not None, reason="torch is installed")
def test_without_torch_an_encoder_recipe_names_the_extra(tmp_path: Path) -> None:
    recipe = tmp_path / "encoder.yaml"
    recipe.write_text("kind: encoder\n")

    with pytest.raises(UsageError, match=r"webstrata\[export\]"):
        train(recipe, [], tmp_path / "out")
