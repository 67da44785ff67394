"""The real `webstrata`, in processes of its own."""

from pathlib import Path

from tests.conftest import Demo
from tests.processes import webstrata
from tests.spark.lakes import some_files, write_crawl


def test_the_demo_ends_in_a_mixture_and_says_what_happened_to_every_record(demo: Demo) -> None:
    folder, printed = demo

    for word in ("records", "pages", "documents", "first-ranked", "mixture", "redirect", "damaged_record"):
        assert word.replace("_", " ") in printed.replace("_", " "), word
    assert str(folder / "report.html") in printed
    assert "<svg" in (folder / "report.html").read_text()
    for table in ("files", "pages", "annotations", "duplicates", "mixtures", "mixture_plans", "runs"):
        assert (folder / "lake" / table / "_delta_log").is_dir()


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
