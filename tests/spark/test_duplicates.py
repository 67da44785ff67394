from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from etl.jobs.dedup import dedup
from etl.jobs.ingest import IngestOptions, ingest
from etl.lake import Lake
from etl.steps.duplicates import exact_duplicates
from tests.spark.lakes import PARAGRAPH, html, write_crawl
from udfs.errors import MissingInputError

DOCUMENTS = "page_id STRING, crawl STRING, text_digest STRING, fetched_at STRING, url STRING"


def ranks(spark: SparkSession, *rows: tuple[str, str, str | None, str | None]) -> dict[str, tuple[int, int]]:
    """Return page_id -> (rank, size of its cluster) for rows of (page_id, text, fetched_at, url)."""
    documents = spark.createDataFrame([(i, "c", text, at, url) for i, text, at, url in rows], DOCUMENTS)
    found = exact_duplicates(
        documents.selectExpr("* EXCEPT (fetched_at)", "cast(fetched_at AS timestamp) AS fetched_at")
    )
    return {row["page_id"]: (row["rank"], row["cluster_size"]) for row in found.collect()}


def test_the_first_that_was_fetched_comes_first_then_the_shortest_url_then_the_page_id(spark: SparkSession) -> None:
    found = ranks(
        spark,
        ("a", "same", None, "http://x/"),
        ("b", "same", "2026-01-02", "http://x/"),
        ("c", "same", "2026-01-01", "http://x/?session=1"),
        ("e", "same", "2026-01-01", "http://x/"),
        ("d", "same", "2026-01-01", "http://y/"),
        ("z", "other", "2026-01-01", "http://x/"),
    )

    assert found == {"d": (1, 5), "e": (2, 5), "c": (3, 5), "b": (4, 5), "a": (5, 5), "z": (1, 1)}


@pytest.fixture(scope="module")
def lake(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return Lake.open(spark, str(tmp_path_factory.mktemp("lake")), create=True)


def test_texts_that_differ_in_case_and_white_space_alone_are_duplicates_and_none_is_deleted(
    lake: Lake, tmp_path: Path
) -> None:
    text = PARAGRAPH.format(name="Ms Jones")
    other = html(text + " And so on.")
    pages = {"http://a.example/": html(text), "http://b.example/": html(text.upper()), "http://c.example/": other}
    ingest(lake, [str(write_crawl(tmp_path, {"x.warc.gz": pages}))], IngestOptions("CASE"))

    result = dedup(lake, "CASE")

    assert (result.n_documents, result.n_clusters, result.n_duplicates) == (3, 1, 1)
    assert lake.table("documents").where("crawl = 'CASE'").count() == 3
    assert lake.table("duplicates").where("crawl = 'CASE' AND rank = 1").count() == 2


def test_deduplicating_twice_gives_the_same_rows(lake: Lake, tmp_path: Path) -> None:
    pages = {f"http://{i}.example/": html(PARAGRAPH.format(name=f"Ms {i % 3}")) for i in range(9)}
    ingest(lake, [str(write_crawl(tmp_path, {"x.warc.gz": pages}))], IngestOptions("TWICE"))
    rows = lake.table("duplicates").where("crawl = 'TWICE'")

    dedup(lake, "TWICE")
    first = sorted(rows.collect())
    dedup(lake, "TWICE")

    assert sorted(lake.table("duplicates").where("crawl = 'TWICE'").collect()) == first
    assert sum(row["rank"] == 1 for row in first) == 3


def test_a_crawl_without_documents_says_so(lake: Lake) -> None:
    with pytest.raises(MissingInputError, match="ingest it first"):
        dedup(lake, "NO-SUCH")
