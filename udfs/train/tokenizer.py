"""Texts -> a byte-level BPE that keeps case, punctuation and line ends."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from udfs.train.dataset import read_rows
from udfs.train.recipe import TokenizerRecipe


def train_tokenizer(recipe: TokenizerRecipe, data: Sequence[Path], out: Path) -> dict[str, float]:
    """Write `out`/tokenizer.json, trained on the recipe's keys of the JSON lines; return its figures.

    Lower-casing and dropping punctuation throws away what tells a page's format, so nothing is dropped.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=recipe.vocabulary,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        max_token_length=recipe.max_token_length,
        show_progress=False,
    )
    tokenizer.train_from_iterator(_texts(recipe, data), trainer)
    out.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(out / "tokenizer.json"), pretty=False)
    return {"n_tokens": tokenizer.get_vocab_size()}


def _texts(recipe: TokenizerRecipe, data: Sequence[Path]) -> Iterator[str]:
    for row in read_rows(data):
        for key in recipe.keys:
            if isinstance(row.get(key), str):
                yield row[key]
