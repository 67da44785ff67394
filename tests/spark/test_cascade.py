"""Annotators with conditions: whom they are asked about, what the column says, and what changes when they do."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from etl.jobs.annotate import annotate
from etl.jobs.ingest import IngestOptions, ingest
from etl.lake import Lake
from etl.schema import TABLES
from etl.steps.annotations import annotate_all
from etl.steps.priors import with_priors
from tests.small_models import LABELS, write_colours
from tests.spark.lakes import some_files, write_crawl
from udfs.annotator import AnnotationField, Annotator, Predict, Texts
from udfs.cascade import asked_where, cascade
from udfs.classifier import Answer, classifier_annotator
from udfs.errors import ConfigError

ANIMALS = ("cat", "dog", "owl", "emu")


def noting(log: Path, name: str, version: str, score: float) -> Annotator:
    """An annotator that notes whom it saw, and says who it is."""

    def load() -> Predict:
        def predict(texts: Texts) -> dict[str, list[object]]:
            with log.open("a") as file:
                file.writelines(f"{version} {text.split()[0]}\n" for text in texts.text)
            return {"label": [version] * len(texts.text), "score": [score + len(t) / 100 for t in texts.text]}

        return predict

    fields = (AnnotationField("label", "STRING", "Who"), AnnotationField("score", "DOUBLE", "How sure"))
    # Workers live on from test to test, and keep what they loaded by name and version.
    return Annotator(name, f"{log.parent.name}-{version}", fields, load)


def saw(log: Path) -> list[str]:
    return sorted(log.read_text().splitlines()) if log.exists() else []


@pytest.fixture
def answers(spark: SparkSession) -> Callable[[Sequence[Annotator]], list[Row]]:
    """Return a function that annotates four pages whose texts are one animal each."""
    pages = spark.createDataFrame(
        [(f"{i:032}", animal) for i, animal in enumerate(ANIMALS)], "page_id string, text string"
    )
    columns = "'c' AS crawl", "'b' AS batch", "'d' AS text_digest", "'http://x/' AS url", "text", "'x.org' AS host"
    nothing = spark.createDataFrame([], TABLES["annotations"].schema)

    def ask(annotators: Sequence[Annotator]) -> list[Row]:
        documents: DataFrame = pages.selectExpr("page_id", *columns)
        return sorted(annotate_all(documents, nothing, annotators).collect(), key=lambda row: str(row["page_id"]))

    return ask


def test_a_cascade_asks_the_costly_model_only_where_it_is_needed_and_says_who_spoke(
    answers: Callable[..., list[Row]], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    cheap, costly = noting(log, "topic", "cheap", 0.5), noting(log, "topic", "costly", 0.9)

    rows = answers([cascade([cheap, costly], ["", "topic.score < 0.6 AND text IN ('dog', 'emu')"])])

    assert [row["topic"]["label"] for row in rows] == ["cheap", "costly", "cheap", "costly"]
    assert [row["topic"]["model"].rpartition("-")[2] for row in rows] == ["cheap", "costly", "cheap", "costly"]
    assert saw(log) == ["cheap cat", "cheap dog", "cheap emu", "cheap owl", "costly dog", "costly emu"]


def test_an_annotator_with_a_condition_is_null_elsewhere_and_a_null_condition_does_not_hold(
    answers: Callable[..., list[Row]], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    first = noting(log, "first", "cheap", 0.5)
    second = asked_where(noting(log, "second", "rare", 0), "CASE text WHEN 'cat' THEN first.score > 0.1 END", [first])
    third = asked_where(noting(log, "third", "never", 0), "second.label = 'common' AND host = 'x.org'", [first, second])

    fourth = asked_where(noting(log, "fourth", "here", 0), "crawl = 'c' AND page_id < '1'", [])

    rows = answers([first, second, third, fourth])

    assert [row["second"] and row["second"]["label"] for row in rows] == ["rare", None, None, None]
    assert [row["third"] for row in rows] == [None] * 4
    assert [row["fourth"]["label"] for row in rows] == ["here"] * 4
    assert [line for line in saw(log) if line.startswith(("rare", "never"))] == ["rare cat"]


def test_a_condition_on_one_below_that_has_a_condition_too_is_refused(
    answers: Callable[..., list[Row]], tmp_path: Path
) -> None:
    later = asked_where(noting(tmp_path / "log", "later", "1", 0), "true", [])
    early = asked_where(noting(tmp_path / "log", "early", "1", 0), "later.score > 0", [])

    with pytest.raises(ConfigError, match="looks at later, which is not above it"):
        answers([early, later])


def test_a_changed_condition_asks_again_and_an_equal_one_nobody(spark: SparkSession, tmp_path: Path) -> None:
    log, crawl = tmp_path / "log", "TEST-2026"
    lake = Lake.open(spark, str(tmp_path / "lake"), create=True)
    ingest(lake, [str(write_crawl(tmp_path / "in", some_files(1, 4)))], IngestOptions(crawl))
    cheap, costly = noting(log, "topic", "cheap", 0.5), noting(log, "topic", "costly", 0.9)

    def run(where: str) -> list[str]:
        log.unlink(missing_ok=True)
        annotate(lake, crawl, [asked_where(cascade([cheap, costly], ["", where]), "", [])])
        return [line.split()[0] for line in saw(log)]

    assert run("n_chars < 0") == ["cheap"] * 4
    assert run("n_chars < 0") == []
    assert run("n_chars > 0 AND media_type = 'text/html'") == ["cheap"] * 4 + ["costly"] * 4
    models = lake.table("annotations").select("topic.model").distinct().collect()
    assert [row["model"] for row in models] == [costly.version]


def test_stored_scores_are_corrected_for_other_priors_as_the_model_itself_would(
    answers: Callable[..., list[Row]], spark: SparkSession, tmp_path: Path
) -> None:
    folder = str(write_colours(tmp_path / "colours"))
    priors = {"Red": 1.0, "Green": 3.0, "Blue": 0.5}
    texts = Texts(["red red green", "blue", "red green", "", "blue blue red"], [""] * 5)
    kept = classifier_annotator("colour", folder, answer=Answer(keeps_scores=True))(texts)
    expected = classifier_annotator("colour", folder, answer=Answer(priors))(texts)
    rows = spark.createDataFrame(
        [Row(colour=Row(**dict(zip(kept, values, strict=True)))) for values in zip(*kept.values(), strict=True)]
    ).withColumn("page", F.monotonically_increasing_id())

    found = with_priors(rows, "colour", LABELS, priors).orderBy("page").collect()

    for name in ("label", "id", "second_label"):
        assert [row["colour"][name] for row in found] == expected[name]
    for name in ("score", "second_score"):
        assert [row["colour"][name] for row in found] == pytest.approx(expected[name], abs=3e-6)
    assert [row["colour"]["scores"] is None for row in found] == [False, False, False, True, False]
    assert all(sum(row["colour"]["scores"] or [1.0]) == pytest.approx(1, abs=1e-5) for row in found)


def test_without_stored_scores_nothing_can_be_corrected(spark: SparkSession) -> None:
    rows = spark.sql("SELECT named_struct('label', 'Red', 'score', 0.5D) AS colour")

    with pytest.raises(ConfigError, match="annotate it with `scores: true`"):
        with_priors(rows, "colour", LABELS, dict.fromkeys(LABELS, 1.0))
