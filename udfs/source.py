"""A path or URI -> the files below it, and each file as a seekable stream."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from pyarrow import fs

from udfs.errors import MissingInputError


class SourceFile(NamedTuple):
    """A file that can be read: its absolute path or URI, and its size in bytes."""

    uri: str
    size_bytes: int


def open_uri(uri: str) -> BinaryIO:
    """Return a file as a seekable binary stream; raises OSError if it cannot be opened."""
    if "://" not in uri:
        return Path(uri).open("rb")
    system, path = fs.FileSystem.from_uri(uri)
    return cast(BinaryIO, system.open_input_file(path))


def list_files(path: str) -> list[SourceFile]:
    """Return every file at or below `path` (a file, a folder, a glob pattern or a URI), sorted.

    Names that begin with a dot or an underscore are left out, as Spark and Hadoop do.
    Raises MissingInputError if nothing is there.
    """
    found = sorted(_list_uri(path) if "://" in path else _list_local(path))
    if not found:
        raise MissingInputError(f"nothing to read at {path}: no such file, folder or pattern")
    return found


def root_of(path: str) -> str:
    """Return the folder that the names of the files below `path` count from."""
    if "://" in path:
        system, inner = fs.FileSystem.from_uri(path)
        is_folder = system.get_file_info(inner).type == fs.FileType.Directory
        return path.rstrip("/") if is_folder else path.rsplit("/", 1)[0]
    fixed = Path(path).expanduser()
    while has_wildcard(str(fixed)):
        fixed = fixed.parent
    fixed = fixed.resolve()
    return str(fixed if fixed.is_dir() else fixed.parent)


def _list_local(path: str) -> Iterator[SourceFile]:
    expanded = Path(path).expanduser().absolute()
    for found in _glob(expanded) if has_wildcard(path) and not expanded.exists() else [expanded]:
        if found.is_dir():
            yield from _walk(found)
        elif found.is_file():
            yield _local(found)


def _glob(pattern: Path) -> Iterator[Path]:
    return Path(pattern.anchor).glob(str(pattern.relative_to(pattern.anchor)))


def has_wildcard(path: str) -> bool:
    """Return whether `path` is a pattern rather than a name."""
    return any(c in path for c in "*?[")


def _walk(folder: Path) -> Iterator[SourceFile]:
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not _is_hidden(name)]
        yield from (_local(Path(parent, name)) for name in names if not _is_hidden(name))


def _local(path: Path) -> SourceFile:
    return SourceFile(str(path.resolve()), path.stat().st_size)


def _list_uri(uri: str) -> Iterator[SourceFile]:
    system, path = fs.FileSystem.from_uri(uri)
    info = system.get_file_info(path)
    if info.type == fs.FileType.File:
        yield SourceFile(uri, info.size)
    elif info.type == fs.FileType.Directory:
        prefix = uri.rstrip("/")[: -len(path.rstrip("/"))]
        for item in system.get_file_info(fs.FileSelector(path, recursive=True)):
            if item.type == fs.FileType.File and not _is_hidden(item.base_name):
                yield SourceFile(prefix + item.path, item.size)


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "_"))
