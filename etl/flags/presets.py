"""The folders conf/flags -> the presets that are there, and which of them a lake can answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from etl.condition import names_in, with_names
from etl.flags.preset import Preset
from etl.platform import conf_folder
from udfs.conf import nearest, read_conf
from udfs.errors import ConfigError, MissingInputError, UsageError


@dataclass(frozen=True)
class Presets:
    """The presets by name: those a lake can answer, and of the others what it lacks."""

    ready: Mapping[str, Preset]
    lacking: Mapping[str, str]

    def named(self, name: str) -> Preset:
        """Return a preset; raises UsageError, saying what to do, if there is none or if the lake lacks its columns."""
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
            if name.partition(".")[0] in self.lacking and "." in name:
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


def sort_out(presets: list[Preset], columns: Mapping[str, set[str] | None]) -> Presets:
    """Return which presets can be told from `columns` (name -> fields of a struct, None for another type).

    Raises ConfigError for a condition over a field that its column has not, or for a flag named as such a field.
    """
    ready: dict[str, Preset] = {}
    lacking: dict[str, str] = {}
    for listed in presets:
        try:
            preset = listed.with_thresholds()
        except MissingInputError as error:
            lacking[listed.name] = str(error)
            continue
        if missing := preset.missing_columns(columns):
            said = f"no annotator has given {', '.join(missing)}"
            lacking[preset.name] = f"{said}; list it in a YAML and run `webstrata annotate`"
        else:
            _check_names(preset, columns)
            ready[preset.name] = preset
    return Presets(ready, lacking)


def _check_names(preset: Preset, columns: Mapping[str, set[str] | None]) -> None:
    if preset.name in columns and columns[preset.name] is None:
        raise ConfigError(f"preset {preset.name}: a column has that name; choose another")
    for flag in preset.flags:
        if flag.name in (columns.get(preset.name) or ()):
            raise ConfigError(f"flag {preset.name}.{flag.name}: a measure has that name; choose another")
