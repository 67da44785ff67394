"""Pages -> numbers of the words and marks of their text, and of their URL's characters and words, for n-gram models.

A page is one row of numbers: from 0 the URL's first characters (after its scheme), from URL_WORDS_AT its first words,
from TEXT_AT the text's tokens, then END_PADS pads. A pad, 0, stands before each part and fills it up: so the parts lie
at fixed places, and an n-gram may begin at every token.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from udfs.annotator import Texts
from udfs.inference.window import Window
from udfs.inference.word_numbers import KIND_MASK, MARK, character_numbers, token_numbers
from udfs.model_store.folder import InputSettings

Ints = npt.NDArray[np.int64]

URL_WORDS_AT, TEXT_AT, END_PADS = 96, 128, 4
# Pages are numbered together up to so many characters: enough to hide numpy's calls, few enough for the cache.
CHARACTERS_AT_ONCE = 1 << 15


class WordEncoder:
    """Token numbers by one set of input settings; `max_tokens` counts those of the text."""

    def __init__(self, settings: InputSettings) -> None:
        self._settings = settings

    def render(self, texts: Texts) -> list[str]:
        """Return each page as one string: its URL, a line end, and its text cut to `max_chars`."""
        n, has_url = self._settings.max_chars, "{url}" in self._settings.template
        urls = [url.replace("\n", "") if has_url else "" for url in texts.url]
        return [f"{url}\n{text[:n]}" for url, text in zip(urls, texts.text, strict=True)]

    def windows(self, inputs: Sequence[str]) -> list[list[Window]]:
        """Return one window for each input: all of it that is read."""
        return [[Window(ids)] for some in _groups(inputs) for ids in self._encode(some)]

    def _encode(self, inputs: Sequence[str]) -> Iterator[Ints]:
        pages = [rendered.partition("\n") for rendered in inputs]
        urls = [url.partition("://")[2] or url for url, _, _ in pages]
        parts = [part for url, (_, _, text) in zip(urls, pages, strict=True) for part in (url, text)]
        # A space between two parts keeps their tokens apart, and is none itself.
        numbers, starts = token_numbers(" ".join(parts))
        bounds = np.searchsorted(starts, np.cumsum([0, *(len(part) + 1 for part in parts)])).tolist()
        for i, url in enumerate(urls):
            begin, middle, end = bounds[2 * i : 2 * i + 3]
            yield _page(url, numbers[begin:middle], numbers[middle : min(end, middle + self._settings.max_tokens)])


def _page(url: str, url_words: Ints, words: Ints) -> Ints:
    ids = np.zeros(TEXT_AT + len(words) + END_PADS, np.int64)
    characters = character_numbers(url[: URL_WORDS_AT - 2])
    ids[1 : 1 + len(characters)] = characters
    url_words = url_words[url_words & KIND_MASK != MARK][: TEXT_AT - URL_WORDS_AT - 1]
    ids[URL_WORDS_AT : URL_WORDS_AT + len(url_words)] = url_words
    ids[TEXT_AT : TEXT_AT + len(words)] = words
    return ids


def _groups(inputs: Sequence[str]) -> Iterator[list[str]]:
    """Yield the inputs in groups of up to CHARACTERS_AT_ONCE characters, or of one."""
    group: list[str] = []
    n = 0
    for text in inputs:
        if group and n + len(text) > CHARACTERS_AT_ONCE:
            yield group
            group, n = [], 0
        group.append(text)
        n += len(text)
    if group:
        yield group
