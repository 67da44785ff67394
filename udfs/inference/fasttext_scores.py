"""A folder with a fastText file -> the probabilities of its labels for each page, or that of one of them.

A published quality classifier such as DCLM's (OpenHermes-2.5 and r/ELI5 against web pages) is a card with

    engine: fasttext
    task: regression
    labels: [cc, hq]
    output: {activation: none, positive: hq, clip: [0, 1]}

Line ends become spaces, as DCLM has it; the score is the probability of `hq`, whichever label the file lists first
and whichever won. DCLM keeps pages from 0.018112 on, about a tenth of them.
"""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from udfs.annotator import Texts
from udfs.errors import ModelError
from udfs.inference.calibration import Calibration
from udfs.inference.fasttext_model import file_label, load_fasttext
from udfs.memo import Memo
from udfs.model_store.folder import InputSettings, ModelCard

Floats = npt.NDArray[np.floating]

LINE_END = "¶"
URL_MARK = "u:"
# An underscore is a mark of its own, so that no word of a page looks like one of fastText's labels.
_find_tokens = re.compile(r"[^\W_]+|[^\w ]|_").findall


def fasttext_scores(folder: Path, card: ModelCard) -> Callable[[Texts], Floats]:
    """Return what gives each page its probabilities [page, label], or [page, 1] of the card's `positive` label.

    Raises ModelError if the file is refused or has other labels than the card.
    """
    model = load_fasttext(folder / card.file_ending(".ftz", ".bin"))
    names = [file_label(label) for label in card.labels]
    if unknown := set(names).symmetric_difference(model.labels):
        raise ModelError(f"{folder}: its card and the fastText file differ in the labels {sorted(unknown)[:5]}")
    positive = card.output.positive
    wanted = slice(None) if positive is None else slice(card.labels.index(positive), card.labels.index(positive) + 1)

    calibration = Calibration(card.output.temperature, card.output.flatten)

    def compute(lines: Sequence[str]) -> list[Floats]:
        said = np.array([model.probabilities(line, names) for line in lines]).reshape(-1, len(names))
        return list(calibrated(said, calibration)[:, wanted])

    memo = Memo(compute)
    return lambda texts: np.array(memo(render(texts, card.input))).reshape(len(texts.text), -1)


def render(texts: Texts, settings: InputSettings) -> list[str]:
    """Return each page as the line that fastText reads.

    With the tokenizer `words` it is in lower case, with a space between words and marks, LINE_END for each line end,
    and first, if the template has it, the URL's words, each after URL_MARK.
    """
    pages = [(text[: settings.max_chars], url) for text, url in zip(texts.text, texts.url, strict=True)]
    if settings.tokenizer == "words":
        has_url = "{url}" in settings.template
        return [_as_words(text, url if has_url else "") for text, url in pages]
    return [settings.template.format(text=text, url=url) for text, url in pages]


def _as_words(text: str, url: str) -> str:
    of_url = (URL_MARK + word for word in _find_tokens(url.lower()))
    of_text = (LINE_END if word == "\n" else word for word in _find_tokens(text.lower()))
    return " ".join((*of_url, *of_text))


def calibrated(probabilities: Floats, calibration: Calibration) -> Floats:
    """Return rows of probabilities, calibrated by their logarithms; without a calibration just what fastText says.

    A row of zeros, a page of which fastText knows no word, stays one.
    """
    if calibration == Calibration():
        return probabilities
    is_said = probabilities.any(axis=1, keepdims=True)
    return np.where(is_said, calibration.probabilities(logarithms(probabilities)), 0.0)


def logarithms(probabilities: Floats) -> Floats:
    """Return the logarithms, which are logits; that of 0 is far below all others."""
    return np.log(np.maximum(probabilities, np.finfo(np.float32).tiny))
