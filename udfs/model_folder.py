"""A folder with model.yaml, weights and tokenizer -> a checked description of a text model, and its digest."""

import hashlib
import json
from importlib.resources import files
from pathlib import Path
from string import Formatter
from typing import Literal

from pydantic import Field, field_validator, model_validator

from udfs.conf import Conf, read_conf
from udfs.errors import ModelError

CARD_NAME = "model.yaml"
PACKAGE_PREFIX = "package:"
MAX_FILE_BYTES = {".onnx": 2 << 30, ".json": 64 << 20, ".ftz": 4 << 30, ".bin": 4 << 30}


class InputSettings(Conf):
    """How a page becomes the model's input."""

    template: str = "{text}"
    max_chars: int | None = Field(default=None, gt=0)
    max_tokens: int = Field(default=512, gt=0)
    truncation: Literal["right", "left"] = "right"
    add_special_tokens: bool = True

    @field_validator("template")
    @classmethod
    def _names_only_text_and_url(cls, template: str) -> str:
        # str.format reaches attributes and items: only the two bare names may stand in a template.
        names = [(name, spec, conversion) for _, name, spec, conversion in Formatter().parse(template) if name]
        if not names or any(name not in {"text", "url"} or spec or conversion for name, spec, conversion in names):
            raise ValueError("a template holds {text}, {url} or both, and nothing else in braces")
        return template


class OutputSettings(Conf):
    """How the model's logits become scores: activation(logits / temperature) · scale + offset, clipped."""

    activation: Literal["softmax", "sigmoid", "none"] = "softmax"
    temperature: float = Field(default=1.0, gt=0)
    head: int = Field(default=0, ge=0)
    scale: float = 1.0
    offset: float = 0.0
    clip: tuple[float, float] | None = None


class ModelCard(Conf):
    """What model.yaml says: enough to run the model, to trust it and to cite it."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$")
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
        return self

    @property
    def digest(self) -> str:
        """Return the sha256 over all that decides the model's answers: files, labels, input and output."""
        decides = self.model_dump(include={"engine", "task", "labels", "input", "output", "files"}, mode="json")
        return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()

    def file_ending(self, *suffixes: str) -> str:
        """Return the name of the only file with one of these suffixes; raises ModelError if there is none."""
        names = [name for name in self.files if name.endswith(suffixes)]
        if len(names) != 1:
            raise ModelError(f"model {self.name}: expected one file {' or '.join(suffixes)}, found {names or 'none'}")
        return names[0]


def find_model(model: str) -> Path:
    """Return the folder that `package:NAME` (shipped with webstrata) or a path names."""
    if model.startswith(PACKAGE_PREFIX):
        return Path(str(files("udfs") / "models" / model.removeprefix(PACKAGE_PREFIX)))
    return Path(model)


def portable(model: str) -> str:
    """Return the name of a model as another process can find it, whatever its current directory."""
    return model if model.startswith(PACKAGE_PREFIX) else str(Path(model).absolute())


def read_card(folder: Path) -> ModelCard:
    """Return the folder's model.yaml; raises ModelError if there is none, ConfigError if it is not valid."""
    if not (folder / CARD_NAME).is_file():
        raise ModelError(f"{folder}: no {CARD_NAME} there; a model folder holds one beside its weights")
    return read_conf(folder / CARD_NAME, ModelCard)


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
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != expected:
        raise ModelError(
            f"{path} has changed: its sha256 is {found}, expected {expected}; "
            f"restore the file, or, if the change is meant, write the new digest where the old one stands"
        )
