"""conf/annotators.yaml, the lines whose `kind` is a set of measures -> the annotators."""

from typing import Literal

from pydantic import Field

from udfs.annotator import Annotator
from udfs.annotator_line import AnnotatorLine
from udfs.measure.c4 import c4_annotator
from udfs.measure.characters import characters_annotator
from udfs.measure.dclm import dclm_annotator
from udfs.measure.dolma import dolma_annotator
from udfs.measure.fineweb import fineweb_annotator
from udfs.measure.gopher import gopher_annotator
from udfs.measure.personal import DEFAULT_KINDS, personal_annotator
from udfs.measure.readability import readability_annotator
from udfs.measure.unsafe_words import unsafe_words_annotator
from udfs.measure.url_rules import UrlRulesConf, url_rules_annotator
from udfs.measure.url_shape import url_annotator

_PLAIN = {
    "dclm": dclm_annotator,
    "dolma": dolma_annotator,
    "readability": readability_annotator,
    "characters": characters_annotator,
    "url": url_annotator,
}


class WordyConf(AnnotatorLine):
    """Measures whose words and sentences a tokenizer finds: `spacy` finds those of datatrove."""

    tokenizer: Literal["fast", "spacy"] = "fast"
    language: str = Field("detected", description="of the texts: `detected`, or a code such as en for all of them")


class FineWebConf(WordyConf):
    """FineWeb's measures, in the datatrove dialect."""

    kind: Literal["fineweb"]

    def build(self) -> Annotator:
        """Return the annotator; raises ConfigError where the tokenizer is not installed."""
        return fineweb_annotator(self.name, self.tokenizer, self.language)


class C4Conf(WordyConf):
    """C4's measures, in datatrove's or DCLM's dialect."""

    kind: Literal["c4"]
    dialect: Literal["datatrove", "dclm"] = "datatrove"

    def build(self) -> Annotator:
        """Return the annotator; raises ConfigError where the tokenizer is not installed."""
        return c4_annotator(self.name, self.tokenizer, self.language, self.dialect)


class GopherConf(WordyConf):
    """Gopher's measures, in the datatrove dialect; `kind: dclm` and `kind: dolma` are the other ones."""

    kind: Literal["gopher"]
    stop_words: str | None = Field(None, description="a JSON file {language: [words]}, or FineWeb-2's configs")

    def build(self) -> Annotator:
        """Return the annotator; raises ConfigError where the tokenizer is not installed or the lists cannot be read."""
        return gopher_annotator(self.name, self.tokenizer, self.language, self.stop_words)


class PlainConf(AnnotatorLine):
    """Measures that need no more than the text and its URL."""

    kind: Literal["dclm", "dolma", "readability", "characters", "url"]

    def build(self) -> Annotator:
        """Return the annotator."""
        return _PLAIN[self.kind](self.name)


class PersonalConf(AnnotatorLine):
    """Counts of personal data; `region` is a country code for phone numbers without one."""

    kind: Literal["personal"]
    kinds: tuple[str, ...] = DEFAULT_KINDS
    region: str | None = None

    def build(self) -> Annotator:
        """Return the annotator; raises ConfigError for an unknown kind."""
        return personal_annotator(self.name, self.kinds, self.region)


class UnsafeWordsConf(AnnotatorLine):
    """Counts of words of a list: a file, or a folder of a file for each language."""

    kind: Literal["unsafe_words"]
    lists: str

    def build(self) -> Annotator:
        """Return the annotator; raises MissingInputError if the lists are not there."""
        return unsafe_words_annotator(self.name, self.lists)


class UrlRulesAnnotatorConf(UrlRulesConf, AnnotatorLine):
    """What lists of domains, URLs and words say of the URL; NULL where no list is named."""

    kind: Literal["url_rules"]

    def build(self) -> Annotator:
        """Return the annotator; raises MissingInputError if a list is not there."""
        return url_rules_annotator(self.name, self)


MeasureConf = GopherConf | C4Conf | FineWebConf | PlainConf | PersonalConf | UnsafeWordsConf | UrlRulesAnnotatorConf
