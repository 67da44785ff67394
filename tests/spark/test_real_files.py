"""Real archives, whole and broken: all of them go in, and the ledger says of each what two other readers say."""

import json
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from etl.jobs.ingest import IngestOptions, ingest
from etl.lake import Lake
from etl.quarantine import reasons
from tests.shared import SHARED, needs_shared
from udfs.source import open_uri
from udfs.warc import record_at

pytestmark = needs_shared

FOLDERS = ("warc/genuine", "warc/edge", "warc/derived", "bulk", "wet")
# Both other readers stop at the damage, with or without an error; test_warc_files.py says what ours finds.
DAMAGED = {
    "bad-content-length.warc",
    "bitflip-midfile.warc.gz",
    "clipped.warc.gz",
    "misnamed-plain-as-gz.warc.gz",
    "transfer_compression_none_truncated.warc.gz",
    "truncated-gzip-midmember.warc.gz",
    "truncated-uncompressed.warc",
}


@pytest.fixture(scope="module")
def lake(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    lake = Lake.open(spark, str(tmp_path_factory.mktemp("real")), create=True)
    result = ingest(lake, [str(SHARED / folder) for folder in FOLDERS], IngestOptions("REAL"))
    assert result.failed_files == []
    return lake


def references() -> list[dict[str, Any]]:
    lines = (SHARED / "REFERENCE_COUNTS.jsonl").read_text().splitlines()
    found = [json.loads(line) for line in lines]
    return [r for r in found if r["agree"] and Path(r["path"]).name not in DAMAGED]


def test_every_file_goes_in_with_all_its_bytes(lake: Lake) -> None:
    files = {row["warc_file"]: row for row in lake.table("files").collect()}
    there = [path for folder in FOLDERS for path in (SHARED / folder).rglob("*") if path.is_file()]

    assert {str(path.relative_to(SHARED)) for path in there} == set(files)
    for row in files.values():
        assert row["status"] == "published"
        assert sum(row["n_bytes"].values()) == row["size_bytes"] == (SHARED / row["warc_file"]).stat().st_size


def test_the_ledger_agrees_with_two_readers_wherever_they_agree_on_an_undamaged_file(lake: Lake) -> None:
    files = {row["warc_file"]: row["n_records"] for row in lake.table("files").collect()}

    differing = {
        r["path"]: (files[r["path"]], r["warcio"]["types"])
        for r in references()
        if files[r["path"]] != {kind: n for kind, n in r["warcio"]["types"].items() if kind != "!content"}
    }

    assert differing == {}
    assert len(references()) > 75


def test_the_pages_agree_on_how_many_are_html_with_status_200(lake: Lake) -> None:
    html = lake.table("pages").where("http_status = 200 AND lower(content_type) LIKE '%html%'")
    html = html.where("record_type = 'response'").groupBy("warc_file").count()
    counts = {row["warc_file"]: row["count"] for row in html.collect()}

    differing = {
        r["path"]: (counts.get(r["path"], 0), r["warcio"]["html200"])
        for r in references()
        if counts.get(r["path"], 0) != r["warcio"]["html200"]
    }

    assert differing == {}


def test_every_page_has_a_text_or_a_fault_and_nearly_no_fault_is_a_broken_one(lake: Lake) -> None:
    pages = lake.table("pages")

    assert pages.where("(text IS NULL) = (fault IS NULL)").count() == 0
    bulk = pages.where("warc_file LIKE 'bulk/%'")
    assert bulk.where("NOT is_fault_expected").count() == 0
    assert bulk.where("text IS NOT NULL").count() >= 0.97 * bulk.count()  # the others draw themselves by script


def test_what_was_lost_or_worked_around_is_grouped_by_reason_with_an_example_that_can_be_shown(lake: Lake) -> None:
    found = reasons(lake).collect()

    n_broken = lake.table("quarantine").count()
    assert sum(row["n"] for row in found if row["what"] == "page") == n_broken > 0
    assert {row["what"] for row in found} == {"page", "gap", "repair"}
    for row in found:
        with open_uri(row["file"]) as stream:
            piece = record_at(stream, row["offset"])
        assert piece is not None
        assert piece.offset == row["offset"], row["reason"]
    assert reasons(lake, "ANOTHER").collect() == []
