"""A recipe and labelled pages -> a model folder: model.onnx, tokenizer.json, model.yaml, README.md."""

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
import yaml

from udfs.conf import read_conf
from udfs.errors import ConfigError
from udfs.model_folder import CARD_NAME, ModelCard, find_model
from udfs.onnx_model import OnnxModel
from udfs.text_encoder import TextEncoder, read_tokenizer
from udfs.train.card import render_card
from udfs.train.dataset import Dataset, read_dataset, split_by_group
from udfs.train.features import block_counts, bucket_weights, lay_out, weighted
from udfs.train.graph import write_graph
from udfs.train.linear import best_temperature, fit_linear, softmax
from udfs.train.metrics import Ints, confusion, label_metrics, score_metrics
from udfs.train.recipe import Recipe, Taxonomy, beside
from udfs.train.views import Vocabulary, read_vocabulary

Floats = npt.NDArray[np.float32]
BINARY = ("no", "yes")


@dataclass(frozen=True)
class _Bench:
    """Everything that the fits of one recipe share."""

    recipe: Recipe
    labels: tuple[str, ...]
    data: Dataset
    pages: list[list[int]]
    vocabulary: Vocabulary
    counts: list[sp.csr_matrix]

    def train(self, rows: Ints, path: Path) -> None:
        """Write the graph fitted on these rows."""
        blocks, fit = self.recipe.blocks, self.recipe.fit
        part = self.data.part(rows)
        targets = part.targets(len(self.labels))
        buckets = [bucket_weights(counts[rows], targets, fit) for counts in self.counts]
        parts = [weighted(c[rows], f, b.weight) for c, f, b in zip(self.counts, buckets, blocks, strict=True)]
        linear = fit_linear(
            sp.hstack(parts, format="csr"),
            targets,
            part.confidence**fit.confidence_power,
            l2=fit.l2,
            iterations=fit.iterations,
        )
        weights, bias = linear.weights, linear.bias
        if self.recipe.task == "regression":
            # One logit whose sigmoid is the softmax of the two.
            weights, bias = weights[:, 1:] - weights[:, :1], bias[1:] - bias[:1]
        write_graph(path, self.vocabulary, blocks, np.concatenate(buckets), weights, bias)

    def held_out(self, train: Ints, test: Ints) -> Floats:
        """Return two or more logits of each test row, by the stored model of a fit on the train rows."""
        with TemporaryDirectory() as folder:
            path = Path(folder) / "model.onnx"
            self.train(train, path)
            model = OnnxModel(path)
            logits = np.array([model.logits(self.pages[i]) for i in test])
        return np.hstack([np.zeros_like(logits), logits]) if self.recipe.task == "regression" else logits


def train_classifier(recipe: Path, data: Sequence[Path], out: Path) -> dict[str, float]:
    """Train the recipe on the labelled pages, write the model folder `out`, and return its held-out figures.

    The figures are of a model fitted without the test pages; the model written is then fitted on all of them.
    """
    conf = read_conf(recipe, Recipe)
    bench = _prepare(conf, _labels(conf, recipe), read_dataset(data, conf.data))
    temperature, metrics, counts = _cross_validate(bench) if conf.folds else _evaluate(bench)
    out.mkdir(parents=True, exist_ok=True)
    bench.train(np.arange(len(bench.data)), out / "model.onnx")
    shutil.copyfile(find_model(conf.tokenizer), out / "tokenizer.json")
    card = _card(bench, temperature, metrics, out)
    text = yaml.safe_dump(card.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=110)
    (out / CARD_NAME).write_text(text, encoding="utf-8")
    (out / "README.md").write_text(render_card(conf, card, counts, _how(bench)), encoding="utf-8")
    return metrics


def _labels(conf: Recipe, recipe: Path) -> tuple[str, ...]:
    if conf.task == "regression":
        return BINARY
    if not conf.taxonomy:
        raise ConfigError(f"{recipe}: a model of labels needs `taxonomy`, a YAML file with their names")
    return read_conf(beside(recipe, conf.taxonomy), Taxonomy).names


def _prepare(conf: Recipe, labels: tuple[str, ...], data: Dataset) -> _Bench:
    if data.labels.min() < 0 or data.labels.max() >= len(labels):
        raise ConfigError(
            f"label ids go from {data.labels.min()} to {data.labels.max()}; there are {len(labels)} labels"
        )
    tokenizer = read_tokenizer(find_model(conf.tokenizer))
    vocabulary = read_vocabulary(tokenizer)
    encoder = TextEncoder(tokenizer, conf.input)
    pages = encoder.encode(encoder.render(data.pages))
    tokens = lay_out(pages, vocabulary)
    counts = [block_counts(tokens, block, vocabulary) for block in conf.blocks]
    return _Bench(conf, labels, data, pages, vocabulary, counts)


def _evaluate(bench: _Bench) -> tuple[float, dict[str, float], Ints]:
    """Return temperature, figures and confusion: part 0 is the test, part 1 sets the temperature."""
    data = bench.data
    part = split_by_group(data.groups, round(1 / bench.recipe.test_share), bench.recipe.seed)
    test, tuning = np.flatnonzero(part == 0), np.flatnonzero(part == 1)
    temperature = best_temperature(bench.held_out(np.flatnonzero(part > 1), tuning), data.labels[tuning])
    logits = bench.held_out(np.flatnonzero(part > 0), test)
    return temperature, *_figures(bench, logits, test, temperature)


def _cross_validate(bench: _Bench) -> tuple[float, dict[str, float], Ints]:
    """Return temperature, figures and confusion over all pages, each by a model that has not seen its part."""
    part = split_by_group(bench.data.groups, bench.recipe.folds, bench.recipe.seed)
    logits = np.zeros((len(part), len(bench.labels)), np.float32)
    for fold in range(bench.recipe.folds):
        test = np.flatnonzero(part == fold)
        logits[test] = bench.held_out(np.flatnonzero(part != fold), test)
    temperature = best_temperature(logits, bench.data.labels)
    return temperature, *_figures(bench, logits, np.arange(len(part)), temperature)


def _figures(bench: _Bench, logits: Floats, rows: Ints, temperature: float) -> tuple[dict[str, float], Ints]:
    data, probabilities = bench.data.part(rows), softmax(logits, temperature)
    counts = confusion(probabilities, data.labels)
    if bench.recipe.task == "regression":
        return score_metrics(probabilities[:, 1], data.labels), counts
    return label_metrics(probabilities, data.labels, data.confidence, bench.recipe.data.sure), counts


def _card(bench: _Bench, temperature: float, metrics: dict[str, float], out: Path) -> ModelCard:
    recipe, is_score = bench.recipe, bench.recipe.task == "regression"
    files = {name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in ("model.onnx", "tokenizer.json")}
    values = {
        "name": recipe.name,
        "version": recipe.version,
        "description": recipe.description,
        "task": recipe.task,
        "labels": () if is_score else bench.labels,
        "input": recipe.input,
        "output": {"activation": "sigmoid" if is_score else "softmax", "temperature": round(temperature, 4)},
        "files": files,
        "licence": recipe.licence,
        "training": recipe.training,
        "metrics": metrics,
    }
    return ModelCard.model_validate(values)


def _how(bench: _Bench) -> list[str]:
    recipe, n = bench.recipe, len(bench.data)
    split = (
        f"{recipe.folds}-fold cross-validation; one temperature was fitted on all held-out scores"
        if recipe.folds
        else f"{recipe.test_share:.0%} of the groups held out (hash of the group, seed `{recipe.seed}`); "
        "the temperature comes from an inner split"
    )
    return [
        f"{n:,} pages, split by `{recipe.data.group or 'page'}`: {split}.",
        "The figures are those of the stored form (int8 weights, ONNX Runtime), fitted without the test pages; "
        "the model in this folder was then fitted on all pages.",
        f"Softmax regression on {len(recipe.blocks)} blocks of hashed n-grams of token ids; "
        f"targets are the teacher's confidences, weights confidence^{recipe.fit.confidence_power:g}.",
    ]
