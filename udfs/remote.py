"""A URI -> a file that is read in ranges, patiently where a server is busy, and never against its will.

`https://` is read by fsspec, `s3://`, `gs://`, `hdfs://` and the like by pyarrow. A request that fails with 429,
5xx or a broken connection is made again, after a pause that doubles and that chance shortens, so that many tasks do
not come back at once. 403 is how Common Crawl says "blocked": asking on would only prolong it, so that a worker
which was refused asks that server for nothing more for a while.
"""

import io
import os
import random
import re
import time
from collections.abc import Callable
from functools import cache
from typing import Any, BinaryIO, TypeVar, cast
from urllib.parse import urlsplit

import pyarrow as pa
from pyarrow import fs

ATTEMPTS = 8
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
REFUSAL_S = 300.0
REFUSED = "the server refuses us (403)"
RANGE_BYTES = 4 * 1024 * 1024
USER_AGENT = "webstrata"

_WEB = ("http://", "https://")
_DENIED = re.compile(r"\b403\b|ACCESS_DENIED|AccessDenied|Forbidden")
_MISSING = re.compile(r"\b404\b|NO_SUCH_KEY|NoSuchKey|NO_SUCH_BUCKET|NoSuchBucket|Path does not exist|Not ?Found", re.I)
T = TypeVar("T")

_refused: dict[tuple[str, str], float] = {}  # scheme and host -> when


class DeniedError(PermissionError):
    """A server refuses us: asking again would be no use."""


def open_remote(uri: str) -> BinaryIO:
    """Return a remote file as a seekable stream; raises OSError (DeniedError for 403) if it cannot be read."""
    ranges = _WebRanges(uri) if uri.startswith(_WEB) else _ArrowRanges(uri)
    return cast(BinaryIO, io.BufferedReader(RangeStream(uri, ranges.size, ranges.read), RANGE_BYTES))


def size_of(uri: str) -> int:
    """Return the size of a file on a web server in bytes; raises OSError if it does not say."""
    return _WebRanges(uri).size


class RangeStream(io.RawIOBase):
    """A stream over `read(start, n)`, which returns up to `n` bytes from `start`."""

    def __init__(self, uri: str, size: int, read: Callable[[int, int], bytes]) -> None:
        super().__init__()
        self._uri, self._size, self._read, self._at = uri, size, read, 0

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` as far as the file goes."""
        n = min(len(buffer), self._size - self._at)
        if n <= 0:
            return 0
        data = patiently(lambda: self._read(self._at, n), self._uri)
        if not 0 < len(data) <= n:
            raise OSError(f"{self._uri}: asked for {n:,} bytes from {self._at:,}, got {len(data):,}: no ranges served?")
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def readall(self) -> bytes:
        """Return all that is left."""
        pieces = []
        while n := self.readinto(buffer := bytearray(RANGE_BYTES)):
            pieces.append(buffer[:n])
        return b"".join(pieces)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to an offset; nothing is read."""
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def tell(self) -> int:
        """Return the offset of the next byte."""
        return self._at

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that it can be read anywhere."""
        return True


def patiently(do: Callable[[], T], what: str, *, pause: Callable[[float], None] = time.sleep) -> T:
    """Return what `do` returns, asking again where a server is busy or a connection breaks.

    Raises DeniedError at once for 403, FileNotFoundError for 404, and the last error after 8 attempts.
    """
    server = urlsplit(what)[:2]
    if time.monotonic() - _refused.get(server, -REFUSAL_S) < REFUSAL_S:
        raise DeniedError(f"{REFUSED} some minutes ago and was not asked again: {what}")
    for attempt in range(ATTEMPTS):
        try:
            return do()
        except Exception as error:
            known = _known(error, what)
            if isinstance(known, DeniedError):
                _refused[server] = time.monotonic()
            if known or attempt == ATTEMPTS - 1:
                raise (known or OSError(f"{what}: {_said(error)}, {ATTEMPTS} times")) from error
            longest = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**attempt)
            pause(random.uniform(longest / 2, longest))  # noqa: S311 no secret: tasks must not come back at once
    raise AssertionError("unreachable")


def _known(error: Exception, what: str) -> OSError | None:
    """Return the error to raise where asking again is no use."""
    if isinstance(error, DeniedError):
        return error
    status, text = _status(error), str(error).replace(what, "").replace(urlsplit(what).path, "")
    if status == 403 or (status is None and _DENIED.search(text)):
        return DeniedError(f"{REFUSED}: wait, ask for less at once, or check credentials: {what}")
    if status in (404, 410) or (status is None and (isinstance(error, FileNotFoundError) or _MISSING.search(text))):
        return FileNotFoundError(f"no such file: {what}")
    is_ours = status is not None and 400 <= status < 500 and status not in (408, 425, 429)
    return OSError(f"{what}: {_said(error)}") if is_ours else None


def _status(error: BaseException | None) -> int | None:
    """Return the HTTP status behind an error, or behind the one that caused it."""
    while error is not None:
        if isinstance(status := getattr(error, "status", None), int):
            return status
        error = error.__cause__
    return None


def _said(error: Exception) -> str:
    status = _status(error)
    return f"HTTP {status}" if status else f"{type(error).__name__}: {error}"[:200]


class _ArrowRanges:
    """Ranges of a file that pyarrow can read."""

    def __init__(self, uri: str) -> None:
        system, path = file_system(uri)
        try:
            self._file = patiently(lambda: system.open_input_file(path), uri)
        except pa.ArrowException as error:
            raise OSError(f"{uri}: {error}") from error
        self.size: int = self._file.size()

    def read(self, start: int, n: int) -> bytes:
        data: bytes = self._file.read_at(n, start)
        return data


class _WebRanges:
    """Ranges of a file on a web server."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        info = patiently(lambda: _web().info(uri), uri)
        if info.get("size") is None:
            raise OSError(f"{uri}: the server does not say how long the file is")
        self.size = int(info["size"])

    def read(self, start: int, n: int) -> bytes:
        data: bytes = _web().cat_file(self._uri, start=start, end=start + n)
        return data


@cache
def _web() -> Any:
    """Return fsspec's file system of the web; it takes 0.3 s to import."""
    from fsspec.implementations.http import HTTPFileSystem

    contact = os.environ.get("WEBSTRATA_CONTACT", "")
    agent = f"{USER_AGENT} ({contact})" if contact else USER_AGENT
    return HTTPFileSystem(client_kwargs={"headers": {"User-Agent": agent}}, use_listings_cache=False)


def file_system(uri: str) -> tuple[fs.FileSystem, str]:
    """Return pyarrow's file system of a URI, and the path in it; Hadoop's names of S3 are known too."""
    system, path = fs.FileSystem.from_uri(re.sub(r"^s3[an]://", "s3://", uri))
    return system, path
