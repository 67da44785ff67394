"""Lists of stop words that the user names -> how many of those of its language a text has."""

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import numpy as np

from udfs.conf import MAX_YAML_BYTES
from udfs.errors import ConfigError
from udfs.fineweb2_configs import read_configs
from udfs.measure.words import Words, token_records

# Gopher's, A1.1: every dialect asks for these, and each counts them in its own way.
GOPHER_STOP_WORDS = ("the", "be", "to", "of", "and", "that", "have", "with")
MAX_JSON_BYTES = 16 * MAX_YAML_BYTES
# Language -> its words, small enough to be sent to every worker.
StopWords = Mapping[str, tuple[str, ...]]


@cache
def read_stop_words(place: str) -> StopWords:
    """Return the stop words of each language: of a JSON file {language: [words]}, or of FineWeb-2's configs.

    Raises MissingInputError if there is nothing at `place`, ConfigError if it is neither.
    """
    path = Path(place).expanduser()
    if path.suffix != ".json":
        found = {label: values.get("stopwords") for label, values in read_configs(place).items()}
        return {label: _words(words, place) for label, words in found.items() if words}
    if not path.is_file() or path.stat().st_size > MAX_JSON_BYTES:
        raise ConfigError(f"{path}: no file of at most {MAX_JSON_BYTES:,} bytes")
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigError(f"{path} is not JSON: {error}") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: expected languages and their words")
    return {str(label): _words(words, place) for label, words in values.items()}


def stop_words_version(words: StopWords) -> str:
    """Return a short digest of the lists."""
    return hashlib.sha256(json.dumps({k: list(v) for k, v in sorted(words.items())}).encode()).hexdigest()[:12]


def stop_word_counter(words: StopWords) -> Callable[[Words, str | None], int | None]:
    """Return what counts the different stop words of a language among a text's tokens; None without a list of it."""
    hashes = {label: np.unique(token_records(of)["hash"]) for label, of in words.items() if of}

    def count(tokens: Words, language: str | None) -> int | None:
        known = hashes.get(language or "")
        return None if known is None else int(np.isin(known, tokens["hash"]).sum())

    return count


def _words(value: object, place: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise ConfigError(f"{place}: stop words are lists of words")
    return tuple(sorted({word for word in value if word}))
