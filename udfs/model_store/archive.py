"""An archive of a model folder (.tar.gz or .zip, perhaps hostile) -> its plain files in a private folder.

A tar is read by hand: a model needs names and sizes only, and what else tar headers can say (links, devices,
sparse files, names that override names) has cost Python's own reader endless loops and bombs (CVE-2025-8194,
CVE-2024-6232). Extended headers (`x`, `g`) are passed over: they hold times and attributes.
"""

import gzip
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NoReturn, Protocol

from udfs.conf import MAX_YAML_BYTES
from udfs.errors import ModelError
from udfs.model_store.folder import MAX_FILE_BYTES

README_NAME = "README.md"
MAX_MEMBERS = 64
MAX_ARCHIVE_BYTES = 4 << 30
MAX_INFLATED_BYTES = 8 << 30
MAX_RATIO = 100
SMALL_BYTES = 16 << 20  # so little may be inflated from next to nothing

_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)
_CHUNK_BYTES = 1 << 20
_BLOCK = 512
_TAR_FILE, _TAR_FOLDER, _TAR_NOTES = (b"0", b"\0"), b"5", (b"x", b"g")
_ZIP_END = struct.Struct("<4s4H2LH")
_ZIP64_LOCATOR_BYTES = 20
_MAX_ZIP_DIRECTORY_BYTES = 256 << 10
_DAMAGED = (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError, ValueError, NotImplementedError, struct.error)


class Readable(Protocol):
    """What gives its next bytes, at most `n`, and none at its end."""

    def read(self, n: int, /) -> bytes: ...


def unpack(archive: IO[bytes], out: Path) -> None:
    """Write the files of a seekable .tar.gz or .zip into the private folder `out`.

    Its members are files with plain names of a model's files, or all of them in one folder. Raises ModelError for
    anything else (a path that leads elsewhere, a link, a device), for a bomb and for a damaged archive.
    """
    size = archive.seek(0, os.SEEK_END)
    archive.seek(0)
    room = _Room(out, size)
    magic = archive.read(4)
    archive.seek(0)
    try:
        if magic.startswith(b"\x1f\x8b"):
            _untar(archive, room)
        elif magic == b"PK\3\4":
            _unzip(archive, size, room)
        else:
            refuse("it is neither a .tar.gz nor a .zip")
    except _DAMAGED as error:
        raise ModelError(f"it is damaged ({error}); make the archive again") from error


def limit_of(name: str) -> int:
    """Return how many bytes a file of this name may have; raises ModelError if no model has such a file."""
    if not _PLAIN_NAME.fullmatch(name):
        refuse(f"{name[:100]!r} is no plain name of a file")
    limits = {**MAX_FILE_BYTES, ".yaml": MAX_YAML_BYTES}
    limit = 1 << 20 if name == README_NAME else limits.get(Path(name).suffix)
    if limit is None:
        refuse(f"{name!r} is no file of a model ({', '.join(limits)} or {README_NAME})")
    return limit


def write_file(stream: Readable, path: Path) -> None:
    """Write a stream to the new file `path`, down to the disk; raises ModelError beyond the limit of its name."""
    left = limit_of(path.name)
    with path.open("xb") as file:
        while chunk := stream.read(_CHUNK_BYTES):
            left -= len(chunk)
            if left < 0:
                refuse(f"{path.name} is larger than the {limit_of(path.name):,} bytes that such a file may have")
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())


def refuse(reason: str) -> NoReturn:
    """Raise ModelError with the reason and what to do."""
    raise ModelError(f"{reason}; pack the plain files of one model folder, and nothing else")


class _Room:
    """Where the members of one archive go, and how many bytes and names it has left."""

    def __init__(self, out: Path, archive_bytes: int) -> None:
        if archive_bytes > MAX_ARCHIVE_BYTES:
            refuse(f"its {archive_bytes:,} bytes are more than the {MAX_ARCHIVE_BYTES:,} allowed")
        self._out = out
        self._left = min(MAX_INFLATED_BYTES, SMALL_BYTES + MAX_RATIO * archive_bytes)
        self._n_members = 0
        self._tops: set[str] = set()
        self._names: set[str] = set()

    def place(self, path: str, *, is_folder: bool) -> Path | None:
        """Return where a member goes, nowhere for a folder; raises ModelError if it must not be there."""
        self.count_member()
        parts = [part for part in path.split("/") if part not in {"", "."}]
        if path.startswith("/") or "\\" in path or ".." in parts:
            refuse(f"the path {path[:100]!r} leads out of the folder")
        top = "/".join(parts if is_folder else parts[:-1])
        if top or not is_folder:
            self._tops.add(top)
        if len(self._tops) > 1 or "/" in top:
            refuse(f"{path[:100]!r} lies in a folder of its own")
        return None if is_folder else self._place_file(parts[-1] if parts else "")

    def _place_file(self, name: str) -> Path:
        limit_of(name)
        # macOS takes a name in capitals for the same one.
        if name.lower() in self._names:
            refuse(f"it holds {name!r} twice")
        self._names.add(name.lower())
        return self._out / name

    def count_member(self) -> None:
        """Take note of a member; raises ModelError if there are too many."""
        self._n_members += 1
        if self._n_members > MAX_MEMBERS:
            refuse(f"it has more than {MAX_MEMBERS} members")

    def take(self, n: int) -> None:
        """Take note of `n` inflated bytes; raises ModelError if there are too many."""
        self._left -= n
        if self._left < 0:
            refuse(f"it inflates to more than {MAX_RATIO} times its size, or than {MAX_INFLATED_BYTES:,} bytes")


class _Part:
    """The next bytes of a stream, `size` of them at most, counted by the room."""

    def __init__(self, stream: Readable, size: int, room: _Room) -> None:
        self._stream, self.left, self._room = stream, size, room

    def read(self, n: int) -> bytes:
        data = self._stream.read(min(n, self.left))
        self._room.take(len(data))
        self.left -= len(data)
        return data


def _untar(archive: IO[bytes], room: _Room) -> None:
    with gzip.GzipFile(fileobj=archive) as stream:
        for name, kind, size in _tar_members(stream, room):
            part = _Part(stream, size, room)
            if kind in _TAR_NOTES:
                room.count_member()
            elif path := room.place(name, is_folder=kind == _TAR_FOLDER):
                write_file(part, path)
            while part.left and part.read(_CHUNK_BYTES):
                pass
            if part.left:
                raise EOFError(f"{name!r} is cut off")
            _Part(stream, _BLOCK, room).read(-size % _BLOCK)


def _tar_members(stream: Readable, room: _Room) -> Iterator[tuple[str, bytes, int]]:
    """Yield name, kind and size of each member; whoever asks for the next one has read its bytes."""
    while True:
        block = _Part(stream, _BLOCK, room).read(_BLOCK)
        if not block.strip(b"\0"):
            return
        kind = block[156:157]
        if len(block) < _BLOCK or sum(block[:148]) + sum(b" " * 8) + sum(block[156:]) != _octal(block[148:156]):
            raise ValueError("no tar header where one must be")
        if kind not in {*_TAR_FILE, _TAR_FOLDER, *_TAR_NOTES} or (block[257:263] == b"ustar\0" and block[345]):
            refuse(f"{_text(block[:100])!r} is a link, a device, a sparse file or has a long name")
        yield _text(block[:100]), kind, 0 if kind == _TAR_FOLDER else _octal(block[124:136])


def _octal(digits: bytes) -> int:
    text = digits.strip(b" \0")
    if not re.fullmatch(rb"[0-7]*", text):  # int() knows signs and underscores
        raise ValueError("a tar header without an octal number")
    return int(text or b"0", 8)


def _text(name: bytes) -> str:
    return name.partition(b"\0")[0].decode("utf-8", "replace")


def _unzip(archive: IO[bytes], size: int, room: _Room) -> None:
    _check_zip_end(archive, size)
    with zipfile.ZipFile(archive) as file:
        for member in file.infolist():
            _check_zip_member(member)
            path = room.place(member.filename, is_folder=member.is_dir())
            if path:
                with file.open(member) as stream:
                    write_file(_Part(stream, MAX_INFLATED_BYTES, room), path)


def _check_zip_end(archive: IO[bytes], size: int) -> None:
    """Refuse a zip whose directory of members would be large: Python's reader takes it whole into memory."""
    tail = _ZIP_END.size + _ZIP64_LOCATOR_BYTES
    archive.seek(max(0, size - tail))
    data = archive.read(tail)
    signature, *_, directory_bytes, _, n_comment = _ZIP_END.unpack(data[-_ZIP_END.size :])
    if signature != b"PK\5\6" or n_comment or data.startswith(b"PK\6\7") or directory_bytes > _MAX_ZIP_DIRECTORY_BYTES:
        refuse("it is cut off, has a comment or a directory that no model needs")
    archive.seek(0)


def _check_zip_member(member: zipfile.ZipInfo) -> None:
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        refuse(f"{member.filename[:100]!r} is a link or a device")
    if member.flag_bits & 1 or member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        refuse(f"{member.filename[:100]!r} is encrypted or packed in an unusual way")
