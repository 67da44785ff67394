"""conf/train/NAME.yaml -> what to train: data, blocks of features, fits, and what the models' cards say."""

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from udfs.conf import Conf, nearest
from udfs.model_store.folder import InputSettings, ModelName
from udfs.train.ngram_block import NgramBlock


class DataConf(Conf):
    """Which keys of a row hold what; `label` holds an id, a name, or the scores of all labels."""

    text: str = "text"
    url: str | None = "url"
    label: str
    confidence: str | None = None
    weight: str | None = None  # how much a page counts
    group: str | None = None  # rows of one group (a registered domain) stay on one side of a split
    sure: float = 0.75  # the confidence from which a teacher counts as sure


class BlockConf(NgramBlock):
    """One block of n-grams, of those that at least `min_df` pages hold, by their inverse frequency^`rarity`."""

    min_df: int = Field(default=2, ge=1)
    rarity: float = Field(default=1.0, ge=0, le=4)


class FitConf(Conf):
    """How a linear model is fitted."""

    l2: float = Field(default=5e-6, gt=0)
    iterations: int = Field(default=20, gt=0)
    confidence_power: float = Field(default=1.0, ge=0)


class HeadConf(Conf):
    """One model of a recipe: its own data, labels and fit, on the n-grams that all of them share."""

    name: ModelName
    version: str
    description: str
    task: Literal["labels", "regression"] = "labels"
    taxonomy: str | None = None  # a file beside the recipe or in conf/taxonomies
    data: DataConf
    weights: tuple[float, ...] = ()  # each block's, in their order; else the blocks' own
    others: dict[str, float] = Field(default_factory=dict)  # heads before it -> how much their logits of the text count
    fit: FitConf = FitConf()
    test_share: float = Field(default=0.2, gt=0, lt=0.4)  # as much again is for the calibration; the rest is fitted
    is_cross_validated: bool = False  # few pages: figures and calibration are of `folds` parts, and none is kept away
    folds: int = Field(default=10, gt=1)
    licence: str
    training: str
    limits: tuple[str, ...] = ()


class Recipe(Conf):
    """Everything that decides one graph of trained models, apart from their data."""

    kind: Literal["classifier"] = "classifier"
    name: str
    input: InputSettings
    blocks: tuple[BlockConf, ...] = Field(min_length=1)
    n_common: int = Field(default=300, ge=0)  # words that stay themselves in the view `style`
    heads: tuple[HeadConf, ...] = Field(min_length=1)
    seed: str = "webstrata"

    @model_validator(mode="after")
    def _heads_agree_with_the_rest(self) -> "Recipe":
        for i, head in enumerate(self.heads):
            before = [other.name for other in self.heads[:i]]
            if head.name in before:
                raise ValueError(f"two heads have the same name, {head.name}")
            for name in head.others:
                if name not in before:
                    raise ValueError(f"head {head.name}: no head {name!r} before it{nearest(name, before)}")
            if head.weights and len(head.weights) != len(self.blocks):
                raise ValueError(f"head {head.name}: {len(head.weights)} weights for {len(self.blocks)} blocks")
        if self.input.tokenizer != "words":
            raise ValueError("models of n-grams read the input of `tokenizer: words`")
        return self


class TokenizerRecipe(Conf):
    """What a byte-level BPE is trained with."""

    kind: Literal["tokenizer"]
    name: str
    version: str
    vocabulary: int = Field(default=24_000, ge=300, le=65_536)
    max_token_length: int = 24
    keys: tuple[str, ...] = ("url", "text")
    licence: str
    training: str


class Label(Conf):
    """One label of a taxonomy; its id is its place in the classifiers' logits."""

    id: int
    name: str
    definition: str


class Taxonomy(Conf):
    """A list of labels, in the order of their ids."""

    name: str
    source: str
    labels: tuple[Label, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Return the labels' names, by id."""
        return tuple(label.name for label in self.labels)


def beside(recipe: Path, name: str) -> Path:
    """Return the file that a recipe names, relative to the recipe."""
    return (recipe.parent / name).resolve()
