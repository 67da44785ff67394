"""A folder with cards (model.yaml), weights and tokenizer -> a checked description of a text model, and its digest."""

import hashlib
import json
import re
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from string import Formatter
from typing import Annotated, Literal

import yaml
from pydantic import Field, field_validator, model_validator

from udfs.conf import Conf, read_conf
from udfs.digest import DataFile, file_digest
from udfs.errors import ConfigError, ModelError

CARD_NAME = "model.yaml"
PACKAGE_PREFIX = "package:"
CACHE_PREFIX = "cache:"
ARCHIVE_SUFFIXES = (".tar.gz", ".tgz", ".zip")
MAX_FILE_BYTES = {".onnx": 2 << 30, ".json": 64 << 20, ".txt": 16 << 20, ".ftz": 4 << 30, ".bin": 4 << 30}
# `FOLDER#NAME` is the card NAME.yaml of a folder that holds several.
_CARD_OF_FOLDER = re.compile(r"(.+)#([a-z][a-z0-9_-]{0,63})")
ModelName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]


class InputSettings(Conf):
    """How a page becomes the model's input.

    tokenizer: `file` is the folder's tokenizer.json, `words` that of inference/word_encoder.py, which needs no file.
    long: what is seen of a page of more than `max_tokens`, see inference/window.py.
    """

    tokenizer: Literal["file", "words"] = "file"
    template: str = "{text}"
    max_chars: int | None = Field(default=None, gt=0)
    max_tokens: int = Field(default=512, gt=0)
    truncation: Literal["right", "left"] = "right"
    long: Literal["truncate", "head_tail", "mean"] = "truncate"
    max_chunks: int = Field(default=16, gt=0, le=1024)
    add_special_tokens: bool = True

    @model_validator(mode="after")
    def _words_have_one_form(self) -> "InputSettings":
        if self.tokenizer == "words" and self.template not in {"{text}", "{url}\n\n{text}"}:
            raise ValueError("with the tokenizer `words` the template is {text}, or {url}, a blank line and {text}")
        if self.tokenizer == "words" and (self.truncation == "left" or self.long != "truncate"):
            raise ValueError("the tokenizer `words` reads only beginnings: truncation is right, long is truncate")
        return self

    @field_validator("template")
    @classmethod
    def _names_only_text_and_url(cls, template: str) -> str:
        # str.format reaches attributes and items: only the two bare names may stand in a template.
        names = [(name, spec, conversion) for _, name, spec, conversion in Formatter().parse(template) if name]
        if not names or any(name not in {"text", "url"} or spec or conversion for name, spec, conversion in names):
            raise ValueError("a template holds {text}, {url} or both, and nothing else in braces")
        return template


class OutputSettings(Conf):
    """How the model's logits become scores: activation(logits / temperature) · scale + offset, clipped.

    Before, where `flatten` is above 0, a page's logits are centred and divided by their standard deviation^flatten: it
    calibrates models whose largest logits promise too much. No label's rank changes.
    `head` is the card's first logit: several cards may share one graph. `positive` is the label of a fastText model
    whose probability is the score of a regression.
    """

    activation: Literal["softmax", "sigmoid", "none"] = "softmax"
    temperature: float = Field(default=1.0, gt=0)
    flatten: float = Field(default=0.0, ge=0, lt=1)
    head: int = Field(default=0, ge=0)
    positive: str | None = None
    scale: float = 1.0
    offset: float = 0.0
    clip: tuple[float, float] | None = None


class ModelCard(Conf):
    """What model.yaml says: enough to run the model, to trust it and to cite it.

    `training` tells people what the model was trained on, `data` names the files.
    """

    name: ModelName
    version: str
    description: str = ""
    engine: Literal["onnx", "fasttext"] = "onnx"
    task: Literal["labels", "regression"] = "labels"
    labels: tuple[str, ...] = ()
    input: InputSettings = InputSettings()
    output: OutputSettings = OutputSettings()
    files: dict[str, str]
    licence: str
    training: str = ""
    data: tuple[DataFile, ...] = ()
    priors: dict[str, float] = Field(default_factory=dict, description="shares of the labels in training; else equal")
    metrics: dict[str, float] = Field(default_factory=dict)

    @field_validator("files")
    @classmethod
    def _stays_inside_the_folder(cls, names: dict[str, str]) -> dict[str, str]:
        for name, digest in names.items():
            if Path(name).name != name or Path(name).suffix not in MAX_FILE_BYTES:
                raise ValueError(f"{name!r} is no plain name of a model file ({', '.join(MAX_FILE_BYTES)})")
            if len(digest) != 64:
                raise ValueError(f"{name}: a sha256 has 64 hexadecimal digits")
        return names

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> "ModelCard":
        if self.task == "labels" and len(self.labels) < 2:
            raise ValueError("a model of labels names at least two")
        if self.task == "regression" and self.output.activation == "softmax":
            raise ValueError("a regression's activation is sigmoid or none")
        is_fasttext_score = self.engine == "fasttext" and self.task == "regression"
        if is_fasttext_score != (self.output.positive is not None):
            raise ValueError("a fastText regression, and it alone, says in output.positive which label it is about")
        if is_fasttext_score and self.output.positive not in self.labels:
            raise ValueError(f"output.positive is none of the labels {', '.join(self.labels)}")
        return self

    @property
    def n_outputs(self) -> int:
        """Return how many logits the card uses, from `output.head` on."""
        return len(self.labels) if self.task == "labels" else 1

    @property
    def digest(self) -> str:
        """Return the sha256 over all that decides the model's answers: files, labels, input and output.

        Settings left at their defaults do not count, so that a setting added later changes no digest.
        """
        included = {"engine", "task", "labels", "input", "output", "files"}
        decides = self.model_dump(include=included, exclude_defaults=True, mode="json")
        return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()

    def file_ending(self, *suffixes: str) -> str:
        """Return the name of the only file with one of these suffixes; raises ModelError if there is none."""
        names = [name for name in self.files if name.endswith(suffixes)]
        if len(names) != 1:
            raise ModelError(f"model {self.name}: expected one file {' or '.join(suffixes)}, found {names or 'none'}")
        return names[0]


def find_model(model: str, digest: str | None = None) -> Path:
    """Return the folder that a model's name means, without its `#card`.

    `package:NAME` is shipped with webstrata, `cache:NAME` was added to this node's cache; an archive or a URI is
    fetched into that cache first, and is known there by its card's `digest`. Anything else is a path. Raises
    ConfigError for a URI without a digest, ModelError if the cache lacks the model and it cannot be had.
    """
    place, card = _split(model)
    if place.startswith(PACKAGE_PREFIX):
        return Path(str(files("udfs") / "models" / place.removeprefix(PACKAGE_PREFIX)))
    if not _is_cached(place):
        return Path(place)
    from udfs.model_store.cache import cached_model  # here, because the cache reads cards

    return cached_model(place, card, digest)


def portable(model: str) -> str:
    """Return the name of a model as another process can find it, whatever its current directory."""
    is_same_anywhere = model.startswith((PACKAGE_PREFIX, CACHE_PREFIX)) or "://" in model
    return model if is_same_anywhere else str(Path(model).absolute())


def name_in(folder: Path, model: str) -> str:
    """Return the name of the same card as `model`, by the path of the folder that it was found in."""
    return f"{folder.absolute()}#{Path(_split(model)[1]).stem}"


def read_model(model: str, digest: str | None = None) -> tuple[Path, ModelCard]:
    """Return the folder and the card that a name such as `package:web#topic` or `/models/x` means.

    `digest` is the card's, where it is known: see `find_model`. Raises ModelError if there is no such card,
    ConfigError if it is not valid.
    """
    folder = find_model(model, digest)
    return folder, read_card(folder, _split(model)[1])


def read_card(folder: Path, name: str = CARD_NAME) -> ModelCard:
    """Return a card of the folder; raises ModelError if there is none, ConfigError if it is not valid."""
    if (folder / name).is_file():
        return read_conf(folder / name, ModelCard)
    others = sorted(path.stem for path in folder.glob("*.yaml"))
    hint = f"it has the cards {', '.join(f'#{other}' for other in others)}" if others else "put it beside the weights"
    raise ModelError(f"{folder}: no {name} there; {hint}")


def card_file(name: str, n_cards: int) -> str:
    """Return the file name of a card: model.yaml if its folder holds no other, else NAME.yaml."""
    return CARD_NAME if n_cards == 1 else f"{name}.yaml"


def write_cards(folder: Path, cards: Sequence[ModelCard]) -> None:
    """Write the cards of a folder, and remove those of a model that was there before."""
    names = [card_file(card.name, len(cards)) for card in cards]
    for path in folder.glob("*.yaml"):
        if path.name not in names and _is_card(path):
            path.unlink()
    for name, card in zip(names, cards, strict=True):
        write_card(folder / name, card)


def write_card(path: Path, card: ModelCard) -> None:
    """Write one card as YAML."""
    text = yaml.safe_dump(card.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=110)
    path.write_text(text, encoding="utf-8")


def _is_card(path: Path) -> bool:
    """Return whether the file is a card; any other YAML file is none of our business."""
    try:
        read_conf(path, ModelCard)
    except ConfigError:
        return False
    return True


def _split(model: str) -> tuple[str, str]:
    """Return the folder that a model's name means, and the file name of its card."""
    found = _CARD_OF_FOLDER.fullmatch(model)
    return (found[1], f"{found[2]}.yaml") if found else (model, CARD_NAME)


def _is_cached(place: str) -> bool:
    return place.startswith(CACHE_PREFIX) or "://" in place or place.endswith(ARCHIVE_SUFFIXES)


def verify_folder(folder: Path, card: ModelCard) -> None:
    """Raise ModelError unless every file the card names is there, of sane size, with its digest."""
    for name, digest in card.files.items():
        check_digest(folder / name, digest)


def check_digest(path: Path, expected: str) -> None:
    """Raise ModelError, naming file, both digests and what to do, unless the file has this sha256."""
    if path.is_symlink() or not path.is_file():
        raise ModelError(f"{path}: no such plain file; put the model's folder back, or name another model")
    limit = MAX_FILE_BYTES.get(path.suffix, 0)
    if path.stat().st_size > limit:
        raise ModelError(f"{path}: larger than the {limit:,} bytes that such a file may have")
    found = file_digest(path)
    if found != expected:
        raise ModelError(
            f"{path} has changed: its sha256 is {found}, expected {expected}; "
            f"restore the file, or, if the change is meant, write the new digest where the old one stands"
        )
