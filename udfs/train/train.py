"""A recipe file -> the training that its `kind` asks for."""

from collections.abc import Sequence
from pathlib import Path

from udfs.conf import read_conf, read_yaml
from udfs.errors import UsageError
from udfs.train.recipe import TokenizerRecipe


def train(recipe: Path, data: Sequence[Path], out: Path) -> dict[str, float]:
    """Train what the recipe describes, write it to the folder `out`, and return its figures.

    Raises UsageError where the packages of the extra `train` or `export` are missing.
    """
    values = read_yaml(recipe)
    if isinstance(values, dict) and values.get("kind") == "tokenizer":
        from udfs.train.tokenizer import train_tokenizer

        return train_tokenizer(read_conf(recipe, TokenizerRecipe), data, out)
    if isinstance(values, dict) and values.get("kind") == "encoder":
        try:
            from udfs.train.encoder import train_encoder
        except ImportError as error:
            raise UsageError(f"fine-tuning needs more packages ({error}): pip install 'webstrata[export]'") from error
        return train_encoder(recipe, data, out)
    is_fasttext = isinstance(values, dict) and values.get("kind") == "fasttext"
    try:
        from udfs.train.classifier import train_classifier
        from udfs.train.fasttext import train_fasttext
    except ImportError as error:
        raise UsageError(f"training needs more packages ({error}): pip install 'webstrata[train]'") from error
    if is_fasttext:
        return train_fasttext(recipe, data, out)
    return train_classifier(recipe, data, out)
