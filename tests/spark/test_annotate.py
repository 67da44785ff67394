import os
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from etl.jobs.annotate import annotate
from etl.jobs.ingest import IngestOptions, ingest
from etl.lake import Lake
from etl.steps.annotations import annotate as annotations_of
from etl.steps.annotations import annotate_all
from tests.spark.lakes import some_files, write_crawl
from udfs.annotator import AnnotationField, Annotator, Predict, Texts
from udfs.errors import MissingInputError

CRAWL = "TEST-2026"


def counting(log: Path, name: str = "length", version: str = "1") -> Annotator:
    """An annotator that says how long a text is, and notes in a file each text that it saw and each load."""

    def load() -> Predict:
        with log.open("a") as file:
            file.write(f"load {os.getpid()}\n")

        def predict(texts: Texts) -> dict[str, list[object]]:
            with log.open("a") as file:
                file.writelines(f"text {len(text)}\n" for text in texts.text)
            return {"n": [len(text) for text in texts.text], "version": [version for _ in texts.text]}

        return predict

    fields = (AnnotationField("n", "BIGINT", "Characters"), AnnotationField("version", "STRING", "Who spoke"))
    # Workers live on from test to test, and keep what they loaded by name and version.
    return Annotator(name, f"{log.parent.name}/{log.name}-{version}", fields, load)


def seen(log: Path) -> Counter[str]:
    """Return how often the annotator was loaded, and how many texts it saw."""
    return Counter(line.split()[0] for line in log.read_text().splitlines()) if log.exists() else Counter()


@pytest.fixture(scope="module")
def lake(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    folder = tmp_path_factory.mktemp("annotate")
    lake = Lake.open(spark, str(folder / "lake"), create=True)
    ingest(lake, [str(write_crawl(folder / "in", some_files(2, 5)))], IngestOptions(CRAWL, files_per_batch=1))
    return lake


@pytest.fixture
def documents(spark: SparkSession) -> Callable[[int], DataFrame]:
    def make(n: int) -> DataFrame:
        text = "repeat('word ', cast(id as int) + 1)"
        columns = "'c' AS crawl", "'b' AS batch", "md5(cast(id as string)) AS text_digest", "'http://x/' AS url"
        return spark.range(n).selectExpr("lpad(id, 32, '0') AS page_id", *columns, f"{text} AS text")

    return make


def test_a_model_sees_each_document_once_and_is_loaded_once_in_each_worker(lake: Lake, tmp_path: Path) -> None:
    log = tmp_path / "log"

    annotate(lake, CRAWL, [counting(log)])

    assert seen(log)["text"] == 10
    workers = {line for line in log.read_text().splitlines() if line.startswith("load")}
    assert seen(log)["load"] == len(workers)


def test_a_second_run_asks_nobody_anything(lake: Lake, tmp_path: Path) -> None:
    log = tmp_path / "log"
    annotate(lake, CRAWL, [counting(log)])
    version = lake.version("annotations")

    again = annotate(lake, CRAWL, [counting(log)])

    assert again.n_batches_done == 0
    assert seen(log)["text"] == 10
    assert lake.version("annotations") == version


def test_a_new_annotator_computes_only_its_own_column_and_keeps_the_others(lake: Lake, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    annotate(lake, CRAWL, [counting(old)])

    annotate(lake, CRAWL, [counting(old), counting(new, "other")])

    assert (seen(old)["text"], seen(new)["text"]) == (10, 10)
    for row in lake.table("annotations").collect():
        assert row["length"]["n"] == row["other"]["n"] > 0
        assert set(row["annotators"]) >= {"length", "other"}


@pytest.mark.parametrize("is_first", [True, False])
def test_documents_of_one_file_are_annotated_by_several_tasks_and_written_as_one_file(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_first: bool
) -> None:
    fields = (AnnotationField("n", "BIGINT", "Documents that were seen at once"),)
    at_once = Annotator(
        "at_once", str(tmp_path), fields, lambda: lambda texts: {"n": [len(texts.text)] * len(texts.text)}
    )
    own = Lake.open(lake.spark, str(tmp_path / "lake"), create=True)
    ingest(own, [str(write_crawl(tmp_path / "in", some_files(1, 12)))], IngestOptions(CRAWL))
    if not is_first:
        annotate(own, CRAWL, [counting(tmp_path / "log")])
    monkeypatch.setattr("etl.jobs.annotate.DOCUMENTS_PER_TASK", 4)

    annotate(own, CRAWL, [counting(tmp_path / "log"), at_once])

    rows = own.table("annotations").withColumn("file", F.input_file_name()).collect()
    assert max(row["at_once"]["n"] for row in rows) < 12
    assert len({row["file"] for row in rows}) == 1
    assert len({row["page_id"] for row in rows}) == len(rows) == 12
    assert seen(tmp_path / "log")["text"] == 12


def test_only_one_of_several_annotators_leaves_what_the_others_said(lake: Lake, tmp_path: Path) -> None:
    first, second = counting(tmp_path / "a"), counting(tmp_path / "b", "other")
    annotate(lake, CRAWL, [first, second])

    annotate(lake, CRAWL, [counting(tmp_path / "b2", "other", "2")])

    for row in lake.table("annotations").collect():
        assert row["length"]["version"] == "1"
        assert row["other"]["version"] == "2"
        assert row["annotators"]["length"] == first.version
        assert row["annotators"]["other"] != second.version
    assert seen(tmp_path / "a")["text"] == 10


def test_a_new_version_with_other_fields_takes_the_place_of_the_old_one(lake: Lake, tmp_path: Path) -> None:
    old = counting(tmp_path / "old", "changing")
    annotate(lake, CRAWL, [old])
    fields = (*old.fields[:1], AnnotationField("half", "DOUBLE", "Half of it"))

    def load() -> Predict:
        return lambda texts: {"n": [len(t) for t in texts.text], "half": [len(t) / 2 for t in texts.text]}

    annotate(lake, CRAWL, [replace(old, version="with halves", fields=fields, load=load)])

    for row in lake.table("annotations").collect():
        assert row["changing"]["half"] == row["changing"]["n"] / 2 > 0
        assert row["changing"]["version"] is None


def test_a_new_version_is_asked_about_every_document(lake: Lake, tmp_path: Path) -> None:
    annotate(lake, CRAWL, [counting(tmp_path / "v1")])

    annotate(lake, CRAWL, [counting(tmp_path / "v2", version="2")])

    assert {row["length"]["version"] for row in lake.table("annotations").collect()} == {"2"}


def test_documents_whose_text_changed_are_asked_about_again(lake: Lake, tmp_path: Path) -> None:
    log = tmp_path / "log"
    annotate(lake, CRAWL, [counting(log)])

    # As a newer extractor would: another text for one of the pages, in its batch.
    pages = lake.table("pages")
    row = pages.orderBy("page_id").first()
    assert row is not None
    changed = pages.where(f"batch = '{row['batch']}'").selectExpr(
        "* EXCEPT (text_digest, text)",
        f"if(page_id = '{row['page_id']}', '{'0' * 32}', text_digest) AS text_digest",
        f"if(page_id = '{row['page_id']}', 'another', text) AS text",
    )
    lake.replace("pages", changed.select(*pages.columns), where={"crawl": CRAWL, "batch": row["batch"]}, because={})
    annotate(lake, CRAWL, [counting(log)])

    assert seen(log)["text"] == 11
    assert lake.table("annotations").where(f"page_id = '{row['page_id']}'").first()["length"]["n"] == 7  # type: ignore[index]


def test_filtering_on_an_answer_does_not_run_the_model_twice(
    documents: Callable[[int], DataFrame], lake: Lake, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    annotator = counting(log)

    rows = annotate_all(documents(20), lake.table("annotations"), [annotator]).where("length.n > 20")
    kept = rows.select("length.n", "length.version").collect()

    assert len(kept) == 16
    assert seen(log)["text"] == 20
    assert _plan(rows).count("ArrowEvalPython") == 1


def test_several_annotators_share_one_trip_to_python(
    documents: Callable[[int], DataFrame], lake: Lake, tmp_path: Path
) -> None:
    annotators = [counting(tmp_path / str(i), f"a{i}") for i in range(3)]

    plan = _plan(annotations_of(documents(5), lake.table("annotations"), annotators))

    assert plan.count("ArrowEvalPython") == 1


def test_the_shipped_annotators_fill_the_columns_of_the_table(lake: Lake) -> None:
    from etl.config import find_annotators

    annotators = find_annotators()
    annotate(lake, CRAWL, annotators)

    row = lake.table("annotations").first()
    assert row is not None
    assert row["language"]["label"] == "en"
    assert row["n_tokens"] > 20
    assert 0 <= row["quality"]["score"] <= 1
    assert 0 <= row["topic"]["id"] <= 23
    assert row["annotators"].items() >= {a.name: a.version for a in annotators}.items()
    stored = {field.name: field.dataType.simpleString() for field in lake.table("annotations").schema}
    for annotator in annotators:
        expected = lake.spark.createDataFrame([], f"x {annotator.ddl}").schema["x"].dataType.simpleString()
        assert stored[annotator.column] == expected, annotator.name


def test_an_answer_does_not_depend_on_the_other_documents(lake: Lake) -> None:
    from etl.config import find_annotators

    texts = ["How to bake bread: knead the dough.", "The court ruled on Monday.", "Buy now! 50 % off all shoes."]
    for annotator in find_annotators():
        together = annotator(Texts(texts, ["http://a.example/"] * 3))
        alone = [annotator(Texts([text], ["http://a.example/"])) for text in texts]
        for field in together:
            assert list(together[field]) == [one[field][0] for one in alone], annotator.name


def test_a_crawl_that_is_not_there_says_so(lake: Lake, tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match="ingest it first"):
        annotate(lake, "NO-SUCH", [counting(tmp_path / "log")])


def test_annotators_differ_by_name_and_version_alone(tmp_path: Path) -> None:
    annotator = counting(tmp_path / "a")

    assert replace(annotator, load=counting(tmp_path / "b").load) == annotator


def _plan(rows: DataFrame) -> str:
    """Return the physical plan, as `explain` prints it."""
    import contextlib
    import io

    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        rows.explain()
    return text.getvalue()
