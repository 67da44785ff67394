"""A tokenizer.json, perhaps hostile -> nothing, or a ModelError: what could hang, swell or draw is never opened.

Refused: files that are too large, no JSON or nested too deeply, a merge that is left out at random, replacements that
make a text longer, far more added tokens than any tokenizer has, and patterns that backtrack without end. Patterns
run in Oniguruma, whose only limit is a panic after ten million steps at one place.
"""

import json
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from udfs.errors import ModelError

MAX_BYTES = 64 << 20
MAX_DEPTH = 40
MAX_ADDED_TOKENS = 50_000
MAX_PATTERN = 2_000
LONG_REPEAT = 100  # a{1,100} and more counts as a+
# Of a pattern: an escape, the beginning of a group with its kind, a repetition, or any other character.
_PIECE = re.compile(r"\\[pPx]\{[^}]*\}|\\.|\((?:\?[^)]{0,3}?[:=!>])?|(?:[*+?]|\{\d*,?\d*\})[?+]?|.", re.DOTALL)
_PLAIN_GROUPS = ("(", "(?:", "(?i:", "(?=", "(?!", "(?<=", "(?<!", "(?>")
_REPEAT = re.compile(r"\{(\d*)(,?)(\d*)\}")


def check_tokenizer(path: Path) -> None:
    """Raise ModelError if the file is no tokenizer.json or holds anything that we refuse."""
    if not path.is_file() or path.stat().st_size > MAX_BYTES:
        raise ModelError(f"{path}: no tokenizer.json of at most {MAX_BYTES:,} bytes there")
    try:
        conf = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path}: not a tokenizer.json ({error}); export the tokenizer again") from error
    if not isinstance(conf, dict) or not isinstance(conf.get("model"), dict):
        raise ModelError(f"{path}: not a tokenizer.json (it has no model); export the tokenizer again")
    for problem in _problems(conf):
        raise ModelError(f"{path}: refused, {problem}; use another tokenizer")


def _problems(conf: dict[str, Any]) -> Iterator[str]:
    if conf["model"].get("dropout"):
        yield "it leaves out merges at random"
    n_added = len(conf.get("added_tokens") or ())
    if n_added > MAX_ADDED_TOKENS:
        yield f"it has {n_added:,} added tokens"
    for part in ("normalizer", "pre_tokenizer", "post_processor", "decoder"):
        yield from _step_problems(conf.get(part), 0)


def _step_problems(step: object, depth: int) -> Iterator[str]:
    if depth > MAX_DEPTH:
        yield f"it is nested deeper than {MAX_DEPTH} levels"
    elif isinstance(step, list):
        for item in step:
            yield from _step_problems(item, depth + 1)
    elif isinstance(step, dict):
        pattern = step.get("pattern")
        found = pattern if isinstance(pattern, dict) else {}
        regex, string = str(found.get("Regex", "")), str(found.get("String", ""))
        if regex and (problem := pattern_problem(regex)):
            yield f"its pattern {regex[:100]!r} {problem}"
        if len(str(step.get("content", ""))) > max(len(string), 1):
            yield f"it replaces {(regex or string)[:100]!r} by something longer"
        for item in step.values():
            yield from _step_problems(item, depth + 1)


def pattern_problem(pattern: str) -> str | None:
    """Return why matching may take more than quadratic time, or None.

    No group may be repeated, so that no text is matched in exponentially many ways; and of the endless repetitions
    of an alternative only one may be followed by something that must match, so that few ways are tried again.
    """
    if len(pattern) > MAX_PATTERN:
        return f"has more than {MAX_PATTERN:,} characters"
    if re.search(r"\[\^?\]", re.sub(r"\\.", "x", pattern, flags=re.DOTALL)):
        return "has an unusual class"
    pieces = [*_pieces(pattern), ""]
    return _group_problem(pieces) or _repeat_problem(pieces)


def _group_problem(pieces: Sequence[str]) -> str | None:
    for piece, after in pairwise(pieces):
        if piece.startswith("(") and (piece not in _PLAIN_GROUPS or _repetition(after)):
            return "has an unusual group"
        if re.fullmatch(r"\\[1-9kg]", piece):
            return "refers back"
        if piece == ")" and _repetition(after) > 1:
            return "repeats a group"
    return None


def _repeat_problem(pieces: Sequence[str]) -> str | None:
    """Say whether two endless repetitions of an alternative wait for something after them."""
    n_endless, n_waiting = 0, 0
    groups: list[int] = []  # how many waited where each open group began
    for i, piece in enumerate(pieces):
        repeat = _repetition(piece)
        if piece.startswith("("):
            groups.append(n_waiting)
        elif piece == ")":
            waited = groups.pop() if groups else 0
            n_waiting = waited if _is_optional(pieces[i + 1]) else n_waiting
        elif (piece == "|" and not groups) or not piece:
            if n_waiting > 1:
                return "repeats without end more than once before something that must match"
            n_endless = n_waiting = 0
        elif repeat > LONG_REPEAT:
            n_endless += 1
        elif not repeat and piece != "|" and not _is_optional(pieces[i + 1]):
            n_waiting = n_endless
    return None


def _is_optional(repetition: str) -> bool:
    return repetition.startswith(("*", "?", "{0,", "{,"))


def _pieces(pattern: str) -> Iterator[str]:
    """Yield the pieces of a pattern, a whole class such as [^a-z[0-9]] as `[]`."""
    depth = 0
    for piece in _PIECE.findall(pattern):
        depth += (piece == "[") - (piece == "]" and depth > 0)
        if piece == "]" and not depth:
            yield "[]"
        elif not depth:
            yield piece


def _repetition(piece: str) -> int:
    """Return how often a repetition repeats at most, 0 for a piece that is none."""
    if piece[:1] in {"*", "+"}:
        return LONG_REPEAT + 1
    if piece[:1] == "?":
        return 1
    found = _REPEAT.match(piece)
    if not found:
        return 0
    low, comma, high = found.groups()
    return int(high or (LONG_REPEAT + 1 if comma else low or 1))
