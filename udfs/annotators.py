"""conf/annotators.yaml -> the annotators that it lists."""

from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from udfs.annotator import Annotator
from udfs.classifier import classifier_annotator
from udfs.conf import Conf, Name, nearest, read_conf
from udfs.edit.annotator import edits_annotator
from udfs.errors import ConfigError
from udfs.language import MAX_CHARS, language_annotator
from udfs.measure.confs import MeasureConf
from udfs.measures import measures_annotator
from udfs.tokens import DEFAULT_TOKENIZER, tokens_annotator


class LanguageConf(Conf):
    """A language identifier: lid.176."""

    name: Name
    kind: Literal["language"]
    max_chars: int = Field(default=MAX_CHARS, gt=0)

    def build(self) -> Annotator:
        """Return the annotator."""
        return language_annotator(self.name, self.max_chars)


class TokensConf(Conf):
    """A count of tokens, by the default tokenizer or by any tokenizer.json."""

    name: Name
    kind: Literal["tokens"]
    tokenizer: str = DEFAULT_TOKENIZER

    def build(self) -> Annotator:
        """Return the annotator."""
        return tokens_annotator(self.name, self.tokenizer)


class MeasuresConf(Conf):
    """Measures of the plain text."""

    name: Name
    kind: Literal["measures"]

    def build(self) -> Annotator:
        """Return the annotator."""
        return measures_annotator(self.name)


class ClassifierConf(Conf):
    """A model folder: `package:NAME` or a path, with the digest it must have where one is given."""

    name: Name
    kind: Literal["classifier"]
    model: str
    sha256: str | None = None

    def build(self) -> Annotator:
        """Return the annotator; raises ModelError if the folder is missing or another one."""
        return classifier_annotator(self.name, self.model, self.sha256)


class EditsConf(Conf):
    """What line edits would remove of a text, and how many tokens the rest has."""

    name: Name
    kind: Literal["edits"]
    edits: tuple[str, ...]
    tokenizer: str = DEFAULT_TOKENIZER

    def build(self) -> Annotator:
        """Return the annotator; raises ConfigError for an unknown edit."""
        return edits_annotator(self.name, self.edits, self.tokenizer)


AnnotatorConf = Annotated[
    LanguageConf | TokensConf | MeasuresConf | MeasureConf | EditsConf | ClassifierConf, Field(discriminator="kind")
]


class AnnotatorsConf(Conf):
    """The list of annotators, in the order of their columns."""

    annotators: tuple[AnnotatorConf, ...]

    @model_validator(mode="after")
    def _names_differ(self) -> "AnnotatorsConf":
        names = [item.name for item in self.annotators]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ValueError(f"two annotators are named {', '.join(sorted(twice))}")
        return self


def load_annotators(config: AnnotatorsConf | Path, only: Collection[str] | None = None) -> list[Annotator]:
    """Return the annotators that the config (or its YAML file) lists, or those of them named in `only`.

    Raises ConfigError for a name in `only` that the config lacks, ModelError for a model that is not there.
    """
    conf = config if isinstance(config, AnnotatorsConf) else read_conf(config, AnnotatorsConf)
    known = [item.name for item in conf.annotators]
    for name in only or ():
        if name not in known:
            raise ConfigError(f"no annotator {name!r}{nearest(name, known)}; known: {', '.join(known)}")
    return [item.build() for item in conf.annotators if only is None or item.name in only]
