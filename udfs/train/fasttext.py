"""A recipe and labelled pages -> a folder with a fastText model: a second opinion that costs little."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from udfs.conf import Conf, read_conf
from udfs.digest import file_digest
from udfs.inference.calibration import Calibration
from udfs.inference.fasttext_model import file_label, load_fasttext
from udfs.inference.fasttext_scores import calibrated, logarithms, render
from udfs.model_store.folder import InputSettings, ModelCard, ModelName, write_cards
from udfs.train.card import render_data, render_figures
from udfs.train.dataset import Dataset, label_shares, read_dataset, split_in_three
from udfs.train.fasttext_fit import FileSettings, How, train_file
from udfs.train.linear import Examples, Fit, best_calibration
from udfs.train.metrics import Ints, confusion, label_metrics
from udfs.train.recipe import DataConf, Taxonomy, beside

Floats = npt.NDArray[np.floating]

MODEL_NAME = "model.ftz"


class FastTextRecipe(Conf):
    """Everything that decides a fastText model, apart from its data."""

    kind: Literal["fasttext"]
    name: ModelName
    version: str
    description: str
    taxonomy: str
    input: InputSettings
    data: DataConf
    n_features: int = Field(default=60_000, ge=256)
    min_df: int = Field(default=2, ge=1)
    buckets: int = Field(default=1 << 20, gt=0)
    focus: float = Field(default=0.5, ge=0)
    smoothing: float = Field(default=0.3, gt=0)
    l2: float = Field(default=1e-5, gt=0)
    iterations: int = Field(default=10, gt=0)
    test_share: float = Field(default=0.2, gt=0, lt=0.4)
    seed: str = "webstrata"
    licence: str
    training: str
    limits: tuple[str, ...] = ()

    @property
    def how(self) -> How:
        """Return how the file is made."""
        file = FileSettings(self.n_features, self.min_df, self.buckets, self.focus, self.smoothing)
        return How(file, Fit(self.l2, self.iterations))


@dataclass(frozen=True)
class Bench:
    """Everything that the fits of one recipe share."""

    recipe: FastTextRecipe
    labels: tuple[str, ...]
    data: Dataset
    lines: Sequence[str]

    def train(self, rows: Ints, path: Path) -> None:
        """Write the model fitted on these rows."""
        train_file(path, [self.lines[i] for i in rows], self.labels, self.examples.part(rows), self.recipe.how)

    @property
    def examples(self) -> Examples:
        """Return what a fit on all pages is asked to match."""
        return Examples(self.data.targets(len(self.labels)), self.data.weights * self.data.confidence)

    def held_out(self, train: Ints, test: Ints) -> Floats:
        """Return the probabilities of each test row, by the stored model of a fit on the train rows."""
        with TemporaryDirectory() as folder:
            path = Path(folder) / MODEL_NAME
            self.train(train, path)
            model = load_fasttext(path)
        names = [file_label(label) for label in self.labels]
        return np.array([model.probabilities(self.lines[i], names) for i in test])


def train_fasttext(recipe: Path, data: Sequence[Path], out: Path) -> dict[str, float]:
    """Train the recipe on the labelled pages, write the model folder `out`, and return its held-out figures.

    The figures are of a model fitted without the test pages; the model written is then fitted on all of them.
    """
    bench = prepare(recipe, data)
    calibration, probabilities, test = _evaluate(bench)
    part = bench.data.part(test)
    metrics = label_metrics(probabilities, part.labels, part.confidence, bench.recipe.data.sure)
    out.mkdir(parents=True, exist_ok=True)
    bench.train(np.arange(len(bench.data)), out / MODEL_NAME)
    card = _card(bench, calibration, metrics, out)
    write_cards(out, [card])
    readme = _readme(bench, card, confusion(probabilities, part.labels))
    (out / "README.md").write_text("\n".join(readme) + "\n", encoding="utf-8")
    return metrics


def prepare(recipe: Path, data: Sequence[Path]) -> Bench:
    """Return the recipe with its labels and its pages as lines; raises ConfigError where they do not fit."""
    conf = read_conf(recipe, FastTextRecipe)
    labels = read_conf(beside(recipe, conf.taxonomy), Taxonomy).names
    pages = read_dataset(data, conf.data, labels)
    return Bench(conf, labels, pages, render(pages.pages, conf.input))


def _evaluate(bench: Bench) -> tuple[Calibration, Floats, Ints]:
    """Return the calibration, the test pages' probabilities and their rows: part 0 is the test, part 1 tunes."""
    data, recipe = bench.data, bench.recipe
    part = split_in_three(data.groups, recipe.test_share, recipe.seed)
    test, tuning = np.flatnonzero(part == 0), np.flatnonzero(part == 1)
    tuned = logarithms(bench.held_out(np.flatnonzero(part > 1), tuning)).astype(np.float32)
    calibration = best_calibration(tuned, data.labels[tuning])
    return calibration, calibrated(bench.held_out(np.flatnonzero(part > 0), test), calibration), test


def _card(bench: Bench, calibration: Calibration, metrics: dict[str, float], out: Path) -> ModelCard:
    recipe, examples = bench.recipe, bench.examples
    values = {
        "name": recipe.name,
        "version": recipe.version,
        "description": recipe.description,
        "engine": "fasttext",
        "labels": bench.labels,
        "input": recipe.input,
        "output": {"temperature": calibration.temperature, "flatten": calibration.flatten},
        "files": {MODEL_NAME: file_digest(out / MODEL_NAME)},
        "licence": recipe.licence,
        "training": recipe.training,
        "data": bench.data.files,
        "priors": label_shares(bench.labels, examples.targets, examples.weights),
        "metrics": metrics,
    }
    return ModelCard.model_validate(values)


def _readme(bench: Bench, card: ModelCard, counts: Ints) -> list[str]:
    recipe = bench.recipe
    return [
        f"# {card.name} {card.version}",
        "",
        f"{card.description}. Made by `webstrata train`. Digest `{card.digest}`.",
        "",
        *render_data(card),
        "",
        f"Licence: {card.licence}",
        "",
        f"- {len(bench.data):,} pages, split by `{recipe.data.group or 'page'}`: {recipe.test_share:.0%} of the groups "
        f"(by a hash, seed `{recipe.seed}`) were kept for the test; the calibration was found on an inner part.",
        "- The figures are those of the stored form, fitted without the test pages; the model in this folder was then "
        "fitted on all pages.",
        f"- A fastText file (.ftz) of {recipe.n_features:,} words and pairs of words, quantised.",
        "",
        *render_figures(card, counts),
        *(f"- Limit: {item}" for item in recipe.limits),
    ]
