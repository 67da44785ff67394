"""The command line without a process of its own: what it says before Spark starts."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from etl.cli import main


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
    "verb", ["", "demo", "run", "ingest", "annotate", "dedup", "plan", "mix", "report", "sql", "train"]
)
def test_each_verb_explains_itself(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*([verb] if verb else []), "--help"])

    assert ended.value.code == 0
    assert "usage: webstrata" in capsys.readouterr().out
