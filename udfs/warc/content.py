"""The bytes of a member, as they inflate -> a look-ahead buffer that a parser takes records from."""

import re
from collections.abc import Callable
from typing import Protocol

from udfs.fault import Fault
from udfs.warc.source import BLOCK, Source


class DamagedError(Exception):
    """A member cannot be inflated further; `fault` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


class Member(Protocol):
    """A stretch of a file that holds records."""

    is_bounded: bool
    """Whether its end is known for sure, as that of a compressed member is."""

    is_ended: bool
    """Whether nothing is left to pull; it may be known only once nothing was."""

    def pull(self) -> bytes:
        """Return the next bytes, none at the end; raises DamagedError."""

    def mark(self) -> None:
        """Begin a new record, of which a new ratio is asked."""

    def skip(self, n: int) -> int:
        """Pass over up to `n` bytes that were not pulled yet, and return how many."""


class Content:
    """What a member holds, from `position` on; `fault` is set where it could not be inflated further."""

    fault: Fault | None = None
    is_ended = False
    _base = 0

    def __init__(self, member: Member) -> None:
        self.member = member
        self.buffer = b""
        self.index = 0

    @property
    def position(self) -> int:
        """How many bytes of the content were taken or dropped."""
        return self._base + self.index

    @property
    def n_ready(self) -> int:
        """How many bytes are in the buffer."""
        return len(self.buffer) - self.index

    def fill(self, n: int) -> bool:
        """Inflate until `n` bytes are ready; return whether they are."""
        if len(self.buffer) - self.index >= n:
            return True
        if self.is_ended:
            return False
        self._restart(b"".join(self._pieces(n)))
        return len(self.buffer) >= n

    def take_if(self, n: int, look_ahead: int, is_end: Callable[[bytes], bool]) -> bytes | None:
        """Return the next `n` bytes if `is_end` of up to `look_ahead` bytes behind them, else None."""
        if self.n_ready < n + look_ahead and not self.is_ended:
            pieces = self._pieces(n + look_ahead)
            last = memoryview(pieces.pop() if pieces else b"")
            n_last = n - sum(map(len, pieces))  # how much of the block is in the last piece
            if 0 <= n_last <= len(last) and is_end(bytes(last[n_last : n_last + look_ahead])):
                pieces.append(last[:n_last])
                self._restart(bytes(last[n_last:]))
                self._base += n
                return b"".join(pieces)  # the one copy of the block, where most of the time would go
            self._restart(b"".join((*pieces, last)))
        end = self.index + n
        if end > len(self.buffer) or not is_end(self.buffer[end : end + look_ahead]):
            return None
        return self.take(n)

    def take(self, n: int) -> bytes:
        """Return the next `n` bytes, fewer if fewer are ready."""
        taken = self.buffer[self.index : self.index + n]
        self.index += len(taken)
        return taken

    def drop_while(self, blank: re.Pattern[bytes]) -> None:
        """Drop what `blank` matches, however long."""
        while self.fill(1):
            match = blank.match(self.buffer, self.index)
            if match is None:
                return
            self.index = match.end()
            if self.index < len(self.buffer):
                return

    def skip(self, n: int) -> None:
        """Drop the next `n` bytes, ready or not."""
        rest = n - len(self.take(n))
        while rest > 0 and not self.is_ended:
            self._restart(b"")
            jumped = self.member.skip(rest)
            self._base += jumped
            rest -= jumped
            if rest > 0 and self.fill(1):
                rest -= len(self.take(rest))

    def find(self, pattern: re.Pattern[bytes], limit: int) -> int:
        """Return how many bytes ahead `pattern` matches, -1 if not in the next `limit` bytes or what is ready."""
        searched, wanted = 0, BLOCK
        while True:
            is_more = self.fill(min(wanted, limit))
            match = pattern.search(self.buffer, self.index + searched)
            if match:
                return match.start() - self.index
            if not is_more or wanted >= limit:
                return -1
            searched = max(0, self.n_ready - BLOCK // 8)
            wanted = 2 * max(wanted, self.n_ready)

    def give_up(self, fault: Fault) -> None:
        """End the content here, because of `fault`."""
        self.fault, self.is_ended = fault, True
        self.index = len(self.buffer)

    def drain(self) -> None:
        """Go to the end, keeping nothing."""
        while self.fill(1):
            self.index = len(self.buffer)

    def _pieces(self, n: int) -> list[bytes | memoryview]:
        """Return what is ready and the pieces behind it that make it `n` bytes, or all there are."""
        ready = self.n_ready
        pieces: list[bytes | memoryview] = [memoryview(self.buffer)[self.index :]] if ready else []
        while ready < n and not self.is_ended and (piece := self._pull()):
            pieces.append(piece)
            ready += len(piece)
        return pieces

    def _restart(self, buffer: bytes) -> None:
        self._base += self.index
        self.buffer, self.index = buffer, 0

    def _pull(self) -> bytes:
        try:
            piece = self.member.pull()
        except DamagedError as error:
            self.fault, piece = error.fault, b""
        self.is_ended = not piece or self.member.is_ended
        return piece


class PlainMember:
    """A file that is not compressed: its content is the file."""

    is_bounded = False
    is_ended = False

    def __init__(self, source: Source, at: int = 0) -> None:
        self._source = source
        self._at = at

    def pull(self) -> bytes:
        """Return the next bytes of the file."""
        piece = self._source.read(self._at)
        self._at += len(piece)
        return piece

    def mark(self) -> None:
        """Do nothing: nothing is inflated."""

    def skip(self, n: int) -> int:
        """Go on `n` bytes without reading them."""
        jumped = min(n, self._source.size - self._at)
        self._at += jumped
        return jumped

    def peek(self, ahead: int, n: int) -> bytes:
        """Return up to `n` bytes that lie `ahead` of what was pulled (before it, if negative)."""
        return self._source.read_all(self._at + ahead, n)
