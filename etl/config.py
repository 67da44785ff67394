"""Names and paths that somebody typed -> the specs and annotators that they mean."""

from collections.abc import Collection
from pathlib import Path

from etl.condition import check_condition
from etl.mixture import MixtureSpec
from etl.platform import conf_folder
from etl.schema import TABLES
from udfs.annotator import Annotator
from udfs.annotators import load_annotators
from udfs.conf import nearest, read_conf
from udfs.errors import ConfigError, MissingInputError


def find_spec(name_or_file: str) -> MixtureSpec:
    """Return the spec in a YAML file, or the one of that name in conf/mixtures: the user's first, then ours.

    Raises MissingInputError with the nearest name if there is none, ConfigError if it is no valid spec.
    """
    if name_or_file.endswith((".yaml", ".yml")) or Path(name_or_file).is_file():
        return read_conf(Path(name_or_file), MixtureSpec)
    folders = (Path("conf/mixtures"), conf_folder() / "mixtures")
    for folder in folders:
        if (folder / f"{name_or_file}.yaml").is_file():
            return read_conf(folder / f"{name_or_file}.yaml", MixtureSpec)
    known = sorted({path.stem for folder in folders if folder.is_dir() for path in folder.glob("*.yaml")})
    raise MissingInputError(
        f"no mixture {name_or_file!r} in conf/mixtures{nearest(name_or_file, known)};"
        f" there are {', '.join(known)}; or give a YAML file"
    )


def find_annotators(file: str | None = None, only: Collection[str] | None = None) -> list[Annotator]:
    """Return the annotators of a YAML file, or of the one that ships; `only` those named, if given."""
    path = Path(file) if file else conf_folder() / "annotators.yaml"
    annotators = load_annotators(path, only)
    taken = {*TABLES["pages"].column_names, "annotators", "cluster_size"}
    for annotator in annotators:
        if annotator.column in taken:
            raise ConfigError(f"{path}: the column {annotator.column!r} is taken; give the annotator another name")
        taken.add(annotator.column)
        for speaker in annotator.speakers:
            check_condition(speaker.where, f"`where` of annotator {annotator.name} in {path}")
    return annotators
