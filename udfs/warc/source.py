"""A seekable stream -> its bytes at any offset, read in blocks of 256 KB, the latest two kept."""

import re
from collections.abc import Iterator
from io import SEEK_END
from typing import BinaryIO

BLOCK = 64 * 1024  # what is given at once; several of them are read, so that few lie across two reads
_LOADED = 4 * BLOCK


class Source:
    """The bytes of a file by their offset; reading onwards costs no seek."""

    def __init__(self, stream: BinaryIO) -> None:
        self.size = stream.seek(0, SEEK_END)
        self._stream = stream
        self._stream_at = self.size
        self._block_at, self._block = 0, b""
        self._former_at, self._former = 0, b""

    def read(self, at: int, n: int = BLOCK) -> bytes:
        """Return up to `n` bytes from offset `at`, at least one unless the file ends there.

        Raises OSError if the file has become shorter.
        """
        inside = at - self._block_at
        if not 0 <= inside < len(self._block):
            before = at - self._former_at
            if 0 <= before < len(self._former):
                return self._former[before : before + n]
            if at >= self.size:
                return b""
            self._load(at)
            inside = 0
        return self._block[inside : inside + n]

    def read_all(self, at: int, n: int) -> bytes:
        """Return the `n` bytes from offset `at`, fewer only where the file ends."""
        pieces = []
        while n > 0 and (piece := self.read(at, n)):
            pieces.append(piece)
            at += len(piece)
            n -= len(piece)
        return b"".join(pieces)

    def find(self, pattern: re.Pattern[bytes], at: int, overlap: int, stop: int | None = None) -> Iterator[int]:
        """Yield the offsets of `pattern`, whose matches are at most `overlap` bytes long, from `at` on.

        With `stop`, hardly more is read than what lies before it.
        """
        tail = b""
        last = self.size if stop is None else stop + overlap
        while at <= last and (block := self.read(at)):
            window = tail + block
            start = at - len(tail)
            at += len(block)
            is_last = at >= self.size
            for match in pattern.finditer(window):
                if is_last or match.start() < len(window) - overlap:
                    yield start + match.start()
            tail = window[-overlap:]

    def _load(self, at: int) -> None:
        if self._stream_at != at:
            self._stream.seek(at)
        pieces, wanted = [], min(_LOADED, self.size - at)
        while wanted > 0 and (piece := self._stream.read(wanted)):
            pieces.append(piece)
            wanted -= len(piece)
        if wanted > 0:
            raise OSError(f"the file was {self.size:,} bytes long, now it ends before; read it again")
        self._former_at, self._former = self._block_at, self._block
        self._block = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        self._block_at = at
        self._stream_at = at + len(self._block)
