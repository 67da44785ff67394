"""FineWeb-2's configs -> the thresholds of each language, as SQL over `language.label`."""

import os
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from udfs.errors import ConfigError, MissingInputError
from udfs.fineweb2_configs import read_configs

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def with_thresholds(where: str, variable: str, language: str = "language.label") -> str:
    """Return a condition with each `{name}` replaced by the threshold of the page's language: NULL if it has none.

    `variable` is the environment variable that names the configs. Raises MissingInputError if it names nothing,
    ConfigError for a name that no config has.
    """
    place = os.environ.get(variable, "")
    values = read_thresholds(place, variable, _changed_at(place))

    def sql(match: re.Match[str]) -> str:
        of = {code: numbers[match[1]] for code, numbers in values.items() if match[1] in numbers}
        if not of:
            raise ConfigError(f"{{{match[1]}}}: no config of ${variable} has such a threshold")
        # Two literals that Spark folds into one map, rather than hundreds of them.
        codes, numbers = ",".join(of), ",".join(f"{number:g}" for number in of.values())
        keys, found = f"split('{codes}', ',')", f"cast(split('{numbers}', ',') AS ARRAY<DOUBLE>)"
        return f"try_element_at(map_from_arrays({keys}, {found}), {language})"

    return _PLACEHOLDER.sub(sql, where)


@lru_cache(maxsize=4)
def read_thresholds(place: str, variable: str, _changed_at: int = 0) -> Mapping[str, Mapping[str, float]]:
    """Return language (as lid.176 names it) -> threshold -> number; `dup_n_grams: [[5, 0.15]]` is `dup_n_grams_5`.

    Raises MissingInputError if `place`, which `variable` names, is no folder or archive; ConfigError for other files.
    """
    try:
        return {label: _numbers(values) for label, values in read_configs(place).items()}
    except MissingInputError as error:
        raise MissingInputError(f"set {variable} to the folder or archive of them: {error}") from None


def _changed_at(place: str) -> int:
    path = Path(place).expanduser()
    return path.stat().st_mtime_ns if place and path.exists() else 0


def _numbers(values: Mapping[str, Any]) -> dict[str, float]:
    numbers: dict[str, float] = {}
    for name, value in values.items():
        if isinstance(value, int | float):
            numbers[name] = float(value)
        elif isinstance(value, list) and all(isinstance(item, list) and len(item) == 2 for item in value):
            numbers |= {f"{name}_{n}": float(number) for n, number in value}
    return numbers
