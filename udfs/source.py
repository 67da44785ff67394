"""A path, a URI, or a list of them -> the files below, and each file as a seekable stream."""

import gzip
import os
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from itertools import takewhile
from pathlib import Path
from typing import BinaryIO, NamedTuple, NoReturn
from urllib.parse import quote

import pyarrow as pa
from pyarrow import fs

from udfs.errors import MissingInputError
from udfs.remote import file_system, open_remote, size_of

_WEB = ("http://", "https://")
_URI = re.compile(r"^[A-Za-z][\w+.-]+:/")  # two letters at least: C:/ is a path


class SourceFile(NamedTuple):
    """A file that can be read: its absolute path or URI, and its size in bytes if that was cheap to know."""

    uri: str
    size_bytes: int | None


def open_uri(uri: str) -> BinaryIO:
    """Return a file as a seekable binary stream; raises OSError if it cannot be opened."""
    return open_remote(uri) if is_uri(uri) else Path(uri).open("rb")


def list_files(path: str) -> list[SourceFile]:
    """Return every file at or below `path` (a file, a folder, a glob pattern or a URI), sorted.

    Names that begin with a dot or an underscore are left out, as Spark and Hadoop do. A list of paths, a line
    each, stands for the files it names: Common Crawl's `warc.paths.gz`, or any `….paths` or `….paths.gz`.
    Raises MissingInputError if nothing is there, or if it cannot be listed.
    """
    try:
        found = sorted(_listed(path) if is_list(path) else _list_uri(path) if is_uri(path) else _list_local(path))
    except (OSError, ValueError, pa.ArrowException) as error:
        raise MissingInputError(f"cannot list {path}: {error}") from error
    if not found:
        raise MissingInputError(f"nothing to read at {path}: no such file, folder or pattern")
    return found


def root_of(path: str) -> str:
    """Return the folder that the names of the files below `path` count from."""
    if is_list(path):
        folders = [file.uri.split("/")[:-1] for file in _listed(path)]
        shared = takewhile(lambda parts: len(set(parts)) == 1, zip(*folders, strict=False))
        return "/".join(parts[0] for parts in shared)
    fixed = _fixed_part(path)
    if fixed.startswith(_WEB):
        return fixed.rpartition("/")[0]
    if is_uri(path):
        system, inner = file_system(fixed)
        is_folder = system.get_file_info(inner).type == fs.FileType.Directory
        return fixed.rstrip("/") if is_folder else fixed.rsplit("/", 1)[0]
    local = Path(fixed).expanduser().absolute()
    return str(local if local.is_dir() else local.parent)


def is_list(path: str) -> bool:
    """Return whether `path` names a list of paths, such as Common Crawl's `warc.paths.gz`."""
    return path.endswith((".paths", ".paths.gz"))


def is_uri(path: str) -> bool:
    """Return whether `path` names a file system (`s3://…`, `hdfs://…`, `dbfs:/…`) rather than a local file."""
    return bool(_URI.match(path))


def has_wildcard(path: str) -> bool:
    """Return whether `path` is a pattern rather than a name."""
    return any(c in path for c in "*?[")


def _listed(path: str) -> Iterator[SourceFile]:
    """Yield the files that a list names; their sizes would cost a request each.

    A line that is neither a URI nor absolute counts from what stands before `crawl-data/` in the list's own
    path, as Common Crawl has it, else from the folder of the list.
    """
    own = path if is_uri(path) else str(Path(path).expanduser().absolute())
    with open_uri(own) as stream:
        data = stream.read()
    text = (gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data).decode("utf-8")
    root, layout, _ = own.partition("crawl-data/")
    folder = own.rpartition("/")[0] + "/"
    for line in filter(None, map(str.strip, text.splitlines())):
        base = "" if is_uri(line) or line.startswith("/") else root if layout in line and layout else folder
        yield SourceFile(base + line, None)


def _fixed_part(path: str) -> str:
    """Return what stands before the first wildcard, up to a slash."""
    if not has_wildcard(path) or Path(path).exists():
        return path
    return re.split(r"[*?\[]", path)[0].rpartition("/")[0] or "."


def _list_local(path: str) -> Iterator[SourceFile]:
    expanded = Path(path).expanduser().absolute()
    for found in _glob(expanded) if has_wildcard(path) and not expanded.exists() else [expanded]:
        if found.is_dir():
            yield from _walk(found)
        elif found.is_file():
            yield _local(found)


def _glob(pattern: Path) -> Iterator[Path]:
    return Path(pattern.anchor).glob(str(pattern.relative_to(pattern.anchor)))


def _walk(folder: Path) -> Iterator[SourceFile]:
    seen: set[str] = set()
    for parent, folders, names in os.walk(folder, followlinks=True, onerror=_raise):
        real = os.path.realpath(parent)
        # A link to a folder above would lead round and round.
        folders[:] = [] if real in seen else [name for name in folders if not _is_hidden(name)]
        if real not in seen:
            files = (Path(parent, name) for name in names if not _is_hidden(name))
            yield from (_local(file) for file in files if file.is_file())
        seen.add(real)


def _raise(error: OSError) -> NoReturn:
    raise error


def _local(path: Path) -> SourceFile:
    return SourceFile(str(path.absolute()), path.stat().st_size)


def _list_uri(uri: str) -> Iterator[SourceFile]:
    if uri.startswith(_WEB):  # the web has no folders
        yield SourceFile(uri, size_of(uri))
        return
    fixed = _fixed_part(uri)
    for found in _below(fixed):
        if fixed == uri or fnmatchcase(found.uri, uri) or fnmatchcase(found.uri, uri.rstrip("/") + "/*"):
            yield found


def _below(uri: str) -> Iterator[SourceFile]:
    """Yield the files at or below a URI; their names are escaped as a URI wants them."""
    system, path = file_system(uri)
    info = system.get_file_info(path)
    if info.type == fs.FileType.File:
        yield SourceFile(uri, info.size)
    elif info.type == fs.FileType.Directory:
        for item in system.get_file_info(fs.FileSelector(path, recursive=True)):
            below = item.path[len(path.rstrip("/")) :]
            if item.type == fs.FileType.File and not any(map(_is_hidden, below.split("/"))):
                yield SourceFile(uri.rstrip("/") + quote(below), item.size)


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "_"))
