"""The session: what it is made of, whose it is, and what it says when it cannot be made."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pyspark
import pytest
from pyspark.sql import SparkSession

from etl import jars
from etl.platform import is_classic
from etl.session import fitting_memory, get_spark, session_confs, stop_spark
from tests.processes import run_python

WRITE_AND_READ = """
import sys
from etl.platform import is_classic
from etl.session import get_spark
spark = get_spark(cores=1)
table = f"delta.`{sys.argv[1]}`"
spark.sql(f"CREATE TABLE {table} (n BIGINT NOT NULL COMMENT 'a number') USING delta")
spark.sql(f"INSERT INTO {table} VALUES (1), (41)")
print(spark.table(table).selectExpr("sum(n)").first()[0], is_classic(spark))
"""

NOWHERE = """<ivysettings>
  <settings defaultResolver="nowhere"/>
  <resolvers><ibiblio name="nowhere" m2compatible="true" root="file:///no/such/repository/"/></resolvers>
</ivysettings>
"""


def test_a_session_writes_delta_tables(spark: SparkSession, tmp_lake: Path) -> None:
    spark.range(3).write.format("delta").save(str(tmp_lake))
    assert spark.read.format("delta").load(str(tmp_lake)).count() == 3


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("spark.sql.session.timeZone", "UTC"),
        ("spark.sql.execution.arrow.maxBytesPerBatch", "8388608"),
        ("spark.databricks.delta.snapshotPartitions", "2"),
        ("spark.driver.host", "127.0.0.1"),
        ("spark.ui.enabled", "false"),
        ("spark.master", "local[2]"),
    ],
)
def test_a_local_session_has_the_shipped_properties(spark: SparkSession, key: str, value: str) -> None:
    assert spark.conf.get(key) == value


def test_a_session_that_is_there_is_taken_and_left_alone(spark: SparkSession) -> None:
    theirs = spark.newSession()
    stop_spark(theirs)
    assert get_spark(cores=7).range(2).count() == 2


def test_properties_of_a_block_are_restored_after_an_error(spark: SparkSession) -> None:
    confs = {"spark.sql.shuffle.partitions": "9", "webstrata.not.set.before": "1"}
    with suppress(ZeroDivisionError), session_confs(spark, confs):
        assert spark.conf.get("spark.sql.shuffle.partitions") == "9"
        raise ZeroDivisionError
    assert spark.conf.get("spark.sql.shuffle.partitions") == "4"
    assert spark.conf.get("webstrata.not.set.before", None) is None


def test_the_sessions_class_says_whether_it_is_classic(spark: SparkSession) -> None:
    assert is_classic(spark)


def test_memory_grows_with_the_cores_and_stays_within_the_machine() -> None:
    assert fitting_memory(0) == "1024m"
    assert int(fitting_memory(10_000)[:-1]) << 20 <= os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def test_a_machine_without_java_uses_the_one_from_the_wheel(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "path"
    path.mkdir()
    for tool in Path("/usr/bin").iterdir():
        if tool.name != "java":
            (path / tool.name).symlink_to(tool)
    env = {"PATH": str(path), "JAVA_HOME": None, "WEBSTRATA_CACHE": str(tmp_path / "cache")}
    done = run_python(WRITE_AND_READ, str(tmp_path / "table"), env=env)
    assert done.stdout == "42 True\n", done.stderr
    assert list(tmp_path.glob("cache/java/*/bin/java"))


def test_nothing_but_the_programs_own_words_reaches_the_screen(spark: SparkSession, tmp_path: Path) -> None:
    done = run_python(WRITE_AND_READ, str(tmp_path / "table"), env={"WEBSTRATA_CACHE": str(tmp_path)})
    assert (done.returncode, done.stdout, done.stderr) == (0, "42 True\n", "")
    assert list(tmp_path.glob("logs/spark-*.log"))


def test_a_session_over_spark_connect_does_the_same(connect_spark: Callable[..., str], tmp_path: Path) -> None:
    pytest.importorskip("grpc", reason="pyspark[connect] is not installed")
    assert connect_spark(WRITE_AND_READ, str(tmp_path / "table")) == "42 False\n"


def test_an_unreachable_repository_ends_in_one_error_that_names_the_jars(tmp_path: Path) -> None:
    settings = tmp_path / "ivysettings.xml"
    settings.write_text(NOWHERE)
    conf = {"spark.jars.ivy": str(tmp_path / "ivy")}  # a cache that does not have them yet
    program = f"from etl.session import get_spark\nget_spark(extra_conf={conf})"
    env = {"WEBSTRATA_IVY_SETTINGS": str(settings), "WEBSTRATA_CACHE": str(tmp_path), "WEBSTRATA_JARS": None}
    done = run_python(program, env=env)
    assert done.returncode == 1
    last = done.stderr[done.stderr.rindex("udfs.errors.LakeError") :]
    for word in (*jars.needed_jars(), "--jars", "--ivy-settings", "WEBSTRATA_JARS"):
        assert word in last


def test_a_spark_without_delta_is_refused_with_what_to_add(tmp_path: Path) -> None:
    job = tmp_path / "job.py"
    job.write_text("from etl.session import get_spark\nget_spark()")
    submit = Path(pyspark.__file__).parent / "bin" / "spark-submit"
    program = (
        "import subprocess, sys\n"
        "from etl.java import find_java\n"
        f"java = find_java({pyspark.__version__!r})\n"
        "import os; os.environ['JAVA_HOME'] = str(java.home)\n"
        "os.environ['PYSPARK_PYTHON'] = sys.executable\n"
        "sys.exit(subprocess.call(sys.argv[1:]))"
    )
    done = run_python(program, str(submit), "--master", "local[1]", str(job))
    assert done.returncode == 1
    assert "this Spark does not know Delta" in done.stdout  # spark-submit prints a driver's stderr there
    assert "--packages io.delta:delta-spark_" in done.stdout
