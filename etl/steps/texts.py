"""Pages of a mixture -> the same with the texts that are written: raw, edited, with personal data masked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from udfs.conf import nearest
from udfs.edit.edits import edit, edits_named
from udfs.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Rewriting:
    """What is done to each text: edits, one after the other, and then masks; `labels` names them with versions."""

    edits: tuple[str, ...] = ()
    masks: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()

    def __call__(self, text: str) -> str:
        """Return what is left of a text."""
        left = edit(text, self.edits).text if self.edits else text
        return _masked(left, self.masks) if self.masks else left


def rewriting(edits: Sequence[str], masks: Sequence[str]) -> Rewriting:
    """Return the rewriting by these edits and masks; raises ConfigError if one of them is unknown."""
    labels = [item.label for item in edits_named(edits)] + [_mask_label(kind) for kind in masks]
    return Rewriting(tuple(edits), tuple(masks), tuple(labels))


def with_texts(pages: DataFrame, how: Rewriting) -> DataFrame:
    """Return the pages with their `text` rewritten, and `edits`, which says by what; null where nothing was done."""
    if not how.labels:
        return pages.withColumn("edits", F.lit(None).cast("array<string>"))
    labels = F.array(*(F.lit(label) for label in how.labels))
    return pages.withColumns({"text": _rewritten(F.col("text"), how), "edits": labels})


def _masked(text: str, kinds: Sequence[str]) -> str:
    from udfs.measure import personal

    return personal.mask(text, kinds)[0]


def _mask_label(kind: str) -> str:
    from udfs.measure import personal

    if kind not in personal.KINDS:
        known = list(personal.KINDS)
        raise ConfigError(f"text.mask: no {kind!r} is known{nearest(kind, known)}; there are: {', '.join(known)}")
    return f"mask_{kind}.{personal.VERSION}"


def _rewritten(text: Column, how: Rewriting) -> Column:
    def rewrite(texts: pd.Series) -> pd.Series:
        return texts.map(how)

    udf: Any = F.pandas_udf(rewrite, "string")  # type: ignore[attr-defined]
    # As in etl/steps/annotations.py: else a filter on the text would have it rewritten twice.
    column: Column = udf.asNondeterministic()(text)
    return column
