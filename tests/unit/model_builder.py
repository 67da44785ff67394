"""Small model folders for tests: a tokenizer of a few words, and a card with the digests of what is there."""

import hashlib
from pathlib import Path
from typing import Any

import yaml
from tokenizers import Tokenizer, models, pre_tokenizers

FILES = ("model.onnx", "tokenizer.json", "model.bin", "model.ftz")
WORDS = ("[PAD]", "red", "green", "blue")


def words_tokenizer(path: Path) -> None:
    """Write a tokenizer that knows WORDS and takes all others for the pad."""
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token=WORDS[0]))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(path))


def seal(folder: Path, **more: Any) -> None:
    """Write the folder's card, with the digests of its files and what else is given."""
    paths = [folder / name for name in FILES if (folder / name).exists()]
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
    card = {"name": "colours", "version": "1", "licence": "none", "labels": ["Red", "Green"], "files": files} | more
    (folder / "model.yaml").write_text(yaml.safe_dump(card))
