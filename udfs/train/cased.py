"""A tokenizer.json that lower-cases -> one that keeps case and line ends, each new token traced to the one it was.

A format shows in capitals and in lines. Every token gets a capitalised and an upper-case form, and line ends become
tokens of their own: the sequence hardly grows, and no code is needed at run time but the tokenizer.json.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

from udfs.errors import ConfigError

LOWER, CAPITALISED, UPPER, LINE_END, BLANK_LINE = range(5)
N_KINDS = 5
_LINE_ENDS = (("\n", LINE_END), ("\n\n", BLANK_LINE))
_PREFIX = "##"
# Scheme and www tell nothing; the added tokens cut the page at its lines, so that only a line's beginning matches.
_SCHEME = {"type": "Replace", "pattern": {"Regex": r"^https?://(www\.)?"}, "content": ""}


class CasedTokenizer(NamedTuple):
    """A tokenizer.json, and for each of its ids the id it had without case, and its kind of case or line end."""

    spec: dict[str, Any]
    origins: list[int]
    kinds: list[int]


def add_case(path: Path) -> CasedTokenizer:
    """Return the tokenizer with case and line ends; raises ConfigError unless it is a lower-casing BERT WordPiece."""
    spec = json.loads(path.read_text(encoding="utf-8"))
    normalizer = spec.get("normalizer") or {}
    if spec["model"].get("type", "WordPiece") != "WordPiece" or not normalizer.get("lowercase"):
        raise ConfigError(f"{path}: not a WordPiece tokenizer that lower-cases; set `keeps_case: false`")
    vocabulary: dict[str, int] = spec["model"]["vocab"]
    n_ids = 1 + max(vocabulary.values())
    origins, kinds = list(range(n_ids)), [LOWER] * n_ids
    for token, form, kind in _forms(vocabulary):
        if form not in vocabulary:
            vocabulary[form] = len(origins)
            origins.append(vocabulary[token])
            kinds.append(kind)
    spec["added_tokens"] += _take_unused(vocabulary, kinds, path)
    spec["added_tokens"].sort(key=lambda token: token["id"])
    spec["model"]["vocab"] = dict(sorted(vocabulary.items(), key=lambda item: item[1]))
    spec["normalizer"] = {
        "type": "Sequence",
        "normalizers": [_SCHEME, normalizer | {"lowercase": False, "strip_accents": True}],
    }
    return CasedTokenizer(spec | {"truncation": None, "padding": None}, origins, kinds)


def as_it_is(path: Path) -> CasedTokenizer:
    """Return the tokenizer unchanged but for the length and padding it may preset."""
    spec = json.loads(path.read_text(encoding="utf-8")) | {"truncation": None, "padding": None}
    n_ids = 1 + max(spec["model"]["vocab"].values())
    return CasedTokenizer(spec, list(range(n_ids)), [LOWER] * n_ids)


def _forms(vocabulary: dict[str, int]) -> list[tuple[str, str, int]]:
    """Return each token with its capitalised and its upper-case form, in the order of their ids."""
    forms = []
    for token in sorted(vocabulary, key=vocabulary.__getitem__):
        if token.startswith("["):
            continue
        prefix = _PREFIX if token.startswith(_PREFIX) else ""
        body = token[len(prefix) :]
        forms.append((token, prefix + body[:1].upper() + body[1:], CAPITALISED))
        forms.append((token, prefix + body.upper(), UPPER))
    return forms


def _take_unused(vocabulary: dict[str, int], kinds: list[int], path: Path) -> list[dict[str, Any]]:
    """Give the line ends the first tokens that the vocabulary keeps unused; return them as added tokens."""
    unused = sorted((i, token) for token, i in vocabulary.items() if token.startswith("[unused"))
    if len(unused) < len(_LINE_ENDS):
        raise ConfigError(f"{path}: no unused tokens left for line ends; set `keeps_case: false`")
    added = []
    for (place, token), (content, kind) in zip(unused, _LINE_ENDS, strict=False):
        del vocabulary[token]
        vocabulary[content], kinds[place] = place, kind
        flags = {"special": False, "single_word": False, "lstrip": True, "rstrip": True, "normalized": False}
        added.append({"id": place, "content": content, **flags})
    return added
