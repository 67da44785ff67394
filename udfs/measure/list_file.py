"""A file that the user names -> its digest, for a version, and its lines, wherever they are read."""

import gzip
import hashlib
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from udfs.digest import file_digest
from udfs.errors import ConfigError, MissingInputError, ModelError

MAX_BYTES = 4 << 30  # of a list when unpacked: the largest public one has 0.2
_TAR = (".tar.gz", ".tgz", ".tar")


class ListFile(NamedTuple):
    """A list as the driver found it: small enough to be sent to every worker, which reads the file itself."""

    path: str
    sha256: str


class Line(NamedTuple):
    """A line, stripped and not empty, and the member of the archive that it is from (`adult/domains`), or ""."""

    text: str
    member: str


def list_file(path: str | Path) -> ListFile:
    """Return the file with its digest; raises MissingInputError if there is none."""
    absolute = Path(path).absolute()
    if not absolute.is_file():
        raise MissingInputError(f"no such list: {absolute}")
    return ListFile(str(absolute), file_digest(absolute))


def list_digest(files: tuple[ListFile, ...]) -> str:
    """Return one short digest of several lists, for a version."""
    return hashlib.sha256(" ".join(file.sha256 for file in files).encode()).hexdigest()[:12]


def read_lines(file: ListFile) -> Iterator[Line]:
    """Yield the lines of a plain file, of a `.gz`, or of each file in a `.tar.gz`; never the whole at once.

    Raises ModelError if the file is not the one that was named, ConfigError if it unpacks to more than MAX_BYTES.
    """
    path = Path(file.path)
    if not path.is_file() or file_digest(path) != file.sha256:
        raise ModelError(f"{path} is missing or has changed since it was named; put it back, or start again")
    try:
        if path.name.endswith(_TAR):
            yield from _tar_lines(path)
        else:
            with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
                yield from _lines(stream, "", path)
    except (tarfile.TarError, gzip.BadGzipFile, EOFError) as error:
        raise ConfigError(f"{path}: not the archive that its name says: {error}") from error


def _tar_lines(path: Path) -> Iterator[Line]:
    with tarfile.open(path) as archive:
        for member in archive:
            if stream := archive.extractfile(member) if member.isfile() else None:
                yield from _lines(stream, member.name, path)


def _lines(stream: Iterable[bytes], member: str, path: Path) -> Iterator[Line]:
    n_bytes = 0
    for raw in stream:
        n_bytes += len(raw)
        if n_bytes > MAX_BYTES:
            raise ConfigError(f"{path}: unpacks to more than {MAX_BYTES:,} bytes, which no list needs")
        if text := raw.decode("utf-8", "replace").strip("\ufeff \t\r\n"):
            yield Line(text, member)
