"""The command line without a process of its own: what it says before Spark starts."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from etl.cli import main
from tests.unit.warc_builder import gz, response


@pytest.fixture(autouse=True)
def _own_time_zone() -> Iterator[None]:
    """`main` sets the time zone of its process, which is ours here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "UTC")
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["ingest", "/no/such/path", "--crawl", "X"], "nothing to read at /no/such/path"),
        (["mix", "web_eng"], "did you mean 'web_en'"),
        (["annotate", "--crawl", "X", "--only", "topics"], "did you mean 'topic'"),
        (["run", "nowhere.yaml"], "no such file"),
        (["sql", "nowhere.sql"], "no such file"),
    ],
)
def test_a_wrong_request_is_one_clear_line_and_exit_code_2(
    args: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(args)

    assert code == 2
    assert says in capsys.readouterr().err


def test_an_unknown_key_in_a_pipeline_is_refused_with_the_nearest_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "p.yaml").write_text("crawl: X\npaths: [a]\nlakes: there\n")

    code = main(["run", str(tmp_path / "p.yaml")])

    assert code == 2
    assert "did you mean 'lake'" in capsys.readouterr().err


@pytest.mark.parametrize(
    "verb",
    [
        "",
        "demo",
        "run",
        "ingest",
        "annotate",
        "dedup",
        "plan",
        "mix",
        "report",
        "sql",
        "quarantine",
        "show",
        "train",
        "models",
    ],
)
def test_each_verb_explains_itself(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*([verb] if verb else []), "--help"])

    assert ended.value.code == 0
    assert "usage: webstrata" in capsys.readouterr().out


def test_a_record_is_shown_as_it_lies_in_its_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = gz(response("http://a.com/")), gz(response("http://b.com/\x1b[31m", b"<p>\x1b[2Jred\x00"))
    path = tmp_path / "x.warc.gz"
    path.write_bytes(first + second)

    code = main(["show", str(path), str(len(first))])

    shown = capsys.readouterr().out
    assert code == 0
    assert f"bytes {len(first):,} to {len(first) + len(second):,}, gzip" in shown
    assert "warc-target-uri: http://b.com/\\x1b[31m" in shown
    assert "| <p>\\x1b[2Jred\\x00" in shown
    assert "\x1b" not in shown


def test_an_unexpected_error_of_java_is_said_with_what_java_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError(
            "An error occurred while calling o62.sql.\n: java.lang.NullPointerException: x\n\tat org.Y\n"
        )

    monkeypatch.setattr("udfs.source.list_files", fail)

    code = main(["show", "x.warc", "0"])

    assert code == 1
    assert "o62.sql. : java.lang.NullPointerException: x (--debug" in capsys.readouterr().err
