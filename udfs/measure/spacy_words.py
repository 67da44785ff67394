"""Words -> the tokens that spaCy's blank English pipeline makes of them, as datatrove 0.10.1 asks for them.

spaCy cuts at whitespace and tokenizes each word by itself. What it does to the whole text afterwards is to look for
its special cases (emoticons, abbreviations) among the tokens, across single spaces too. Across a space it changes
nothing, but it passes over a case that overlaps such a find. That needs a word with a case inside (`_cased`), and a
neighbour that goes on as one of the cases does (`_joints`): only such texts are tokenized as a whole.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from importlib import import_module
from itertools import pairwise
from typing import Any

from udfs.errors import ConfigError

# C4 calls nothing longer a word. spaCy takes the square of a word's length: longer ones are cut into pieces of this.
MAX_WORD = 1_000
# spaCy fails where a token is called like its attribute number 1; datatrove then takes the name out of the text.
BROKEN = "IS_ALPHA"

_PLAIN = re.compile(r"([A-Za-z]*[a-z])([,.;:!?)]?)")
_LONG = re.compile(rf"(\S{{{MAX_WORD}}})(?=\S)")
_SURROGATES = re.compile("[\ud800-\udfff]")


class SpacySplitter:
    """spaCy's tokenizer, called once for many words."""

    def __init__(self) -> None:
        self._spacy = _spacy()
        self._pipeline = self._spacy.blank("en")
        self._tokenizer = self._pipeline.tokenizer
        self.version = f"spacy-{self._spacy.__version__}"
        cases = self._cases_looked_for()
        self._joints = {joint for plain, _ in cases for joint in pairwise(plain)}
        self._joined_characters = {(a[-1], b[0]) for a, b in self._joints}
        self._beginnings: dict[str, list[list[str]]] = defaultdict(list)
        for plain, tokens in cases:
            if tokens != plain:
                self._beginnings[tokens[0]].append(tokens)
        self._rules = frozenset(self._tokenizer.rules)
        self._cased: set[str] = set()

    def split(self, words: Sequence[str]) -> list[list[str]]:
        """Return the tokens of each word; joined they are the word."""
        plain = [self._plain_tokens(word) for word in words]
        rest = [word for word, tokens in zip(words, plain, strict=True) if not tokens]
        others = iter(self._split_by_spacy(rest)) if rest else iter(())
        return [tokens or next(others) for tokens in plain]

    def crosses(self, words: Sequence[str]) -> bool:
        """Return whether the tokens of some word may depend on the word beside it."""
        if self._cased.isdisjoint(words):
            return False
        return any(BROKEN in word for word in words) or any(
            self._joins(left, right) for left, right in pairwise(words) if left in self._cased or right in self._cased
        )

    def split_text(self, text: str) -> list[str]:
        """Return the tokens of a text in which words depend on each other, whitespace tokens included."""
        whole = _LONG.sub(r"\1\n", text)
        try:
            return self._tokens(whole)
        except AssertionError:
            return self._tokens(whole.replace(BROKEN, ""))

    def forget(self) -> None:
        """Free what was kept for words seen so far."""
        self._cased.clear()

    def _plain_tokens(self, word: str) -> list[str]:
        """Return the tokens of letters with at most one mark behind them, of which no rule but the mark's speaks."""
        found = _PLAIN.fullmatch(word)
        if not found or word in self._rules or found[1] in self._rules:
            return []
        return [part for part in found.groups() if part]

    def _split_by_spacy(self, words: Sequence[str]) -> list[list[str]]:
        whole = [_LONG.sub(r"\1\n", word).replace(BROKEN, BROKEN.lower()) for word in words]
        # No case has a newline, so words at both sides of one are apart. An empty line ends a word.
        tokens: list[list[str]] = [[]]
        for part in self._tokens("\n\n".join(whole)):
            if not part.isspace():
                tokens[-1].append(part)
            elif len(part) > 1:
                tokens.append([])
        self._remember(words, tokens)
        return tokens

    def _tokens(self, text: str) -> list[str]:
        if not text.isascii():
            text = _SURROGATES.sub("\ufffd", text)
        with self._pipeline.memory_zone():
            return [token.text for token in self._tokenizer(text)]

    def _cases_looked_for(self) -> list[tuple[list[str], list[str]]]:
        """Return of each special case that spaCy looks for among tokens: its tokens by the plain rules, and its own."""
        ours = self._tokenizer
        affixes = (ours.find_prefix, ours.find_infix, ours.find_suffix)
        plain = self._spacy.tokenizer.Tokenizer(
            self._pipeline.vocab,
            prefix_search=ours.prefix_search,
            suffix_search=ours.suffix_search,
            infix_finditer=ours.infix_finditer,
            url_match=ours.url_match,
        )
        cases = [case for case in ours.rules if any(find(case) for find in affixes)]
        return [([token.text for token in plain(case)], [token.text for token in ours(case)]) for case in cases]

    def _joins(self, left: str, right: str) -> bool:
        """Return whether a case may go on from one word to the next; one with a case inside may be cut anywhere."""
        if (left[-1], right[0]) not in self._joined_characters:
            return False
        (ended,), (started,) = self.split([left]), self.split([right])
        return any(
            (left.endswith(a) if left in self._cased else ended[-1] == a)
            and (right.startswith(b) if right in self._cased else started[0] == b)
            for a, b in self._joints
        )

    def _has_case(self, tokens: Sequence[str]) -> bool:
        return any(
            tokens[i : i + len(case)] == case
            for i, token in enumerate(tokens)
            for case in self._beginnings.get(token, ())
        )

    def _remember(self, words: Sequence[str], tokens: Iterable[Sequence[str]]) -> None:
        for word, parts in zip(words, tokens, strict=True):
            if BROKEN in word or (not self._beginnings.keys().isdisjoint(parts) and self._has_case(parts)):
                self._cased.add(word)


def _spacy() -> Any:
    try:
        return import_module("spacy")
    except ImportError as error:
        raise ConfigError(
            "the tokenizer `spacy` needs spaCy: pip install webstrata[spacy], or choose `fast`"
        ) from error
