"""The text encoder: the model's own settings win over the file's, and equal work is done once."""

from pathlib import Path

from udfs.annotator import Texts
from udfs.inference.text_encoder import TextEncoder, read_tokenizer, shared_encoder
from udfs.model_store.folder import InputSettings, find_model
from udfs.tokens import DEFAULT_TOKENIZER

TOKENIZER = find_model(DEFAULT_TOKENIZER)
SETTINGS = InputSettings(template="{url}\n\n{text}", max_chars=6, max_tokens=8)


def test_the_text_is_cut_before_the_template_is_filled() -> None:
    encoder = TextEncoder(read_tokenizer(TOKENIZER), SETTINGS)
    assert encoder.render(Texts(["a longer text"], ["https://a.example/"])) == ["https://a.example/\n\na long"]


def test_braces_in_a_page_stay_as_they_are() -> None:
    encoder = TextEncoder(read_tokenizer(TOKENIZER), SETTINGS)
    assert encoder.render(Texts(["{url}"], ["{text}"])) == ["{text}\n\n{url}"]


def test_no_input_is_longer_than_max_tokens_and_none_is_padded() -> None:
    encoder = TextEncoder(read_tokenizer(TOKENIZER), SETTINGS)
    assert [len(ids) for ids in encoder.encode(["one", "word " * 100])] == [1, 8]


def test_models_with_the_same_tokenizer_and_input_share_one_encoder() -> None:
    same = shared_encoder(TOKENIZER, "digest", SETTINGS)
    assert shared_encoder(Path("elsewhere"), "digest", SETTINGS.model_copy()) is same
    assert shared_encoder(TOKENIZER, "digest", InputSettings()) is not same


def test_a_batch_is_encoded_once_and_the_next_one_anew() -> None:
    encoder = TextEncoder(read_tokenizer(TOKENIZER), SETTINGS)
    first = encoder.encode(["one", "two"])
    assert encoder.encode(["one", "two"]) is first
    assert encoder.encode(["two", "one"]) == first[::-1]
