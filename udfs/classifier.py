"""A model folder -> an annotator: label, id, score and second label, or one score of a regression."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from udfs.annotator import AnnotationField, Annotator, Columns, Predict, Texts, rounded
from udfs.errors import ModelError
from udfs.fasttext_model import load_fasttext
from udfs.model_folder import ModelCard, OutputSettings, find_model, portable, read_card, verify_folder
from udfs.onnx_model import OnnxModel
from udfs.text_encoder import shared_encoder

Floats = npt.NDArray[np.floating]
Score = Callable[[Texts], list[Floats]]


def classifier_annotator(name: str, model: str, sha256: str | None = None) -> Annotator:
    """Return the annotator of a model folder (`package:topic` or a path).

    `sha256` pins the folder's digest; raises ModelError if it differs or the folder is not one.
    """
    model = portable(model)
    card = read_card(find_model(model))
    verify_folder(find_model(model), card)  # here, before thousands of tasks find it out
    if sha256 not in {None, card.digest}:
        raise ModelError(
            f"annotator {name}: the model in {find_model(model)} has digest {card.digest}, the config pins {sha256}; "
            f"put the pinned model back, or pin the new digest"
        )
    return Annotator(
        name=name,
        version=f"{card.name}-{card.version}-{card.digest[:12]}",
        fields=_label_fields(name) if card.task == "labels" else _score_fields(card),
        load=partial(_load, model, card.digest),
        details={"engine": card.engine, "model": model, "digest": card.digest},
    )


def _label_fields(name: str) -> tuple[AnnotationField, ...]:
    return (
        AnnotationField("label", "STRING", f"the likeliest {name}"),
        AnnotationField("id", "INT", "its place in the model's list of labels, from 0"),
        AnnotationField("score", "DOUBLE", "its probability, 0 to 1"),
        AnnotationField("second_label", "STRING", f"the second likeliest {name}"),
        AnnotationField("second_score", "DOUBLE", "its probability, 0 to 1"),
    )


def _score_fields(card: ModelCard) -> tuple[AnnotationField, ...]:
    clip = card.output.clip
    between = f"{clip[0]:g} to {clip[1]:g}" if clip else "0 to 1" if card.output.activation == "sigmoid" else "any"
    return (AnnotationField("score", "DOUBLE", f"{card.description or card.name} ({between})"),)


def _load(model: str, digest: str) -> Predict:
    """Open the model in this process, after checking that it is the one that the driver saw."""
    folder = find_model(model)
    card = read_card(folder)
    if card.digest != digest:
        raise ModelError(f"{folder}: its digest is {card.digest} here, {digest} on the driver; install the same model")
    verify_folder(folder, card)
    score = _fasttext_score(folder, card) if card.engine == "fasttext" else _onnx_score(folder, card)
    return partial(_predict_labels, score, card.labels) if card.task == "labels" else partial(_predict_score, score)


def _onnx_score(folder: Path, card: ModelCard) -> Score:
    model = OnnxModel(folder / card.file_ending(".onnx"))
    n_expected = len(card.labels) if card.task == "labels" else card.output.head + 1
    if model.n_logits < n_expected or (card.task == "labels" and model.n_logits != n_expected):
        raise ModelError(f"{folder}: the graph gives {model.n_logits} logits, model.yaml needs {n_expected}")
    tokenizer = card.file_ending(".json")
    encoder = shared_encoder(folder / tokenizer, card.files[tokenizer], card.input)

    def score(texts: Texts) -> list[Floats]:
        inputs = encoder.render(texts)
        known: dict[str, Floats] = {}
        for text, ids in zip(inputs, encoder.encode(inputs), strict=True):
            if text not in known:
                known[text] = _activated(model.logits(ids), card.output, card.task)
        return [known[text] for text in inputs]

    return score


def _fasttext_score(folder: Path, card: ModelCard) -> Score:
    if card.task == "regression":
        raise ModelError(f"{folder}: a fastText model has labels; task must be `labels`")
    model = load_fasttext(folder / card.file_ending(".ftz", ".bin"))
    unknown = {f"__label__{label}" for label in card.labels}.symmetric_difference(model.labels)
    if unknown:
        raise ModelError(f"{folder}: model.yaml and the fastText file differ in the labels {sorted(unknown)[:5]}")
    names = [f"__label__{label}" for label in card.labels]
    template, n = card.input.template, card.input.max_chars

    def score(texts: Texts) -> list[Floats]:
        pages = zip(texts.text, texts.url, strict=True)
        return [model.probabilities(template.format(text=text[:n], url=url), names) for text, url in pages]

    return score


def _activated(logits: Floats, output: OutputSettings, task: str) -> Floats:
    """Return the scores of a row of logits: of all labels, or of the one head of a regression."""
    values = logits.astype(np.float64) / output.temperature
    if task == "regression":
        values = values[output.head : output.head + 1]
    if not np.isfinite(values).all():
        return np.full_like(values, np.nan)
    if output.activation == "softmax":
        values = np.exp(values - values.max())
        values /= values.sum()
    elif output.activation == "sigmoid":
        values = 1.0 / (1.0 + np.exp(-np.clip(values, -500, 500)))
    values = values * output.scale + output.offset
    return np.clip(values, *output.clip) if output.clip else values


def _predict_labels(score: Score, labels: Sequence[str], texts: Texts) -> Columns:
    rows = [_two_best(row, labels) for row in score(texts)]
    names = ("label", "id", "score", "second_label", "second_score")
    return {name: [row[i] for row in rows] for i, name in enumerate(names)}


def _two_best(row: Floats, labels: Sequence[str]) -> tuple[object, ...]:
    if not np.isfinite(row).all():
        return (None,) * 5
    # A stable order: of two equal scores the lower id comes first, on every machine.
    first, second = np.argsort(-row, kind="stable")[:2]
    return labels[first], int(first), rounded(row[first]), labels[second], rounded(row[second])


def _predict_score(score: Score, texts: Texts) -> Columns:
    return {"score": [rounded(row[0]) if np.isfinite(row[0]) else None for row in score(texts)]}
