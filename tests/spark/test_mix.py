import threading
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from etl import mixtures
from etl.jobs import mix as mix_job
from etl.jobs.annotate import annotate
from etl.jobs.dedup import dedup
from etl.jobs.ingest import IngestOptions, ingest
from etl.jobs.mix import MixResult, make_plan, mix
from etl.lake import Lake
from etl.mixture import MixtureSpec
from tests.spark.lakes import PARAGRAPH, html, write_crawl
from udfs.annotator import AnnotationField, Annotator, Predict
from udfs.conf import parse_conf
from udfs.errors import ConfigError, ConflictError, MissingInputError, UsageError

N = 60


def by_url() -> list[Annotator]:
    """Annotators that read topic and quality off the URL, and count words as tokens: tests know what they say."""

    def topics() -> Predict:
        return lambda texts: {
            "label": [url.split("/")[3] for url in texts.url],
            "id": [0 for _ in texts.url],
            "score": [1.0 for _ in texts.url],
            "second_label": [None for _ in texts.url],
            "second_score": [None for _ in texts.url],
        }

    def quality() -> Predict:
        return lambda texts: {"score": [int(url.rsplit("/", 1)[1]) / 100 for url in texts.url]}

    def tokens() -> Predict:
        return lambda texts: {"n_tokens": [len(text.split()) for text in texts.text]}

    names = (
        ("label", "STRING"),
        ("id", "INT"),
        ("score", "DOUBLE"),
        ("second_label", "STRING"),
        ("second_score", "DOUBLE"),
    )
    return [
        Annotator("topic", "1", tuple(AnnotationField(n, t, "") for n, t in names), topics),
        Annotator("quality", "1", (AnnotationField("score", "DOUBLE", ""),), quality),
        Annotator("tokens", "1", (AnnotationField("n_tokens", "BIGINT", ""),), tokens, "n_tokens", is_struct=False),
    ]


def spec(**changes: Any) -> MixtureSpec:
    values = {"name": "m", "strata": ["topic.label"], "strategy": "uniform", "token_budget": 600, "seed": 1}
    return parse_conf(values | changes, MixtureSpec, where="test")


def write_pages(folder: Path, n: int = N) -> Path:
    """Two thirds of the pages about cats, one third about dogs; one text occurs twice."""
    pages = {
        f"http://x.example/{'dogs' if i % 3 == 0 else 'cats'}/{i}": html(PARAGRAPH.format(name=f"Ms {i}"))
        for i in range(n)
    }
    pages["http://x.example/dogs/99"] = html(PARAGRAPH.format(name="Ms 0"))
    return write_crawl(folder, {"a.warc.gz": pages})


def make_lake(spark: SparkSession, folder: Path) -> Lake:
    lake = Lake.open(spark, str(folder / "lake"), create=True)
    ingest(lake, [str(write_pages(folder / "in"))], IngestOptions("C"))
    annotate(lake, "C", by_url())
    dedup(lake, "C")
    return lake


@pytest.fixture(scope="module")
def lake(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return make_lake(spark, tmp_path_factory.mktemp("mix"))


def rows_of(lake: Lake, done: MixResult) -> list[tuple[Any, ...]]:
    rows = lake.table("mixtures").where(f"mixture = '{done.name}' AND version = {done.version}")
    return sorted(tuple(row) for row in rows.drop("mixture", "version", "identity").collect())


def test_each_stratum_has_its_quota_and_less_than_one_page_more(lake: Lake) -> None:
    done = mix(lake, spec(name="quota"))

    longest = max(row["n_tokens"] for row in lake.table("corpus").collect())
    assert {row["stratum"] for row in done.plan} == {"cats", "dogs"}
    for row in done.plan:
        assert row["target_tokens"] == 300
        assert row["target_tokens"] <= row["taken_tokens"] < row["target_tokens"] + longest


def test_the_best_pages_are_taken_and_no_duplicate_is(lake: Lake) -> None:
    done = mix(lake, spec(name="best"))

    taken = {row["url"] for row in lake.table("mixtures").where("mixture = 'best'").collect()}
    scores = {row["url"]: (row["topic"]["label"], row["quality"]["score"]) for row in lake.table("corpus").collect()}
    for topic in ("cats", "dogs"):
        worst = min(score for url, (label, score) in scores.items() if url in taken and label == topic)
        assert all(score <= worst for url, (label, score) in scores.items() if url not in taken and label == topic)
    texts = [row["text_digest"] for row in lake.table("mixtures").where("mixture = 'best'").collect()]
    assert len(texts) == len(set(texts)) == sum(row["taken_pages"] for row in done.plan)


def test_the_same_spec_on_the_same_inputs_is_nothing_to_do(lake: Lake) -> None:
    first = mix(lake, spec(name="same"))
    version = lake.version("mixtures")

    second = mix(lake, spec(name="same", description="in other words"))

    assert (second.version, second.is_new, second.identity) == (first.version, False, first.identity)
    assert lake.version("mixtures") == version


def test_another_spec_makes_the_next_version_and_leaves_the_first_as_it_was(lake: Lake) -> None:
    first = mix(lake, spec(name="next"))
    before = rows_of(lake, first)

    second = mix(lake, spec(name="next", token_budget=900))

    assert (first.version, second.version) == (1, 2)
    assert rows_of(lake, first) == before
    assert len(rows_of(lake, second)) > len(before)


def test_a_version_that_exists_with_another_spec_is_refused_with_what_to_do(lake: Lake) -> None:
    mix(lake, spec(name="taken"))

    with pytest.raises(ConflictError, match="leave --version out to write version 2"):
        mix(lake, spec(name="taken", seed=2), version=1)


def test_a_tenth_of_a_budget_is_a_part_of_a_fifth(lake: Lake) -> None:
    order = {"pick": "gumbel", "temperature": 0.1}
    small, large = (mix(lake, spec(name=f"nest{n}", token_budget=n, order=order)) for n in (200, 400))

    assert {row[0] for row in rows_of(lake, small)} < {row[0] for row in rows_of(lake, large)}


def test_a_rebuild_in_another_lake_gives_the_same_rows_and_identity(
    spark: SparkSession, lake: Lake, tmp_path: Path
) -> None:
    first = mix(lake, spec(name="again", order={"pick": "random"}))

    other = make_lake(spark, tmp_path)
    second = mix(other, spec(name="again", order={"pick": "random"}))

    assert second.identity == first.identity
    assert rows_of(other, second) == rows_of(lake, first)


def test_more_than_one_epoch_copies_pages(lake: Lake) -> None:
    done = mix(lake, spec(name="epochs", weights={"dogs": 1}, strategy=None, token_budget=1500, max_epochs=4))

    dogs = next(row for row in done.plan if row["stratum"] == "dogs")
    copies = {row["copies"] for row in lake.table("mixtures").where("mixture = 'epochs'").collect()}
    assert dogs["epochs"] > 1
    assert copies <= {int(dogs["epochs"]), int(dogs["epochs"]) + 1}
    assert dogs["taken_tokens"] >= dogs["target_tokens"] == 1500


def test_a_stratum_that_is_too_small_is_reported_with_what_limits_it(lake: Lake) -> None:
    done = mix(lake, spec(name="short", weights={"dogs": 1, "unicorns": 1}, strategy=None, token_budget=10_000))

    limits = {row["stratum"]: row["limited_by"] for row in done.plan if row["is_short"]}
    assert limits == {"dogs": "max_epochs", "unicorns": "nothing available"}


def test_the_plan_holds_what_the_mixture_was_made_from(lake: Lake) -> None:
    done = mix(lake, spec(name="origin"))

    row = done.plan[0]
    published = lake.table("files").first()
    assert published is not None
    assert [(i["crawl"], i["batch"]) for i in row["inputs"]] == [("C", published["batch"])]
    assert row["models"] == {"quality": "1", "tokens": "1", "topic": "1"}
    assert set(row["table_versions"]) == {"files", "pages", "annotations", "duplicates"}
    assert row["spec_digest"] == spec(name="origin").digest
    history = lake.spark.sql(f"DESCRIBE HISTORY {lake.identifier('mixture_plans')} LIMIT 1").first()
    assert history is not None
    assert spec(name="origin").digest in history["userMetadata"]


def test_a_spec_whose_strata_name_no_column_is_a_usage_error_with_the_nearest_name(lake: Lake) -> None:
    with pytest.raises(ConfigError, match=r"topic\.label"):
        mix(lake, spec(name="typo", strata=["topic.lable"]))


def test_planning_writes_nothing(lake: Lake) -> None:
    before = lake.version("mixtures"), lake.version("mixture_plans")

    plan = make_plan(lake, spec(name="planned"))

    assert plan.target_tokens == 600
    assert (lake.version("mixtures"), lake.version("mixture_plans")) == before


@pytest.mark.parametrize("moment", ["write_rows", "write_plan"])
def test_a_run_killed_before_or_after_its_rows_is_completed_by_the_next(
    lake: Lake, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"killed_{moment}"

    def kill(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(mixtures, moment, kill)
        with pytest.raises(KeyboardInterrupt):
            mix(lake, spec(name=name))
    assert mixtures.planned_versions(lake, name) == {}  # a version without a plan does not exist
    done = mix(lake, spec(name=name))

    assert done.version == 1
    assert rows_of(lake, done) == rows_of(lake, mix(lake, spec(name="undisturbed")))


@pytest.mark.parametrize("second", [{"seed": 1}, {"seed": 2}], ids=["the same spec", "another spec"])
def test_two_drivers_mixing_at_once_never_mix_their_rows(
    lake: Lake, second: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"race_{second['seed']}"
    barrier = threading.Barrier(2)
    choose = mixtures.choose_version
    results: list[MixResult | BaseException] = []

    def meet(*args: Any) -> tuple[int, bool]:
        chosen = choose(*args)
        if not barrier.broken:
            try:
                barrier.wait(timeout=120)
                barrier.abort()  # once is enough: whoever lost chooses again alone
            except threading.BrokenBarrierError:
                pass
        return chosen

    def drive(changes: dict[str, int]) -> None:
        try:
            results.append(mix(lake, spec(name=name, order={"pick": "random"}, **changes)))
        except BaseException as error:
            results.append(error)

    monkeypatch.setattr(mix_job.mixtures, "choose_version", meet)
    drivers = [threading.Thread(target=drive, args=(changes,)) for changes in ({"seed": 1}, second)]
    for driver in drivers:
        driver.start()
    for driver in drivers:
        driver.join(timeout=300)

    done = [r for r in results if isinstance(r, MixResult)]
    assert all(isinstance(r, MixResult | ConflictError) for r in results), results
    assert done
    for result in done:
        rows = lake.table("mixtures").where(f"mixture = '{name}' AND version = {result.version}")
        assert {row["identity"] for row in rows.select("identity").distinct().collect()} == {result.identity}
        assert sum(row["taken_pages"] for row in result.plan) == rows.count()
    if second["seed"] == 1:
        assert {result.version for result in done} == {1}


def test_a_text_that_two_crawls_have_is_taken_once(lake: Lake, tmp_path: Path) -> None:
    ingest(lake, [str(write_pages(tmp_path, 9))], IngestOptions("D"))
    annotate(lake, "D", by_url())
    dedup(lake, "D")

    done = mix(lake, spec(name="two_crawls", token_budget=100_000))

    texts = [row["text_digest"] for row in lake.table("mixtures").where("mixture = 'two_crawls'").collect()]
    assert len(texts) == len(set(texts)) == sum(row["taken_pages"] for row in done.plan)
    with pytest.raises(MissingInputError, match="nothing of crawl E"):
        mix(lake, spec(name="two_crawls", crawls=["D", "E"]))


def test_annotations_and_ranks_of_older_texts_are_not_taken_for_those_of_the_new_ones(
    spark: SparkSession, tmp_path: Path
) -> None:
    lake = make_lake(spark, tmp_path)
    (tmp_path / "in" / "a.warc.gz").unlink()
    write_pages(tmp_path / "in", N + 1)

    ingest(lake, [str(tmp_path / "in")], IngestOptions("C", again=True))

    with pytest.raises(UsageError, match="are not annotated, or have another text since"):
        mix(lake, spec())
    annotate(lake, "C", by_url())
    with pytest.raises(UsageError, match="has other documents since"):
        mix(lake, spec())
