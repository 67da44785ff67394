"""The name of a model folder, or of an annotator of conf/annotators.yaml -> a judge."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from udfs.annotator import Annotator, Columns
from udfs.annotators import AnnotatorsConf, BlendConf, ClassifierConf, load_annotators
from udfs.classifier import Part, vouched
from udfs.conf import read_conf
from udfs.errors import ConfigError
from udfs.evaluate.judge import Judge
from udfs.inference.scores import load_scores
from udfs.model_store.folder import PACKAGE_PREFIX, find_model, read_model


def open_judge(model: str, annotators: Path | AnnotatorsConf) -> Judge:
    """Return the judge that a model folder (`package:NAME`, a path, `#CARD` behind it) or an annotator's name means.

    Raises ModelError for a folder that is none or whose model fails its trial, ConfigError for an annotator that is not
    listed, or has neither label nor score, or asks a lake whom to ask.
    """
    if model.startswith(PACKAGE_PREFIX) or "/" in model or find_model(model).is_dir():
        return _of_folder(model)
    conf = annotators if isinstance(annotators, AnnotatorsConf) else read_conf(annotators, AnnotatorsConf)
    (annotator,) = load_annotators(conf, [model])
    item = next(item for item in conf.annotators if item.name == model)
    if isinstance(item, ClassifierConf | BlendConf):
        return _of_models(item, annotator)
    if annotator.otherwise:
        raise ConfigError(f"{model} is a cascade: what speaks where is told in a lake; evaluate its models one by one")
    return _of_annotator(annotator)


def _of_folder(model: str) -> Judge:
    card = vouched(model, Part(model))
    folder = find_model(model, card.digest)
    details = {"model": model, "engine": card.engine, "digest": card.digest, "licence": card.licence}
    labels = card.labels if card.task == "labels" else ()
    run = load_scores(model, card.digest)
    return Judge(card.name, card.version, details, labels, run, [(folder, card)], card.priors)


def _of_models(item: ClassifierConf | BlendConf, annotator: Annotator) -> Judge:
    """Return the judge of an annotator of one model or several, asked for the probabilities of all labels."""
    parts = [item] if isinstance(item, ClassifierConf) else item.models
    models = [read_model(part.model, part.sha256) for part in parts]
    card = models[0][1]
    full: Annotator = item.model_copy(update={"scores": True}).build()
    column, labels = ("scores", card.labels) if card.task == "labels" else ("score", ())
    return Judge(
        annotator.name,
        annotator.version,
        annotator.details,
        labels,
        lambda texts: _rows(full(texts)[column], max(len(labels), 1)),
        models,
        item.priors or card.priors,
    )


def _of_annotator(annotator: Annotator) -> Judge:
    names = {item.name for item in annotator.fields}
    if {"label", "score"} <= names:
        return Judge(annotator.name, annotator.version, annotator.details, None, lambda texts: _said(annotator(texts)))
    if "score" in names:
        run = lambda texts: _rows(annotator(texts)["score"], 1)  # noqa: E731
        return Judge(annotator.name, annotator.version, annotator.details, (), run)
    raise ConfigError(f"the annotator {annotator.name} has neither a label nor a score; only such can be evaluated")


def _rows(column: Sequence[object], n_scores: int) -> Sequence[object]:
    """Return what a column holds as rows of scores, of NaN where it holds none."""
    nothing = [np.nan] * n_scores
    return [nothing if item is None else item if isinstance(item, list) else [item] for item in column]


def _said(columns: Columns) -> list[dict[str, float]]:
    """Return what was said of each page as label -> score: of an annotator's answer its one or two best labels."""
    answers: list[dict[str, float]] = [{} for _ in columns["label"]]
    for label_key, score_key in (("second_label", "second_score"), ("label", "score")):
        labels, scores = columns.get(label_key, ()), columns.get(score_key, ())
        for answer, label, score in zip(answers, labels, scores, strict=False):
            if label is not None:
                answer[str(label)] = float(score)  # type: ignore[arg-type]
    return answers
