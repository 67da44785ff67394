"""The wheel -> a standalone cluster on loopback, and an environment to submit jobs to it with."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyspark
import venv_pack

from etl.jars import BROUGHT_BY_SPARK, delta_coordinate
from etl.java import Java, find_java
from etl.session import QUICK_START
from tests.processes import QUICK_CONF, ROOT

SPARK_HOME = Path(pyspark.__file__).parent
DEPLOY = "org.apache.spark.deploy"
START_S = 120
PYTHON_JOBS = ("ingest", "annotate")  # of the others no line of Python runs on an executor
# What no job needs and what makes the archive large; Spark brings its own pyspark and py4j.
LEFT_OUT = ("*/tests/*", "*/test/*", "*/include/*", "*/__pycache__/*", "*.a")


@dataclass(frozen=True)
class Environment:
    """A Python environment with the wheel in it and no pyspark: as a folder, and packed for --archives."""

    folder: Path
    archive: Path

    @property
    def package(self) -> Path:
        """The folder of `etl` inside it."""
        return next(self.folder.glob("lib/python*/site-packages/etl"))


@dataclass(frozen=True)
class Cluster:
    """One master and two workers, each with a core, that run until the `with` block ends."""

    master: str
    work: Path

    def submit(self, environment: Environment, job: str, *args: str) -> subprocess.CompletedProcess[str]:
        """Run a job of the wheel by spark-submit as etl/conf/spark/cluster.conf and its users would."""
        java = find_java(pyspark.__version__)
        confs = QUICK_CONF | {
            "spark.sql.shuffle.partitions": "4",
            "spark.databricks.delta.snapshotPartitions": "2",
            "spark.executor.extraJavaOptions": " ".join(QUICK_START),
            "spark.jars.excludes": ",".join(BROUGHT_BY_SPARK),
        }
        command = [str(SPARK_HOME / "bin" / "spark-submit"), "--master", self.master]
        command += ["--properties-file", str(environment.package / "conf" / "spark" / "cluster.conf")]
        command += ["--packages", delta_coordinate()]
        if job in PYTHON_JOBS:
            command += ["--archives", f"{environment.archive}#environment"]
        command += ["--driver-memory", "1g", "--executor-memory", "1g", "--executor-cores", "1"]
        command += ["--driver-java-options", " ".join((*QUICK_START, *java.options))]
        for key, value in confs.items():
            command += ["--conf", f"{key}={value}"]
        command += [str(environment.package / "jobs" / f"{job}.py"), *args]
        env = {
            **_environment(java),
            "PYSPARK_DRIVER_PYTHON": str(environment.folder / "bin" / "python"),
            "PYSPARK_PYTHON": "./environment/bin/python",
        }
        done = subprocess.run(command, env=env, cwd=self.work, capture_output=True, text=True, timeout=900, check=False)
        for executor in self.executors():  # half a GB of environment each
            shutil.rmtree(executor / "environment", ignore_errors=True)
        return done

    def executors(self) -> list[Path]:
        """Return the folders in which executors have run, one for each job and worker."""
        return sorted(self.work.glob("worker-*/app-*/*"))


@contextmanager
def start_cluster(work: Path) -> Iterator[Cluster]:
    """Start a master and two workers on loopback; stop them at the end."""
    port = _free_port()
    master = f"spark://127.0.0.1:{port}"
    with ExitStack() as stack:
        address = ["--host", "127.0.0.1", "--webui-port", "0"]
        log = stack.enter_context(_daemon(work, "master", ["master.Master", *address, "--port", str(port)]))
        for n in (1, 2):
            own = ["--cores", "1", "--memory", "2g", "--work-dir", str(work / f"worker-{n}")]
            stack.enter_context(_daemon(work, f"worker-{n}", ["worker.Worker", *address, *own, master]))
        _wait(log, "Registering worker", times=2)
        yield Cluster(master, work)


def make_environment(folder: Path) -> Environment:
    """Build the wheel, install it without pyspark into a new environment, and pack that."""
    uv = os.environ.get("UV") or shutil.which("uv")
    if not uv:
        raise FileNotFoundError("uv is needed to build the wheel: pip install uv")
    python = folder / "env" / "bin" / "python"
    pins = folder / "pins.txt"
    _run(uv, "build", "--quiet", "--wheel", "--out-dir", str(folder / "dist"), str(ROOT))
    _run(uv, "venv", "--quiet", "--python", sys.executable, str(folder / "env"))
    pins.write_text(_run(uv, "pip", "freeze", "--quiet", "--exclude-editable", "--python", sys.executable))
    (wheel,) = (folder / "dist").glob("*.whl")
    overrides = folder / "overrides.txt"
    overrides.write_text("fasttext-predict ; python_version < '3'\n")  # as pyproject.toml has it
    install = ("pip", "install", "--quiet", "--python", str(python), "--constraint", str(pins))
    _run(uv, *install, "--override", str(overrides), str(wheel))
    archive = folder / "environment.tar.gz"
    packed = venv_pack.Env(str(folder / "env"))
    for pattern in LEFT_OUT:
        packed = packed.exclude(pattern)
    packed.pack(output=str(archive), compress_level=1)
    return Environment(folder / "env", archive)


@contextmanager
def _daemon(work: Path, name: str, command: list[str]) -> Iterator[Path]:
    """Run a Spark daemon for the block; its log is what the block is given."""
    log = work / f"{name}.log"
    env = {**_environment(find_java(pyspark.__version__)), "SPARK_DAEMON_MEMORY": "256m"}
    with log.open("wb") as file:
        start = [str(SPARK_HOME / "bin" / "spark-class"), f"{DEPLOY}.{command[0]}", *command[1:]]
        process = subprocess.Popen(start, env=env, cwd=work, stdout=file, stderr=file, stdin=subprocess.DEVNULL)
    try:
        yield log
    finally:
        process.terminate()
        process.wait(timeout=60)


def _environment(java: Java) -> dict[str, str]:
    """Return our environment without what would let a job find the checkout or another Spark."""
    own = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PYSPARK", "SPARK", "WEBSTRATA"))}
    return {**own, "SPARK_HOME": str(SPARK_HOME), "SPARK_LOCAL_IP": "127.0.0.1", "JAVA_HOME": str(java.home)}


def _wait(log: Path, words: str, *, times: int) -> None:
    """Wait until a log has said something often enough."""
    for _ in range(START_S * 10):
        if len(re.findall(words, log.read_text(errors="replace"))) >= times:
            return
        time.sleep(0.1)
    raise TimeoutError(f"no cluster after {START_S} s:\n{log.read_text(errors='replace')[-2000:]}")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stderr}"
    return done.stdout
