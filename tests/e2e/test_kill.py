"""SIGKILL: a real ingest, killed with all its processes, and run again."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from etl.jobs.ingest import IngestOptions, ingest
from etl.lake import Lake
from tests.processes import QUICK, WEBSTRATA
from tests.spark.lakes import pages_in, some_files, write_crawl

OPTIONS = IngestOptions("KILLED", files_per_batch=1)


def commits(lake: Path, table: str) -> int:
    return len(list((lake / table / "_delta_log").glob("*.json")))


@pytest.fixture(scope="module")
def crawl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A crawl of four files, each of which is a batch."""
    return write_crawl(tmp_path_factory.mktemp("crawl"), some_files(4))


@pytest.fixture(scope="module")
def undisturbed(spark: SparkSession, crawl: Path, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """The lake of an ingest that nobody kills."""
    lake = Lake.open(spark, str(tmp_path_factory.mktemp("undisturbed") / "lake"), create=True)
    ingest(lake, [str(crawl)], OPTIONS)
    return lake


@pytest.mark.parametrize(
    "is_due",
    [
        pytest.param(lambda lake: commits(lake, "files") >= 2, id="after the claim"),
        pytest.param(lambda lake: commits(lake, "pages") >= 3, id="after the second batch is written"),
    ],
)
def test_an_ingest_killed_and_run_again_gives_the_rows_of_an_undisturbed_one(
    spark: SparkSession, crawl: Path, undisturbed: Lake, tmp_path: Path, is_due: Callable[[Path], bool]
) -> None:
    place = tmp_path / "lake"
    command = [WEBSTRATA, "ingest", crawl, "--crawl", "KILLED", "--lake", place, "--files-per-batch", "1"]
    with Path(os.devnull).open("wb") as nowhere:
        env = {**os.environ, **QUICK}
        process = subprocess.Popen(command, start_new_session=True, stdout=nowhere, stderr=nowhere, env=env)
    deadline = time.monotonic() + 300
    while not is_due(place) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    killed = Lake.open(spark, str(place))
    n_published = killed.table("files").where("status = 'published'").count()

    ingest(killed, [str(crawl)], OPTIONS)

    assert n_published < 4, "it was killed too late to show anything"
    assert pages_in(killed, "KILLED") == pages_in(undisturbed, "KILLED")
    assert {row["status"] for row in killed.table("files").collect()} == {"published"}
