"""documents -> duplicates: clusters of the same normalised text, and each document's rank in its cluster."""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

METHOD = "exact/1"  # the rule of normalisation (udfs/normalise.py) and of ranking (below): a change is a new number


def exact_duplicates(documents: DataFrame) -> DataFrame:
    """Return each document's cluster and rank; nothing is dropped, a text that occurs once is a cluster of one.

    Documents with one `text_digest` form a cluster. Rank 1 is the first that was fetched; then the shortest URL
    comes first (a canonical address rather than one with a session in it), then `page_id`: a total order.
    """
    members = documents.select("page_id", "crawl", "text_digest", "fetched_at", "url")
    cluster = Window.partitionBy("text_digest")
    order = (F.col("fetched_at").asc_nulls_last(), F.length("url").asc_nulls_last(), F.col("page_id").asc())
    return members.select(
        "page_id",
        "crawl",
        F.col("text_digest").alias("cluster_id"),
        F.count("*").over(cluster).alias("cluster_size"),
        F.row_number().over(cluster.orderBy(*order)).cast("int").alias("rank"),
        F.lit(METHOD).alias("method"),
    )


def first_of_each_text(corpus: DataFrame) -> DataFrame:
    """Return the pages whose text is in no earlier crawl, by name: ranks hold within one crawl."""
    firsts = corpus.groupBy("text_digest").agg(F.min(F.struct("crawl", "page_id")).alias("first"))
    ids = firsts.select(F.col("first.page_id").alias("page_id"))
    return corpus.join(ids, "page_id", "left_semi")
