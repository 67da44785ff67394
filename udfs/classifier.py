"""One or several model folders -> an annotator: label, id, score and second label, or one score of a regression."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256 as sha256_of
from typing import NamedTuple

import numpy as np

from udfs.annotator import AnnotationField, Annotator, Columns, Predict, Texts, rounded
from udfs.errors import ConfigError, ModelError
from udfs.inference.priors import Floats as Shares
from udfs.inference.priors import correct, normalised
from udfs.inference.scores import Floats, Score, load_scores
from udfs.model_store.folder import PACKAGE_PREFIX, ModelCard, portable, read_model, verify_folder
from udfs.model_store.trial import try_model

TINY = 1e-12  # a probability of 0 must not silence the other models of a blend


class Part(NamedTuple):
    """A model of a blend: its name, its weight beside the others, and the digest it must have where one is given."""

    model: str
    weight: float = 1.0
    sha256: str | None = None


@dataclass(frozen=True)
class Answer:
    """What becomes of the probabilities: corrected for `priors` (label -> share); all of them kept as `scores`."""

    priors: Mapping[str, float] = field(default_factory=dict)
    keeps_scores: bool = False


def classifier_annotator(name: str, model: str, sha256: str | None = None, answer: Answer = Answer()) -> Annotator:
    """Return the annotator of a model folder (`package:web` or a path), or of one of its cards (`package:web#topic`).

    `sha256` pins the card's digest; raises ModelError if it differs or the folder is not one.
    """
    return blend_annotator(name, [Part(model, sha256=sha256)], answer)


def blend_annotator(name: str, parts: Sequence[Part], answer: Answer = Answer()) -> Annotator:
    """Return the annotator of several models that speak as one.

    Labels: the weighted mean of log-probabilities, made to sum to 1 again (a logarithmic opinion pool, Genest & Zidek
    1986). Regressions: the weighted mean of scores. Raises ModelError if the models have different labels or one has
    changed, ConfigError for priors that do not fit.
    """
    cards = [vouched(name, part) for part in parts]
    first = cards[0]
    if any((card.task, card.labels) != (first.task, first.labels) for card in cards):
        raise ModelError(f"annotator {name}: its models have different labels; blend models of the same taxonomy")
    if answer.priors:
        _check_priors(name, answer.priors, first)
    models = [Part(portable(part.model), part.weight, card.digest) for part, card in zip(parts, cards, strict=True)]
    return Annotator(
        name=name,
        version=_version(cards, models, answer),
        fields=_label_fields(name, answer) if first.task == "labels" else _score_fields(first),
        load=partial(_load, tuple(models), answer),
        details={
            "engine": "+".join(card.engine for card in cards),
            "model": "+".join(part.model for part in models),
            "digest": "+".join(card.digest for card in cards),
        },
    )


def vouched(name: str, part: Part) -> ModelCard:
    """Return the card of a model for the annotator `name`, checked here, before thousands of tasks find out.

    Its files have their digests, and a model that nobody pinned is tried first. Raises ModelError if it is refused.
    """
    folder, card = read_model(part.model, part.sha256)
    verify_folder(folder, card)
    if part.sha256 not in {None, card.digest}:
        raise ModelError(
            f"annotator {name}: the model in {folder} has digest {card.digest}, the config pins {part.sha256}; "
            f"put the pinned model back, or pin the new digest"
        )
    if part.sha256 is None and not part.model.startswith(PACKAGE_PREFIX):  # nobody has vouched for it
        try_model(portable(part.model), card)
    return card


def _check_priors(name: str, priors: Mapping[str, float], card: ModelCard) -> None:
    if card.task != "labels":
        raise ConfigError(f"annotator {name}: only labels have priors, and its model gives a score")
    if unknown := sorted(set(priors) ^ set(card.labels)):
        raise ConfigError(f"annotator {name}: priors and the model's labels differ in {', '.join(unknown[:5])}")
    normalised(priors, card.labels, where=f"priors of annotator {name}")


def _version(cards: Sequence[ModelCard], parts: Sequence[Part], answer: Answer) -> str:
    """Return what changes whenever an answer may: the models, and of the rest a digest where there is any."""
    models = "+".join(f"{card.name}-{card.version}-{card.digest[:12]}" for card in cards)
    weights = [part.weight for part in parts] if len(parts) > 1 else []
    if not (weights or answer.priors or answer.keeps_scores):
        return models
    trained = [sorted(card.priors.items()) for card in cards] if answer.priors else []
    rest = repr((weights, sorted(answer.priors.items()), trained, answer.keeps_scores))
    return f"{models}-{sha256_of(rest.encode()).hexdigest()[:8]}"


def _label_fields(name: str, answer: Answer) -> tuple[AnnotationField, ...]:
    all_scores = AnnotationField("scores", "ARRAY<FLOAT>", "the probabilities of all labels, by id")
    return (
        AnnotationField("label", "STRING", f"the likeliest {name}"),
        AnnotationField("id", "INT", "its place in the model's list of labels, from 0"),
        AnnotationField("score", "DOUBLE", "its probability, 0 to 1"),
        AnnotationField("second_label", "STRING", f"the second likeliest {name}"),
        AnnotationField("second_score", "DOUBLE", "its probability, 0 to 1"),
        *([all_scores] if answer.keeps_scores else []),
    )


def _score_fields(card: ModelCard) -> tuple[AnnotationField, ...]:
    clip = card.output.clip
    between = f"{clip[0]:g} to {clip[1]:g}" if clip else "0 to 1" if card.output.activation == "sigmoid" else "any"
    return (AnnotationField("score", "DOUBLE", f"{card.description or card.name} ({between})"),)


def _load(parts: Sequence[Part], answer: Answer) -> Predict:
    """Open the models in this process, after checking that they are those that the driver saw."""
    scores = [load_scores(part.model, part.sha256) for part in parts]
    cards = [read_model(part.model, part.sha256)[1] for part in parts]
    card = cards[0]
    score = scores[0] if len(parts) == 1 else partial(_blended, scores, [part.weight for part in parts], card.task)
    if card.task != "labels":
        return partial(_predict_score, score)
    if answer.priors:
        new = normalised(answer.priors, card.labels, where=card.name)
        score = partial(_corrected, score, _trained_priors(cards, [part.weight for part in parts]), new)
    return partial(_predict_labels, score, card.labels, answer.keeps_scores)


def _blended(scores: Sequence[Score], weights: Sequence[float], task: str, texts: Texts) -> Floats:
    rows = np.array([score(texts) for score in scores])
    if task != "labels":
        return np.asarray(np.average(rows, axis=0, weights=weights))
    means = np.average(np.log(np.maximum(rows, TINY)), axis=0, weights=weights)
    powers = np.exp(means - means.max(axis=1, keepdims=True, initial=-np.inf))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _trained_priors(cards: Sequence[ModelCard], weights: Sequence[float]) -> Shares:
    """Return the shares of the labels that the models were trained with, each counting for its weight."""
    even = dict.fromkeys(cards[0].labels, 1.0)
    shares = [normalised(card.priors or even, card.labels, where=card.name) for card in cards]
    return np.asarray(np.average(shares, axis=0, weights=weights), np.float64)


def _corrected(score: Score, trained: Shares, new: Shares, texts: Texts) -> Floats:
    return correct(score(texts).astype(np.float64), trained, new)


def _predict_labels(score: Score, labels: Sequence[str], keeps_scores: bool, texts: Texts) -> Columns:
    found = score(texts)
    rows = [_two_best(row, labels) for row in found]
    names = ("label", "id", "score", "second_label", "second_score")
    columns: dict[str, Sequence[object]] = {name: [row[i] for row in rows] for i, name in enumerate(names)}
    if keeps_scores:
        columns["scores"] = [_kept(row) for row in found]
    return columns


def _kept(row: Floats) -> list[float] | None:
    return list(map(rounded, row)) if np.isfinite(row).all() else None


def _two_best(row: Floats, labels: Sequence[str]) -> tuple[object, ...]:
    if not np.isfinite(row).all():
        return (None,) * 5
    # A stable order: of two equal scores the lower id comes first, on every machine.
    first, second = np.argsort(-row, kind="stable")[:2]
    return labels[first], int(first), rounded(row[first]), labels[second], rounded(row[second])


def _predict_score(score: Score, texts: Texts) -> Columns:
    return {"score": [rounded(row[0]) if np.isfinite(row[0]) else None for row in score(texts)]}
