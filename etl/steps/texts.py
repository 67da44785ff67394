"""Pages of a mixture -> the same with the texts that are written: raw, edited, with personal data masked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from udfs.edit.edits import edit, edits_named
from udfs.measure.personal import mask, personal_annotator


@dataclass(frozen=True, slots=True)
class Rewriting:
    """What is done to each text: edits, one after the other, then masks. `labels` names it all, with versions."""

    edits: tuple[str, ...]
    masks: tuple[str, ...]
    labels: tuple[str, ...]

    def __call__(self, text: str) -> str:
        """Return what is left of a text."""
        left = edit(text, self.edits).text if self.edits else text
        return mask(left, self.masks)[0] if self.masks else left


def rewriting(edits: Sequence[str], masks: Sequence[str]) -> Rewriting:
    """Return the rewriting by these edits and masks of personal data; raises ConfigError if one of them is unknown."""
    labels = [item.label for item in edits_named(edits)]
    if masks:
        labels.append(personal_annotator("mask", masks).version.replace("personal", "mask", 1))
    return Rewriting(tuple(edits), tuple(masks), tuple(labels))


def with_texts(pages: DataFrame, how: Rewriting) -> DataFrame:
    """Return the pages with their `text` rewritten, and `edits`, which says by what; null where nothing was done."""
    if not how.labels:
        return pages.withColumn("edits", F.lit(None).cast("array<string>"))
    labels = F.array(*(F.lit(label) for label in how.labels))
    return pages.withColumns({"text": _rewritten(F.col("text"), how), "edits": labels})


def _rewritten(text: Column, how: Rewriting) -> Column:
    def rewrite(texts: pd.Series) -> pd.Series:
        return texts.map(how)

    udf: Any = F.pandas_udf(rewrite, "string")  # type: ignore[attr-defined]
    # As in etl/steps/annotations.py: else a filter on the text would have it rewritten twice.
    column: Column = udf.asNondeterministic()(text)
    return column
