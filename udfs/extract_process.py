"""An HTML page -> its title and main text, from a child process that a page can kill but not hang.

Python cannot interrupt a parser written in C. The kernel can: before each page the child limits the CPU time that
it may still use (RLIMIT_CPU), and its memory once (RLIMIT_AS). A page that goes over either, or crashes the
parser, costs its child, not the task; its text then comes from the linear extractor. One child serves all pages
of a worker, so that it costs no process a page; CPU time, unlike the clock, does not depend on the machine's load.
"""

import fcntl
import os
import resource
import signal
import struct
import subprocess
import sys
from contextlib import suppress
from functools import lru_cache
from math import ceil
from typing import IO

from udfs.extract import (
    Extraction,
    ExtractorError,
    extractor_version,
    fallback,
    is_hostile,
    parse,
    without_scripts,
)
from udfs.fault import Repair

CPU_SECONDS = 30  # 100 times what a page of 1 MB takes
MEMORY_BYTES = 4 << 30  # address space; a page of 16 M characters takes 1 to 2 GB of it
_READY = b"ready"
_PIPE_BYTES = 1 << 20
_REQUEST = struct.Struct("<I")
_REPLY = struct.Struct("<?II")


def extract(html: str, extractor: str) -> Extraction:
    """Return the title and main text of a page; raises ConfigError for an unknown extractor, else nothing."""
    page = html.encode("utf-8", "replace")
    if is_hostile(page):  # the brackets of a script look like tags
        page = without_scripts(html).encode("utf-8", "replace")
        if is_hostile(page):
            return fallback(html, Repair.NOT_PARSED)
    return _process(extractor).extract(page)


def start_extractor(extractor: str) -> None:
    """Start the process that extracts, unless it runs; raises OSError if it does not, ConfigError for a wrong name."""
    _process(extractor).started()


class ExtractorProcess:
    """A child process that extracts page after page, replaced when one kills it."""

    def __init__(self, extractor: str, cpu_seconds: int = CPU_SECONDS, memory_bytes: int = MEMORY_BYTES) -> None:
        self._args = (extractor, str(cpu_seconds), str(memory_bytes))
        self._child: subprocess.Popen[bytes] | None = None
        self._owner = os.getpid()

    def extract(self, html: bytes) -> Extraction:
        """Return the title and main text of a page in UTF-8, or all of its text if the parser cannot do it."""
        child = self.started()
        try:
            is_done, title, text = _ask(child, html)
        except BaseException as error:
            if not isinstance(error, EOFError | OSError):
                self.close()  # half an answer may still be on its way: the next page must not read it
                raise
            return fallback(html.decode("utf-8"), self._repair_of(child))
        return Extraction(title or None, text) if is_done else fallback(html.decode("utf-8"), Repair.PARSER_FAILED)

    def close(self) -> None:
        """End the child."""
        if self._child and self._owner == os.getpid():
            self._child.kill()
            self._reap(self._child)

    def started(self) -> "subprocess.Popen[bytes]":
        """Return the child, started if need be; raises OSError if it does not come up."""
        if self._child is None or self._owner != os.getpid():  # a fork must not talk to its parent's child
            self._owner = os.getpid()
            command = [sys.executable, "-m", __spec__.name, *self._args]
            path = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
            pipe = subprocess.PIPE
            self._child = subprocess.Popen(command, stdin=pipe, stdout=pipe, env={**os.environ, **path})  # noqa: S603
            _widen(self._child.stdin, self._child.stdout)
            if self._child.stdout is None or self._child.stdout.read(len(_READY)) != _READY:
                self._reap(self._child)
                raise OSError(f"the process of the HTML extractor does not start: {' '.join(command)}")
        return self._child

    def _repair_of(self, child: "subprocess.Popen[bytes]") -> Repair:
        """Return how the child ended."""
        self._reap(child)
        return Repair.PARSER_OUT_OF_TIME if child.returncode == -signal.SIGXCPU else Repair.PARSER_DIED

    def _reap(self, child: "subprocess.Popen[bytes]") -> None:
        for stream in (child.stdin, child.stdout):
            if stream:
                try:
                    stream.close()
                except BrokenPipeError:
                    continue  # half a page was still on its way
        child.wait()
        self._child = None


def _widen(*pipes: IO[bytes] | None) -> None:
    """Let a page go through a pipe at once, where the system can: each stop on the way is two switches."""
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        for pipe in filter(None, pipes):
            with suppress(OSError):  # more than the system grants this user
                fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


@lru_cache
def _process(extractor: str) -> ExtractorProcess:
    extractor_version(extractor)  # an unknown name is an error here, not a dead child
    return ExtractorProcess(extractor)


def _ask(child: "subprocess.Popen[bytes]", html: bytes) -> tuple[bool, str, str]:
    """Return whether the child could parse a page, its title and its text."""
    assert child.stdin is not None  # it is a pipe, and so is stdout
    assert child.stdout is not None
    child.stdin.write(_REQUEST.pack(len(html)) + html)
    child.stdin.flush()
    is_done, n_title, n_text = _REPLY.unpack(_read(child.stdout, _REPLY.size))
    title, text = _read(child.stdout, n_title), _read(child.stdout, n_text)
    return is_done, title.decode("utf-8"), text.decode("utf-8")


def _read(stream: IO[bytes], n: int) -> bytes:
    """Return just `n` bytes; raises EOFError where the stream ends before."""
    data = stream.read(n)
    if len(data) < n:
        raise EOFError
    return data


def serve(extractor: str, cpu_seconds: int, memory_bytes: int) -> None:
    """Answer requests on standard input until it ends: what the child does."""
    stdin, stdout = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not come between the answers
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError, ValueError):  # not every system limits memory
        _limit(resource.RLIMIT_AS, memory_bytes)
    parse(b"<p>", extractor)
    stdout.write(_READY)
    stdout.flush()
    while head := stdin.read(_REQUEST.size):
        html = _read(stdin, _REQUEST.unpack(head)[0])
        used = resource.getrusage(resource.RUSAGE_SELF)
        _limit(resource.RLIMIT_CPU, ceil(used.ru_utime + used.ru_stime) + cpu_seconds)
        stdout.write(_answer(html, extractor))
        stdout.flush()


def _answer(html: bytes, extractor: str) -> bytes:
    try:
        title, text, _ = parse(html, extractor)
        is_done = True
    except ExtractorError:
        is_done, title, text = False, None, ""
    parts = [part.encode("utf-8", "replace") for part in (title or "", text)]
    return _REPLY.pack(is_done, *map(len, parts)) + b"".join(parts)


def _limit(what: int, soft: int) -> None:
    """Set a soft limit, below the hard one that somebody may have set."""
    hard = resource.getrlimit(what)[1]
    resource.setrlimit(what, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
