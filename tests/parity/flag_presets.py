"""The measures of texts -> the flags of a preset that are true, by SQL without Spark."""

import sqlite3
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import yaml

FLAGS = Path(__file__).parents[2] / "conf" / "flags"

# A text's measures, by annotator and field.
Measured = Mapping[str, Mapping[str, object]]


@cache
def conditions(preset: str) -> dict[str, str]:
    """Return the conditions of a preset by the names of the flags, without those on the language or on lists."""
    flags = yaml.safe_load((FLAGS / f"{preset}.yaml").read_text())["flags"]
    asked = [flag for flag in flags if not (flag["where"].startswith("language.") or flag.get("optional"))]
    return {flag["name"]: flag["where"] for flag in asked}


def reasons(preset: str, measured: Measured) -> list[str]:
    """Return the names of the flags that are true, in their order."""
    where = conditions(preset)
    sources = ", ".join(f"(SELECT {_columns(fields)}) AS {name}" for name, fields in measured.items())
    bound: Sequence[object] = [value for fields in measured.values() for value in fields.values()]
    found = _database().execute(f"SELECT {', '.join(where.values())} FROM {sources}", bound).fetchone()
    return [name for name, is_true in zip(where, found, strict=True) if is_true]


def _columns(fields: Mapping[str, object]) -> str:
    return ", ".join(f"? AS {name}" for name in fields)


@cache
def _database() -> sqlite3.Connection:
    return sqlite3.connect(":memory:")
