"""What an edit is: a name, a version and a pure function from a text to what is left of it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import NamedTuple


class Outcome(NamedTuple):
    """What an edit leaves of a text, and how many lines that are not blank each of its rules dropped."""

    text: str
    n_lines: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Edit:
    """A named edit. It only removes, says nothing about keeping the page, and may leave nothing at all.

    `version` is raised whenever the same text may come out otherwise: mixtures record it with the name.
    """

    name: str
    version: int
    function: Callable[[str], Outcome]
    about: str  # one line: what is removed, and whose rules these are
    depends_on: str = ""  # a package whose data decide too: its release is a part of the label

    @property
    def label(self) -> str:
        """Return the name with the version, as it is recorded: `c4_lines.1`, or `dclm_text.1.20261023`."""
        if not self.depends_on:
            return f"{self.name}.{self.version}"
        return f"{self.name}.{self.version}.{version(self.depends_on).rpartition('.')[2]}"


def n_filled(lines: Iterable[str]) -> int:
    """Return how many of the lines are not blank: only those can be missed."""
    return sum(1 for line in lines if line and not line.isspace())
