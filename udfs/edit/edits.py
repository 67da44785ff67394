"""The edits by name, and what they leave of a text when one is applied after the other."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from udfs.conf import nearest
from udfs.edit.c4_lines import C4_LINES, FINEWEB_LINES
from udfs.edit.dclm_lines import DCLM_LINES
from udfs.edit.dclm_text import DCLM_TEXT
from udfs.edit.edit import Edit
from udfs.errors import ConfigError

EDITS: Mapping[str, Edit] = {item.name: item for item in (C4_LINES, FINEWEB_LINES, DCLM_TEXT, DCLM_LINES)}

# What stands between ASCII white space and begins with a letter or a digit of any script.
_WORD = re.compile(r"(?:^|[ \n\r\t\v\f\0])[^\W_]")


class Removed(NamedTuple):
    """What one edit removed: lines that were not blank, words, characters, and its lines by rule.

    A removed piece may uncover a word or cut one in two, so that the words can be fewer than 0.
    """

    n_lines: int
    n_words: int
    n_chars: int
    n_lines_by_rule: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Edited:
    """What edits left of a text, and what each of them removed, by its name, in the order in which they came."""

    text: str
    n_words: int
    removed: Mapping[str, Removed]

    @property
    def n_lines_removed(self) -> int:
        """Return how many lines that were not blank are gone."""
        return sum(item.n_lines for item in self.removed.values())

    @property
    def n_words_removed(self) -> int:
        """Return the words of the raw text minus those of the edited one."""
        return sum(item.n_words for item in self.removed.values())

    @property
    def n_chars_removed(self) -> int:
        """Return the characters of the raw text minus those of the edited one."""
        return sum(item.n_chars for item in self.removed.values())


def edit(text: str, names: Sequence[str]) -> Edited:
    """Return what the edits of these names leave of `text`, each given what the one before it left.

    Raises ConfigError for a name that is no edit's.

    >>> edit("Sign in\\nThe harbour wall was repaired.", ["c4_lines"]).text
    'The harbour wall was repaired.'
    """
    removed: dict[str, Removed] = {}
    n_words = count_words(text)
    for item in edits_named(names):
        left = item.function(text)
        n_left = count_words(left.text)
        n_lines = sum(left.n_lines.values())
        removed[item.name] = Removed(n_lines, n_words - n_left, len(text) - len(left.text), left.n_lines)
        text, n_words = left.text, n_left
    return Edited(text, n_words, removed)


def edits_named(names: Sequence[str]) -> list[Edit]:
    """Return the edits of these names; raises ConfigError for one that is unknown or stands there twice."""
    for name in names:
        if name not in EDITS:
            raise ConfigError(f"no edit {name!r}{nearest(name, list(EDITS))}; known: {', '.join(EDITS)}")
        if list(names).count(name) > 1:
            raise ConfigError(f"the edit {name} is named twice")
    return [EDITS[name] for name in names]


def count_words(text: str) -> int:
    """Return the words of a text as DCLM counts them for its share of removed words: by white space, no punctuation.

    White space is ASCII's, as in fastText's tokenizer; a word begins with a letter or a digit of any script.
    """
    return len(_WORD.findall(text))
