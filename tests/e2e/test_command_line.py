"""The real `webstrata`, in processes of its own."""

import json
import random
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Demo
from tests.processes import webstrata
from tests.spark.lakes import html, some_files, write_crawl


def test_the_demo_ends_in_a_mixture_and_says_what_happened_to_every_record(demo: Demo) -> None:
    folder, printed = demo

    for word in ("records", "pages", "documents", "first-ranked", "mixture", "redirect", "damaged_record"):
        assert word.replace("_", " ") in printed.replace("_", " "), word
    assert str(folder / "report.html") in printed
    assert "<svg" in (folder / "report.html").read_text()
    for table in ("files", "pages", "annotations", "duplicates", "mixtures", "mixture_plans", "runs"):
        assert (folder / "lake" / table / "_delta_log").is_dir()


def test_sql_answers_over_the_views_as_json_lines(demo: Demo) -> None:
    query = "SELECT topic.label AS topic, count(*) AS n FROM corpus GROUP BY 1 ORDER BY 2 DESC"

    done = webstrata("sql", query, "--lake", demo.folder / "lake", "--format", "jsonl")

    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert len(rows) >= 12
    assert all(row["n"] > 0 for row in rows)


def test_mixing_again_says_that_there_is_nothing_to_do(demo: Demo) -> None:
    done = webstrata("mix", "demo", "--lake", demo.folder / "lake")

    assert done.returncode == 0, done.stderr
    assert "nothing to do" in done.stdout


def test_a_version_that_exists_with_another_spec_fails_and_says_what_to_do(demo: Demo, tmp_path: Path) -> None:
    (tmp_path / "demo.yaml").write_text(
        "name: demo\nstrata: [topic.label]\nstrategy: uniform\ntoken_budget: 5000\nseed: 5\n"
    )

    done = webstrata("mix", tmp_path / "demo.yaml", "--version", "1", "--lake", demo.folder / "lake")

    assert done.returncode == 1
    assert "leave --version out" in done.stderr


def test_ingest_then_the_other_verbs_on_files_of_ones_own(tmp_path: Path) -> None:
    crawl = write_crawl(tmp_path / "warc", some_files(2, 4))

    ingested = webstrata("ingest", crawl, "--crawl", "MINE", cwd=tmp_path)
    annotated = webstrata("annotate", "--crawl", "MINE", "--only", "language,tokens", cwd=tmp_path)

    assert ingested.returncode == 0, ingested.stderr
    assert "8 pages, 8 documents" in ingested.stdout
    assert annotated.returncode == 0, annotated.stderr
    assert (tmp_path / "lake" / "pages" / "_delta_log").is_dir()


def test_a_wrong_request_is_one_clear_line_and_exit_code_2(tmp_path: Path) -> None:
    done = webstrata("ingest", "/no/such/path", "--crawl", "X", cwd=tmp_path)

    assert done.returncode == 2
    assert "nothing to read at /no/such/path" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_full_disk_is_one_clear_error_and_nothing_half_written_is_seen(tmp_path: Path) -> None:
    chance = random.Random(1)
    noise = " ".join(f"{chance.getrandbits(64):x}" for _ in range(100_000))  # nothing makes it smaller than half
    crawl = write_crawl(tmp_path / "warc", {"x.warc.gz": {"http://x.example/": html("A page of noise.", noise)}})
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(small)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a small file system")
    try:
        done = webstrata("ingest", crawl, "--crawl", "X", "--lake", small / "lake")
        seen = webstrata("sql", "SELECT count(*) AS n FROM pages", "--lake", small / "lake", "--format", "csv")
    finally:
        subprocess.run(["umount", small], check=True)

    assert done.returncode == 1
    assert "the disk is full" in done.stderr
    assert "Traceback" not in done.stderr
    assert seen.stdout.split() == ["n", "0"]
