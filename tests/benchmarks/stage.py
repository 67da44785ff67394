"""A piece of work in a process of its own -> its time, CPU and memory; for the worker and for whoever started it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.process_tree import Memory, Watch, cpu_of

ROOT = Path(__file__).parents[2]
_SIGN = "@stage "

Said = Mapping[str, int]


@dataclass(frozen=True)
class Stage:
    """What a process measured: wall seconds and CPU seconds of its work, and the peak of each kind of memory."""

    system: str
    step: str
    n_pages: int
    wall_s: float
    cpu_s: float
    peak: Memory
    before_s: Mapping[str, float] = field(default_factory=dict)  # what came before the work: start, lake
    said: Said = field(default_factory=dict)


def report(work: Callable[[], Said], before_s: Mapping[str, float]) -> None:
    """Do `work` in this process, and tell whoever started it how long it took."""
    began_at, cpu_s = time.time(), cpu_of(os.getpid())
    said = work()
    ended_at = time.time()
    values = {"began_at": began_at, "ended_at": ended_at, "cpu_s": cpu_of(os.getpid()) - cpu_s}
    print(_SIGN + json.dumps({**values, "before_s": before_s, "said": said}), flush=True)


def run_stage(
    system: str, step: str, n_pages: int, command: Sequence[str], *, log: Path, env: Mapping[str, str] | None = None
) -> Stage:
    """Run a command that calls `report`, and measure the memory of all its processes meanwhile.

    What it says otherwise goes into `log`. Raises SystemExit with the end of the log if it fails.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    changed = {**os.environ, "PYTHONPATH": str(ROOT), **(env or {})}
    spawned_at = time.time()
    with log.open("w") as stream:  # not a pipe: a descendant that stays behind would keep it open
        process = subprocess.Popen(command, cwd=ROOT, env=changed, stdout=stream, stderr=subprocess.STDOUT)
        watch = Watch(process.pid)
        watch.start()
        try:
            process.wait()
        finally:
            process.kill()  # we were interrupted: it has no one to report to
    watch.join()
    lines = log.read_text(errors="replace").splitlines()
    line = next((line for line in reversed(lines) if line.startswith(_SIGN)), None)
    if process.returncode or line is None:
        end = "\n".join(lines[-15:])
        raise SystemExit(f"{system}, {step}: exit code {process.returncode}; the end of {log}:\n{end}")
    told = json.loads(line.removeprefix(_SIGN))
    began_at, ended_at, before_s = told["began_at"], told["ended_at"], told["before_s"]
    start_s = began_at - spawned_at - sum(before_s.values())
    stage = Stage(
        system, step, n_pages, ended_at - began_at, told["cpu_s"], watch.peak(began_at, ended_at),
        {"start": start_s, **before_s}, told["said"],
    )  # fmt: skip
    print(f"  {n_pages:>6,} pages  {system}, {step}: {stage.wall_s:.1f} s  {stage.said}", file=sys.stderr, flush=True)
    return stage
