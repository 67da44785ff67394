"""conf/train/NAME.yaml of kind `encoder` -> how a pretrained encoder is fine-tuned, and what its cards say."""

from typing import Literal

from pydantic import Field, model_validator

from udfs.conf import Conf, Name
from udfs.model_store.folder import InputSettings


class HeadConf(Conf):
    """One head: a linear layer over the encoder's mean-pooled tokens, and a card of the model folder."""

    name: Name
    description: str
    taxonomy: str  # a file beside the recipe or in conf/taxonomies
    label: str  # the key of a row with an id, a name or the scores of all labels
    confidence: str | None = None


class EncoderData(Conf):
    """Which keys of a row hold what all heads share, and how rows are split."""

    text: str = "text"
    url: str | None = "url"
    weight: str | None = None  # how much a page counts
    group: str | None = None  # rows of one group (a registered domain) stay on one side of a split
    sure: float = 0.75  # the confidence from which a teacher counts as sure
    test_parts: int = Field(default=5, ge=2)  # one of so many parts is the test
    tuning_parts: int = Field(default=12, ge=2)  # of the others, one of so many sets the calibration


class RoundConf(Conf):
    """One round of fine-tuning; rates are AdamW's at their highest, for the encoder's last layer."""

    lengths: tuple[int, ...] = Field(min_length=1)  # one pass over the pages each, at so many tokens a page
    batch: int = Field(default=32, gt=0)
    rate: float = Field(default=2.5e-4, gt=0)
    head_rate: float = Field(default=2e-3, gt=0)
    layer_decay: float = Field(default=0.88, gt=0, le=1)  # each layer learns so much slower than the one above
    weight_decay: float = Field(default=0.02, ge=0)
    warm_up: float = Field(default=0.14, ge=0, lt=1)  # share of the steps
    masked: float = Field(default=0.06, ge=0, lt=1)  # share of the tokens hidden from the model while it learns
    precision: Literal["fp32", "bf16"] = "bf16"
    threads: int = Field(default=2, gt=0)


class EncoderRecipe(Conf):
    """Everything that decides a fine-tuned encoder, apart from its data and the pretrained checkpoint."""

    kind: Literal["encoder"]
    version: str
    # A folder with config.json, model.safetensors and tokenizer.json, or `python:MODULE/FOLDER` inside a package.
    base: str
    keeps_case: bool = True  # give a lower-casing WordPiece tokenizer tokens with case, and for line ends
    precision: Literal["fp32", "int8"] = "fp32"  # of the exported graph
    input: InputSettings
    data: EncoderData = EncoderData()
    rounds: tuple[RoundConf, ...] = Field(min_length=1)  # one after the other, each with its own rise and fall
    heads: tuple[HeadConf, ...] = Field(min_length=1)
    seed: int = 1
    split_seed: str = "webstrata"
    licence: str
    training: str
    limits: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> "EncoderRecipe":
        if len({head.name for head in self.heads}) < len(self.heads):
            raise ValueError("two heads have the same name")
        if max(max(part.lengths) for part in self.rounds) > self.input.max_tokens:
            raise ValueError("a length among the `rounds` is above `input.max_tokens`")
        return self
