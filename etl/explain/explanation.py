"""What is known of one page: facts, annotations, flags, duplicates, mixtures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Said:
    """A field of an annotation and what it means; `value` is None where it has no meaning for the text."""

    column: str
    field: str
    value: object
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """A flag: whether it is true (None: it cannot be told), of which condition, and the measure it compares."""

    preset: str
    flag: str
    is_true: bool | None
    where: str
    measure: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Membership:
    """A version of a mixture that holds the page."""

    mixture: str
    version: int
    stratum: str
    copies: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """A page, or a file taken for one; `lacking` are presets that cannot be told, and why."""

    title: str
    facts: Mapping[str, object]
    said: Sequence[Said] = ()
    judged: Sequence[Judged] = ()
    mixtures: Sequence[Membership] = ()
    lacking: Mapping[str, str] = field(default_factory=dict)
    excerpt: str = ""

    @property
    def presets(self) -> list[str]:
        """Return the presets whose flags were told, in order."""
        return list(dict.fromkeys(judged.preset for judged in self.judged))

    def flags_of(self, preset: str) -> list[Judged]:
        """Return the flags of a preset, in its order."""
        return [judged for judged in self.judged if judged.preset == preset]
