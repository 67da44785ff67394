"""E-mail and IPv4 addresses are masked as datatrove's own formatter masks them, on real texts and on hostile ones.

datatrove lives in an environment of its own, with pytest and hypothesis beside it:
`PYTHONPATH=. ITS_PYTHON -m pytest -o addopts= --import-mode=importlib --noconftest tests/parity/test_personal.py`.
"""

import gzip
import json

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.shared import SHARED, needs_shared
from udfs.measure.personal import mask

pii = pytest.importorskip("datatrove.pipeline.formatters.pii", reason="datatrove is not installed here")

KINDS = ("email", "ipv4")
FILES = (
    "text/c4_sample_500.jsonl.gz",
    "text/dolma_cc_en_head_20.jsonl.gz",
    "labelled/registers/core_en.jsonl.gz",
    "labelled/registers/core_multilingual.jsonl.gz",
    "labelled/toxicity_pii/presidio_synth_pii.jsonl.gz",
    "labelled/weborganizer/weborganizer_examples.dev.jsonl.gz",
)
PIECES = st.sampled_from(
    (
        *("a", "b1", "é", "中", "_", "-", ".", "..", "@", "@@", "!", "+", " ", "\n", "x.y", "com", "me@x.org"),
        *("[1.2.3.4]", "[1.2.3.a-b:]", "8.8.8.8", "192.168.0.1", "256", "1", "9.", "08.", "25"),
    )
)


def theirs(text: str) -> str:
    return str(pii.PIIFormatter().format(text))


def placeholders() -> tuple[str, ...]:
    formatter = pii.PIIFormatter()
    return (*formatter.emails_replacer.replacements, *formatter.ip_replacer.replacements)


@needs_shared
@pytest.mark.parametrize("name", FILES)
def test_real_texts_are_masked_alike(name: str) -> None:
    lines = gzip.decompress((SHARED / name).read_bytes()).splitlines()
    texts = [
        text for line in lines if (text := json.loads(line)["text"]) and not any(p in text for p in placeholders())
    ]
    assert texts
    assert sum(mask(text, KINDS)[0] != theirs(text) for text in texts) == 0


@settings(max_examples=5_000, deadline=None)
@given(st.lists(PIECES, max_size=25).map("".join))
def test_hostile_texts_are_masked_alike(text: str) -> None:
    assume(not any(placeholder in text for placeholder in placeholders()))
    assert mask(text, KINDS)[0] == theirs(text)


def test_a_placeholder_is_replaced_there_and_left_alone_here() -> None:
    text = "a@b.de email@example.com"
    assert theirs(text) == "email@example.com firstname.lastname@example.org"
    assert mask(text, KINDS)[0] == "email@example.com email@example.com"
