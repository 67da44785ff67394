"""A process -> the CPU and the memory of itself and all its descendants, from /proc, by the standard library alone.

Memory is PSS: a page that N processes share counts 1/N in each, so that the sum over a tree is what the tree takes.
"""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

INTERVAL_S = 0.2
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Process(NamedTuple):
    """What /proc/PID/stat says: its own CPU and that of the children it has waited for, in seconds."""

    pid: int
    parent: int
    cpu_s: float


class Memory(NamedTuple):
    """PSS in bytes: of a whole tree, of its JVMs, of the Python processes below its root, of the largest of those."""

    tree: int = 0
    jvm: int = 0
    workers: int = 0
    worker: int = 0


def processes_of(root: int) -> list[Process]:
    """Return `root` and its living descendants."""
    found = {process.pid: process for process in _all_processes()}
    tree, reached = [], {root}
    for _ in found:
        layer = [p for p in found.values() if p.pid in reached or p.parent in reached]
        if len(layer) == len(tree):
            break
        tree, reached = layer, {p.pid for p in layer}
    return tree


def cpu_of(root: int) -> float:
    """Return the CPU seconds of `root`, its living descendants, and those that they have waited for."""
    return sum(process.cpu_s for process in processes_of(root))


def memory_of(root: int) -> Memory:
    """Return the memory of the tree below `root` at this moment."""
    programs = {process: _program(process.pid) for process in processes_of(root)}
    jvms = {process.pid for process, program in programs.items() if program == "java"}
    # A JVM's child that still runs Java is about to become another program, and has the JVM's own memory meanwhile.
    sizes = {process.pid: _pss(process.pid) for process in programs if not {process.pid, process.parent} <= jvms}
    jvm = sum(size for pid, size in sizes.items() if pid in jvms)
    workers = [size for pid, size in sizes.items() if pid not in jvms and pid != root]
    return Memory(sum(sizes.values()), jvm, sum(workers), max(workers, default=0))


class Watch(threading.Thread):
    """A thread that looks at the memory of a tree every 0.2 s until the tree is gone."""

    def __init__(self, root: int) -> None:
        super().__init__(daemon=True)
        self.root = root
        self.samples: list[tuple[float, Memory]] = []

    def run(self) -> None:
        """Take samples as long as the root lives."""
        while (memory := memory_of(self.root)).tree:
            self.samples.append((time.time(), memory))
            time.sleep(INTERVAL_S)

    def peak(self, began_at: float, ended_at: float) -> Memory:
        """Return the largest value of each kind between two moments."""
        seen = [memory for at, memory in self.samples if began_at <= at <= ended_at + INTERVAL_S]
        return Memory(*(max(values) for values in zip(*seen, strict=True))) if seen else Memory()


def _all_processes() -> Iterator[Process]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                stat = (folder / "stat").read_text(errors="replace")
            except OSError:
                continue  # it ended meanwhile
            fields = stat.rpartition(") ")[2].split()  # the name before it may hold anything
            yield Process(int(folder.name), int(fields[1]), sum(map(int, fields[11:15])) / _TICKS_PER_S)


def _program(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/exe").readlink().name
    except OSError:
        return ""


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:")), 0)
