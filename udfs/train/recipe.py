"""conf/train/NAME.yaml -> what to train: data, blocks of features, fit, and what the model's card says."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from udfs.conf import Conf
from udfs.model_folder import InputSettings


class DataConf(Conf):
    """Which keys of a JSON line hold what."""

    text: str = "text"
    url: str | None = "url"
    label: str
    confidence: str | None = None
    group: str | None = None  # rows of one group (a registered domain) stay on one side of a split
    sure: float = 0.75  # the confidence from which a teacher counts as sure


class BlockConf(Conf):
    """One block of hashed n-grams; each page's block has length `weight`, whatever the page's length."""

    view: Literal["raw", "folded", "shape"]
    n: int = Field(default=1, ge=1, le=3)
    part: Literal["url", "text"] = "text"
    window: int | None = Field(default=None, gt=0)  # only the page's first tokens
    buckets: int = Field(gt=1, lt=1 << 24)
    weight: float = Field(default=1.0, gt=0)


class FitConf(Conf):
    """How the linear model is fitted."""

    l2: float = Field(default=3e-5, ge=0)
    iterations: int = Field(default=300, gt=0)
    min_df: int = Field(default=2, ge=1)
    focus: float = Field(default=0.0, ge=0)  # how much a bucket counts for being telling, not only rare
    smoothing: float = Field(default=0.3, gt=0)  # pages added to each label when telling how telling
    confidence_power: float = Field(default=1.0, ge=0)


class Recipe(Conf):
    """Everything that decides a trained model, apart from its data."""

    kind: Literal["classifier"] = "classifier"
    name: str
    version: str
    description: str
    task: Literal["labels", "regression"] = "labels"
    taxonomy: str | None = None  # a file beside the recipe or in conf/taxonomies
    tokenizer: str = "package:tokenizer/tokenizer.json"
    input: InputSettings
    data: DataConf
    blocks: tuple[BlockConf, ...] = Field(min_length=1)
    fit: FitConf = FitConf()
    test_share: float = Field(default=0.2, gt=0, lt=1)
    folds: int = Field(default=0, ge=0)  # more than 1: cross-validate instead of one split
    seed: str = "webstrata"
    licence: str
    training: str
    limits: tuple[str, ...] = ()


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
