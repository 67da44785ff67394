"""The installed pyspark and delta-spark -> the Delta jars that a session needs, and how it comes by them."""

import os
import re
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from udfs.errors import MissingInputError, UsageError

SCALA = "2.13"
KNOWN_DELTA = "4.4.0"
UNRESOLVED = re.compile(r"unresolved dependenc|FAILED DOWNLOADS|Server access error", re.IGNORECASE)

# Spark has these on its class path already: without them 13 MB are fetched instead of 87.
BROUGHT_BY_SPARK = (
    "com.fasterxml.jackson.core:*",
    "com.fasterxml.jackson.datatype:*",
    "com.github.luben:*",
    "com.google.code.findbugs:*",
    "commons-logging:*",
    "commons-pool:*",
    "io.airlift:*",
    "javax.annotation:*",
    "org.antlr:*",
    "org.apache.hadoop:hadoop-client-api",  # by name: hadoop-aws is not brought by Spark
    "org.apache.hadoop:hadoop-client-runtime",
    "org.apache.logging.log4j:*",
    "org.apache.parquet:*",
    "org.locationtech.jts:*",
    "org.roaringbitmap:*",
    "org.slf4j:*",
    "org.xerial.snappy:*",
)


def delta_coordinate() -> str:
    """Return the Maven coordinate of Delta for the installed pyspark and delta-spark."""
    minor = ".".join(_pyspark_version().split(".")[:2])
    return f"io.delta:delta-spark_{minor}_{SCALA}:{_delta_version()}"


def needed_jars() -> tuple[str, str]:
    """Return the names of the jars without which no Delta table can be read or written."""
    _, name, release = delta_coordinate().split(":")
    return f"{name}-{release}.jar", f"delta-storage-{release}.jar"


def jar_confs(jars: str | None = None, ivy_settings: str | None = None) -> dict[str, str]:
    """Return the Spark properties by which a starting session comes by Delta's jars.

    `jars` (else `WEBSTRATA_JARS`): files separated by commas, or a folder; `ivy_settings` (else
    `WEBSTRATA_IVY_SETTINGS`): a file that says where Ivy looks. Nothing where Spark has the jars already.
    """
    jars = jars or os.environ.get("WEBSTRATA_JARS")
    settings = ivy_settings or os.environ.get("WEBSTRATA_IVY_SETTINGS")
    if jars:
        return {"spark.jars": ",".join(_listed(jars))}
    if _is_in_spark_home():
        return {}
    confs = {"spark.jars.packages": delta_coordinate(), "spark.jars.excludes": ",".join(BROUGHT_BY_SPARK)}
    if settings and not Path(settings).is_file():
        raise MissingInputError(f"no such Ivy settings file: {settings}")
    return confs | ({"spark.jars.ivySettings": settings} if settings else {})


def is_unresolved(log: str) -> bool:
    """Return whether Spark's log says that it could not get its jars."""
    return bool(UNRESOLVED.search(log))


def missing_jars(reason: str) -> str:
    """Return the message that names the jars of Delta and the three ways to hand them over."""
    return f"""Delta's jars are missing ({reason}). These are needed, from Maven's group io.delta:
  {"  ".join(needed_jars())}
Hand them over in one of three ways:
  1. as files: --jars a.jar,b.jar or --jars FOLDER (in the environment: WEBSTRATA_JARS;
     spark-submit has --jars too, and --packages {delta_coordinate()})
  2. from a repository of your own: --ivy-settings FILE (WEBSTRATA_IVY_SETTINGS);
     conf/spark/ivysettings.example.xml shows such a file
  3. from Maven's public repositories, once this machine reaches them: Spark resolves
     {delta_coordinate()} by itself and keeps it in ~/.ivy2*"""


def _listed(jars: str) -> Sequence[str]:
    """Return the jars that `jars` lists, or that the folder of this name holds."""
    folder = Path(jars)
    names = sorted(map(str, folder.glob("*.jar"))) if folder.is_dir() else jars.split(",")
    files = [name.strip() for name in names if name.strip()]
    for name in files:
        if "://" not in name and not Path(name).is_file():
            raise MissingInputError(f"no such jar: {name}")
    if not any("delta-spark" in name for name in files):
        raise UsageError(missing_jars(f"{jars} has no delta-spark*.jar"))
    return files


def _is_in_spark_home() -> bool:
    """Return whether the Spark that would start has Delta's jar beside its own."""
    import pyspark

    home = Path(os.environ.get("SPARK_HOME") or Path(pyspark.__file__).parent)
    return any((home / "jars").glob("delta-spark*.jar"))


def _pyspark_version() -> str:
    """Return the version of the pyspark in use; one that Spark itself brings has no metadata to ask."""
    import pyspark

    return pyspark.__version__


def _delta_version() -> str:
    """Return the version of delta-spark, installed or, where only Spark's jars matter, the one we know."""
    try:
        return version("delta-spark")
    except PackageNotFoundError:
        return KNOWN_DELTA
