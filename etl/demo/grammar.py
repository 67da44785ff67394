"""Templates with slots and a seed -> sentences, the same ones on every machine.

A template is text with `{slot}` (an item of the deck of that name), `{slot*2-4}` (so many of them),
`{slot1}` (drawn once, then remembered), `{10-99}` (a number) and `[this|that]` (one of both).
A slot written with a capital letter begins with one.
"""

import random
import re
from collections.abc import Mapping, Sequence
from copy import copy

_CHOICE = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")
_SLOT = re.compile(r"\{([\w-]+)(?:\*(\d+)(?:-(\d+))?)?\}")
_RANGE = re.compile(r"(\d+)-(\d+)")
_REMEMBERED = re.compile(r"([A-Za-z_]+)\d")


class Grammar:
    """Expands templates; items of a deck come back only after all the others were dealt."""

    def __init__(self, decks: Mapping[str, Sequence[str]], seed: str, joiner: str = " ") -> None:
        self._decks = decks
        self._joiner = joiner
        self._hands: dict[str, list[str]] = {}
        self._remembered: dict[str, str] = {}
        # Of the random module's methods only random() is promised to stay the same in every Python.
        self._random = random.Random(seed).random  # noqa: S311

    def expand(self, template: str, joiner: str | None = None) -> str:
        """Return `template` with all its slots and choices filled; raises KeyError for an unknown slot."""
        between = self._joiner if joiner is None else joiner
        while _CHOICE.search(template):
            template = _CHOICE.sub(lambda match: self.pick(match[1].split("|")), template)
        return _SLOT.sub(lambda match: self._fill(match, between), template)

    def inner(self) -> "Grammar":
        """Return a grammar that deals from the same hands, and forgets on its own what it remembered."""
        inner = copy(self)
        inner._remembered = dict(self._remembered)
        return inner

    def remember(self, name: str, text: str) -> None:
        """Let `{name}` stand for `text` from now on."""
        self._remembered[name] = text

    def pick(self, items: Sequence[str]) -> str:
        """Return one of `items`."""
        return items[self.number(0, len(items) - 1)]

    def number(self, low: int, high: int) -> int:
        """Return a number from `low` to `high`, both included."""
        return low + int(self._random() * (high - low + 1))

    def _fill(self, match: re.Match[str], joiner: str) -> str:
        name, low, high = match.groups()
        n_items = self.number(int(low), int(high or low)) if low else 1
        return joiner.join(self._slot(name) for _ in range(n_items))

    def _slot(self, name: str) -> str:
        if span := _RANGE.fullmatch(name):
            return str(self.number(int(span[1]), int(span[2])))
        if name[0].isupper():
            text = self._slot(name[0].lower() + name[1:])
            return text[:1].upper() + text[1:]
        if name in self._remembered:
            return self._remembered[name]
        if kept := _REMEMBERED.fullmatch(name):
            self._remembered[name] = self._deal(kept[1])
            return self._remembered[name]
        return self._deal(name)

    def _deal(self, name: str) -> str:
        """Return the next item of a deck, shuffled anew whenever it is used up."""
        if not self._hands.get(name):
            self._hands[name] = sorted(self._decks[name], key=lambda _: self._random())
        return self.expand(self._hands[name].pop())
