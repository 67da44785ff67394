"""conf/annotators.yaml -> the annotators that it lists."""

from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from udfs.annotator import Annotator
from udfs.annotator_line import AnnotatorLine
from udfs.cascade import asked_where, cascade, looks_at
from udfs.classifier import Answer, Part, blend_annotator, classifier_annotator
from udfs.conf import Conf, nearest, read_conf
from udfs.edit.annotator import edits_annotator
from udfs.errors import ConfigError
from udfs.language import MAX_CHARS, language_annotator
from udfs.measure.confs import MeasureConf
from udfs.measures import measures_annotator
from udfs.tokens import DEFAULT_TOKENIZER, tokens_annotator


class LanguageConf(AnnotatorLine):
    """A language identifier: lid.176."""

    kind: Literal["language"]
    max_chars: int = Field(default=MAX_CHARS, gt=0)

    def build(self) -> Annotator:
        """Return the annotator."""
        return language_annotator(self.name, self.max_chars)


class TokensConf(AnnotatorLine):
    """A count of tokens, by the default tokenizer or by any tokenizer.json."""

    kind: Literal["tokens"]
    tokenizer: str = DEFAULT_TOKENIZER

    def build(self) -> Annotator:
        """Return the annotator."""
        return tokens_annotator(self.name, self.tokenizer)


class MeasuresConf(AnnotatorLine):
    """Measures of the plain text."""

    kind: Literal["measures"]

    def build(self) -> Annotator:
        """Return the annotator."""
        return measures_annotator(self.name)


class ModelConf(Conf):
    """A model: `package:NAME`, a path or a URI, `#CARD` behind it where its folder holds several."""

    model: str
    sha256: str | None = None


class ClassifierConf(AnnotatorLine, ModelConf):
    """A model, with the digest it must have where one is given."""

    kind: Literal["classifier"]
    priors: dict[str, float] = Field(default_factory=dict, description="shares of the labels where it is used")
    scores: bool = Field(default=False, description="keep the probabilities of all labels")

    def build(self) -> Annotator:
        """Return the annotator; raises ModelError if the folder is missing or another one."""
        return classifier_annotator(self.name, self.model, self.sha256, Answer(self.priors, self.scores))


class BlendPart(ModelConf):
    """A model of a blend."""

    weight: float = Field(default=1.0, gt=0)


class BlendConf(AnnotatorLine):
    """Several models that speak as one: the weighted mean of their log-probabilities, or of their scores."""

    kind: Literal["blend"]
    models: tuple[BlendPart, ...] = Field(min_length=2)
    priors: dict[str, float] = Field(default_factory=dict, description="shares of the labels where it is used")
    scores: bool = Field(default=False, description="keep the probabilities of all labels")

    def build(self) -> Annotator:
        """Return the annotator; raises ModelError if a folder is missing, another one, or of other labels."""
        parts = [Part(item.model, item.weight, item.sha256) for item in self.models]
        return blend_annotator(self.name, parts, Answer(self.priors, self.scores))


class CascadeStep(ModelConf):
    """A model of a cascade, and where it takes the word from those before it; the first one always has it."""

    where: str = ""


class CascadeConf(AnnotatorLine):
    """Cheap models first, costly ones only where they are needed; the column says in `model` who spoke."""

    kind: Literal["cascade"]
    models: tuple[CascadeStep, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _first_speaks_always(self) -> "CascadeConf":
        if self.models[0].where or not all(step.where for step in self.models[1:]):
            raise ValueError("all models of a cascade but the first have a `where`")
        return self

    def build(self) -> Annotator:
        """Return the annotator; raises ModelError if a folder is missing or another one."""
        speakers = [classifier_annotator(self.name, step.model, step.sha256) for step in self.models]
        return cascade(speakers, [step.where for step in self.models])


class EditsConf(AnnotatorLine):
    """What line edits would remove of a text, and how many tokens the rest has."""

    kind: Literal["edits"]
    edits: tuple[str, ...]
    tokenizer: str = DEFAULT_TOKENIZER

    def build(self) -> Annotator:
        """Return the annotator; raises ConfigError for an unknown edit."""
        return edits_annotator(self.name, self.edits, self.tokenizer)


AnnotatorConf = Annotated[
    LanguageConf | TokensConf | MeasuresConf | MeasureConf | EditsConf | ClassifierConf | BlendConf | CascadeConf,
    Field(discriminator="kind"),
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

    With one that has a condition come those that the condition looks at: what they have said costs nothing again.
    Raises ConfigError for a name in `only` that the config lacks, ModelError for a model that is not there.
    """
    conf = config if isinstance(config, AnnotatorsConf) else read_conf(config, AnnotatorsConf)
    known = [item.name for item in conf.annotators]
    for name in only or ():
        if name not in known:
            raise ConfigError(f"no annotator {name!r}{nearest(name, known)}; known: {', '.join(known)}")
    wanted = [item for item in conf.annotators if only is None or item.name in only]
    # Conditions look at the columns of other annotators, whose versions decide theirs.
    if any(item.where or isinstance(item, CascadeConf) for item in wanted):
        wanted = list(conf.annotators)
    built = {item.name: item.build() for item in wanted}
    for item in wanted:
        built[item.name] = asked_where(built[item.name], item.where, built.values())
    named = set(built) if only is None else set(only)
    while more := {a.name for a in built.values() if any(looks_at(built[name], a) for name in named)} - named:
        named |= more
    return [annotator for name, annotator in built.items() if name in named]
