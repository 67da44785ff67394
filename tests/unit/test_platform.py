"""Where Spark is thought to come from, by what the environment says."""

from pathlib import Path

import pytest

from etl import platform
from etl.platform import Platform, find_platform
from udfs.cache_folder import cache_folder
from udfs.errors import UsageError

SIGNS = (
    "DATABRICKS_RUNTIME_VERSION",
    "SPARK_REMOTE",
    "PYSPARK_GATEWAY_PORT",
    "PYSPARK_SUBMIT_ARGS",
    "SPARK_HOME",
    "SPARK_CONF_DIR",
)


@pytest.fixture(autouse=True)
def laptop(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that says nothing about Spark."""
    for name in SIGNS:
        monkeypatch.delenv(name, raising=False)


def test_a_command_typed_on_a_laptop_is_local() -> None:
    assert find_platform() is Platform.LOCAL


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("DATABRICKS_RUNTIME_VERSION", "18.0", Platform.DATABRICKS),
        ("SPARK_REMOTE", "sc://127.0.0.1:15002", Platform.CONNECT),
        ("PYSPARK_GATEWAY_PORT", "12345", Platform.CLUSTER),
        ("PYSPARK_SUBMIT_ARGS", "--master yarn pyspark-shell", Platform.CLUSTER),
    ],
)
def test_the_environment_says_where_spark_is(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, expected: Platform
) -> None:
    monkeypatch.setenv(name, value)
    assert find_platform() is expected
    assert find_platform(is_local=True) is Platform.LOCAL


def test_a_master_in_sparks_defaults_means_a_cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "spark-defaults.conf").write_text("# ours\nspark.master   yarn\n")
    monkeypatch.setenv("SPARK_CONF_DIR", str(tmp_path))
    assert find_platform() is Platform.CLUSTER


def test_local_can_be_forbidden() -> None:
    assert find_platform(is_local=False) is Platform.CLUSTER


@pytest.mark.parametrize(("remote", "starts"), [("local[2]", True), ("sc://host", False)])
def test_only_a_local_connect_server_is_started_here(
    monkeypatch: pytest.MonkeyPatch, remote: str, starts: bool
) -> None:
    monkeypatch.setenv("SPARK_REMOTE", remote)
    assert platform.starts_jvm(Platform.CONNECT) is starts


def test_properties_are_read_in_both_spellings(tmp_path: Path) -> None:
    path = tmp_path / "x.conf"
    path.write_text("# why\na.b  1\nc.d=2 3\n\ne.f = x=y\nalone\n")
    assert platform.read_properties(path) == {"a.b": "1", "c.d": "2 3", "e.f": "x=y", "alone": ""}


@pytest.mark.parametrize("name", ["local.conf", "cluster.conf"])
def test_the_shipped_properties_switch_delta_on(name: str) -> None:
    conf = platform.read_properties(platform.conf_folder() / "spark" / name)
    assert conf["spark.sql.extensions"].endswith("DeltaSparkSessionExtension")
    assert conf["spark.sql.session.timeZone"] == "UTC"
    assert "spark.master" not in conf


def test_a_cache_that_cannot_be_written_is_one_clear_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("WEBSTRATA_CACHE", str(tmp_path / "file"))
    with pytest.raises(UsageError, match="set WEBSTRATA_CACHE"):
        cache_folder("logs")
