"""YAML file -> a frozen, validated object; an unknown key is an error that names the nearest right one."""

from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from udfs.errors import ConfigError, MissingInputError

MAX_YAML_BYTES = 1_000_000
MAX_YAML_DEPTH = 30
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]


class Conf(BaseModel):
    """The base of everything that is read from YAML: frozen, and strict about its keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


C = TypeVar("C", bound=Conf)


def read_conf(path: Path, kind: type[C]) -> C:
    """Return the object of class `kind` that the YAML file `path` describes.

    Raises MissingInputError if there is no such file, ConfigError if it is not what `kind` asks for.
    """
    return parse_conf(read_yaml(path), kind, where=str(path))


def parse_conf(values: object, kind: type[C], *, where: str) -> C:
    """Return `values` as an object of class `kind`; `where` names their origin in errors."""
    if not isinstance(values, dict):
        raise ConfigError(f"{where}: expected keys and values, found {type(values).__name__}")
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        lines = "\n".join(f"  {_explain(item, kind)}" for item in error.errors())
        raise ConfigError(f"{where} is not a valid {kind.__name__}:\n{lines}") from None


def read_yaml(path: Path) -> object:
    """Return what the YAML file holds, refusing files that are too large or nested too deeply."""
    if not path.is_file():
        raise MissingInputError(f"no such file: {path}")
    if path.stat().st_size > MAX_YAML_BYTES:
        raise ConfigError(f"{path}: larger than {MAX_YAML_BYTES:,} bytes, which no config needs")
    try:
        text = path.read_text(encoding="utf-8")
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise ConfigError(f"{path}: YAML aliases (*{event.anchor}) are not allowed")
        return yaml.safe_load(text)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{path} is not YAML: {error}") from error


def nearest(word: str, words: list[str]) -> str:
    """Return a hint such as ` (did you mean 'seed'?)`, or nothing if no word is near."""
    near = get_close_matches(word, words, n=1, cutoff=0.6)
    return f" (did you mean {near[0]!r}?)" if near else ""


def _explain(item: Any, kind: type[BaseModel]) -> str:
    """Return one validation error as a line: where, what is wrong, and the nearest right name."""
    place = ".".join(str(part) for part in item["loc"])
    if item["type"] != "extra_forbidden":
        return f"{place}: {item['msg']} (given: {item['input']!r})" if place else str(item["msg"])
    *parents, key = item["loc"]
    names = sorted(_fields_at(kind, parents))
    return f"{place}: unknown key{nearest(str(key), names)}; known: {', '.join(names)}"


def _fields_at(kind: type[BaseModel], parents: list[str | int]) -> list[str]:
    """Return the names of the fields of the model found below `kind` on the path `parents`."""
    for parent in parents:
        field = kind.model_fields.get(str(parent))
        inner = _model_in(field.annotation) if field else None
        kind = inner or kind
    return list(kind.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model class inside an annotation such as `list[Model]` or `Model | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((m for a in get_args(annotation) if (m := _model_in(a))), None)
