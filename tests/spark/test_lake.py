from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from etl.jobs.ingest import IngestOptions, ingest
from etl.lake import VIEWS, Lake, is_catalog_name, rows_of
from etl.schema import TABLES
from tests.spark.lakes import some_files, write_crawl
from udfs.errors import LakeError, MissingInputError


@pytest.fixture(scope="module")
def lake(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    folder = tmp_path_factory.mktemp("lake")
    lake = Lake.open(spark, str(folder / "lake"), create=True)
    ingest(lake, [str(write_crawl(folder / "crawl", some_files(2)))], IngestOptions("TEST"))
    return lake


def run_row(**changes: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    row = {"run_id": "1", "job": "test", "scope": "s", "n_in": 3, "n_out": 2, "faults": {"lost": 1}}
    row |= {"config": "{}", "config_digest": "", "release": "0", "started_at": now, "ended_at": now}
    return row | changes


@pytest.mark.parametrize("name", TABLES)
def test_each_table_and_column_has_a_comment_and_the_stated_type(lake: Lake, name: str) -> None:
    described = {row["col_name"]: row for row in lake.spark.sql(f"DESCRIBE {lake.identifier(name)}").collect()}

    for column in TABLES[name].columns:
        assert described[column.name]["comment"] == column.comment
    detail = lake.spark.sql(f"DESCRIBE DETAIL {lake.identifier(name)}").first()
    assert detail is not None
    assert detail["description"] == TABLES[name].comment
    assert tuple(detail["partitionColumns"]) == TABLES[name].partition_by


@pytest.mark.parametrize("view", VIEWS)
def test_each_view_answers(lake: Lake, view: str) -> None:
    lake.refresh_views()

    assert lake.sql(f"SELECT * FROM {view}").columns == lake.table(view).columns


def test_a_row_that_breaks_a_check_is_refused_and_nothing_is_written(lake: Lake) -> None:
    bad = rows_of(lake.spark, "runs", [run_row(run_id="2", n_out=3)])

    with pytest.raises(LakeError, match="conserved"):
        lake.append("runs", bad, once_as="run/2", because={})
    assert lake.table("runs").where("run_id = '2'").count() == 0


def test_a_null_where_none_may_be_is_refused(lake: Lake) -> None:
    bad = rows_of(lake.spark, "runs", [run_row(run_id="3", job=None)])

    with pytest.raises(LakeError, match="constraint"):
        lake.append("runs", bad, once_as="run/3", because={})


def test_an_append_is_done_once_however_often_it_is_asked_for(lake: Lake) -> None:
    rows = rows_of(lake.spark, "runs", [run_row(run_id="4")])

    lake.append("runs", rows, once_as="run/4", because={"why": "a test"})
    lake.append("runs", rows, once_as="run/4", because={"why": "a test"})

    assert lake.table("runs").where("run_id = '4'").count() == 1
    history = lake.spark.sql(f"DESCRIBE HISTORY {lake.identifier('runs')}").collect()
    assert any(row["userMetadata"] == '{"why": "a test"}' for row in history)


def test_a_pinned_lake_does_not_see_what_comes_later(lake: Lake) -> None:
    pinned = lake.pinned("runs")
    before = pinned.table("runs").count()

    lake.append("runs", rows_of(lake.spark, "runs", [run_row(run_id="5")]), once_as="run/5", because={})

    assert pinned.table("runs").count() == before
    assert lake.table("runs").count() == before + 1


@pytest.mark.parametrize("name", TABLES)
def test_the_tables_can_be_read_by_deltalake_and_duckdb(lake: Lake, name: str) -> None:
    n_rows = lake.table(name).count()

    dataset = DeltaTable(f"{lake.location}/{name}").to_pyarrow_dataset()
    connection = duckdb.connect()
    connection.register("t", dataset)

    assert dataset.count_rows() == n_rows
    assert connection.execute("SELECT count(*) FROM t").fetchall() == [(n_rows,)]


def test_deltalake_reads_the_same_texts(lake: Lake) -> None:
    ours = {row["page_id"]: row["text"] for row in lake.table("pages").collect()}

    theirs = DeltaTable(f"{lake.location}/pages").to_pyarrow_dataset().to_table(columns=["page_id", "text"])

    assert dict(zip(*(theirs.column(c).to_pylist() for c in ("page_id", "text")), strict=True)) == ours


def test_a_lake_of_a_newer_release_is_refused(spark: SparkSession, tmp_lake: Path) -> None:
    lake = Lake.open(spark, str(tmp_lake), create=True)
    spark.sql(f"ALTER TABLE {lake.identifier('files')} SET TBLPROPERTIES ('webstrata.format' = '99')")

    with pytest.raises(LakeError, match=r"format 99.*upgrade webstrata"):
        Lake.open(spark, str(tmp_lake))


def test_a_place_without_a_lake_says_how_to_make_one(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match="webstrata ingest"):
        Lake.open(spark, str(tmp_path / "nothing"))


def test_a_table_that_does_not_exist_is_named_with_the_nearest(lake: Lake) -> None:
    with pytest.raises(MissingInputError, match=r"did you mean 'corpus'"):
        lake.table("corpsu")


def test_a_catalog_and_schema_hold_tables_and_views(spark: SparkSession, tmp_path: Path) -> None:
    lake = Lake.open(spark, "spark_catalog.webstrata_test", create=True)
    ingest(lake, [str(write_crawl(tmp_path, some_files(1)))], IngestOptions("TEST"))

    assert is_catalog_name(lake.location)
    assert spark.sql("SELECT count(*) AS n FROM spark_catalog.webstrata_test.documents").first()["n"] == 3  # type: ignore[index]
    described = {
        r["col_name"]: r["comment"] for r in spark.sql("DESCRIBE spark_catalog.webstrata_test.pages").collect()
    }
    assert described["page_id"] == TABLES["pages"].columns[0].comment
    properties = spark.sql("SHOW TBLPROPERTIES spark_catalog.webstrata_test.pages").collect()
    assert "delta.constraints.text_or_fault" in {row["key"] for row in properties}
    names = {row["tableName"] for row in spark.sql("SHOW TABLES IN spark_catalog.webstrata_test").collect()}
    assert names >= {*TABLES, *VIEWS}
    spark.sql("DROP SCHEMA spark_catalog.webstrata_test CASCADE")


@pytest.mark.parametrize(
    ("location", "is_catalog"),
    [("main.webstrata", True), ("a.b.c", False), ("./lake", False), ("s3://b/lake", False), ("lake", False)],
)
def test_a_location_reads_as_catalog_or_path(location: str, is_catalog: bool) -> None:
    assert is_catalog_name(location) == is_catalog
