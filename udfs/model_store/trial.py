"""A model folder -> nothing, or a ModelError: the model is tried where it can neither hang nor eat the machine.

What a graph or a tokenizer does can only be told by running it: a file of some kilobytes may ask for terabytes or for
hours, and its library may crash. So before the driver hands a model to its tasks, a process of its own opens it and
reads pages that wake what sleeps: none, short, and as long as the model takes, in runs of each kind of character. The
kernel limits its processor time (RLIMIT_CPU), memory (RLIMIT_AS) and files (RLIMIT_FSIZE). Tasks open only files with
the digests that were tried.

One child has imported what a trial needs and forks for each: a trial costs some hundredths of a second.
"""

import json
import os
import resource
import signal
import subprocess
import sys
from contextlib import suppress
from functools import cache
from tempfile import TemporaryFile
from threading import Lock
from typing import IO, NamedTuple

from udfs.annotator import Texts
from udfs.errors import ModelError, WebstrataError
from udfs.model_store.folder import ModelCard, name_in, read_model

CPU_SECONDS = 30  # and more for large models
BYTES_PER_SECOND = 10 << 20
CLOCK_FACTOR = 10  # the machine may have more to do
MEMORY_BYTES = 4 << 30  # address space, beside four times the files
MAX_WRITTEN = 1 << 20
RUNS = ("a", "A", " ", "\n", "\r\n", "0", "!", "_", "é", "語", "😀", "a ", "\0")
RUN_CHARS = 10_000
_REFUSED = 3
_asking = Lock()


class Trial(NamedTuple):
    """What is tried, and within which limits."""

    model: str
    digest: str
    cpu_seconds: int = CPU_SECONDS
    memory_bytes: int = MEMORY_BYTES


def try_model(model: str, card: ModelCard) -> None:
    """Raise ModelError, with what happened, unless the model of this name answers within the limits."""
    folder = read_model(model, card.digest)[0]
    n_bytes = sum((folder / name).stat().st_size for name in card.files)
    cpu_seconds, memory_bytes = CPU_SECONDS + n_bytes // BYTES_PER_SECOND, MEMORY_BYTES + 4 * n_bytes
    # By its path: the child has another environment, perhaps another cache, and may not fetch anything.
    run_trial(Trial(name_in(folder, model), card.digest, cpu_seconds, memory_bytes))


@cache
def run_trial(trial: Trial) -> None:
    """Raise ModelError unless the model passes; one that passed is not tried again."""
    with _asking:
        answer = _ask(_child(os.getpid()), trial)
    if not answer:
        _child.cache_clear()
        raise ModelError(f"{trial.model}: the process that tries models has died; run it again")
    code, said = json.loads(answer)
    if code == _REFUSED:
        raise ModelError(said)
    if code:
        raise ModelError(f"{trial.model}: refused, {_ending(trial, code, said)}; export it again")


def _ask(child: "subprocess.Popen[bytes]", trial: Trial) -> bytes:
    assert child.stdin is not None  # it is a pipe, and so is stdout
    assert child.stdout is not None
    with suppress(BrokenPipeError):
        child.stdin.write(json.dumps(trial).encode() + b"\n")
        child.stdin.flush()
    return child.stdout.readline()


def _ending(trial: Trial, code: int, said: str) -> str:
    if code in {-signal.SIGXCPU, -signal.SIGALRM}:
        return f"its trial took more than {trial.cpu_seconds} s of processor time"
    last = said.strip().rpartition("\n")[2]
    return f"its trial, with {trial.memory_bytes >> 20:,} MB of memory, died ({last[-300:] or f'code {code}'})"


@cache
def _child(owner: int) -> "subprocess.Popen[bytes]":
    """Return this process's own child, for a fork must not talk to its parent's."""
    path = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"), "1")
    command = [sys.executable, "-m", __spec__.name, str(owner)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, env={**os.environ, **path, **one_thread})  # noqa: S603


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Try one model after another, until there is no request: what the child does."""
    import onnxruntime  # noqa: F401  (before the fork, not in each)

    import udfs.inference.scores  # noqa: F401

    while line := requests.readline():
        with TemporaryFile() as said:
            pid = os.fork()
            if not pid:
                _try(Trial(*json.loads(line)), said.fileno())
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            said.seek(0)
            text = said.read(MAX_WRITTEN).decode("utf-8", "replace")
        answers.write(json.dumps([code, text]).encode() + b"\n")
        answers.flush()


def _try(trial: Trial, out: int) -> None:
    """Try the model, writing why it is refused to the file `out`, and end the process."""
    code = 1
    try:
        os.dup2(out, 1)
        os.dup2(out, 2)
        _limit(trial)
        _answer(trial)
        code = 0
    except WebstrataError as error:
        os.ftruncate(out, 0)
        os.pwrite(out, str(error).encode("utf-8", "replace"), 0)
        code = _REFUSED
    except BaseException as error:  # a panic of a tokenizer is no Exception
        os.write(2, f"\n{type(error).__name__}: {error}".replace("\n", " ").encode("utf-8", "replace"))
        raise
    finally:
        os._exit(code)


def _limit(trial: Trial) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (trial.cpu_seconds, trial.cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_WRITTEN, MAX_WRITTEN))
    signal.alarm(trial.cpu_seconds * CLOCK_FACTOR)
    with suppress(OSError, ValueError):  # not every system limits memory
        resource.setrlimit(resource.RLIMIT_AS, (trial.memory_bytes, trial.memory_bytes))


def _answer(trial: Trial) -> None:
    from udfs.inference.scores import load_scores

    card = read_model(trial.model, trial.digest)[1]
    load_scores(trial.model, trial.digest)(trial_pages(card.input.max_chars))


def trial_pages(max_chars: int | None) -> Texts:
    """Return pages that wake what sleeps in a model: none, short, long."""
    n = min(RUN_CHARS, (max_chars or RUN_CHARS * len(RUNS)) // len(RUNS) + 1)
    pages = ["", "A page\nof few words.", "".join((run * n)[:n] for run in RUNS)]
    return Texts(pages, ["https://example.org/a/page.html?id=1"] * len(pages))


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
