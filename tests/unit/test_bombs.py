"""What a worker and its extractor take for the worst pages that the caps let through: a stated bound each."""

import json
from collections.abc import Callable

import pytest

from tests.processes import run_python

WORKER_MB = 2000  # 64 MB of body, and the copies of it that a charset, a scan and a text take
EXTRACTOR_MB = 1500  # the tree of 16 MB of HTML; its address space ends at 4 GB in any case

BOMBS: dict[str, Callable[[], bytes]] = {
    "a text of 60 MB": lambda: b"<p>" + b"".join(b" %d" % (i * 7919 % 1000003) for i in range(8_000_000)),
    "one of 50 MB in Cyrillic, with an emoji": lambda: ("<p>" + "река " * 5_800_000 + "\U0001f600").encode(),
    "15 MB of tags": lambda: b"<p>" + b"<b>x</b> y " * 1_400_000,
    "a tag of 15 MB": lambda: b"<div " + b"a=1 " * 3_900_000 + b">x",
    "15 MB of entities": lambda: b"<p>" + b"&lt;&#65; " * 1_500_000,
}

PROGRAM = """
import json, sys
from io import BytesIO
from pathlib import Path
from tests.unit.test_bombs import BOMBS
from tests.unit.warc_builder import http, plain, record
from udfs.extract_process import _process
from udfs.warc_file import ReadSettings, WarcFileReader

def peak_mb(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1024

data = plain(record("response", "http://b.com/", http(BOMBS[sys.argv[1]]())))
Path("/proc/self/clear_refs").write_text("5")  # what it took to make the page does not count
(page,) = WarcFileReader(BytesIO(data), "x", ReadSettings("C"))
child = _process("resiliparse")._child
print(json.dumps([page.n_chars, page.fault, peak_mb("self"), peak_mb(child.pid) if child else 0]))
"""


@pytest.mark.parametrize("bomb", BOMBS)
def test_memory_stays_below_its_bound(bomb: str) -> None:
    done = run_python(PROGRAM, bomb)

    assert done.returncode == 0, done.stderr
    n_chars, fault, worker_mb, extractor_mb = json.loads(done.stdout)
    assert n_chars or fault
    assert worker_mb < WORKER_MB
    assert extractor_mb < EXTRACTOR_MB
