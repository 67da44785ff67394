"""A preset's YAML -> its flags: named reasons not to use a page, each a SQL condition, with its source."""

import re
from collections.abc import Mapping
from typing import NamedTuple, Self

from pydantic import Field, model_validator

from etl.condition import check_condition, names_in
from etl.flags.thresholds import with_thresholds
from udfs.conf import Conf, Name, nearest
from udfs.errors import ConfigError

ANY = "flagged"  # the field of a preset that says whether any of its flags is true
_COMPARISON = re.compile(r"^\s*(?P<measure>[^<>=!]+?)\s*(?P<operator><=|>=|<|>)\s*(?P<value>-?[\d_]*\.?\d+)\s*$")


class Threshold(NamedTuple):
    """What a simple flag compares: a page is flagged where `measure` `operator` `value`."""

    measure: str
    operator: str
    value: float


class Flag(Conf):
    """A reason not to use a page. It says so where its condition is true; nothing is deleted."""

    name: Name
    where: str = Field(min_length=1, description="SQL condition over the columns of `documents`")
    source: str = ""
    note: str = ""

    @property
    def threshold(self) -> Threshold | None:
        """Return what the condition compares, None if it is more than `measure operator number`."""
        found = _COMPARISON.match(self.where)
        if found is None or re.search(r"\b(and|or|not)\b", found["measure"], re.IGNORECASE):
            return None
        return Threshold(found["measure"], found["operator"], float(found["value"].replace("_", "")))

    @property
    def columns(self) -> list[str]:
        """Return the top-level columns that the condition reads."""
        return sorted({name.partition(".")[0] for name in names_in(self.where)})

    def sql(self) -> str:
        """Return the flag as a SQL value: true, false, or NULL where an annotator that it asks has not spoken.

        A measure that has no meaning for a text is NULL: then the flag is false, for nothing speaks against the page.
        """
        spoken = " AND ".join(f"`{column}` IS NOT NULL" for column in self.columns) or "true"
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

        That one is NULL where none is true and one cannot be told.
        """
        flags = {f"{self.name}.{flag.name}": flag.sql() for flag in self.flags}
        return {**flags, f"{self.name}.{ANY}": " OR ".join(f"({sql})" for sql in flags.values())}

    def missing_columns(self, known: Mapping[str, set[str] | None]) -> list[str]:
        """Return the columns of its conditions that are not in `known` (column -> its fields, None: no struct).

        Raises ConfigError if a column is there and the field asked for is not, or if a condition asks what it must not.
        """
        missing: dict[str, None] = {}
        for flag in self.flags:
            place = f"flag {self.name}.{flag.name}"
            check_condition(flag.where, place)
            for name in names_in(flag.where):
                column, _, field = name.partition(".")
                if column not in known:
                    missing[column] = None
                elif field and field.partition(".")[0] not in (fields := known[column] or set()):
                    hint = nearest(field, sorted(fields)) or f"; there are: {', '.join(sorted(fields))}"
                    raise ConfigError(f"{place}: {column} has no field {field!r}{hint}")
        return list(missing)
