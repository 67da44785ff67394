"""The figures of a report, collected from a small lake whose rows are written here."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pyspark.sql import SparkSession

from etl.lake import Lake, rows_of
from etl.report.collect import collect_report
from etl.report.data import CellCount, FunnelStep, LanguageCount, Reason, ReportData, RunRow, Totals, unexplained
from etl.report.html import render
from udfs.errors import MissingInputError

CRAWL, BATCH, WARC = "small", "b" * 16, "warc/a.warc.gz"
BEGAN, ENDED = datetime(2026, 1, 2, 3, 4, tzinfo=UTC), datetime(2026, 1, 2, 3, 5, tzinfo=UTC)
RECORDS = {"warcinfo": 1, "request": 2, "response": 6}


def page(n: int, text: str | None = None, fault: str | None = None) -> dict[str, Any]:
    broken = fault == "damaged_record"
    place = {"warc_file": WARC, "warc_offset": 100 * n, "warc_length": 100, "record_type": "response"}
    content = {"text": text, "text_digest": text and f"{len(text):032}", "fault": fault}
    url = {"url": f"http://example.org/{n}", "is_fault_expected": None if fault is None else not broken}
    return {"page_id": f"{n:032}", "crawl": CRAWL, "batch": BATCH, **place, **content, **url}


PAGES = [
    page(1, "about music"),
    page(2, "about music"),
    page(3, "about a recipe"),
    page(4, fault="redirect"),
    page(5, fault="redirect"),
    page(6, fault="damaged_record"),
]


def annotation(page: dict[str, Any], topic: str, quality: float) -> dict[str, Any]:
    said = {"language": ("en", 0.9), "topic": (topic, 1, 0.9, "b", 0.1), "format": ("Blog", 2, 0.9, "b", 0.1)}
    key = {name: page[name] for name in ("page_id", "crawl", "batch", "text_digest")}
    return {**key, **said, "quality": (quality,), "n_tokens": 10, "annotators": {"topic": "1"}}


def duplicate(page: dict[str, Any], size: int, rank: int) -> dict[str, Any]:
    cluster = {"cluster_id": page["text_digest"], "cluster_size": size, "rank": rank, "method": "exact"}
    return {"page_id": page["page_id"], "crawl": CRAWL, **cluster}


def stratum(name: str, weight: float, n_taken: int, is_short: bool) -> dict[str, Any]:
    made = {"mixture": "web", "version": 2, "spec_digest": "d", "identity": "i", "seed": 17, "release": "0.1"}
    origin = {"inputs": [(CRAWL, BATCH, "c" * 64, "[]", "")], "models": {"topic": "1"}, "table_versions": {"pages": 3}}
    spec = '{"name": "web", "description": "Tunes.", "token_budget": 20}'
    counts = {"available_tokens": 10, "available_pages": 1, "target_tokens": 10 * n_taken, "taken_tokens": 10 * n_taken}
    got = {"taken_pages": n_taken, "weight": weight, "share": weight, "epochs": 1.0, "is_short": is_short}
    return {**made, **origin, **counts, **got, "stratum": name, "spec": spec, "run_id": "r", "created_at": ENDED}


def write(lake: Lake, table: str, *rows: dict[str, Any]) -> None:
    lake.append(table, rows_of(lake.spark, table, list(rows)), once_as=table, because={})


@pytest.fixture(scope="module")
def lake(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    lake = Lake.open(spark, str(tmp_path_factory.mktemp("report") / "lake"), create=True)
    claim = {"crawl": CRAWL, "batch": BATCH, "status": "published", "claimed_by": "r", "claimed_at": BEGAN}
    read = {"uri": "/a", "size_bytes": 700, "n_records": RECORDS, "n_pages": 6, "n_documents": 3}
    by = {"gaps": [(600, 40, "junk"), (660, 2, "junk")], "reader": "1", "extractor": "resiliparse 2"}
    write(lake, "files", {**claim, **read, **by, "warc_file": WARC})
    write(lake, "pages", *PAGES)
    music, again, recipe = PAGES[:3]
    write(lake, "annotations", *(annotation(p, *r) for p, r in zip(PAGES, _SAID, strict=False)))
    write(lake, "duplicates", duplicate(music, 2, 1), duplicate(again, 2, 2), duplicate(recipe, 1, 1))
    place = {"warc_file": WARC, "warc_offset": 100, "crawl": CRAWL, "page_id": music["page_id"]}
    held = {"stratum": "Music", "copies": 1, "n_tokens": 10, "identity": "i", "text": music["text"]}
    write(lake, "mixtures", {"mixture": "web", "version": 2, **place, **held})
    write(lake, "mixture_plans", stratum("Music", 1.0, 1, is_short=True), stratum("Food", 0.0, 0, is_short=False))
    run = {"run_id": "r", "job": "ingest", "scope": CRAWL, "n_in": 6, "n_out": 3, "faults": {"redirect": 3}}
    how = {"config": "{}", "config_digest": "d", "release": "0.1", "started_at": BEGAN, "ended_at": ENDED}
    write(lake, "runs", {**run, **how})
    return lake


_SAID = [("Music", 0.99), ("Music", 0.99), ("Food", 1.0)]


@pytest.fixture(scope="module")
def of_lake(lake: Lake) -> ReportData:
    return collect_report(lake)


@pytest.fixture(scope="module")
def of_mixture(lake: Lake) -> ReportData:
    return collect_report(lake, "web")


def test_the_funnel_says_at_each_step_why_the_rest_is_not_there(of_lake: ReportData) -> None:
    assert of_lake.funnel == [
        FunnelStep("records", 9),
        FunnelStep("pages", 6, None, [Reason("request record", 2), Reason("warcinfo record", 1)]),
        FunnelStep("documents", 3, 30, [Reason("redirect", 2), Reason("damaged_record", 1, is_expected=False)]),
        FunnelStep("first-ranked", 2, 20, [Reason("duplicate", 1)]),
    ]


def test_a_mixture_adds_its_step_to_the_funnel(of_mixture: ReportData) -> None:
    assert of_mixture.funnel[-1] == FunnelStep("mixture", 1, 10, [Reason("stratum_without_weight", 1)])
    assert unexplained(of_mixture.funnel) == 0


def test_the_corpus_is_counted_by_topic_and_format_and_by_language(of_lake: ReportData) -> None:
    assert sorted(of_lake.cells, key=lambda c: c.topic) == [
        CellCount("Food", "Blog", 1, 10),
        CellCount("Music", "Blog", 1, 10),
    ]
    assert of_lake.languages == [LanguageCount("en", 2, 20)]


def test_the_best_scores_lie_in_the_last_bin(of_lake: ReportData, of_mixture: ReportData) -> None:
    assert [b.n_corpus for b in of_lake.quality] == [0] * 19 + [2]
    assert [b.n_mixture for b in of_mixture.quality] == [0] * 19 + [1]


def test_a_fault_comes_with_its_first_page(of_lake: ReportData) -> None:
    redirect, damaged = of_lake.faults
    assert (redirect.fault, redirect.n_pages, redirect.is_expected) == ("redirect", 2, True)
    assert (redirect.example_url, redirect.example_address) == ("http://example.org/4", f"{WARC}:400")
    assert not damaged.is_expected


def test_gaps_are_summed_by_reason(of_lake: ReportData) -> None:
    [gap] = of_lake.gaps
    assert (gap.reason, gap.n_gaps, gap.n_bytes, gap.example_address) == ("junk", 2, 42, f"{WARC}:600")


def test_a_run_has_its_times_in_utc(of_lake: ReportData) -> None:
    assert of_lake.runs == [RunRow("ingest", CRAWL, 6, 3, 60.0, BEGAN)]
    assert of_lake.totals == Totals(n_files=1, n_unreadable_files=0, n_bytes=700)


def test_the_plan_has_the_strata_with_a_weight(of_mixture: ReportData) -> None:
    [row] = of_mixture.plan
    assert (row.stratum, row.wanted_tokens, row.taken_tokens, row.missing_tokens) == ("Music", 20, 10, 10)
    assert of_mixture.token_budget == 20
    assert of_mixture.title == "web, version 2"
    assert of_mixture.identity["seed"] == "17"


def test_what_was_collected_can_be_rendered(of_lake: ReportData, of_mixture: ReportData) -> None:
    assert "web, version 2" in render(of_mixture)
    assert "damaged record" in render(of_lake)


def test_a_mixture_that_does_not_exist_is_an_error_that_names_those_that_do(lake: Lake) -> None:
    with pytest.raises(MissingInputError, match="there are: web"):
        collect_report(lake, "web_en")
    with pytest.raises(MissingInputError, match=r"no version 1 .* there are: 2"):
        collect_report(lake, "web", 1)


def test_an_empty_lake_has_an_empty_report(spark: SparkSession, tmp_lake: Any) -> None:
    empty = collect_report(Lake.open(spark, str(tmp_lake), create=True))
    assert (empty.title, empty.funnel, empty.quality) == ("An empty lake", [], [])
    assert "Nothing has been read yet" in render(empty)
