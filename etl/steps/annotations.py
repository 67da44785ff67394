"""documents -> annotations: a row for each document, a column for each annotator, computing only what is missing."""

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from typing import Any

import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from etl.steps.conditions import now, signed, told
from udfs.annotator import Annotator, Texts

KEYS = ("page_id", "crawl", "batch", "text_digest")


def annotate(documents: DataFrame, stored: DataFrame, annotators: Sequence[Annotator]) -> DataFrame:
    """Return the annotations of `documents`: what is `stored` of the same text and version, the rest computed.

    documents: page_id, crawl, batch, text_digest, url, text. stored: rows of the table `annotations`, of any text.
    Columns of `stored` that no given annotator speaks of are kept. The text is read only where something is missing.
    """
    known = _joined(documents.drop("text", "url"), stored)
    is_missing = _any(_is_missing(annotator) for annotator in annotators)
    complete = known.where(~is_missing).select(*KEYS, *_kept(stored, ()), "annotators")
    lacking = known.where(is_missing)
    texts = documents.select("page_id", "url", "text")
    return _computed(lacking.join(texts, "page_id"), stored, annotators).unionByName(complete, allowMissingColumns=True)


def annotate_all(documents: DataFrame, stored: DataFrame, annotators: Sequence[Annotator]) -> DataFrame:
    """Return the same as `annotate` where nothing is stored yet: no join, each text is read once."""
    nothing = [F.lit(None).cast(f.dataType).alias(f.name) for f in stored.schema if f.name not in KEYS]
    fresh = documents.select("*", *nothing).withColumn("is_same_text", F.lit(False))
    return _computed(fresh, stored, annotators)


def count_missing(documents: DataFrame, stored: DataFrame, annotators: Sequence[Annotator]) -> DataFrame:
    """Return one row: `n_documents`, `n_stored`, and for each annotator how many documents it has yet to see."""
    known = _joined(documents.select(*KEYS), stored)
    counts = [F.count_if(_is_missing(a)).alias(a.name) for a in annotators]
    return known.agg(F.count("*").alias("n_documents"), F.count("annotators").alias("n_stored"), *counts)


def label(annotator: Annotator, text: Column, url: Column) -> Column:
    """Return the column of what `annotator` says about `text`; null where the text is null."""
    udf: Any = F.pandas_udf(_function(annotator), _bare_type(annotator))  # type: ignore[attr-defined]
    # Not because answers are random: a filter on the answer of a deterministic UDF is pushed
    # below it, and then the model runs twice over every document.
    column: Column = udf.asNondeterministic()(text, url)
    return column


def _function(annotator: Annotator) -> Callable[..., Any]:
    """Return the function over a batch of texts and URLs that Spark sends to its Python workers.

    Not one over an iterator of batches: of those Spark gives each its own trip to Python, with all the texts.
    """

    def structs(text: pd.Series, url: pd.Series) -> pd.DataFrame:
        return _answers(annotator, text, url)

    def values(text: pd.Series, url: pd.Series) -> pd.Series:
        return _answers(annotator, text, url).iloc[:, 0]

    function = structs if annotator.is_struct else values
    function.__name__ = f"{annotator.name}_{annotator.version}"  # its name in the Spark UI
    return function


def _bare_type(annotator: Annotator) -> str:
    """Return the type of the annotator's column without comments, which Spark takes for another type."""
    if not annotator.is_struct:
        return annotator.fields[0].sql_type
    return f"STRUCT<{', '.join(f'{field.name}: {field.sql_type}' for field in annotator.said_fields)}>"


def _answers(annotator: Annotator, text: "pd.Series[Any]", url: "pd.Series[Any]") -> pd.DataFrame:
    """Return the annotator's fields for each text, in order; null where there is no text."""
    is_given = text.notna()
    names = [field.name for field in annotator.said_fields]
    if not is_given.any():
        return pd.DataFrame({name: [None] * len(text) for name in names})
    answers = annotator(Texts(text[is_given].tolist(), url[is_given].fillna("").tolist()))
    given = pd.DataFrame({name: pd.Series(list(answers[name]), dtype=object) for name in names})
    return given.set_axis(text.index[is_given]).reindex(text.index)


def _computed(rows: DataFrame, stored: DataFrame, annotators: Sequence[Annotator]) -> DataFrame:
    """Return annotations of `rows`: stored columns and text side by side, each annotator asked where it must be."""
    at_once = [a for a in annotators if not a.where]
    texts = (F.when(_is_missing(a), F.col("text")) for a in at_once)
    asked = rows.select(
        "*", *(label(a, t, F.col("url")).alias(f"new_{a.name}") for a, t in zip(at_once, texts, strict=True))
    )
    asked = asked.select("*", *(_chosen(a, F.col(f"new_{a.name}"), stored).alias(now(a)) for a in at_once))
    for annotator in annotators:
        if annotator.where:
            asked = _asked_in_turn(asked, annotator, stored, annotators)
    versions = F.create_map(*(F.lit(part) for a in annotators for part in (a.name, a.version)))
    others = F.map_filter("annotators", lambda name, _: ~name.isin([a.name for a in annotators]))
    carried = F.when(F.col("is_same_text"), others)
    return asked.select(
        *KEYS,
        *_kept(stored, [a.column for a in annotators]),
        *(F.col(now(a)).alias(a.column, metadata={"comment": _comment(a)}) for a in annotators),
        F.map_concat(F.coalesce(carried, F.expr("map()").cast("map<string,string>")), versions).alias("annotators"),
    )


def _asked_in_turn(
    asked: DataFrame, annotator: Annotator, stored: DataFrame, annotators: Sequence[Annotator]
) -> DataFrame:
    """Return `asked` with the column of an annotator that has conditions: each speaker is asked where its own holds."""
    so_far: Column = F.lit(None)
    for speaker in annotator.speakers:
        is_asked = _is_missing(annotator) & told(speaker, asked, annotators, stored)
        asked = asked.withColumn("is_asked", is_asked)
        asked = asked.withColumn("said", label(speaker, F.when(F.col("is_asked"), F.col("text")), F.col("url")))
        so_far = F.col(now(speaker)) if now(speaker) in asked.columns else so_far
        asked = asked.withColumn(
            now(speaker), F.when(F.col("is_asked"), signed(speaker, F.col("said"))).otherwise(so_far)
        )
    return asked.withColumn(now(annotator), _chosen(annotator, F.col(now(annotator)), stored))


def _chosen(annotator: Annotator, new: Column, stored: DataFrame) -> Column:
    if annotator.column not in stored.columns:
        return new
    return F.when(_is_missing(annotator), new).otherwise(_as_now(annotator, stored))


def _as_now(annotator: Annotator, stored: DataFrame) -> Column:
    """Return the stored column with the fields that the annotator has now: another version may have had others."""
    column, kind = F.col(annotator.column), stored.schema[annotator.column].dataType
    if not isinstance(kind, StructType):
        return column
    there = set(kind.fieldNames())
    fields = (
        (column[field.name] if field.name in there else F.lit(None)).cast(field.sql_type).alias(field.name)
        for field in annotator.fields
    )
    return F.when(column.isNotNull(), F.struct(*fields))


def _kept(stored: DataFrame, spoken_of: Sequence[str]) -> list[Column]:
    """Return the stored columns that nobody speaks of now: they hold as long as the text is the same."""
    names = [name for name in stored.columns if name not in (*KEYS, "annotators", *spoken_of)]
    return [F.when(F.col("is_same_text"), F.col(name)).alias(name) for name in names]


def _joined(documents: DataFrame, stored: DataFrame) -> DataFrame:
    """Return documents with what is stored of them beside it, and whether that was said of the same text."""
    old = stored.drop("crawl", "batch").withColumnRenamed("text_digest", "stored_digest")
    is_same = F.col("stored_digest").eqNullSafe(F.col("text_digest"))
    return documents.join(old, "page_id", "left").withColumn("is_same_text", is_same).drop("stored_digest")


def _is_missing(annotator: Annotator) -> Column:
    version = F.try_element_at(F.col("annotators"), F.lit(annotator.name))
    return ~(F.col("is_same_text") & version.eqNullSafe(F.lit(annotator.version)))


def _any(conditions: Iterable[Column]) -> Column:
    return reduce(lambda a, b: a | b, conditions, F.lit(False))


def _comment(annotator: Annotator) -> str:
    """Return the comment of a column that the table does not have yet."""
    return f"{annotator.name}: " + "; ".join(f"{field.name}: {field.comment}" for field in annotator.fields)
