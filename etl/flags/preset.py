"""A preset's YAML -> its flags: named reasons not to use a page, each a SQL condition, with its source."""

import re
from collections.abc import Mapping
from typing import NamedTuple, Self

from pydantic import Field, model_validator

from etl.condition import check_condition, names_in
from etl.flags.thresholds import with_thresholds
from etl.schema import TABLES
from udfs.conf import Conf, Name, nearest
from udfs.errors import ConfigError, UsageError

_OF_A_PAGE = {name.lower() for name in TABLES["pages"].column_names}  # NULL there says something of the page
ANY = "flagged"  # the field of a preset that says whether any of its flags is true
_COMPARISON = re.compile(
    r"^\s*(?P<measure>[^<>=!]+?)\s*(?P<operator><=|>=|<|>)\s*(?P<limit>-?[\d_]*\.?\d+|try_element_at\(.*\))\s*$"
)
_UNTOLD = "CAST(NULL AS BOOLEAN)"


class Threshold(NamedTuple):
    """What a simple flag compares: a page is flagged where `measure` `operator` `limit`, both of them SQL."""

    measure: str
    operator: str
    limit: str


class Flag(Conf):
    """A reason not to use a page. It says so where its condition is true; nothing is deleted."""

    name: Name
    where: str = Field(min_length=1, description="SQL condition over the columns of `documents`")
    source: str = ""
    note: str = ""
    optional: bool = Field(False, description="the preset stands without it where nobody has given what it asks")

    @property
    def threshold(self) -> Threshold | None:
        """Return what the condition compares, None if it is more than `measure operator number`."""
        found = _COMPARISON.match(self.where)
        if found is None or re.search(r"\b(and|or|not)\b", found["measure"], re.IGNORECASE):
            return None
        limit = found["limit"]
        return Threshold(found["measure"], found["operator"], limit.replace("_", "") if limit[-1] != ")" else limit)

    @property
    def is_told(self) -> bool:
        """Return False for an optional flag of which nobody has given what it asks."""
        return self.where != _UNTOLD

    @property
    def untold(self) -> "Flag":
        """Return the flag as one that nobody can tell."""
        return self.model_copy(update={"where": _UNTOLD})

    def sql(self) -> str:
        """Return the flag as a SQL value: true, false, or NULL where an annotator that it asks has not spoken.

        A measure that has no meaning for a text is NULL: then the flag is false, for nothing speaks against the page.
        """
        if not self.is_told:
            return self.where
        asked = sorted({name.partition(".")[0] for name in names_in(self.where)} - _OF_A_PAGE)
        spoken = " AND ".join(f"`{column}` IS NOT NULL" for column in asked) or "true"
        return f"CASE WHEN {spoken} THEN coalesce(({self.where}), false) END"


class Preset(Conf):
    """A list of flags in the order in which their source judges."""

    name: Name
    source: str = ""
    note: str = ""
    thresholds: str | None = Field(
        None, pattern=r"^[A-Z][A-Z0-9_]*$", description="variable that names FineWeb-2's configs: `{dup_line_frac}`"
    )
    flags: tuple[Flag, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [flag.name for flag in self.flags]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two flags are named {', '.join(twice)}")
        if ANY in names:
            raise ValueError(f"no flag may be named {ANY!r}: it says whether any of them is true")
        return self

    def with_thresholds(self) -> "Preset":
        """Return the preset with the threshold of the page's language for each `{name}` in its conditions.

        Raises MissingInputError if they are asked for and not to be found, ConfigError if they are not as asked for.
        """
        if self.thresholds is None:
            return self
        flags = [flag.model_copy(update={"where": with_thresholds(flag.where, self.thresholds)}) for flag in self.flags]
        return self.model_copy(update={"flags": tuple(flags), "thresholds": None})

    def meanings(self) -> dict[str, str]:
        """Return `preset.flag` -> its SQL value, and `preset.flagged` -> whether any of them is true.

        That one is NULL where none is true and one that is not optional cannot be told.
        """
        flags = {f"{self.name}.{flag.name}": flag.sql() for flag in self.flags}
        told = (flags[f"{self.name}.{flag.name}"] for flag in self.flags if flag.is_told)
        return {**flags, f"{self.name}.{ANY}": " OR ".join(f"({sql})" for sql in told)}

    def told_from(self, columns: Mapping[str, set[str] | None]) -> "Preset":
        """Return the preset, with those of its optional flags untold that ask what `columns` lack.

        `columns`: name -> fields of a struct, None for another type, all in lower case.
        Raises UsageError if other flags lack a column, ConfigError for a condition that cannot be one over `columns`.
        """
        flags = []
        for flag in self.flags:
            check_condition(flag.where, f"flag {self.name}.{flag.name}")
            missing = _missing(flag, columns, f"flag {self.name}.{flag.name}")
            if missing and not flag.optional:
                said = f"no annotator has given {', '.join(missing)}"
                raise UsageError(f"{said}; list it in a YAML and run `webstrata annotate`")
            flags.append(flag.untold if missing else flag)
        if not any(flag.is_told for flag in flags):
            raise UsageError("nobody has given what any of its flags asks")
        return self.model_copy(update={"flags": tuple(flags)})


def _missing(flag: Flag, columns: Mapping[str, set[str] | None], place: str) -> list[str]:
    """Return the columns that a flag asks and that are not there (column -> its fields, None: it is no struct)."""
    missing: dict[str, None] = {}
    for name in names_in(flag.where):
        column, _, field = name.partition(".")
        if column not in columns:
            missing[column] = None
        elif field and field.partition(".")[0] not in (fields := columns[column] or set()):
            hint = nearest(field, sorted(fields)) or f"; there are: {', '.join(sorted(fields))}"
            raise ConfigError(f"{place}: {column} has no field {field!r}{hint}")
    return list(missing)
