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
