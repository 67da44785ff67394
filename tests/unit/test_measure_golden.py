"""What datatrove 0.10.1 makes of the demo crawl, values and decisions, is what we make of it.

`python -m tests.parity.datatrove_values` wrote it, in an environment with datatrove, and writes it again.
The golden file needs spaCy to be written and not to be read: on the demo's pages both tokenizers make the same words.
"""

import gzip
import json
from io import BytesIO
from pathlib import Path

import pytest

from etl.demo.crawl import write_demo_crawl
from tests.parity.flag_presets import Measured, reasons
from udfs.annotator import Texts
from udfs.measure.c4 import c4_annotator
from udfs.measure.fineweb import fineweb_annotator
from udfs.measure.gopher import gopher_annotator
from udfs.normalise import text_digest
from udfs.warc_file import ReadSettings, WarcFileReader

GOLDEN = Path(__file__).parent / "golden" / "datatrove_demo.jsonl.gz"
ROWS = [json.loads(line) for line in gzip.decompress(GOLDEN.read_bytes()).splitlines()]
MAKERS = {"gopher": gopher_annotator, "c4": c4_annotator, "fineweb": fineweb_annotator}


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The demo's texts by page id."""
    found = {}
    for path in write_demo_crawl(tmp_path_factory.mktemp("demo")):
        stream = BytesIO(path.read_bytes())
        found |= {page.page_id: page.text for page in WarcFileReader(stream, path.name, ReadSettings(crawl="DEMO"))}
    return {page_id: text for page_id, text in found.items() if text}


@pytest.fixture(scope="module")
def measured(texts: dict[str, str]) -> dict[str, Measured]:
    """The measures by page id."""
    batch = Texts(list(texts.values()), [""] * len(texts))
    columns = {name: make(name, "fast", "en")(batch) for name, make in MAKERS.items()}
    return {
        page_id: {name: {key: column[i] for key, column in found.items()} for name, found in columns.items()}
        for i, page_id in enumerate(texts)
    }


def test_the_golden_file_is_of_the_demo_as_it_is(texts: dict[str, str]) -> None:
    told = {row["page_id"]: row["digest"] for row in ROWS}
    assert told == {page_id: text_digest(text) for page_id, text in texts.items()}


@pytest.mark.parametrize("name", MAKERS)
def test_each_value_is_datatroves(name: str, measured: dict[str, Measured]) -> None:
    for row in ROWS:
        its, ours = row["values"][name], measured[row["page_id"]][name]
        assert {key: ours[key] for key in its} == its


@pytest.mark.parametrize("preset", MAKERS)
def test_each_decision_is_datatroves_and_its_reason_the_first_flag(preset: str, measured: dict[str, Measured]) -> None:
    for row in ROWS:
        found = reasons(preset, measured[row["page_id"]])
        assert next(iter(found), None) == row["dropped_by"][preset]
