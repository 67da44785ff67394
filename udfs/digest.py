"""A file, or a folder of data -> its sha256, by which cards and evaluations know it again."""

import hashlib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class DataFile:
    """A file or folder of labelled pages, by the last part of its path and by what is in it."""

    name: str
    sha256: str


def data_file(path: Path) -> DataFile:
    """Return the name and digest of a file, or of a folder: then over the names and digests of its Parquet files."""
    if path.is_file():
        return DataFile(path.name, file_digest(path))
    parts = sorted(path.rglob("*.parquet"))
    lines = [f"{file_digest(part)} {part.relative_to(path).as_posix()}\n" for part in parts]
    return DataFile(path.name, hashlib.sha256("".join(lines).encode()).hexdigest())


def file_digest(path: Path) -> str:
    """Return the sha256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
