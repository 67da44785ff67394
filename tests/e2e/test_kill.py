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
from tests.processes import WEBSTRATA
from tests.spark.lakes import pages_in, some_files, write_crawl


def commits(lake: Path, table: str) -> int:
    return len(list((lake / table / "_delta_log").glob("*.json")))


@pytest.mark.parametrize(
    "is_due",
    [
        pytest.param(lambda lake: commits(lake, "files") >= 2, id="after the claim"),
        pytest.param(lambda lake: commits(lake, "pages") >= 3, id="after the second batch is written"),
    ],
)
def test_an_ingest_killed_and_run_again_gives_the_rows_of_an_undisturbed_one(
    spark: SparkSession, tmp_path: Path, is_due: Callable[[Path], bool]
) -> None:
    crawl, place = write_crawl(tmp_path / "in", some_files(4)), tmp_path / "lake"
    command = [WEBSTRATA, "ingest", crawl, "--crawl", "KILLED", "--lake", place, "--files-per-batch", "1"]
    process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 300
    while not is_due(place) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    killed = Lake.open(spark, str(place))
    n_published = killed.table("files").where("status = 'published'").count()

    ingest(killed, [str(crawl)], IngestOptions("KILLED", files_per_batch=1))
    undisturbed = Lake.open(spark, str(tmp_path / "undisturbed"), create=True)
    ingest(undisturbed, [str(crawl)], IngestOptions("KILLED", files_per_batch=1))

    assert n_published < 4, "it was killed too late to show anything"
    assert pages_in(killed, "KILLED") == pages_in(undisturbed, "KILLED")
    assert {row["status"] for row in killed.table("files").collect()} == {"published"}
