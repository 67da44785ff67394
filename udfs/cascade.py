"""Annotators and conditions -> an annotator that is asked only where its condition holds, or after a cheaper one."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from hashlib import sha256

from udfs.annotator import SPEAKER, Annotator
from udfs.errors import ConfigError


def cascade(speakers: Sequence[Annotator], wheres: Sequence[str]) -> Annotator:
    """Return an annotator that gives each page the answer of the last of `speakers` whose condition holds.

    They have the same name and fields; the first one speaks wherever no other does. A condition may look at the column
    itself, which then is what was said so far, as in `topic.score < 0.6`. Raises ConfigError for other fields.
    """
    first, *others = speakers
    so_far = _named(first)
    for speaker, where in zip(others, wheres[1:], strict=True):
        if speaker.fields != first.fields:
            raise ConfigError(f"annotator {first.name}: its models have other fields; use two annotators")
        so_far = replace(_named(speaker), where=where, otherwise=so_far)
    named = {key for speaker in speakers for key in speaker.details}
    details = {key: " | ".join(speaker.details.get(key, "") for speaker in speakers) for key in sorted(named)}
    return replace(
        so_far,
        version="|".join(speaker.version for speaker in speakers),
        details={**details, "speaks_as": so_far.details["speaks_as"]},
    )


def asked_where(annotator: Annotator, where: str, others: Iterable[Annotator]) -> Annotator:
    """Return the annotator asked only where `where` holds, of a version that changes with all that decides it.

    `others`: the annotators whose columns the conditions may look at. Where one of those changes, so may the answer.
    """
    asked = _within(annotator, where) if where else annotator
    wheres = [speaker.where for speaker in asked.speakers if speaker.where]
    if not wheres:
        return asked
    looked_at = [other.version for other in others if looks_at(asked, other)]
    digest = sha256(repr((wheres, looked_at)).encode()).hexdigest()[:8]
    details = {**asked.details, "where": " | ".join(wheres)}
    return replace(asked, version=f"{asked.version}-where-{digest}", details=details)


def looks_at(annotator: Annotator, other: Annotator) -> bool:
    """Return whether a condition of `annotator` looks at what the other one says."""
    wheres = (speaker.where for speaker in annotator.speakers)
    return other.name != annotator.name and any(_mentions(where, other.column) for where in wheres)


def _named(speaker: Annotator) -> Annotator:
    details = {**speaker.details, "speaks_as": speaker.version}
    return replace(speaker, fields=(*speaker.fields, SPEAKER), details=details)


def _within(annotator: Annotator, where: str) -> Annotator:
    """Return the annotator, and all who may speak before it, asked only where `where` holds too."""
    before = annotator.otherwise and _within(annotator.otherwise, where)
    both = f"({where}) AND ({annotator.where})" if annotator.where else where
    return replace(annotator, where=both, otherwise=before)


def _mentions(where: str, column: str) -> bool:
    return re.search(rf"\b{re.escape(column)}\b", where, re.IGNORECASE) is not None
