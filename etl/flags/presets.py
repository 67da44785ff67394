"""The folders conf/flags -> the presets that are there, and which of them a lake can answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from etl.condition import names_in, with_names
from etl.flags.preset import ANY, Preset
from etl.platform import conf_folder
from udfs.conf import nearest, read_conf
from udfs.errors import ConfigError, MissingInputError, UsageError, WebstrataError

Columns = Mapping[str, set[str] | None]
# The SQL of some flags -> why it is none over a document, if it is none.
Complaint = Callable[[str], str | None]


@dataclass(frozen=True)
class Presets:
    """The presets by name: those a lake can answer, and of the others why it cannot."""

    ready: Mapping[str, Preset]
    lacking: Mapping[str, str]
    untold_names: frozenset[str] = frozenset()  # `preset.flag` of those

    def named(self, name: str) -> Preset:
        """Return a preset; raises UsageError, saying what to do, if there is none or if the lake cannot tell it."""
        if name in self.ready:
            return self.ready[name]
        if name in self.lacking:
            raise UsageError(f"the flags of {name} cannot be told here: {self.lacking[name]}")
        known = sorted({*self.ready, *self.lacking})
        raise MissingInputError(f"no preset {name!r} in conf/flags{nearest(name, known)}; there are {', '.join(known)}")

    def spelled_out(self, where: str) -> str:
        """Return a condition with each flag replaced by its SQL, so that it says by itself what it keeps.

        Raises UsageError for a flag of a preset that the lake cannot tell.
        """
        for name in names_in(where):
            if name in self.untold_names:
                self.named(name.partition(".")[0])
        return with_names(where, self.meanings())

    def meanings(self) -> dict[str, str]:
        """Return `preset.flag` -> its SQL, and `preset.flagged` -> that of any of them."""
        return {name: f"({sql})" for preset in self.ready.values() for name, sql in preset.meanings().items()}


def find_presets() -> list[Preset]:
    """Return the presets of ./conf/flags and of ours, by name; the user's counts where both have one.

    Raises ConfigError for a file that is no preset, or is named otherwise than the preset in it.
    """
    found: dict[str, Preset] = {}
    for folder in (conf_folder() / "flags", Path("conf/flags")):
        for path in sorted(folder.glob("*.yaml")) if folder.is_dir() else ():
            preset = _read(path, path.stat().st_mtime_ns)
            if preset.name != path.stem:
                raise ConfigError(f"{path}: the preset is named {preset.name!r}; call the file {preset.name}.yaml")
            found[preset.name] = preset
    return sorted(found.values(), key=lambda preset: preset.name)


@lru_cache(maxsize=256)
def _read(path: Path, _changed_at: int) -> Preset:
    """Return a preset; it is asked for with every view, and YAML is slow to read."""
    return read_conf(path, Preset)


def sort_out(presets: Sequence[Preset], columns: Columns, complaint: Complaint = lambda _: None) -> Presets:
    """Return which presets can be told from `columns` (name -> fields of a struct, None for another type).

    A preset that does not fit is lacking and hinders nobody who does not ask for it.
    """
    lower = {name.lower(): fields and {field.lower() for field in fields} for name, fields in columns.items()}
    ready: dict[str, Preset] = {}
    lacking: dict[str, str] = {}
    for preset in presets:
        try:
            ready[preset.name] = _told(preset, lower, complaint)
        except WebstrataError as error:
            lacking[preset.name] = str(error)
    untold = {f"{p.name}.{name}" for p in presets if p.name in lacking for name in (ANY, *(f.name for f in p.flags))}
    return Presets(ready, lacking, frozenset(untold))


def _told(preset: Preset, columns: Columns, complaint: Complaint) -> Preset:
    """Return the preset as it can be told; raises ConfigError, MissingInputError or UsageError where it cannot."""
    if preset.name in columns and columns[preset.name] is None:
        raise ConfigError(f"preset {preset.name}: a column has that name; choose another")
    for flag in preset.flags:
        if flag.name in (columns.get(preset.name) or ()):
            raise ConfigError(f"flag {preset.name}.{flag.name}: a measure has that name; choose another")
    told = preset.with_thresholds().told_from(columns)
    if not complaint(select := ", ".join(told.meanings().values())):
        return told
    for name, sql in told.meanings().items():
        if why := complaint(sql):
            raise ConfigError(f"flag {name}: {why}")
    raise ConfigError(f"preset {preset.name}: {complaint(select)}")
