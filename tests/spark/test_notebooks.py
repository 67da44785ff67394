from collections.abc import Callable
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from tests.notebook import run_notebook

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.py"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_unchanged_on_a_classic_session(path: Path, spark: SparkSession, demo_lake: Path) -> None:
    shown = run_notebook(path, spark, lake=str(demo_lake))

    assert all(frame.columns for frame in shown)
    assert len(shown) >= 5


PROGRAM = """
import sys
from pathlib import Path

sys.path.insert(0, sys.argv[1])
from etl.session import get_spark
from tests.notebook import run_notebook

spark = get_spark()
assert "connect" in type(spark).__module__
print("shown", len(run_notebook(Path(sys.argv[2]), spark, lake=sys.argv[3])))
"""


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_unchanged_through_spark_connect(
    path: Path, demo_lake: Path, connect_spark: Callable[..., str]
) -> None:
    printed = connect_spark(PROGRAM, str(path.parents[1]), str(path), str(demo_lake))

    assert int(printed.split("shown")[1]) >= 5
