"""Hashed n-grams: the graph is the twin of numpy's features, strangers count for nothing, and its table is exact."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from udfs.annotator import Texts
from udfs.conf import parse_conf
from udfs.errors import ConfigError
from udfs.inference.onnx_model import OnnxModel
from udfs.inference.word_encoder import WordEncoder
from udfs.inference.word_numbers import token_numbers
from udfs.model_store.folder import InputSettings
from udfs.train.features import weighted
from udfs.train.ngram_block import NgramBlock
from udfs.train.ngram_graph import NgramModel, quantised, write_ngram_graph
from udfs.train.ngram_table import FINGERPRINT_MASK, build_table
from udfs.train.ngrams import MIX, Ints, common_words, count_ngrams, frequent, ngram_matrix, values

ENCODER = WordEncoder(InputSettings(tokenizer="words", template="{url}\n\n{text}", max_chars=2000, max_tokens=300))
BLOCKS = (
    NgramBlock(view="folded"),
    NgramBlock(view="folded", n=2, weight=0.5),
    NgramBlock(view="raw", n=3, part="url", weight=0.4),
    NgramBlock(view="folded", n=5, part="url", weight=0.4),
    NgramBlock(view="folded", part="url_words"),
    NgramBlock(view="shape", n=3, first=8, weight=0.3),
    NgramBlock(view="style", n=2, last=6, weight=0.7),
    NgramBlock(view="stem", n=1, first=5),
)
WORDS = ("the", "The", "THE", "cat", "sat", "on", "mat", "12", "2012", "!", "\n", "iPhone", "été", "日本", "🙂")
pages_of_words = st.lists(
    st.tuples(st.text("abc/.:-9", max_size=120), st.lists(st.sampled_from(WORDS), max_size=60)), min_size=2, max_size=5
)


def _pages(*pages: tuple[str, str]) -> list[Ints]:
    texts = Texts([text for _, text in pages], [url for url, _ in pages])
    return [np.asarray(windows[0].ids) for windows in ENCODER.windows(ENCODER.render(texts))]


def _model(pages: list[Ints], n_logits: int = 3, n_common: int = 3, min_df: int = 1) -> NgramModel:
    rng, common = np.random.default_rng(0), common_words(pages, n_common)
    hashes = tuple(frequent(count_ngrams(pages, block, i, common), min_df) for i, block in enumerate(BLOCKS))
    n = sum(map(len, hashes))
    norm_weights = rng.uniform(0.1, 1, size=n).astype(np.float16).astype(np.float32)
    weights, bias = rng.normal(size=(n, n_logits)), rng.normal(size=n_logits)
    return NgramModel(BLOCKS, common, hashes, norm_weights, weights.astype(np.float32), bias.astype(np.float32))


def _expected(model: NgramModel, pages: list[Ints]) -> np.ndarray:
    """Return the logits of the pages by numpy: features times the weights as they are stored."""
    sizes = [len(hashes) for hashes in model.hashes]
    ends, block_weights = np.cumsum(sizes)[:-1], np.repeat([block.weight for block in BLOCKS], sizes).astype(np.float32)
    steps, scales, heads = quantised(model.weights, model.norm_weights, block_weights)
    stored = steps * scales[:, None] * heads / (model.norm_weights * block_weights)[:, None]
    logits = np.tile(model.bias, (len(pages), 1))
    parts = zip(model.blocks, model.hashes, np.split(model.norm_weights, ends), np.split(stored, ends), strict=True)
    for i, (block, hashes, norm_weights, weights) in enumerate(parts):
        counts = ngram_matrix(count_ngrams(pages, block, i, model.common), hashes)
        logits += weighted(counts, norm_weights, block.weight) @ weights
    return logits


@settings(max_examples=15, deadline=None)
@given(pages=pages_of_words)
def test_the_graph_computes_what_the_features_and_weights_say(
    pages: list[tuple[str, list[str]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    ids = _pages(*((url, " ".join(words)) for url, words in pages))
    model = _model(ids[:-1])  # of the last page most n-grams are strangers
    path = tmp_path_factory.mktemp("graph") / "model.onnx"
    write_ngram_graph(path, model)
    graph = OnnxModel(path)
    for page, row in zip(ids, _expected(model, ids), strict=True):
        assert np.abs(graph.logits(page) - row).max() < 1e-3


def test_a_page_of_strangers_gets_the_bias(tmp_path: Path) -> None:
    pages = _pages(("", "red green blue"), ("", "green blue red"))
    common, block = common_words(pages, 0), NgramBlock(view="folded")
    hashes = frequent(count_ngrams(pages, block, 0, common), 1)
    ones, bias = np.ones(len(hashes), np.float32), np.array([0.5, -0.5], np.float32)
    model = NgramModel((block,), common, (hashes,), ones, np.ones((len(hashes), 2), np.float32), bias)
    write_ngram_graph(tmp_path / "model.onnx", model)
    graph = OnnxModel(tmp_path / "model.onnx")
    strangers = _pages(("", " ".join(f"word{i}" for i in range(250))))[0]
    np.testing.assert_array_equal(graph.logits(strangers), bias)
    assert graph.logits(pages[0])[0] > 1


@pytest.mark.parametrize("n", [0, 1, 2, 7, 100, 3000])
def test_every_ngram_has_a_slot_of_its_own_where_it_is_found(n: int) -> None:
    hashes = np.unique(np.random.default_rng(n).integers(1, 1 << 63, n).astype(np.uint64) * np.uint64(3))
    table = build_table(hashes)
    assert len(np.unique(table.slots)) == len(hashes)
    displacements = table.displacements[(hashes >> np.uint64(table.bucket_shift)).astype(np.int64)]
    slots = (hashes * (displacements + np.uint64(MIX)) >> np.uint64(32)) % np.uint64(table.n_slots)
    np.testing.assert_array_equal(slots, table.slots)
    np.testing.assert_array_equal(table.fingerprints[table.slots], hashes & np.uint64(FINGERPRINT_MASK))


def test_two_equal_hashes_are_refused() -> None:
    with pytest.raises(ValueError, match="two n-grams have the same hash"):
        build_table(np.array([5, 5], np.uint64))


def _same(view: str, a: str, b: str, common: str = "") -> bool:
    slots = common_words(_pages(("", common), ("", common)), len(common.split()))
    first, second = values(token_numbers(f"{a} {b}")[0], view, slots)
    return bool(first == second)


def test_views_forget_what_they_say_they_forget() -> None:
    assert not _same("raw", "The", "the")
    assert _same("folded", "The", "the")
    assert _same("folded", "12", "34")
    assert not _same("folded", "12", "345")
    assert not _same("folded", "cat", "cats")
    assert _same("stem", "training", "Trainings")
    assert _same("shape", "cat", "dog")
    assert not _same("shape", "Cat", "cat")
    assert not _same("shape", "!", "?")
    assert _same("style", "cat", "dog", common="the of")
    assert not _same("style", "the", "of", common="the of")


def test_quantised_weights_are_within_half_a_step() -> None:
    rng = np.random.default_rng(0)
    weights, ones = rng.normal(size=(50, 8)).astype(np.float32) * np.logspace(-3, 3, 8, dtype=np.float32), np.ones(50)
    steps, scales, heads = quantised(weights, ones.astype(np.float32), ones.astype(np.float32))
    assert (np.abs(steps * scales[:, None] * heads - weights) <= 0.51 * scales[:, None] * heads).all()


@pytest.mark.parametrize("more", [{"part": "url", "first": 9}, {"first": 9, "last": 9}, {"n": 6}, {"first": 2}])
def test_a_block_that_makes_no_sense_is_refused(more: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        parse_conf({"view": "raw"} | more, NgramBlock, where="test")
