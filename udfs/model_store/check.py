"""A model folder -> its cards and a digest of all that it holds, after everything in it was checked."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from udfs.digest import file_digest
from udfs.model_store.archive import README_NAME, refuse
from udfs.model_store.fasttext_file import check_fasttext
from udfs.model_store.folder import CARD_NAME, ModelCard, check_digest, read_card
from udfs.model_store.onnx_file import check_onnx

Cards = Mapping[str, ModelCard]  # by file name, such as model.yaml

_CARD = re.compile(r"[a-z][a-z0-9_-]{0,63}\.yaml", re.ASCII)
_CHECKS = {".onnx": check_onnx, ".ftz": check_fasttext, ".bin": check_fasttext}


def read_cards(folder: Path) -> Cards:
    """Return the folder's cards by file name; raises ModelError if it has none, ConfigError if one is not valid."""
    names = sorted(path.name for path in folder.glob("*.yaml"))
    return {name: read_card(folder, name) for name in names or [CARD_NAME]}


def check_model(folder: Path) -> tuple[Cards, str]:
    """Return the folder's cards and the sha256 over the names and the digests of all its files.

    It must hold just its cards, the files that they name and perhaps README.md: each a plain file of sane size
    with its digest, and of a form that may be loaded. Raises ModelError or ConfigError otherwise.
    """
    cards = read_cards(folder)
    digests = {(name, digest) for card in cards.values() for name, digest in card.files.items()}
    listed, there = {name for name, _ in digests} | set(cards), {path.name for path in folder.iterdir()}
    if lacking := sorted(listed - there):
        refuse(f"it lacks {', '.join(lacking)}, which its cards name")
    if odd := sorted(name for name in cards if not _CARD.fullmatch(name)):
        refuse(f"no annotator can name the card {', '.join(odd)} (lower case, digits, _ and -)")
    if unknown := sorted(there - listed - {README_NAME}):
        refuse(f"no card names {', '.join(unknown)}")
    for name, digest in sorted(digests):
        check_digest(folder / name, digest)
        if check := _CHECKS.get(Path(name).suffix):
            check(folder / name)
    rest = {(name, file_digest(folder / name)) for name in there - {name for name, _ in digests}}
    return cards, _digest_of(dict(digests | rest))


def _digest_of(digests: Mapping[str, str]) -> str:
    """Return the sha256 of what `sha256sum *` would print."""
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))
    return hashlib.sha256(lines.encode()).hexdigest()
