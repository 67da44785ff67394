"""A model folder -> a row of logits for each page; annotators that share files and input share tokens and runs."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from udfs.annotator import Texts
from udfs.errors import ModelError
from udfs.inference.onnx_model import OnnxModel
from udfs.inference.text_encoder import Encoder, shared_encoder
from udfs.inference.window import Window
from udfs.inference.word_encoder import WordEncoder
from udfs.memo import Memo
from udfs.model_store.folder import ModelCard

Floats = npt.NDArray[np.float32]

_shared: dict[tuple[str, ...], "TextModel"] = {}


class TextModel:
    """An encoder and a graph: pages that render the same, in one batch or for several annotators, are run once."""

    def __init__(self, encoder: Encoder, graph: OnnxModel) -> None:
        self.n_logits = graph.n_logits
        self._encoder, self._graph = encoder, graph
        self._rows = Memo(self._run)

    def __call__(self, texts: Texts) -> Floats:
        """Return the logits [page, logit]."""
        rows = self._rows(self._encoder.render(texts))
        return np.array(rows, np.float32).reshape(len(rows), self.n_logits)

    def _run(self, inputs: Sequence[str]) -> list[Floats]:
        return [self._row(windows) for windows in self._encoder.windows(inputs)]

    def _row(self, windows: Sequence[Window]) -> Floats:
        """Return the mean of the windows' logits, by their weights; of one window as they are, of none NaN."""
        if not windows:
            return np.full(self.n_logits, np.nan, np.float32)
        if len(windows) == 1:
            return self._graph.logits(windows[0].ids)
        rows = [self._graph.logits(window.ids) for window in windows]
        return np.average(rows, axis=0, weights=[window.weight for window in windows]).astype(np.float32)


def shared_model(folder: Path, card: ModelCard) -> TextModel:
    """Return the process's model of the card's files (by digest) and input settings, opened once.

    Raises ModelError if a file is refused or the graph gives fewer logits than the card needs.
    """
    graph = card.file_ending(".onnx")
    key = (*sorted(card.files.values()), card.input.model_dump_json())
    if key not in _shared:
        _shared[key] = TextModel(encoder_of(folder, card), OnnxModel(folder / graph))
    model, n_needed = _shared[key], card.output.head + card.n_outputs
    if model.n_logits < n_needed:
        raise ModelError(f"{folder}: the graph gives {model.n_logits} logits, the card of {card.name} needs {n_needed}")
    return model


def encoder_of(folder: Path, card: ModelCard) -> Encoder:
    """Return what numbers the tokens of pages for the card."""
    if card.input.tokenizer == "words":
        return WordEncoder(card.input)
    tokenizer = card.file_ending(".json")
    return shared_encoder(folder / tokenizer, card.files[tokenizer], card.input)
