"""Texts -> how many tokens each has, by a named tokenizer."""

import hashlib
from functools import cache, partial
from pathlib import Path

from udfs.annotator import AnnotationField, Annotator, Columns, Predict, Texts
from udfs.errors import MissingInputError
from udfs.inference.text_encoder import count_tokens, read_tokenizer
from udfs.memo import Memo
from udfs.model_store.folder import check_digest, find_model, portable

DEFAULT_TOKENIZER = "package:tokenizer/tokenizer.json"


def tokens_annotator(name: str = "tokens", tokenizer: str = DEFAULT_TOKENIZER) -> Annotator:
    """Return the annotator that counts a whole text's tokens by any tokenizer.json (column `n_tokens`)."""
    tokenizer = portable(tokenizer)
    path = find_model(tokenizer)
    if not path.is_file():
        raise MissingInputError(f"annotator {name}: no tokenizer at {path}")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Annotator(
        name=name,
        version=f"tokens-{digest[:12]}",
        fields=(AnnotationField("n_tokens", "BIGINT", f"tokens of the whole text by {tokenizer}"),),
        load=partial(_load, tokenizer, digest),
        column=f"n_{name}",
        is_struct=False,
        details={"engine": "tokenizers", "tokenizer": tokenizer, "digest": digest},
    )


def _load(tokenizer: str, digest: str) -> Predict:
    memo = _memo(tokenizer, digest)

    def predict(texts: Texts) -> Columns:
        return {"n_tokens": memo(texts.text)}

    return predict


@cache
def _memo(tokenizer: str, digest: str) -> Memo[int]:
    """Return what counts tokens: several annotators may count those of the same text."""
    path = find_model(tokenizer)
    check_digest(Path(path), digest)
    counter = read_tokenizer(path)
    # Files may preset both, and a count of the first 128 tokens is no count.
    counter.no_truncation()
    counter.no_padding()
    return Memo(partial(count_tokens, counter))
