"""conf/export/NAME.yaml -> how a checkpoint becomes a model folder: its input, its cards, its precision."""

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from udfs.conf import Conf, Name, read_conf
from udfs.errors import ConfigError
from udfs.model_store.folder import InputSettings, OutputSettings
from udfs.train.recipe import Taxonomy, beside

FP32_TOLERANCE = 1e-3


class CardConf(Conf):
    """One card of the model folder: which of the graph's logits mean what."""

    name: Name
    description: str
    task: Literal["labels", "regression"] = "labels"
    labels: tuple[str, ...] = ()
    taxonomy: str | None = None  # a file beside the recipe, instead of `labels`
    output: OutputSettings = OutputSettings()

    @property
    def heads(self) -> slice:
        """Return the place of the card's logits among the graph's."""
        return slice(self.output.head, self.output.head + (len(self.labels) if self.task == "labels" else 1))


class ExportRecipe(Conf):
    """Everything that decides an exported model, apart from its checkpoint."""

    version: str
    precision: Literal["fp32", "int8"] = "fp32"
    # `model`: the checkpoint's own head; else an encoder's tokens, pooled so, with the linear head.safetensors.
    pooling: Literal["model", "mean", "first"] = "model"
    input: InputSettings
    cards: tuple[CardConf, ...] = Field(min_length=1)
    tolerance: float | None = Field(default=None, gt=0)  # of the logits; None: 0.001 for fp32, none for int8
    licence: str
    training: str
    limits: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _names_each_card_once(self) -> "ExportRecipe":
        names = [card.name for card in self.cards]
        if len(set(names)) < len(names):
            raise ValueError(f"two cards of the same name among {', '.join(names)}")
        return self

    @property
    def largest_difference(self) -> float | None:
        """Return how far a logit may lie from the original's, or None if any distance is only reported."""
        return FP32_TOLERANCE if self.tolerance is None and self.precision == "fp32" else self.tolerance


def read_recipe(path: Path) -> ExportRecipe:
    """Return the recipe in a YAML file, with the labels of its taxonomies.

    Raises MissingInputError if a file is not there, ConfigError if it is not valid.
    """
    recipe = read_conf(path, ExportRecipe)
    return recipe.model_copy(update={"cards": tuple(_with_labels(card, path) for card in recipe.cards)})


def _with_labels(card: CardConf, path: Path) -> CardConf:
    if card.task == "regression" or card.taxonomy is None:
        return card
    if card.labels:
        raise ConfigError(f"{path}: card {card.name} has both labels and a taxonomy; leave one out")
    labels = read_conf(beside(path, card.taxonomy), Taxonomy).names
    return card.model_copy(update={"labels": labels, "taxonomy": None})
