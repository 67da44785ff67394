"""Verbs of the command line on the session of the tests: what they print, and with what they exit."""

import json
import random
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pyspark.sql import SparkSession

from etl.cli import main
from etl.platform import conf_folder
from tests.spark.lakes import html, write_crawl


class Done(NamedTuple):
    """How a verb ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def verb(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Done]:
    """Return a function that runs a verb as a process of its own would, but on a session that outlives it."""
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setattr("etl.session.stop_spark", lambda _: None)

    def run(*args: str | Path) -> Done:
        code = main([str(arg) for arg in args])
        return Done(code, *capsys.readouterr())

    return run


def test_sql_answers_over_the_views_as_json_lines(verb: Callable[..., Done], demo_lake: Path) -> None:
    query = "SELECT topic.label AS topic, count(*) AS n FROM corpus GROUP BY 1 ORDER BY 2 DESC"

    done = verb("sql", query, "--lake", demo_lake, "--format", "jsonl")

    rows = [json.loads(line) for line in done.out.splitlines()]
    assert done.code == 0, done.err
    assert len(rows) >= 12
    assert all(row["n"] > 0 for row in rows)


def test_mixing_again_says_that_there_is_nothing_to_do(verb: Callable[..., Done], demo_lake: Path) -> None:
    done = verb("mix", "demo", "--lake", demo_lake)

    assert done.code == 0, done.err
    assert "nothing to do" in done.out


def test_a_version_that_exists_with_another_spec_fails_and_says_what_to_do(
    verb: Callable[..., Done], demo_lake: Path, tmp_path: Path
) -> None:
    spec = tmp_path / "demo.yaml"
    spec.write_text("name: demo\nstrata: [topic.label]\nstrategy: uniform\ntoken_budget: 5000\nseed: 5\n")

    done = verb("mix", spec, "--version", "1", "--lake", demo_lake)

    assert done.code == 1
    assert "leave --version out" in done.err


def test_a_full_disk_is_one_clear_error_and_nothing_half_written_is_seen(
    verb: Callable[..., Done], tmp_path: Path
) -> None:
    chance = random.Random(1)
    noise = " ".join(f"{chance.getrandbits(64):x}" for _ in range(100_000))  # nothing makes it smaller than half
    crawl = write_crawl(tmp_path / "warc", {"x.warc.gz": {"http://x.example/": html("A page of noise.", noise)}})
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(small)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a small file system")
    try:
        done = verb("ingest", crawl, "--crawl", "X", "--lake", small / "lake")
        seen = verb("sql", "SELECT count(*) AS n FROM pages", "--lake", small / "lake", "--format", "csv")
    finally:
        subprocess.run(["umount", "--lazy", small], check=True)

    assert done.code == 1
    assert "the disk is full" in done.err
    assert "Traceback" not in done.err
    assert seen.out.split() == ["n", "0"]


LABELLED = [
    {"url": f"https://{topic}{i}.example/", "text": f"{text} {i}", "topic": name}
    for topic, name, text in (
        (
            "food",
            "Food & Dining",
            "Knead the dough, let it rise, then bake the bread with butter and salt.",
        ),
        ("play", "Sports & Fitness", "The striker scored twice before half time and the team won the league match."),
    )
    for i in range(20)
]


@pytest.mark.parametrize("name", ["{folder}", "table:labelled"])
def test_a_table_of_labelled_pages_is_evaluated_by_its_current_rows(
    spark: SparkSession, verb: Callable[..., Done], tmp_path: Path, name: str
) -> None:
    lines, folder = tmp_path / "labelled.jsonl", tmp_path / "labelled"
    lines.write_text("".join(json.dumps(row) + "\n" for row in LABELLED if "food1" not in row["url"]))
    spark.createDataFrame(LABELLED).write.format("delta").option("path", str(folder)).saveAsTable("labelled")
    spark.sql("DELETE FROM labelled WHERE url LIKE '%food1%'")

    def evaluated(data: str | Path, out: Path) -> Any:
        done = verb("evaluate", "package:web#topic", "--data", data, "--label", "topic", "--out", out)
        assert done.code == 0, done.err
        return json.loads((out / "evaluation.json").read_text())

    of_table = evaluated(name.format(folder=folder), tmp_path / "of_table")
    of_lines = evaluated(lines, tmp_path / "of_lines")
    spark.sql("DROP TABLE labelled")

    assert of_table["figures"] == of_lines["figures"]
    assert of_table["confusion"] == of_lines["confusion"]
    assert sum(map(sum, of_table["confusion"])) == len(LABELLED) - 11


@pytest.mark.parametrize("name", ["table:no_such_table", "file:///no/such/day=1/table"])
def test_training_from_a_table_that_is_not_there_says_so(verb: Callable[..., Done], tmp_path: Path, name: str) -> None:
    recipe = conf_folder() / "train" / "web.yaml"

    done = verb("train", recipe, "--data", f"topic={name}", "--out", tmp_path / "model")

    assert done.code == 2
    assert f"no table of labelled pages: {name}" in done.err
