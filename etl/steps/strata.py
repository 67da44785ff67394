"""The corpus and a spec -> the pages a mixture may take, each with its stratum, and what strata hold."""

from collections.abc import Iterator

from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from etl.condition import check_condition
from etl.mixture import Available, MixtureSpec
from etl.mixture.weights import MAX_STRATA, NO_LABEL, SEPARATOR
from udfs.conf import nearest
from udfs.errors import ConfigError


def with_stratum(corpus: DataFrame, spec: MixtureSpec) -> DataFrame:
    """Return the pages of `corpus` that `spec` may take, with `stratum` and `score`, what it orders them by.

    Left out are pages of other crawls, pages for which `where` is not true, and pages whose `n_tokens` is
    NULL or not positive: they would add nothing. A label that is NULL reads "(none)" in the stratum's name,
    so that such pages are counted; labels that contain the separator are kept as they are.

    Where the spec asks for edited texts, `n_tokens` is that of the edited text from there on; `where` sees the raw one.

    Raises ConfigError if the spec names no column, or if `where` is no condition over the corpus.
    """
    columns = dict(_leaf_columns(corpus.schema))
    for name in spec.strata:
        _check_column(f"strata of {spec.name}", name, columns)
    pages = _where(corpus, spec)
    if spec.text.edits is not None:
        n_tokens = f"{spec.text.edits}.n_tokens"
        _check_column(f"text.edits of {spec.name}", n_tokens, columns)
        pages = pages.withColumn("n_tokens", F.col(n_tokens))
    pages = pages.where("n_tokens > 0")
    if spec.crawls is not None:
        pages = pages.where(F.col("crawl").isin(*spec.crawls))
    return pages.withColumns({"stratum": _stratum(spec), "score": _score(spec, columns)})


def available(pages: DataFrame) -> DataFrame:
    """Return how many pages and tokens each stratum has: stratum, n_pages, n_tokens."""
    return pages.groupBy("stratum").agg(
        F.count("*").alias("n_pages"), F.sum(F.col("n_tokens").cast("bigint")).alias("n_tokens")
    )


def read_available(pages: DataFrame) -> dict[str, Available]:
    """Return what `available` says, on the driver: a row per stratum, and strata are few.

    Raises ConfigError if they are not.
    """
    rows = available(pages).limit(MAX_STRATA + 1).collect()
    if len(rows) > MAX_STRATA:
        raise ConfigError(f"the spec makes more than {MAX_STRATA:,} strata; choose columns with fewer values")
    return {row["stratum"]: Available(row["n_tokens"], row["n_pages"]) for row in rows}


def _stratum(spec: MixtureSpec) -> Column:
    labels = [F.coalesce(F.col(name).cast("string"), F.lit(NO_LABEL)) for name in spec.strata]
    return F.concat_ws(SEPARATOR, *labels)


def _score(spec: MixtureSpec, columns: dict[str, T.DataType]) -> Column:
    """Return what the spec orders by, as a double; NULL where chance alone decides."""
    if spec.order.pick == "random":
        return F.lit(None).cast("double")
    _check_column(f"order.by of {spec.name}", spec.order.by, columns)
    if not isinstance(columns[spec.order.by], T.NumericType):
        raise ConfigError(f"order.by of {spec.name}: {spec.order.by} is no number")
    return F.col(spec.order.by).cast("double")


def _where(corpus: DataFrame, spec: MixtureSpec) -> DataFrame:
    """Return the rows for which the spec's condition is true, refusing what depends on more than a row."""
    check_condition(spec.where, f"where of {spec.name}")
    try:
        kept = corpus.where(F.expr(spec.where))
        _ = kept.select(F.lit(1)).schema  # Spark Connect looks at a condition no earlier
    except AnalysisException as error:
        reason = str(error).strip().partition("\n")[0]  # the rest is a plan, or a server's stack
        raise ConfigError(f"where of {spec.name}: {spec.where!r} is no condition over the corpus: {reason}") from error
    return kept


def _check_column(where: str, name: str, columns: dict[str, T.DataType]) -> None:
    """Raise ConfigError unless `name` is a column, or a field of one, that holds one value."""
    if name not in columns:
        fields = sorted(columns)
        hint = nearest(name, fields) or f"; there are: {', '.join(fields)}"
        raise ConfigError(f"{where}: the corpus has no column {name!r}{hint}")


def _leaf_columns(schema: T.StructType, above: str = "") -> Iterator[tuple[str, T.DataType]]:
    """Yield the dotted name and type of each column that is neither a struct nor a collection."""
    for field in schema.fields:
        if isinstance(field.dataType, T.StructType):
            yield from _leaf_columns(field.dataType, f"{above}{field.name}.")
        elif not isinstance(field.dataType, T.ArrayType | T.MapType | T.BinaryType):
            yield above + field.name, field.dataType
