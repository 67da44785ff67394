"""Spark's and Delta's exceptions -> ours: the one place that knows their names."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from udfs.errors import ConflictError, LakeError, UsageError, WebstrataError

# Matched by text: classic Spark, Py4J and Spark Connect raise other classes for the same condition.
_CONFLICTS = (
    "DELTA_CONCURRENT",
    "ConcurrentAppendException",
    "ConcurrentTransactionException",
    "ConcurrentWriteException",
    "ConcurrentDeleteReadException",
    "ConcurrentDeleteDeleteException",
    "ProtocolChangedException",
    "MetadataChangedException",
    "DELTA_PROTOCOL_CHANGED",
    "DELTA_METADATA_CHANGED",
)
_VIOLATIONS = ("DELTA_VIOLATE_CONSTRAINT", "DELTA_NOT_NULL_CONSTRAINT", "DELTA_NEW_NOT_NULL_VIOLATION")
_FULL = ("No space left on device", "Disk quota exceeded", "ENOSPC")
_DENIED = ("Permission denied", "AccessDenied", "Read-only file system")
_NO_FOLDER = ("Mkdirs failed", "DELTA_CANNOT_CREATE_LOG_PATH")  # Java does not say why
_BAD_VALUES = ("[DIVIDE_BY_ZERO", "[CAST_INVALID_INPUT", "[ARITHMETIC_OVERFLOW")
_NEWER = ("DELTA_UNSUPPORTED_FEATURES", "InvalidProtocolVersionException", "DELTA_INVALID_PROTOCOL")


T = TypeVar("T")


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turn what Spark or Delta raise while `doing` something into errors that say what to do."""
    try:
        yield
    except WebstrataError:
        raise
    except Exception as error:
        known = _known(str(error), doing)
        if known is None:
            raise
        raise known from error


def persistently(do: Callable[[], T], *, attempts: int = 20) -> T:
    """Return what `do` returns, asking again after a pause as long as it meets another driver.

    `do` must be a whole unit that may be done twice. Raises the last ConflictError.
    """
    for attempt in range(1, attempts):
        try:
            return do()
        except ConflictError:
            time.sleep(random.uniform(0, 0.1 * attempt))  # noqa: S311 no secret: drivers must not meet again
    return do()


def _known(text: str, doing: str) -> WebstrataError | None:
    """Return our error for the message `text`, or None if we cannot say anything better."""
    if any(name in text for name in _CONFLICTS):
        return ConflictError(f"{doing}: another driver wrote the same thing at the same time; run it again")
    if any(name in text for name in _VIOLATIONS):
        line = next(line for line in text.splitlines() if any(name in line for name in _VIOLATIONS))
        return LakeError(
            f"{doing}: a row breaks a constraint of the table, nothing written. {line[line.index('[') :][:300]}"
        )
    if any(name in text for name in _FULL):
        return LakeError(f"{doing}: the disk is full; free some space and run it again, nothing half written is seen")
    if any(name in text for name in _DENIED):
        return LakeError(f"{doing}: not allowed to write there; check the permissions of the lake")
    if any(name in text for name in _NO_FOLDER):
        return LakeError(f"{doing}: no folder can be made there; look for a full disk, or a place not to be written to")
    if any(name in text for name in _NEWER):
        return LakeError(f"{doing}: the table needs a newer Delta than {_delta_version()}; upgrade webstrata")
    if "CATALOG_NOT_FOUND" in text:
        return UsageError(f"{doing}: Spark knows no such catalog; for a folder write ./NAME or an absolute path")
    if any(name in text for name in _BAD_VALUES):
        return UsageError(f"{doing}: {text.strip().splitlines()[0][:500]}")
    if "PARSE_SYNTAX_ERROR" in text or "UNRESOLVED_COLUMN" in text or "TABLE_OR_VIEW_NOT_FOUND" in text:
        return UsageError(f"{doing}: {text.strip().splitlines()[0][:500]}")
    return None


def _delta_version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"delta-spark {version('delta-spark')}"
    except PackageNotFoundError:
        return "the installed one"
