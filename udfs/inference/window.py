"""All token ids of a page -> the windows that a model sees at once, by the model's rule for long pages.

truncate    the first `max_tokens` (or the last, by `truncation`): what most classifiers were trained with
head_tail   three quarters of `max_tokens` from the page's beginning, a quarter from its end; so too of `max_chars`
mean        chunks of `max_tokens`, none overlapping, of them the first `max_chunks`; the page's logits are the mean of
            theirs, weighted by their tokens (QuRating, arXiv 2402.09739: chunks of 512 without special tokens)
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from udfs.errors import ModelError
from udfs.model_store.folder import InputSettings

TAIL_SHARE = 4  # a quarter

Page = TypeVar("Page", list[int], str)
Cut = Callable[[list[int]], list["Window"]]


class Window(NamedTuple):
    """A part of a page that a model sees at once: its token ids, and its share in the page's logits."""

    ids: Sequence[int] | npt.NDArray[np.int64]
    weight: float = 1.0


def cut_by(tokenizer: Tokenizer, settings: InputSettings) -> Cut:
    """Return what cuts a page's token ids into windows; a page without tokens has none.

    The ids come with the special tokens that the settings ask for, except by the rule `mean`, which adds them to
    each chunk. Raises ModelError if they leave no room in a chunk.
    """
    n = settings.max_tokens
    if settings.long == "head_tail":
        return lambda ids: [Window(head_tail(ids, n))] if ids else []
    if settings.long == "truncate":
        return lambda ids: [Window(ids)] if ids else []
    before, after = _special_tokens(tokenizer) if settings.add_special_tokens else ([], [])
    room = n - len(before) - len(after)
    if room < 1:
        raise ModelError(f"max_tokens is {n}, which the tokenizer's special tokens fill; raise it")
    return lambda ids: [Window(before + chunk + after, len(chunk)) for chunk in chunks(ids, room, settings.max_chunks)]


def head_tail(page: Page, n: int) -> Page:
    """Return at most n ids or characters: those at both ends, a quarter of n (rounded down) from the end."""
    n_tail = n // TAIL_SHARE
    return page if len(page) <= n else page[: n - n_tail] + page[len(page) - n_tail :]


def chunks(ids: list[int], size: int, n_most: int) -> list[list[int]]:
    """Return the ids in chunks of `size`, the last one shorter, of at most the first `n_most` chunks."""
    return [ids[start : start + size] for start in range(0, min(len(ids), size * n_most), size)]


def _special_tokens(tokenizer: Tokenizer) -> tuple[list[int], list[int]]:
    """Return the special tokens that the tokenizer puts before and after a text."""
    plain, framed = (tokenizer.encode("a", add_special_tokens=with_them).ids for with_them in (False, True))
    n_before = next(i for i in range(len(framed) + 1) if framed[i : i + len(plain)] == plain)
    return framed[:n_before], framed[n_before + len(plain) :]
