"""A number of tokens -> texts to compare two models on: from a word to longer than that, of several scripts."""

import json
from pathlib import Path

from udfs.annotator import Texts
from udfs.errors import MissingInputError, UsageError

_SENTENCES = (
    "The library opens at nine on weekdays, and a volunteer helps with the old catalogue.",
    "Preheat the oven to 200 °C, toss the carrots in oil & salt, then roast for 35 minutes!",
    "def mean(values): return sum(values) / len(values)  # raises ZeroDivisionError for []",
    "BUY NOW!!! Cheap tyres, 4 for 199,99 € | free delivery | call 0800-555-0199",
    "Der Bericht nennt drei Gründe, warum die Brücke über den Fluss gesperrt bleibt.",
    "Photosynthesis turns light, water and carbon dioxide into sugar; chlorophyll absorbs mostly blue and red.",
    "Posted by mira on 3 May: has anyone got the driver to work on a second monitor? Mine flickers :(",
    "Музей открыт с десяти до шести, вход для детей свободный.",
    "The court held that the lease had ended, and remitted the question of costs.",
    "天気予報によると、明日は午後から雨が降るでしょう。",
)
_SHARES = (0.002, 0.01, 0.05, 0.25, 0.7, 1.5)  # of the longest input: a word to more than fits
_N_ROTATIONS = 4


def sample_texts(n_tokens: int) -> Texts:
    """Return 24 texts with addresses, the longest of more than `n_tokens` tokens."""
    pieces = [_text(start, max(1, round(share * n_tokens))) for share in _SHARES for start in range(_N_ROTATIONS)]
    return Texts(pieces, [f"https://site{i}.example/page/{i}" for i in range(len(pieces))])


def read_samples(path: Path) -> Texts:
    """Return the texts of a file of JSON lines with `text`, and `url` where there is one.

    Raises MissingInputError if there is no such file, UsageError if it is something else.
    """
    if not path.is_file():
        raise MissingInputError(f"no such file: {path}")
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        pages = [(str(row["text"]), str(row.get("url", ""))) for row in rows]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{path}: not JSON lines with a key `text` ({error!r})") from error
    if not pages:
        raise UsageError(f"{path}: no samples in it")
    return Texts([text for text, _ in pages], [url for _, url in pages])


def _text(start: int, n_words: int) -> str:
    """Return that many words of the sentences, from the sentence `start` on."""
    sentences = _SENTENCES[start:] + _SENTENCES[:start]
    words = "\n".join(sentences).split(" ")
    return " ".join((words * (n_words // len(words) + 1))[:n_words])
