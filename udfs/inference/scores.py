"""A model folder -> the scores of all labels for each page, or the one score of a regression."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from udfs.annotator import Texts
from udfs.errors import ModelError
from udfs.inference.calibration import flattened
from udfs.inference.fasttext_scores import fasttext_scores
from udfs.inference.text_model import shared_model
from udfs.model_store.folder import ModelCard, OutputSettings, read_model, verify_folder

Floats = npt.NDArray[np.floating]
Score = Callable[[Texts], Floats]  # [page, score]


def load_scores(model: str, digest: str | None = None) -> Score:
    """Return what gives each page the scores [page, label] of all labels, or [page, 1] of a regression, unrounded.

    A page that the model cannot score has a row of NaN. Raises ModelError if the folder is not one, or if `digest` is
    given and the card has another one.
    """
    folder, card = read_model(model, digest)
    if digest not in {None, card.digest}:
        raise ModelError(f"{folder}: its digest is {card.digest} here, {digest} on the driver; install the same model")
    verify_folder(folder, card)
    if card.engine == "onnx":
        return _onnx_score(folder, card)
    probabilities = fasttext_scores(folder, card)
    return lambda texts: _scaled(probabilities(texts), card.output)


def _onnx_score(folder: Path, card: ModelCard) -> Score:
    model = shared_model(folder, card)
    first, last = card.output.head, card.output.head + card.n_outputs
    return lambda texts: _activated(model(texts)[:, first:last], card.output)


def _activated(logits: Floats, output: OutputSettings) -> Floats:
    """Return the scores of rows of logits; a row with a logit that is no number is not a number throughout."""
    values = flattened(logits.astype(np.float64), output.flatten) / output.temperature
    values[~np.isfinite(values).all(axis=1)] = np.nan
    if output.activation == "softmax":
        values = np.exp(values - values.max(axis=1, keepdims=True, initial=-np.inf))
        values /= values.sum(axis=1, keepdims=True)
    elif output.activation == "sigmoid":
        values = 1.0 / (1.0 + np.exp(-np.clip(values, -500, 500)))
    return _scaled(values, output)


def _scaled(values: Floats, output: OutputSettings) -> Floats:
    values = values * output.scale + output.offset
    return np.clip(values, *output.clip) if output.clip else values
