"""Pages of more tokens than a model takes: cut, seen at both ends, or scored in chunks."""

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from udfs.annotator import Texts
from udfs.conf import parse_conf
from udfs.errors import ConfigError, ModelError
from udfs.inference.onnx_model import OnnxModel
from udfs.inference.text_encoder import TextEncoder
from udfs.inference.text_model import TextModel
from udfs.model_store.folder import InputSettings

WORDS = ["[UNK]", "[CLS]", "[SEP]", *(str(i) for i in range(100))]
CLS, SEP = 1, 2


def tokenizer() -> Tokenizer:
    """Words in digits, whose id is the number plus three; [CLS] before a page and [SEP] behind it."""
    made = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, "[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = processors.BertProcessing(("[SEP]", SEP), ("[CLS]", CLS))
    return made


def text(n_words: int) -> str:
    return " ".join(str(i) for i in range(n_words))


def ids(first: int, end: int) -> list[int]:
    return [i + 3 for i in range(first, end)]


def windows(settings: InputSettings, page: str) -> list[tuple[list[int], float]]:
    encoder = TextEncoder(tokenizer(), settings)
    (found,) = encoder.windows(encoder.render(Texts([page], ["https://a.example/"])))
    return [(list(window.ids), window.weight) for window in found]


def test_a_long_page_is_cut_unless_the_model_says_otherwise() -> None:
    assert windows(InputSettings(max_tokens=8), text(20)) == [([CLS, *ids(0, 6), SEP], 1)]


def test_head_and_tail_are_three_quarters_and_one_quarter_with_the_special_tokens_at_the_ends() -> None:
    settings = InputSettings(max_tokens=8, long="head_tail")
    assert windows(settings, text(20)) == [([CLS, *ids(0, 5), *ids(19, 20), SEP], 1)]
    assert windows(settings, text(6)) == [([CLS, *ids(0, 6), SEP], 1)]


def test_head_and_tail_of_the_characters_are_cut_likewise() -> None:
    encoder = TextEncoder(tokenizer(), InputSettings(max_chars=8, long="head_tail"))
    assert encoder.render(Texts(["0123456789"], [""])) == ["01234589"]


def test_chunks_hold_every_token_once_and_weigh_as_many_as_they_hold() -> None:
    settings = InputSettings(max_tokens=8, long="mean", add_special_tokens=False)
    assert windows(settings, text(20)) == [(ids(0, 8), 8), (ids(8, 16), 8), (ids(16, 20), 4)]
    assert windows(settings, text(8)) == [(ids(0, 8), 8)]


def test_special_tokens_frame_each_chunk_and_do_not_weigh() -> None:
    settings = InputSettings(max_tokens=8, long="mean")
    assert windows(settings, text(8)) == [([CLS, *ids(0, 6), SEP], 6), ([CLS, *ids(6, 8), SEP], 2)]


def test_chunks_beyond_the_most_are_left_out() -> None:
    settings = InputSettings(max_tokens=8, long="mean", max_chunks=2, add_special_tokens=False)
    assert [len(chunk) for chunk, _ in windows(settings, text(50))] == [8, 8]


def test_special_tokens_that_leave_no_room_are_an_error() -> None:
    with pytest.raises(ModelError, match="special tokens fill"):
        TextEncoder(tokenizer(), InputSettings(max_tokens=2, long="mean"))


@pytest.mark.parametrize("long", ["truncate", "head_tail", "mean"])
def test_a_page_without_a_token_has_no_window(long: str) -> None:
    settings = InputSettings.model_validate({"long": long, "add_special_tokens": False})
    assert windows(settings, " ") == []


def test_a_rule_that_there_is_not_is_refused() -> None:
    with pytest.raises(ConfigError, match="long"):
        parse_conf({"long": "middle"}, InputSettings, where="test")


def test_words_that_are_hashed_are_not_cut_in_chunks() -> None:
    with pytest.raises(ConfigError, match="long is truncate"):
        parse_conf({"tokenizer": "words", "long": "mean"}, InputSettings, where="test")


def test_the_logits_of_a_page_are_the_mean_of_its_chunks_weighted_by_tokens(tmp_path: Path) -> None:
    model = model_of_means(tmp_path, InputSettings(max_tokens=8, long="mean", add_special_tokens=False))

    (row,) = model(Texts([text(20)], [""]))

    # The mean of the chunks' means, weighted by tokens, is the mean of the page's; unweighted it would be 14.17.
    assert row.tolist() == [pytest.approx(np.mean(ids(0, 20))), 1]


def test_a_page_without_a_token_has_no_logits(tmp_path: Path) -> None:
    model = model_of_means(tmp_path, InputSettings(add_special_tokens=False))
    assert np.isnan(model(Texts(["", "7"], ["", ""]))).tolist() == [[True, True], [False, False]]


def model_of_means(folder: Path, settings: InputSettings) -> TextModel:
    """A graph whose logits are the mean of the ids, and one."""
    nodes = [
        helper.make_node("Cast", ["input_ids"], ["values"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["values", "axis"], ["mean"], keepdims=1),
        helper.make_node("Concat", ["mean", "one"], ["logits"], axis=1),
    ]
    constants = [
        helper.make_tensor("axis", TensorProto.INT64, [1], [1]),
        helper.make_tensor("one", TensorProto.FLOAT, [1, 1], [1]),
    ]
    inputs = [helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, "sequence"])]
    logits = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, 2])]
    graph = helper.make_graph(nodes, "means", inputs, logits, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    return TextModel(TextEncoder(tokenizer(), settings), OnnxModel(folder / "model.onnx"))
