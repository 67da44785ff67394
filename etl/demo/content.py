"""The YAML files below `content/` -> languages with their topics, formats and words."""

from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator

from udfs.conf import Conf, read_conf

CONTENT = Path(__file__).parent / "content"


def _lines(text: object) -> tuple[str, ...]:
    """Return the lines of a YAML block that are not blank."""
    lines = str(text).splitlines()
    return tuple(line.strip() for line in lines if line.strip())


def _items(text: object) -> tuple[str, ...]:
    """Return the items of a list written as `one; two; three`."""
    return tuple(item.strip() for item in str(text).split(";"))


Lines = Annotated[tuple[str, ...], BeforeValidator(_lines)]
Items = Annotated[tuple[str, ...], BeforeValidator(_items)]


class Topic(Conf):
    """What pages of one topic talk about: their subjects, words and sentences, by the sentences' roles."""

    label: str
    """The WebOrganizer topic that a classifier should find, by its short name."""
    sites: Items
    subjects: Items
    slots: dict[str, Items]
    facts: Lines
    steps: Lines
    opinions: Lines
    events: Lines
    questions: Lines


class Format(Conf):
    """The grammar of one kind of page."""

    label: str
    """The WebOrganizer format that a classifier should find, by its short name."""
    host: str = "www"
    path: str
    titles: Lines
    body: Lines
    """Blocks, one a line: `tag template`; `@3-5 tag … // tag …` repeats its blocks, counting in `{i}`."""
    only: Items = ()
    """The topics that have such pages; all of them if empty."""


class Chrome(Conf):
    """The words around every page's article, which are not part of its text."""

    nav: Items
    aside: str
    newsletter: str
    footer: Items
    cookies: str


class Site(Conf):
    """What the pages of one language share."""

    chrome: Chrome
    joiner: str = " "
    charsets: Items
    """Encoding and place of its declaration (`http`, `meta`, `bom`, `none`), dealt to the pages in turn."""
    n_pages: int
    slots: dict[str, Items]
    formats: dict[str, Format]


class Language(Conf):
    """A language with all that is written in it."""

    code: str
    site: Site
    topics: dict[str, Topic]


@cache
def read_languages() -> tuple[Language, ...]:
    """Return the languages of the demo crawl, in the order of their codes."""
    return tuple(_read_language(folder) for folder in sorted(CONTENT.iterdir()) if folder.is_dir())


def _read_language(folder: Path) -> Language:
    topics = {p.stem: read_conf(p, Topic) for p in sorted(folder.glob("*.yaml")) if p.stem != "site"}
    return Language(code=folder.name, site=read_conf(folder / "site.yaml", Site), topics=topics)
