"""What pyproject.toml promises: every version pinned, no registry named, nothing in the wheel left out."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
UV = tomllib.loads(TEXT)["tool"]["uv"]


def test_every_package_that_is_installed_is_pinned() -> None:
    lock = ROOT / "uv.lock"
    if not lock.is_file():
        pytest.skip("no uv.lock: not installed by uv")
    packages = tomllib.loads(lock.read_text(encoding="utf-8"))["package"]
    resolved = {f"{p['name']}=={p['version']}" for p in packages if p["name"] != "webstrata"}
    assert resolved == {pin.split(";")[0].strip() for pin in UV["constraint-dependencies"]}


@pytest.mark.parametrize("pins", ["constraint-dependencies", "build-constraint-dependencies"])
def test_pins_are_exact(pins: str) -> None:
    assert all(re.match(r"[a-z0-9-]+==[\w.]+( ; .+)?$", pin) for pin in UV[pins])


def test_no_registry_is_named() -> None:
    assert "://" not in TEXT
    assert "uv.lock" in (ROOT / ".gitignore").read_text(encoding="utf-8")
