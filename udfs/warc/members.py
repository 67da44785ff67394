"""An offset where a gzip, zstd or lz4 member begins -> its content, piece by piece, and where it ends."""

import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import zstandard
from isal import isal_zlib
from lz4.frame import LZ4FrameDecompressor

from udfs.fault import Fault
from udfs.warc.content import DamagedError
from udfs.warc.record import Caps
from udfs.warc.source import BLOCK, Source

GZIP_MAGIC = b"\x1f\x8b\x08"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
LZ4_MAGIC = b"\x04\x22\x4d\x18"

_GZIP_START = re.compile(re.escape(GZIP_MAGIC))
GZIP_ERROR: Any = isal_zlib.error  # its stub says it is no class

_PIECE = 256 * 1024
_FIRST_READ = 8 * 1024  # what lies behind a member's end in the bytes we feed is copied for nothing
_SMALL = 1024  # in which another member is looked for, so that nothing lies behind
_MAX_WINDOW = 128 * 1024 * 1024


class CompressedMember:
    """One member; after `pull` has returned nothing, `at` is the offset just behind it.

    It counts as damaged where it reads on behind `limit`: bytes of the next member, cut short as this one is.
    """

    is_bounded = True
    is_ended = False
    limit: int | None = None
    _n_since_mark = 0

    def __init__(self, source: Source, start: int, caps: Caps) -> None:
        self.source = source
        self.start = self.at = start
        self._caps = caps
        self._marked_at = start

    def pull(self) -> bytes:
        """Return the next bytes, none at the end; raises DamagedError."""
        piece = self._inflate()
        self._n_since_mark += len(piece)
        if self._n_since_mark > self._caps.ratio_free_bytes:
            n_stored = max(1, self.at - self._marked_at)
            if self._n_since_mark > self._caps.ratio * n_stored:
                raise DamagedError(Fault.RATIO_TOO_HIGH)
        return piece

    def mark(self) -> None:
        """Begin a new record, of which a new ratio is asked."""
        self._marked_at, self._n_since_mark = self.at, 0

    def skip(self, n: int) -> int:  # noqa: ARG002
        """Pass over nothing: what is compressed has to be inflated."""
        return 0

    def _inflate(self) -> bytes:
        raise NotImplementedError

    def _read(self, n: int) -> bytes:
        """Return exactly `n` more stored bytes."""
        data = self.source.read_all(self.at, n)
        self.at += len(data)
        if len(data) < n:
            raise DamagedError(Fault.TRUNCATED_RECORD)
        return data


class StreamMember(CompressedMember):
    """A member whose end its decoder finds: gzip and lz4. `at` is what the decoder has used."""

    magic: bytes
    errors: tuple[type[Exception], ...]
    _is_pending = False
    _n_out = 0
    _salvage: Iterator[bytes] | None = None

    def __init__(self, source: Source, start: int, caps: Caps, piece: int = _PIECE) -> None:
        super().__init__(source, start, caps)
        self._decoder = self._new_decoder()
        self._piece = piece
        self._fed_to = start

    def _inflate(self) -> bytes:
        if self._salvage is not None:
            return next(self._salvage)
        while not self._decoder.eof:
            try:
                piece = self._decode(b"" if self._is_pending else self._feed())
            except self.errors:
                self._salvage = self._salvaged()
                return next(self._salvage)
            if self._decoder.eof:
                self.is_ended = True
                self.at = self._fed_to - len(self._decoder.unused_data or b"")
            if piece:
                self._n_out += len(piece)
                return piece
        return b""

    def _feed(self) -> bytes:
        if self.limit is not None and self._fed_to > self.limit:
            self.at = self._fed_to
            raise DamagedError(Fault.DAMAGED_RECORD)
        # In steps that count from the member's start: what a broken one still gives depends on them.
        data = self.source.read_all(self._fed_to, _FIRST_READ if self._fed_to == self.start else BLOCK)
        if not data:
            self.at = self._fed_to
            raise DamagedError(Fault.TRUNCATED_RECORD)
        self._fed_to += len(data)
        return data

    def _salvaged(self) -> Iterator[bytes]:
        """Yield what can still be had behind the bytes given out; at last raise DamagedError."""
        raise DamagedError(Fault.DAMAGED_RECORD)
        yield b""

    def _new_decoder(self) -> Any:
        raise NotImplementedError

    def _decode(self, data: bytes) -> bytes:
        raise NotImplementedError


class GzipMember(StreamMember):
    """A gzip member."""

    magic = GZIP_MAGIC
    errors = (GZIP_ERROR, zlib.error)
    _tail = b""

    def _inflate(self) -> bytes:
        if self._fed_to == self.start and (content := self._at_once()):
            return content
        return super()._inflate()

    def _at_once(self) -> bytes:
        """Return what a small member holds if it ends, as it should, where another seems to begin; else nothing."""
        data = self.source.read(self.start, _SMALL)
        if another := _GZIP_START.search(data, 1):  # faster than `find`
            with suppress(GZIP_ERROR):
                content: bytes = self._decoder.decompress(data[: another.start()], self._piece)
                if self._decoder.eof and not self._decoder.unused_data:
                    self.is_ended = True
                    self.at = self._fed_to = self.start + another.start()
                    return content
            self._decoder = self._new_decoder()
        return b""

    def _new_decoder(self) -> Any:
        return isal_zlib.decompressobj(31)

    def _decode(self, data: bytes) -> bytes:
        piece: bytes = self._decoder.decompress(self._tail or data, self._piece)
        self._tail = self._decoder.unconsumed_tail
        self._is_pending = bool(self._tail) or len(piece) >= self._piece
        self.at = self._fed_to - len(self._tail)
        return piece

    def _salvaged(self) -> Iterator[bytes]:
        # zlib, in small steps, gives all that lies before the fault; isal gives up earlier.
        decoder, at, n_out, n_known = zlib.decompressobj(31), self.start, 0, self._n_out
        while not decoder.eof and (data := self.source.read_all(at, _FIRST_READ)):
            at += len(data)
            while data:
                try:
                    piece = decoder.decompress(data, 256 if n_out >= n_known else min(BLOCK, n_known - n_out))
                except zlib.error:
                    raise DamagedError(Fault.DAMAGED_RECORD) from None
                data = decoder.unconsumed_tail
                self.at = max(self.at, at - len(data))
                n_out += len(piece)
                if piece and n_out > n_known:
                    yield piece
        raise DamagedError(Fault.DAMAGED_RECORD)


class Lz4Member(StreamMember):
    """An lz4 frame."""

    magic = LZ4_MAGIC
    errors = (RuntimeError,)

    def _new_decoder(self) -> Any:
        return LZ4FrameDecompressor()

    def _decode(self, data: bytes) -> bytes:
        piece: bytes = self._decoder.decompress(data, self._piece)
        self._is_pending = not self._decoder.needs_input and not self._decoder.eof
        self.at = self._fed_to
        return piece


def usable_dictionary(data: bytes) -> bytes:
    """Return a dictionary if zstd can use it, else none: a damaged one would be an error with each frame."""
    try:
        zstandard.ZstdDecompressor(dict_data=zstandard.ZstdCompressionDict(data)).decompressobj()
    except zstandard.ZstdError:
        return b""
    return data


class ZstdMember(CompressedMember):
    """A zstd frame, inflated block by block, so that none gives more than 128 KB at once."""

    magic = ZSTD_MAGIC

    def __init__(self, source: Source, start: int, caps: Caps, dictionary: bytes = b"") -> None:
        super().__init__(source, start, caps)
        data = zstandard.ZstdCompressionDict(dictionary) if dictionary else None
        self._decoder = zstandard.ZstdDecompressor(dict_data=data, max_window_size=_MAX_WINDOW).decompressobj()
        self._has_checksum = False
        self._is_last = False

    def _inflate(self) -> bytes:
        try:
            piece = b"" if self.at > self.start else self._decoder.decompress(self._header())
            while not piece and not self._is_last:
                piece = self._decoder.decompress(self._block())
            self.is_ended = self._is_last
        except zstandard.ZstdError:
            raise DamagedError(Fault.DAMAGED_RECORD) from None
        return piece

    def _header(self) -> bytes:
        """Return the frame header (RFC 8878, 3.1.1.1)."""
        start = self._read(5)
        flags = start[4]
        is_single = bool(flags & 0x20)
        self._has_checksum = bool(flags & 0x04)
        n_size = (1 if is_single else 0, 2, 4, 8)[flags >> 6]
        return start + self._read((0 if is_single else 1) + (0, 1, 2, 4)[flags & 3] + n_size)

    def _block(self) -> bytes:
        """Return the next block (RFC 8878, 3.1.1.2), with the frame's checksum behind the last one."""
        head = self._read(3)
        bits = int.from_bytes(head, "little")
        self._is_last = bool(bits & 1)
        n_stored = 1 if (bits >> 1) & 3 == 1 else bits >> 3
        checksum = 4 if self._is_last and self._has_checksum else 0
        return head + self._read(n_stored + checksum)
