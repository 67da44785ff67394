"""A selection equals brute force over the total order, whatever the partitions, ties, scores and sizes of strata."""

import itertools
import math
import random
from collections.abc import Iterable
from typing import Any, NamedTuple

import pytest
from pyspark.sql import DataFrame, SparkSession

from etl.mixture import MixtureSpec, Order, plan
from etl.mixture.draw import draw, priority
from etl.steps import selection
from etl.steps.selection import find_cuts, select, take, taken
from etl.steps.strata import read_available, with_stratum
from udfs.errors import ConfigError, ConflictError

SCHEMA = "page_id STRING, stratum STRING, n_tokens BIGINT, score DOUBLE"


class Row(NamedTuple):
    page_id: str
    stratum: str
    n_tokens: int
    score: float | None


def some_rows(n: int = 600, seed: int = 1) -> list[Row]:
    """Return pages of four strata, one with 60 % of them, with ties, gaps and extremes among the scores."""
    chance = random.Random(seed)
    scores = [None, math.nan, math.inf, -3.0, *(round(chance.random(), 2) for _ in range(40))]
    strata = chance.choices(["big", "mid", "small", "tied"], [60, 25, 5, 10], k=n)
    return [
        Row(f"{chance.getrandbits(128):032x}", s, chance.randint(1, 90), 0.5 if s == "tied" else chance.choice(scores))
        for s in strata
    ]


def spec(budget: int = 3000, **values: Any) -> MixtureSpec:
    base = {"name": "m", "strata": ["topic"], "token_budget": budget, "strategy": "uniform"}
    return MixtureSpec.model_validate(base | values)


def frame(spark: SparkSession, rows: Iterable[Row], partitions: int = 3) -> DataFrame:
    return spark.createDataFrame(list(rows), SCHEMA).repartition(partitions).persist()


def selected(pages: DataFrame, wanted: MixtureSpec, edge_pages: int = 5) -> dict[str, int]:
    """Return the copies of each page; so few pages at an edge make small data take all the passes of large ones."""
    cuts = find_cuts(pages, plan(wanted, read_available(pages)), wanted, edge_pages)
    return {row["page_id"]: row["copies"] for row in take(pages, cuts, wanted).collect()}


def by_brute_force(rows: list[Row], wanted: MixtureSpec, quotas: dict[str, int]) -> dict[str, int]:
    """Return the copies of each page, by sorting every stratum in plain Python."""
    copies: dict[str, int] = {}
    for stratum, tokens in quotas.items():
        chosen = [(draw(wanted.seed, row.page_id), row) for row in rows if row.stratum == stratum]
        ordered = sorted(chosen, key=lambda pair: (priority(pair[1].score, pair[0], wanted.order), pair[0], pair[1]))
        for _, row in itertools.cycle(ordered):
            if tokens <= 0:
                break
            copies[row.page_id] = copies.get(row.page_id, 0) + 1
            tokens -= row.n_tokens
    return copies


ORDERS = [{"pick": "top"}, {"pick": "gumbel", "temperature": 0.3}, {"pick": "random"}]


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: order["pick"])
@pytest.mark.parametrize(("budget", "max_epochs"), [(3000, 1), (60_000, 3.7)])
def test_a_selection_is_what_sorting_every_stratum_would_give(spark, order, budget, max_epochs):
    rows, wanted = some_rows(), spec(budget, order=order, max_epochs=max_epochs)
    pages = frame(spark, rows)
    quotas = {q.stratum: q.target_tokens for q in plan(wanted, read_available(pages)).quotas}

    assert selected(pages, wanted) == by_brute_force(rows, wanted, quotas)


def test_no_pass_and_many_passes_through_few_buckets_end_at_the_same_pages(spark, monkeypatch):
    pages, wanted = frame(spark, some_rows()), spec(order={"pick": "gumbel"})
    expected = selected(pages, wanted, edge_pages=10**6)
    monkeypatch.setattr(selection, "N_BUCKETS", 64)

    assert selected(pages, wanted, edge_pages=1) == expected


def test_the_rows_are_the_same_on_1_7_and_200_partitions(spark):
    rows, wanted = some_rows(), spec(order={"pick": "gumbel"})
    results = [selected(frame(spark, rows, partitions), wanted) for partitions in (1, 7, 200)]

    assert results[0] == results[1] == results[2]


def test_a_tenth_of_a_budget_is_a_part_of_a_fifth(spark):
    pages = frame(spark, some_rows())
    tenth, fifth = (selected(pages, spec(budget, order={"pick": "gumbel"})) for budget in (2500, 5000))

    assert tenth.items() < fifth.items()


def test_more_epochs_only_add_copies(spark):
    pages = frame(spark, some_rows())
    fewer, more = (selected(pages, spec(budget, max_epochs=4)) for budget in (30_000, 50_000))

    assert all(copies <= more[page_id] for page_id, copies in fewer.items())
    assert max(more.values()) == 4


def test_each_stratum_has_its_quota_and_less_than_one_page_more(spark):
    rows, wanted = some_rows(), spec(20_000, max_epochs=2.3, order={"pick": "gumbel"})
    pages = frame(spark, rows)
    made = plan(wanted, read_available(pages))
    got = {row["stratum"]: row["n_tokens"] for row in taken(select(pages, made, wanted)).collect()}

    largest = {s: max(row.n_tokens for row in rows if row.stratum == s) for s in got}
    assert all(0 <= got[q.stratum] - q.target_tokens < largest[q.stratum] for q in made.quotas)


def test_equal_scores_are_decided_by_the_draw_and_the_seed(spark):
    rows = [Row(f"{n:032x}", "tied", 1, 0.5) for n in range(300)]
    pages = frame(spark, rows)
    one, other = selected(pages, spec(100, seed=1)), selected(pages, spec(100, seed=2))

    assert set(one) == {row.page_id for row in sorted(rows, key=lambda row: draw(1, row.page_id))[:100]}
    assert one != other


def test_pages_without_a_score_come_last(spark):
    rows = [Row(f"{n:032x}", "s", 1, [None, math.nan, -9.0][n % 3]) for n in range(30)]

    assert set(selected(frame(spark, rows), spec(10))) == {row.page_id for row in rows if row.score == -9.0}


def test_pages_without_tokens_are_never_taken(spark):
    rows = [Row(f"{n:032x}", "s", [0, -5, 10][n % 3], 1.0 / (n + 1)) for n in range(30)]
    chosen = selected(frame(spark, rows).where("n_tokens > 0"), spec(45))

    assert set(chosen) == {row.page_id for row in rows if row.n_tokens == 10 and int(row.page_id, 16) < 15}


def test_the_best_of_a_stratum_are_better_than_the_rest_of_it(spark):
    rows = [row for row in some_rows() if row.score is not None and not math.isnan(row.score)]
    chosen = selected(frame(spark, rows), spec(2000))

    for stratum in {row.stratum for row in rows}:
        inside = [row.score for row in rows if row.stratum == stratum and row.page_id in chosen]
        outside = [row.score for row in rows if row.stratum == stratum and row.page_id not in chosen]
        assert min(inside) >= max(outside)


def test_spark_and_plain_python_agree_on_every_place(spark):
    rows, seed = some_rows(200), -(2**62)
    for order in (Order.model_validate(order) for order in ORDERS):
        pages = frame(spark, rows).withColumn("draw", selection.draw(seed))
        for row in pages.withColumn("priority", selection.priority(order)).collect():
            assert row["draw"] == draw(seed, row["page_id"])
            assert row["priority"] == priority(row["score"], row["draw"], order)


def test_pages_other_than_those_planned_for_are_refused(spark):
    rows, wanted = some_rows(), spec()
    made = plan(wanted, read_available(frame(spark, rows)))

    with pytest.raises(ConflictError, match="plan again"):
        find_cuts(frame(spark, rows[:20]), made, wanted)


def test_nothing_is_sorted_or_shuffled_to_take_pages(spark, capsys):
    pages, wanted = frame(spark, some_rows()), spec()
    select(pages, plan(wanted, read_available(pages)), wanted).explain()

    physical = capsys.readouterr().out
    assert "BroadcastHashJoin" in physical
    assert "Sort" not in physical
    assert "hashpartitioning" not in physical


CORPUS = (
    "page_id STRING, crawl STRING, n_tokens BIGINT, lang STRING,"
    "topic STRUCT<label: STRING, id: INT>, quality STRUCT<score: DOUBLE>, annotators MAP<STRING, STRING>"
)


def corpus(spark: SparkSession) -> DataFrame:
    rows = [
        ("1", "A", 10, "en", ("Health", 12), (0.5,), {}),
        ("2", "A", 20, "en", (None, None), (0.6,), {}),
        ("3", "B", 30, "de", ("Health", 12), None, {}),
        ("4", "B", 0, "en", ("Health", 12), (0.8,), {}),
        ("5", "B", None, "en", ("Health", 12), (0.9,), {}),
        ("6", "B", 40, None, None, (1.0,), {}),
    ]
    return spark.createDataFrame(rows, CORPUS)


def test_strata_are_labels_joined_and_a_missing_label_is_counted(spark):
    pages = with_stratum(corpus(spark), spec(strata=["topic.label", "lang"]))

    assert read_available(pages) == {
        "Health / en": (10, 1),
        "(none) / en": (20, 1),
        "Health / de": (30, 1),
        "(none) / (none)": (40, 1),
    }


def test_where_and_crawls_keep_what_they_name(spark):
    wanted = spec(strata=["topic.label"], where="quality.score >= 0.6 or lang = 'select'", crawls=["A"])

    rows = with_stratum(corpus(spark), wanted).collect()
    assert [(row["page_id"], row["stratum"], row["score"]) for row in rows] == [("2", "(none)", 0.6)]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"strata": ["topic.labl"]}, "did you mean 'topic.label'"),
        ({"strata": ["site"]}, "there are: crawl, lang, n_tokens"),
        ({"strata": ["annotators"]}, "no column 'annotators'"),
        ({"strata": ["lang"], "order": {"by": "quality.scores"}}, "did you mean 'quality.score'"),
        ({"strata": ["lang"], "order": {"by": "crawl"}}, "no number"),
        ({"strata": ["lang"], "where": "langage = 'en'"}, "lang"),
        ({"strata": ["lang"], "where": "n_tokens"}, "no condition"),
        ({"strata": ["lang"], "where": "lang = "}, "no condition"),
        ({"strata": ["lang"], "where": "sum(n_tokens) > 1"}, "no condition"),
        ({"strata": ["lang"], "where": "n_tokens in (select 1)"}, "subquery"),
        ({"strata": ["lang"], "where": "n_tokens > (from v |> aggregate max(x))"}, "subquery"),
        ({"strata": ["lang"], "where": "rand() < 0.5"}, "answer changes"),
    ],
)
def test_a_spec_that_does_not_fit_the_corpus_is_one_clear_error(spark, values, says):
    with pytest.raises(ConfigError, match="of m") as error:
        with_stratum(corpus(spark), spec(**values))

    assert says in str(error.value)
