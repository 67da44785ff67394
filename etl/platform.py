"""The environment -> where Spark runs (local, cluster, Databricks, Connect), and where files of ours live."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession


class Platform(StrEnum):
    """Where Spark comes from; only `LOCAL` lets us choose the master."""

    LOCAL = "local"
    """A Spark of our own inside this process's machine."""
    CLUSTER = "cluster"
    """spark-submit or a configured Spark: the master and the properties come from outside."""
    DATABRICKS = "databricks"
    """A Databricks runtime: session, Java and Delta are there already."""
    CONNECT = "connect"
    """`SPARK_REMOTE` names a Spark Connect server (or asks for a local one)."""


def find_platform(*, is_local: bool | None = None) -> Platform:
    """Return where Spark runs; `is_local` overrides what the environment says, on Databricks too.

    Without `is_local`, a process that neither spark-submit nor `SPARK_REMOTE` nor a configured master
    claims is local: that is what somebody who types a command on a laptop means.
    """
    if is_local:
        return Platform.LOCAL
    if is_databricks():
        return Platform.DATABRICKS
    if "SPARK_REMOTE" in os.environ:
        return Platform.CONNECT
    if is_local is None and not (is_spark_submit() or _has_master()):
        return Platform.LOCAL
    return Platform.CLUSTER


def is_databricks() -> bool:
    """Return whether this process runs inside a Databricks runtime."""
    return "DATABRICKS_RUNTIME_VERSION" in os.environ


def is_spark_submit() -> bool:
    """Return whether spark-submit started this process, so that its JVM runs already."""
    return "PYSPARK_GATEWAY_PORT" in os.environ


def starts_jvm(platform: Platform) -> bool:
    """Return whether a session on `platform` starts a JVM here, which then needs a Java and jars."""
    if platform is Platform.CONNECT:
        return os.environ.get("SPARK_REMOTE", "").startswith("local")
    return platform is not Platform.DATABRICKS and not is_spark_submit()


def is_classic(spark: SparkSession) -> bool:
    """Return whether `spark` has a JVM of its own in reach, which a Connect session has not."""
    return ".connect." not in f"{type(spark).__module__}."


def can_persist(spark: SparkSession) -> bool:
    """Return whether the platform lets us keep a DataFrame: Databricks serverless refuses."""
    return is_classic(spark) or os.environ.get("IS_SERVERLESS", "").lower() != "true"


@contextmanager
def kept(rows: DataFrame) -> Iterator[DataFrame]:
    """Keep `rows` on the executors' disks while several passes read them, where the platform can."""
    if not can_persist(rows.sparkSession):
        yield rows
        return
    stored = rows.persist(StorageLevel.DISK_ONLY)
    try:
        yield stored
    finally:
        stored.unpersist()


def count_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory_bytes() -> int:
    """Return the machine's memory in bytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def conf_folder() -> Path:
    """Return the folder of configuration files that ships with webstrata: in the wheel, or in a checkout."""
    package = Path(__file__).parent
    return next(folder for folder in (package / "conf", package.parent / "conf") if folder.is_dir())


def read_properties(path: Path) -> dict[str, str]:
    """Return what a Spark properties file says (`key value` or `key=value`, comments after `#`)."""
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    words = (re.split(r"[\s=]+", line, maxsplit=1) for line in lines if line and not line.startswith("#"))
    return {key: " ".join(value) for key, *value in words}


def spark_defaults() -> dict[str, str]:
    """Return the properties in the spark-defaults.conf that a Spark started here would read."""
    home = Path(os.environ.get("SPARK_HOME", "."))
    path = Path(os.environ.get("SPARK_CONF_DIR", home / "conf")) / "spark-defaults.conf"
    return read_properties(path) if path.is_file() else {}


def _has_master() -> bool:
    """Return whether the surroundings of a plain Python process name a Spark master."""
    return "--master" in os.environ.get("PYSPARK_SUBMIT_ARGS", "") or "spark.master" in spark_defaults()
