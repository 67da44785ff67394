"""SQL values over a table or query -> what Spark says against them, before a view or a job depends on them."""

from pyspark.errors import AnalysisException
from pyspark.sql import SparkSession

from etl.flags.presets import Complaint

MAX_CHARS = 300
_known: dict[tuple[str, str], str | None] = {}  # by schema and values: with every view the same is asked


def complaint_over(spark: SparkSession, source: str) -> Complaint:
    """Return the function that says what is wrong with SQL values over `source`, None if Spark takes them."""
    schema = spark.sql(f"SELECT * FROM {source}").schema.json()

    def complaint(values: str) -> str | None:
        if (schema, values) not in _known:
            try:
                _ = spark.sql(f"SELECT {values} FROM {source}").schema
                _known[schema, values] = None
            except AnalysisException as error:  # a ParseException is one too
                _known[schema, values] = str(error).strip().partition("\n")[0][:MAX_CHARS]
        return _known[schema, values]

    return complaint
