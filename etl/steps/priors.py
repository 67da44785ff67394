"""Annotations with the scores of all labels -> the same for labels as frequent as somewhere else, no model asked."""

from collections.abc import Mapping, Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from udfs.annotator import SCORE_DECIMALS
from udfs.errors import ConfigError
from udfs.inference.priors import normalised


def with_priors(
    rows: DataFrame,
    name: str,
    labels: Sequence[str],
    new: Mapping[str, float],
    trained: Mapping[str, float] | None = None,
) -> DataFrame:
    """Return `rows` with the annotation `name` as if its labels had the shares `new` and not those `trained`.

    The column must hold `scores` (an annotator with `scores: true`); `labels` are in the order of their ids; `trained`
    None means equal shares. p(y|x) ∝ p(y|x) · new(y) / trained(y) (Saerens, Latinne & Decaestecker 2002). What
    `name` holds beyond label, id, scores and the like, such as `model`, is kept. Raises ConfigError without `scores`.
    """
    fields = rows.select(f"{name}.*").columns
    if "scores" not in fields:
        raise ConfigError(f"annotation {name} holds no `scores`; annotate it with `scores: true`")
    target = normalised(new, labels, where=f"new priors of {name}")
    source = normalised(trained or dict.fromkeys(labels, 1.0), labels, where=f"trained priors of {name}")
    ratios = F.array(*(F.lit(float(t / s) if s else 0.0) for t, s in zip(target, source, strict=True)))
    # Columns of their own: as parts of others they would be computed once for each of them.
    scaled = rows.withColumn("_scores", F.zip_with(f"{name}.scores", ratios, lambda score, ratio: score * ratio))
    summed = scaled.withColumn("_total", F.aggregate("_scores", F.lit(0.0), lambda total, value: total + value))
    shares = F.transform("_scores", lambda value: value / F.col("_total"))
    with_scores = summed.withColumn("_scores", F.when(F.col("_total") > 0, shares).otherwise(F.col(f"{name}.scores")))
    corrected = _answer(F.col("_scores"), F.array(*map(F.lit, labels)))
    kept = {field: F.col(f"{name}.{field}") for field in fields}
    struct = F.struct(*(column.alias(field) for field, column in (kept | corrected).items()))
    # Where the model had nothing to say there is nothing to correct.
    there = F.when(F.col(f"{name}.scores").isNotNull(), struct.cast(rows.schema[name].dataType))
    return with_scores.withColumn(name, there.otherwise(F.col(name))).drop("_scores", "_total")


def _answer(scores: Column, labels: Column) -> dict[str, Column]:
    """Return the fields of an annotation of labels; of two equal scores the lower id comes first."""
    best = F.array_position(scores, F.array_max(scores)).cast("int")
    others = F.transform(scores, lambda score, i: F.when(i != best - 1, score).otherwise(F.lit(-1.0)))
    second = F.array_position(others, F.array_max(others)).cast("int")
    return {
        "label": F.try_element_at(labels, best),
        "id": best - 1,
        "score": F.round(F.array_max(scores), SCORE_DECIMALS),
        "second_label": F.try_element_at(labels, second),
        "second_score": F.round(F.array_max(others), SCORE_DECIMALS),
        "scores": scores.cast("array<float>"),
    }
