"""A language, a topic and a format -> an article: a title, a URL and blocks of text."""

import re
import unicodedata
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import NamedTuple

from etl.demo.content import Format, Language, Topic
from etl.demo.grammar import Grammar

LISTS = frozenset({"ul", "ol", "table", "pre"})
_REPEAT = re.compile(r"@(\d+)-(\d+) (.*)")


class Block(NamedTuple):
    """A piece of an article; the items of a list or table are its lines."""

    tag: str
    text: str


@dataclass(frozen=True, slots=True)
class Article:
    """What a page says, before any HTML."""

    language: str
    topic: str
    format: str
    site: str
    url: str
    title: str
    blocks: tuple[Block, ...]

    def at(self, url: str) -> "Article":
        """Return the same article at another URL."""
        return replace(self, url=url)


def write_articles(language: Language) -> list[Article]:
    """Return the articles of a language, each of another subject or format, spread over its topics."""
    turns = _turns(language)
    return [_write(language, topic, form, turn) for turn, (topic, form) in enumerate(turns)]


def _turns(language: Language) -> list[tuple[str, str]]:
    """Return which topic and format each article has: topics in turn, formats in each topic's own order."""
    n_rounds = -(-language.site.n_pages // len(language.topics))
    orders = {name: _formats_of(language, name) for name in language.topics}
    turns = [(name, order[i % len(order)]) for i in range(n_rounds) for name, order in orders.items()]
    return turns[: language.site.n_pages]


def _formats_of(language: Language, topic: str) -> list[str]:
    formats = language.site.formats.items()
    fitting = [name for name, form in formats if not form.only or topic in form.only]
    return sorted(fitting, key=lambda name: (not language.site.formats[name].only, stable_hash(topic, name)))


def _write(language: Language, topic_name: str, format_name: str, turn: int) -> Article:
    topic, form = language.topics[topic_name], language.site.formats[format_name]
    seed = "/".join([language.code, topic_name, format_name, str(turn)])
    grammar = Grammar(_decks(language, topic), seed, language.site.joiner)
    order = sorted(topic.subjects, key=lambda subject: stable_hash(topic_name, subject))
    grammar.remember("subject", order[(turn // len(language.topics)) % len(order)])
    title = grammar.expand(grammar.pick(form.titles))
    site = topic.sites[stable_hash(topic_name, format_name, "site") % len(topic.sites)]
    grammar.remember("site", site)
    url = _url(form, grammar, site, title, turn)
    blocks = tuple(_blocks(form, grammar))
    return Article(language.code, topic.label, form.label, site, url, title[:1].upper() + title[1:], blocks)


def _decks(language: Language, topic: Topic) -> dict[str, tuple[str, ...]]:
    """Return all that a template may draw from: the topic's words hide the language's."""
    roles = ("facts", "steps", "opinions", "events", "questions")
    sentences: dict[str, tuple[str, ...]] = {role: getattr(topic, role) for role in roles}
    return {**language.site.slots, **topic.slots, **sentences}


def _blocks(form: Format, grammar: Grammar) -> list[Block]:
    blocks = []
    for line in form.body:
        repeat = _REPEAT.fullmatch(line)
        n_times = grammar.number(int(repeat[1]), int(repeat[2])) if repeat else 1
        for i in range(1, n_times + 1):
            inner = grammar.inner()
            inner.remember("i", str(i))
            blocks += [_block(piece, inner) for piece in (repeat[3] if repeat else line).split(" // ")]
    return blocks


def _block(template: str, grammar: Grammar) -> Block:
    tag, _, text = template.partition(" ")
    return Block(tag, grammar.expand(text, "\n" if tag in LISTS else None).replace(r"\n", "\n"))


def _url(form: Format, grammar: Grammar, site: str, title: str, turn: int) -> str:
    ascii_title = unicodedata.normalize("NFKD", title.lower()).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_title).strip("-")[:60].strip("-") or "p"
    grammar.remember("slug", slug if "-" in slug else f"{slug}-{turn + 100}")
    scheme = "http" if stable_hash(site, "scheme") % 5 == 0 else "https"
    return f"{scheme}://{form.host}.{site}.example/{grammar.expand(form.path)}"


def stable_hash(*parts: str) -> int:
    """Return a 64-bit hash of some texts, the same on every machine."""
    return int.from_bytes(blake2b("\0".join(parts).encode(), digest_size=8).digest(), "big")
