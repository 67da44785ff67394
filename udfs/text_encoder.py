"""Pages -> token ids, by a model's template and tokenizer; models that share both share the work."""

from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer

from udfs.annotator import Texts
from udfs.errors import ModelError
from udfs.model_folder import InputSettings

MAX_TOKENIZER_BYTES = 64 << 20

_shared: dict[tuple[str, str], "TextEncoder"] = {}


class TextEncoder:
    """One tokenizer with one set of input settings; it remembers the batch that it encoded last."""

    def __init__(self, tokenizer: Tokenizer, settings: InputSettings) -> None:
        tokenizer.no_padding()
        tokenizer.enable_truncation(settings.max_tokens, direction=settings.truncation)
        self._tokenizer = tokenizer
        self._settings = settings
        self._last: tuple[list[str], list[list[int]]] = ([], [])

    def render(self, texts: Texts) -> list[str]:
        """Return each page as the model's template shows it, its text cut to `max_chars` first."""
        template, n = self._settings.template, self._settings.max_chars
        return [template.format(text=text[:n], url=url) for text, url in zip(texts.text, texts.url, strict=True)]

    def encode(self, inputs: list[str]) -> list[list[int]]:
        """Return the token ids of each input."""
        if inputs != self._last[0]:
            encodings = self._tokenizer.encode_batch_fast(inputs, add_special_tokens=self._settings.add_special_tokens)
            self._last = (inputs, [encoding.ids for encoding in encodings])
        return self._last[1]


def shared_encoder(path: Path, digest: str, settings: InputSettings) -> TextEncoder:
    """Return the process's encoder for a tokenizer (by digest) and settings, made once."""
    key = (digest, settings.model_dump_json())
    if key not in _shared:
        _shared[key] = TextEncoder(read_tokenizer(path), settings)
    return _shared[key]


def read_tokenizer(path: Path) -> Tokenizer:
    """Return the tokenizer in a tokenizer.json; raises ModelError if it is too large or not one."""
    if not path.is_file() or path.stat().st_size > MAX_TOKENIZER_BYTES:
        raise ModelError(f"{path}: no tokenizer.json of at most {MAX_TOKENIZER_BYTES:,} bytes there")
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:
        raise ModelError(f"{path}: not a tokenizer.json ({error}); export the tokenizer again") from error


def count_tokens(tokenizer: Tokenizer, texts: Sequence[str]) -> list[int]:
    """Return the number of tokens of each whole text, special tokens not counted."""
    return [len(item.ids) for item in tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]
