"""Which jars a session asks for, and what it says when it cannot get them."""

from pathlib import Path

import pytest

from etl import jars
from udfs.errors import MissingInputError, UsageError


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pyspark 4.1.1 and a delta-spark 4.4.0, and an environment that says nothing."""
    monkeypatch.setattr(jars, "_pyspark_version", lambda: "4.1.1")
    monkeypatch.setattr(jars, "_delta_version", lambda: "4.4.0")
    for name in ("WEBSTRATA_JARS", "WEBSTRATA_IVY_SETTINGS", "SPARK_HOME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the two jars that Delta needs."""
    for name in jars.needed_jars():
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize(
    ("pyspark", "coordinate"),
    [
        ("4.0.1", "io.delta:delta-spark_4.0_2.13:4.4.0"),
        ("4.1.1", "io.delta:delta-spark_4.1_2.13:4.4.0"),
        ("4.2.0", "io.delta:delta-spark_4.2_2.13:4.4.0"),
    ],
)
def test_the_coordinate_follows_the_installed_versions(
    monkeypatch: pytest.MonkeyPatch, pyspark: str, coordinate: str
) -> None:
    monkeypatch.setattr(jars, "_pyspark_version", lambda: pyspark)
    assert jars.delta_coordinate() == coordinate
    assert jars.jar_confs()["spark.jars.packages"] == coordinate


def test_what_spark_brings_is_not_fetched_again_but_hadoop_aws_is() -> None:
    excluded = jars.jar_confs()["spark.jars.excludes"].split(",")
    assert "org.apache.hadoop:hadoop-client-runtime" in excluded
    assert "org.apache.hadoop:*" not in excluded


def test_a_folder_of_jars_is_handed_over_whole(folder: Path) -> None:
    assert jars.jar_confs(str(folder)) == {
        "spark.jars": f"{folder}/delta-spark_4.1_2.13-4.4.0.jar,{folder}/delta-storage-4.4.0.jar"
    }


def test_a_list_of_jars_comes_from_the_environment_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = ",".join(str(folder / name) for name in jars.needed_jars())
    monkeypatch.setenv("WEBSTRATA_JARS", listed)
    assert jars.jar_confs() == {"spark.jars": listed}


def test_jars_on_another_file_system_are_left_to_spark() -> None:
    listed = "s3://jars/delta-spark_4.1_2.13-4.4.0.jar,s3://jars/delta-storage-4.4.0.jar"
    assert jars.jar_confs(listed) == {"spark.jars": listed}


def test_a_jar_that_is_not_there_is_named() -> None:
    with pytest.raises(MissingInputError, match=r"no such jar: /no/delta-spark\.jar"):
        jars.jar_confs("/no/delta-spark.jar")


def test_a_folder_without_delta_is_refused_with_the_names_of_the_jars(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"delta-spark_4\.1_2\.13-4\.4\.0\.jar  delta-storage-4\.4\.0\.jar"):
        jars.jar_confs(str(tmp_path))


def test_an_ivy_settings_file_goes_to_spark_and_must_exist(tmp_path: Path) -> None:
    settings = tmp_path / "ivysettings.xml"
    with pytest.raises(MissingInputError, match="no such Ivy settings file"):
        jars.jar_confs(ivy_settings=str(settings))
    settings.touch()
    assert jars.jar_confs(ivy_settings=str(settings))["spark.jars.ivySettings"] == str(settings)


def test_a_spark_that_has_delta_beside_its_own_jars_is_asked_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "jars").mkdir()
    (tmp_path / "jars" / "delta-spark_4.1_2.13-4.4.0.jar").touch()
    monkeypatch.setenv("SPARK_HOME", str(tmp_path))
    assert jars.jar_confs() == {}


@pytest.mark.parametrize("way", ["--jars", "WEBSTRATA_JARS", "--ivy-settings", "WEBSTRATA_IVY_SETTINGS"])
def test_the_message_about_missing_jars_says_every_way_to_hand_them_over(way: str) -> None:
    assert way in jars.missing_jars("no network")
