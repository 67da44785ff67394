"""Mixtures of edited and masked texts: what is counted, what is written, and what is recorded of it."""

from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import Row, SparkSession

from etl.jobs.annotate import annotate
from etl.jobs.dedup import dedup
from etl.jobs.ingest import IngestOptions, ingest
from etl.jobs.mix import MixResult, make_plan, mix
from etl.lake import Lake
from etl.mixture import NotEnoughTokensError
from etl.schema import TABLES
from tests.spark.lakes import PARAGRAPH, html, write_crawl
from tests.spark.test_mix import by_url, spec
from udfs.annotator import Annotator
from udfs.edit.annotator import edits_annotator
from udfs.edit.edits import edit, edits_named
from udfs.errors import ConfigError, ConflictError

N = 12
EDITS = ("dclm_text", "dclm_lines")
LOUD = "SUBSCRIBE TO ALL OF THE GREAT OFFERS OF OUR FRIENDLY HARBOUR SHOP TODAY"


def write_pages(folder: Path) -> Path:
    """Pages with a line in capitals and an address each; the last one has nothing but such a line."""
    pages = {
        f"http://x.example/{'dogs' if i % 3 == 0 else 'cats'}/{i}": html(
            PARAGRAPH.format(name=f"Ms {i}"),
            f"{LOUD} {i}",
            f"Write to captain.{i} by ms{i}@harbour.example please.",
        )
        for i in range(N)
    }
    pages["http://x.example/cats/99"] = html(LOUD, LOUD.replace("OUR", "THEIR"), title="NEWS OF THE HARBOUR")
    return write_crawl(folder, {"a.warc.gz": pages})


def annotators(*edits: str) -> list[Annotator]:
    return [*by_url(), edits_annotator("clean", edits or EDITS)]


@pytest.fixture(scope="module")
def lake(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake that an older release made: its mixtures have no column `edits`."""
    folder = tmp_path_factory.mktemp("edited")
    old = TABLES["mixtures"]
    old = replace(old, columns=tuple(column for column in old.columns if column.name != "edits"))
    spark.sql(old.create_sql(f"delta.`{folder}/lake/mixtures`")).collect()
    lake = Lake.open(spark, str(folder / "lake"), create=True)
    assert "edits" not in lake.table("mixtures").columns
    ingest(lake, [str(write_pages(folder / "in"))], IngestOptions("C"))
    annotate(lake, "C", annotators())
    dedup(lake, "C")
    return lake


def written(lake: Lake, done: MixResult) -> dict[str, Row]:
    rows = lake.table("mixtures").where(f"mixture = '{done.name}' AND version = {done.version}").collect()
    return {row["page_id"]: row for row in rows}


def test_edited_texts_are_written_counted_and_labelled_and_pages_of_which_nothing_is_left_stay_out(lake: Lake) -> None:
    corpus = {row["page_id"]: row for row in lake.table("corpus").collect()}

    done = mix(lake, spec(name="edited", token_budget=100_000, text={"edits": "clean"}))

    rows = written(lake, done)
    assert len(rows) == N < len(corpus)
    for page_id, row in rows.items():
        page = corpus[page_id]
        assert row["text"] == edit(page["text"], EDITS).text
        assert LOUD in page["text"]
        assert LOUD not in row["text"]
        assert row["n_tokens"] == page["clean"]["n_tokens"] != page["n_tokens"]
        assert row["edits"] == [item.label for item in edits_named(EDITS)]
        assert row["text_digest"] == page["text_digest"]
    assert sum(row["taken_tokens"] for row in done.plan) == sum(row["n_tokens"] for row in rows.values())


def test_a_mixture_that_asks_for_nothing_has_the_raw_texts_also_beside_an_edited_one(lake: Lake) -> None:
    corpus = {row["page_id"]: row["text"] for row in lake.table("corpus").collect()}
    mix(lake, spec(name="both", token_budget=100_000, text={"edits": "clean"}))

    done = mix(lake, spec(name="both", token_budget=100_000, text="raw"))

    rows = written(lake, done)
    assert done.version == 2
    assert {page_id: row["text"] for page_id, row in rows.items()} == corpus
    assert {row["edits"] for row in rows.values()} == {None}


def test_the_share_that_an_edit_removed_is_a_condition(lake: Lake) -> None:
    share = "clean.removed_word_ratio_by_edit['dclm_lines']"
    plan = make_plan(lake, spec(where=f"{share} BETWEEN 0.05 AND 0.9", text={"edits": "clean"}))

    assert sum(quota.available_pages for quota in plan.quotas) == N
    with pytest.raises(NotEnoughTokensError):
        make_plan(lake, spec(where=f"NOT {share} > 0.05", text={"edits": "clean"}))


def test_where_sees_the_tokens_of_the_raw_text(lake: Lake) -> None:
    most = max(row["n_tokens"] for row in lake.table("corpus").collect())
    plan = make_plan(lake, spec(where=f"n_tokens >= {most}", text={"edits": "clean"}))

    assert sum(quota.available_pages for quota in plan.quotas) > 0


def test_the_same_spec_is_nothing_to_do_and_masks_make_another_version(lake: Lake) -> None:
    first = mix(lake, spec(name="same", text={"edits": "clean"}))

    assert not mix(lake, spec(name="same", text={"edits": "clean", "mask": []})).is_new
    masked = mix(lake, spec(name="same", text={"edits": "clean", "mask": ["email"]}))
    assert masked.version == 2 != first.version


def test_personal_data_is_masked_after_the_edits_and_the_row_says_so(lake: Lake) -> None:
    raw = mix(lake, spec(name="masked", token_budget=100_000))
    done = mix(lake, spec(name="masked", token_budget=100_000, text={"mask": ["email"]}))

    before, after = written(lake, raw), written(lake, done)
    assert before.keys() == after.keys()
    assert sum("@harbour.example" in row["text"] for row in before.values()) == N
    assert not any("@harbour.example" in row["text"] for row in after.values())
    assert {tuple(row["edits"]) for row in after.values()} == {("mask-1-email",)}
    assert {i: row["n_tokens"] for i, row in before.items()} == {i: row["n_tokens"] for i, row in after.items()}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ({"edits": "claen"}, "did you mean 'clean'"),
        ({"edits": "topic"}, "no annotation of edits"),
        ({"mask": ["e_mail"]}, "no kind of personal data e_mail"),
    ],
)
def test_a_text_that_nobody_can_make_is_one_clear_error_before_anything_is_written(
    lake: Lake, text: dict[str, object], says: str
) -> None:
    for job in (make_plan, mix):
        with pytest.raises(ConfigError, match=says):
            job(lake, spec(name="wrong", text=text))


def test_pages_annotated_with_different_edits_are_refused_until_they_are_annotated_again(
    spark: SparkSession, tmp_path: Path
) -> None:
    lake = Lake.open(spark, str(tmp_path / "lake"), create=True)
    for crawl, edits in (("C", ("dclm_lines",)), ("D", ("c4_lines",))):
        ingest(lake, [str(write_pages(tmp_path / crawl))], IngestOptions(crawl))
        annotate(lake, crawl, annotators(*edits))
        dedup(lake, crawl)

    with pytest.raises(ConflictError, match="annotate --only clean"):
        mix(lake, spec(text={"edits": "clean"}))
    annotate(lake, "D", [edits_annotator("clean", ("dclm_lines",))])
    assert mix(lake, spec(text={"edits": "clean"})).is_new
