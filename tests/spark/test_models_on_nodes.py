"""A model at a URI: fetched once for all tasks of a node, and a clear error where it cannot be had."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from etl.steps.annotations import label
from tests.servers import Behaviour, serve
from tests.small_models import n_fetches, packed, write_colours
from udfs.annotator import Annotator
from udfs.classifier import classifier_annotator
from udfs.model_store.folder import read_card

N_TASKS = 6


@pytest.fixture(autouse=True, scope="module")
def cache(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The cache of driver and workers, which have an environment of their own."""
    folder = tmp_path_factory.mktemp("models") / "cache"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WEBSTRATA_MODELS", str(folder))
        patch.setitem(spark.sparkContext.environment, "WEBSTRATA_MODELS", str(folder))
        yield folder


@pytest.fixture
def behaviour() -> Behaviour:
    return Behaviour()


@pytest.fixture
def annotator(request: pytest.FixtureRequest, tmp_path: Path, cache: Path, behaviour: Behaviour) -> Iterator[Annotator]:
    """An annotator that the driver has made; the node of the tasks has not seen its model."""
    # Workers live on from test to test, and keep what they loaded by name and version.
    model = write_colours(tmp_path / "model", labels=["Red", "Green", request.node.name])
    (tmp_path / "web").mkdir()
    packed(model, tmp_path / "web/a.tar.gz")
    with serve(tmp_path / "web", behaviour) as host:
        annotator = classifier_annotator("colour", f"http://{host}/a.tar.gz", read_card(model).digest)
        shutil.rmtree(cache)
        behaviour.asked.clear()
        yield annotator


@pytest.fixture
def said(spark: SparkSession) -> Callable[[Annotator], DataFrame]:
    """What an annotator says of texts that lie in many tasks."""
    texts = spark.range(N_TASKS * 5, numPartitions=N_TASKS).selectExpr("'red red blue' AS text", "'' AS url")
    return lambda annotator: texts.select(label(annotator, F.col("text"), F.col("url")).alias("said"))


def test_many_tasks_of_a_node_fetch_a_model_once(
    annotator: Annotator, said: Callable[[Annotator], DataFrame], behaviour: Behaviour
) -> None:
    labels = [row["said"]["label"] for row in said(annotator).collect()]

    assert labels == ["Red"] * N_TASKS * 5
    assert n_fetches(behaviour) == 1


def test_a_model_that_is_gone_when_the_tasks_run_is_a_clear_error(
    annotator: Annotator, said: Callable[[Annotator], DataFrame], behaviour: Behaviour
) -> None:
    behaviour.always = 404

    with pytest.raises(PySparkException, match=r"ModelError: cannot fetch the model http.*no such file"):
        said(annotator).collect()
