"""What all tests share: one Spark session, made when a test first asks for it, a demo, and fresh places to write."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from pyspark.sql import SparkSession

from etl.session import get_spark, stop_spark
from tests.processes import QUICK, QUICK_CONF, run_python, webstrata

MARKS = ("spark", "e2e")  # tests/spark and tests/e2e carry the mark of their folder


class Demo(NamedTuple):
    """What `webstrata demo` left in a folder, and what it printed."""

    folder: Path
    printed: str


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let .ci/run hand over the demo that it has run, instead of another one."""
    parser.addoption("--demo", type=Path, help="folder of a `webstrata demo`, with what it said in printed.txt")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by the folder it lies in."""
    for item in items:
        for mark in MARKS:
            if mark in Path(item.path).parts:
                item.add_marker(mark)


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """The one classic session of this test run: conf/spark/local.conf, tests/conf and what is of this run only."""
    conf = QUICK_CONF | {
        # Managed tables of this run only: two runs at once must not see each other's.
        "spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse")),
        # More tasks than cores, so that what depends on the number of partitions shows.
        "spark.sql.shuffle.partitions": "4",
    }
    session = get_spark(local=True, cores=2, extra_conf=conf)
    yield session
    stop_spark(session)


@pytest.fixture(scope="session")
def demo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The demo by the real command, run once for all tests; they only add to it."""
    folder: Path = request.config.getoption("--demo") or _shared_temp(tmp_path_factory) / "demo"
    printed = folder / "printed.txt"
    with _one_process_at_a_time(folder.with_suffix(".lock")):
        if not printed.is_file():
            done = webstrata("demo", "--out", folder)
            assert done.returncode == 0, done.stderr
            printed.write_text(done.stdout, encoding="utf-8")
    return Demo(folder.resolve(), printed.read_text(encoding="utf-8"))


def _shared_temp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of this run that all of its processes share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@contextmanager
def _one_process_at_a_time(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def demo_lake(demo: Demo) -> Path:
    """The lake of the demo."""
    return demo.folder / "lake"


@pytest.fixture
def tmp_lake(tmp_path: Path) -> Path:
    """The place of a lake that does not exist yet."""
    return tmp_path / "lake"


@pytest.fixture(scope="session")
def connect_spark() -> Callable[..., str]:
    """Return a function that runs a program over Spark Connect and returns what it prints.

    The program is text or a file and calls `get_spark()`, which finds the local Connect server that
    `SPARK_REMOTE` asks for. A process of its own, because classic and Connect sessions exclude each other.
    """

    def run(program: str | Path, *args: str) -> str:
        done = run_python(program, *args, env={**QUICK, "SPARK_REMOTE": "local[2]"})
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
