"""Pages -> token ids, by a model's template and tokenizer; models that share both share the work."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from tokenizers import Tokenizer

from udfs.annotator import Texts
from udfs.errors import ModelError
from udfs.inference.window import Window, cut_by, head_tail
from udfs.model_store.folder import InputSettings
from udfs.model_store.tokenizer_file import check_tokenizer

_shared: dict[tuple[str, str], "TextEncoder"] = {}


class Encoder(Protocol):
    """What turns pages into a model's input; pages that render the same have the same windows."""

    def render(self, texts: Texts) -> list[str]: ...

    def windows(self, inputs: Sequence[str]) -> list[list[Window]]: ...


class TextEncoder:
    """One tokenizer with one set of input settings; it remembers the batch that it encoded last."""

    def __init__(self, tokenizer: Tokenizer, settings: InputSettings) -> None:
        tokenizer.no_padding()
        if settings.long == "truncate":
            tokenizer.enable_truncation(settings.max_tokens, direction=settings.truncation)
        else:
            tokenizer.no_truncation()
        self._adds_special_tokens = settings.add_special_tokens and settings.long != "mean"
        self._cut = cut_by(tokenizer, settings)
        self._tokenizer = tokenizer
        self._settings = settings
        self._last: tuple[list[str], list[list[int]]] = ([], [])

    def render(self, texts: Texts) -> list[str]:
        """Return each page as the model's template shows it, its text cut to `max_chars` first."""
        template, n = self._settings.template, self._settings.max_chars
        n_of_both_ends = n if self._settings.long == "head_tail" else None
        pages = [head_tail(text, n_of_both_ends) if n_of_both_ends else text[:n] for text in texts.text]
        return [template.format(text=text, url=url) for text, url in zip(pages, texts.url, strict=True)]

    def windows(self, inputs: Sequence[str]) -> list[list[Window]]:
        """Return the windows of each input; one without tokens has none."""
        return [self._cut(ids) for ids in self.encode(list(inputs))]

    def encode(self, inputs: list[str]) -> list[list[int]]:
        """Return the token ids of each input: at most `max_tokens` by the rule `truncate`, else all."""
        if inputs != self._last[0]:
            encodings = self._tokenizer.encode_batch_fast(inputs, add_special_tokens=self._adds_special_tokens)
            self._last = (inputs, [encoding.ids for encoding in encodings])
        return self._last[1]


def shared_encoder(path: Path, digest: str, settings: InputSettings) -> TextEncoder:
    """Return the process's encoder for a tokenizer (by digest) and settings, made once."""
    key = (digest, settings.model_dump_json())
    if key not in _shared:
        _shared[key] = TextEncoder(read_tokenizer(path), settings)
    return _shared[key]


def read_tokenizer(path: Path) -> Tokenizer:
    """Return the tokenizer in a tokenizer.json, without the padding and the truncation that it may preset.

    Raises ModelError if it is not one or holds anything that we refuse.
    """
    check_tokenizer(path)
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:
        raise ModelError(f"{path}: not a tokenizer.json ({error}); export the tokenizer again") from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def count_tokens(tokenizer: Tokenizer, texts: Sequence[str]) -> list[int]:
    """Return the number of tokens of each whole text, special tokens not counted."""
    return [len(item.ids) for item in tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]
