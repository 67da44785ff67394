"""YAML file -> a frozen, validated object; an unknown key is an error that names the nearest right one."""

import re
from collections import Counter
from collections.abc import Hashable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from udfs.errors import ConfigError, MissingInputError

MAX_YAML_BYTES = 1_000_000
MAX_YAML_DEPTH = 30
# YAML 1.1 reads 1:1:1 to the base of 60, in time that grows with the square of its length.
_LONG_NUMBER = re.compile(r"[-+.0-9][-+.:_0-9A-Fa-fx]{99,}")
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The safe loader, and a key that stands twice is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        pairs = node.value if isinstance(node, yaml.MappingNode) else ()
        counts = Counter(key.value for key, _ in pairs if isinstance(key, yaml.ScalarNode))
        for key, n in counts.most_common(1):
            if n > 1:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} stands twice", node.start_mark)
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return mapping


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
        for problem in _yaml_problems(text):
            raise ConfigError(f"{path}: {problem}")
        return _Loader(text).get_single_data()
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        raise ConfigError(f"{path} is not YAML: {error}") from error


def _yaml_problems(text: str) -> Iterator[str]:
    """Yield what we refuse of a YAML file, event by event, before anything is built of it."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_YAML_DEPTH:
            yield f"nested deeper than {MAX_YAML_DEPTH} levels"
        if isinstance(event, yaml.AliasEvent):
            yield f"YAML aliases (*{event.anchor}) are not allowed"
        if isinstance(event, yaml.ScalarEvent) and event.implicit[0] and _LONG_NUMBER.match(event.value):
            yield f"a number of {len(event.value):,} characters"


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
