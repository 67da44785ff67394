"""Where we run -> the Spark session: one that is there already, or one that is built here and only here."""

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pyspark
from py4j.protocol import Py4JError
from pyspark.conf import SparkConf
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from etl.jars import is_unresolved, jar_confs, missing_jars
from etl.java import find_java
from etl.platform import (
    Platform,
    conf_folder,
    count_cores,
    find_platform,
    is_spark_submit,
    memory_bytes,
    read_properties,
    spark_defaults,
    starts_jvm,
)
from udfs.cache_folder import cache_folder
from udfs.errors import LakeError

JAVA_OPTIONS = "spark.driver.extraJavaOptions"
# On a laptop the JVM's best compiler takes as long as the job, and the work is done in Python.
QUICK_START = ("-XX:TieredStopAtLevel=1", "-XX:ReservedCodeCacheSize=256m")
JOINED_BY = {JAVA_OPTIONS: " ", "spark.jars": ",", "spark.jars.packages": ","}
GIB = 1 << 30
N_LOGS_KEPT = 20
NO_DELTA = ("Cannot find catalog plugin class", "The table or view `DETAIL`")

_ours: list[SparkSession] = []


def get_spark(
    *,
    local: bool | None = None,
    cores: int | None = None,
    memory: str | None = None,
    jars: str | None = None,
    ivy_settings: str | None = None,
    extra_conf: Mapping[str, str] | None = None,
) -> SparkSession:
    """Return the active session, else one that suits the platform; `stop_spark` stops only the latter.

    `cores` and `memory` (such as "4g") count in local mode only; `local` None asks the environment.
    Raises UsageError without a Java, LakeError without Delta's jars: both say what to do.
    """
    if active := SparkSession.getActiveSession():
        return active
    platform = find_platform(is_local=local)
    if platform is Platform.DATABRICKS:
        return SparkSession.builder.getOrCreate()
    confs = _conf_file(platform)
    if starts_jvm(platform):
        confs |= jar_confs(jars, ivy_settings) | _java_confs(platform)
    if platform is Platform.LOCAL:
        n = cores or count_cores()
        confs |= {"spark.master": f"local[{n}]", "spark.driver.memory": memory or fitting_memory(n)}
    return _build(platform, _merge(confs, extra_conf or {}))


def stop_spark(spark: SparkSession) -> None:
    """Stop `spark` if `get_spark` built it; leave everybody else's session alone."""
    if spark in _ours:
        _ours.remove(spark)
        spark.stop()


@contextmanager
def session_confs(spark: SparkSession, confs: Mapping[str, str]) -> Iterator[None]:
    """Set properties of a session for a block, and restore afterwards what they were."""
    before = {key: spark.conf.get(key, None) for key in confs}
    try:
        for key, value in confs.items():
            spark.conf.set(key, value)
        yield
    finally:
        for key, old in before.items():
            spark.conf.unset(key) if old is None else spark.conf.set(key, old)


def fitting_memory(n_cores: int) -> str:
    """Return the driver's memory: 1 GiB and half a GiB a core, a quarter of the machine at most."""
    wanted = GIB + n_cores * GIB // 2
    return f"{max(GIB, min(wanted, memory_bytes() // 4)) >> 20}m"


def _conf_file(platform: Platform) -> dict[str, str]:
    """Return the properties of the platform's file that do not come from outside already."""
    folder = conf_folder() / "spark"
    if platform is Platform.CLUSTER:
        given = dict(SparkConf().getAll()) if is_spark_submit() else spark_defaults()
        return {k: v for k, v in read_properties(folder / "cluster.conf").items() if k not in given}
    if not starts_jvm(platform):
        return {}  # a Connect server has its own, and most are fixed when it starts
    return read_properties(folder / "local.conf") | {"spark.sql.warehouse.dir": _temporary_folder()}


def _java_confs(platform: Platform) -> dict[str, str]:
    """Choose the Java and the Python of the JVM that is about to start; return the properties they need."""
    java = find_java(pyspark.__version__)
    os.environ["JAVA_HOME"] = str(java.home)
    if platform is not Platform.CLUSTER:  # a cluster's workers have their Python elsewhere
        os.environ["PYSPARK_PYTHON"] = sys.executable
    options = (*java.options, *(() if platform is Platform.CLUSTER else QUICK_START))
    return {JAVA_OPTIONS: " ".join(options)} if options else {}


def _merge(confs: Mapping[str, str], extra: Mapping[str, str]) -> dict[str, str]:
    """Return both; `extra` wins, but adds to a property that is a list."""
    joined = {k: f"{confs[k]}{by}{extra[k]}" for k, by in JOINED_BY.items() if k in confs and k in extra}
    return {**confs, **extra, **joined}


def _build(platform: Platform, confs: Mapping[str, str]) -> SparkSession:
    """Return a new session; what a JVM of our own says goes into a log file, not between our lines."""
    builder = SparkSession.builder.appName("webstrata")
    for key, value in confs.items():
        builder = builder.config(key, value)
    is_own_jvm = starts_jvm(platform) and platform is not Platform.CLUSTER
    with _jvm_log() if is_own_jvm else nullcontext():
        spark = builder.getOrCreate()
    _ours.append(spark)
    if not is_own_jvm:
        _require_delta(spark)
    return spark


def _require_delta(spark: SparkSession) -> None:
    """Raise LakeError if a session whose jars come from outside has no Delta.

    A statement of Delta's own about no table tells: with Delta it fails for want of the table.
    """
    try:
        spark.sql("DESCRIBE DETAIL delta.`/no/such/table`")
    except (PySparkException, Py4JError) as error:
        if any(sign in str(error) for sign in NO_DELTA):
            raise LakeError(missing_jars("this Spark does not know Delta")) from error


@contextmanager
def _jvm_log() -> Iterator[None]:
    """Let a JVM that starts in this block write into a log file; explain if it does not start.

    It inherits the file as its stdout and stderr; Python has its own back after the block.
    """
    log = cache_folder("logs") / f"spark-{os.getpid()}.log"
    _prune_logs(log.parent)
    sys.stdout.flush()
    sys.stderr.flush()
    screens = {fd: os.dup(fd) for fd in (1, 2)}
    try:
        with log.open("wb") as file:
            for fd in screens:
                os.dup2(file.fileno(), fd)
        yield
    except PySparkException as error:
        raise LakeError(_explain(error, log)) from error
    finally:
        for fd, screen in screens.items():
            os.dup2(screen, fd)
            os.close(screen)


def _explain(error: PySparkException, log: Path) -> str:
    """Return why a JVM did not start, and what to do."""
    said = log.read_text(encoding="utf-8", errors="replace")
    if is_unresolved(said):
        return f"{missing_jars('Spark could not fetch them')}\nSpark's own words are in {log}."
    last = "\n".join([line for line in said.splitlines() if not line.startswith("\tat ")][-5:])
    return f"Spark did not start ({error}); the end of {log}:\n{last}"


def _temporary_folder() -> str:
    """Return a folder for Spark's managed tables that goes when this process ends."""
    folder = tempfile.mkdtemp(prefix="webstrata-warehouse-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _prune_logs(folder: Path) -> None:
    """Delete all but the newest logs."""
    logs = sorted(folder.glob("spark-*.log"), key=lambda path: path.stat().st_mtime)
    for old in logs[:-N_LOGS_KEPT]:
        old.unlink(missing_ok=True)
