"""Fields and a function of one page -> the annotator that measures each text of a batch."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from udfs.annotator import AnnotationField, Annotator, Columns, Predict, Texts, rounded

Value = int | float | str | bool | None
# (text, url) -> a value for each field, in their order; None where the measure has no meaning for the text.
Measure = Callable[[str, str], Sequence[Value]]


def measures_annotator(
    name: str,
    version: str,
    fields: tuple[AnnotationField, ...],
    load: Callable[[], Measure],
    details: Mapping[str, str] | None = None,
) -> Annotator:
    """Return the annotator whose struct has `fields`; `load` is called once per process, with what it needs inside.

    `version` names everything the values depend on: the rules' own version, dialect, tokenizer, digests of lists.
    `load` is sent to Spark's workers: a function of a module, or a partial of one with small arguments.
    """
    about = {"engine": "python", **(details or {})}
    return Annotator(name, version, fields, partial(_load, fields, load), details=about)


def ratio(part: float, whole: float) -> float | None:
    """Return a share as it is stored; None of nothing, which is no share at all."""
    return rounded(part / whole) if whole else None


def _load(fields: Sequence[AnnotationField], load: Callable[[], Measure]) -> Predict:
    measure = load()

    def predict(texts: Texts) -> Columns:
        rows = [measure(text, url) for text, url in zip(texts.text, texts.url, strict=True)]
        return {field.name: [row[i] for row in rows] for i, field in enumerate(fields)}

    return predict
