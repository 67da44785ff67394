"""The child process: a page may kill it, and the next page finds another one."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from udfs import extract_process
from udfs.extract_process import ExtractorProcess, extract
from udfs.fault import Repair

PAGE = (
    "<title>A &amp; B</title><article><h1>Rivers</h1><p>" + "Rivers begin as springs in the hills. " * 9 + "</article>"
)
# Each `>` inside a quoted value hides the tag's end from a scan, so only the deadline can stop the parser.
SLOW = "<p>words</p><div " + " ".join(f'a{i}=">"' for i in range(60_000)) + "><p>more words</p>"


@pytest.fixture
def quick() -> ExtractorProcess:
    return ExtractorProcess("resiliparse", cpu_seconds=1)


def test_a_page_gets_the_same_title_and_text_as_without_a_process() -> None:
    found = extract(PAGE, "resiliparse")

    assert found.title == "A & B"
    assert found.text.count("springs") == 9
    assert found.repair is None


def test_a_page_that_takes_the_parser_too_long_keeps_its_words_and_the_next_page_is_read(
    quick: ExtractorProcess,
) -> None:
    started = time.process_time()

    slow = quick.extract(SLOW.encode())
    after = quick.extract(PAGE.encode())

    assert slow.repair is Repair.PARSER_OUT_OF_TIME
    assert "more words" in slow.text
    assert after.repair is None
    assert time.process_time() - started < 60


def test_a_page_that_takes_all_memory_costs_the_child_alone() -> None:
    small = ExtractorProcess("resiliparse", memory_bytes=600 << 20)
    huge = "<p>words</p>" + "<b>x</b>" * 2_000_000

    found = small.extract(huge.encode())

    assert found.repair in (Repair.PARSER_DIED, Repair.PARSER_FAILED)
    assert found.text.startswith("words")
    assert small.extract(PAGE.encode()).repair is None


def test_a_child_that_is_gone_costs_one_page(quick: ExtractorProcess) -> None:
    quick.extract(PAGE.encode())
    child = quick._child
    assert child is not None
    child.kill()
    child.wait()

    assert quick.extract(PAGE.encode()).repair is Repair.PARSER_DIED
    assert quick.extract(PAGE.encode()).repair is None


def test_a_fork_has_a_child_of_its_own(quick: ExtractorProcess) -> None:
    quick.extract(PAGE.encode())
    pid = os.fork()
    if not pid:
        os._exit(0 if quick.extract(PAGE.encode()).repair is None else 1)

    assert os.waitpid(pid, 0)[1] == 0
    assert quick.extract(PAGE.encode()).repair is None


def test_the_child_ends_with_its_parent() -> None:
    program = (
        "import sys; from udfs.extract_process import extract, _process;"
        "extract('<p>x', 'resiliparse'); print(_process('resiliparse')._child.pid)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    process, deadline = Path("/proc") / done.stdout.strip(), time.monotonic() + 30
    while process.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not process.exists()


def test_text_that_is_no_unicode_goes_through() -> None:
    assert "Rivers" in extract(PAGE + "\ud800<p>x", "resiliparse").text


def test_an_answer_that_was_not_read_to_its_end_is_never_the_next_pages(
    quick: ExtractorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(stream: object, n: int) -> bytes:
        raise MemoryError

    quick.extract(PAGE.encode())
    with monkeypatch.context() as patch:
        patch.setattr(extract_process, "_read", fail)
        with pytest.raises(MemoryError):
            quick.extract(b"<p>the page before")

    assert "Rivers" in quick.extract(PAGE.encode()).text


def test_a_process_that_does_not_start_is_an_error_and_not_a_worse_text(
    quick: ExtractorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", shutil.which("false"))

    with pytest.raises(OSError, match="does not start"):
        quick.extract(PAGE.encode())
