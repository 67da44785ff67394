"""A model's cards and the files of labelled pages -> whether the model may have seen the pages when it was trained."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from udfs.digest import DataFile
from udfs.evaluate.figures import Figure
from udfs.evaluate.judge import Judge
from udfs.model_store.folder import ModelCard

MAX_README_BYTES = 1_000_000


def training_file(judge: Judge, files: Sequence[DataFile]) -> DataFile | None:
    """Return the file that a card of the judge's models says it was trained on.

    Where a card lists no files, what it tells and the README beside it count: a file is named there by its digest, or
    by its whole name if that has a suffix: `pages` alone may be any word.
    """
    listed = {file.sha256 for _, card in judge.models for file in card.data}
    said = "\n".join(_what_the_folder_says(folder, card) for folder, card in judge.models if not card.data)
    return next((file for file in files if file.sha256 in listed or _is_named(file, said)), None)


def warning(judge: Judge, files: Sequence[DataFile], figures: Mapping[str, Figure]) -> tuple[bool, str]:
    """Return whether the model knows these pages, by its card or by figures beyond the card's, and what to say."""
    metrics = judge.metrics
    if file := training_file(judge, files):
        return True, (
            f"{judge.name} was trained on {file.name}: its card says so. `webstrata train` fits the model it writes on "
            "all pages, the held-out ones too, so these figures are too good; the honest ones stand in the card"
        )
    for name in set(figures) & {"accuracy", "auc"}:
        if figures[name].value > metrics.get(f"{name}_high", 1):
            return True, (
                f"The {name} is {figures[name].value:.3f}, that of the card on held-out pages {metrics[name]:.3f}: the "
                "model has probably been trained on these pages; then these figures are too good, the card's are honest"
            )
    return False, (
        f"No card of {judge.name} names these files; if it was trained on these pages all the same, the figures are "
        "too good"
    )


def _is_named(file: DataFile, said: str) -> bool:
    if file.sha256 in said:
        return True
    whole_name = rf"(?<![\w.-]){re.escape(file.name)}(?![\w-]|\.\w)"
    return bool(Path(file.name).suffix and re.search(whole_name, said))


def _what_the_folder_says(folder: Path, card: ModelCard) -> str:
    parts = [card.description, card.training]
    readme = folder / "README.md"
    if readme.is_file() and readme.stat().st_size <= MAX_README_BYTES:
        parts.append(readme.read_text(encoding="utf-8", errors="replace"))
    return "\n".join(parts)
