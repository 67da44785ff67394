"""A Python program and an environment -> what it says in a process of its own, for what cannot share ours."""

import os
import subprocess
import sys
from pathlib import Path

from etl.platform import read_properties

ROOT = Path(__file__).parent.parent
WEBSTRATA = Path(sys.executable).parent / "webstrata"
QUICK = {"SPARK_CONF_DIR": str(ROOT / "tests" / "conf")}  # in the environment of a process that starts Spark
QUICK_CONF = read_properties(ROOT / "tests" / "conf" / "spark-defaults.conf")


def webstrata(*args: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the real command."""
    command = [WEBSTRATA, *map(str, args)]
    env = {**os.environ, **QUICK}
    return subprocess.run(command, capture_output=True, text=True, timeout=600, cwd=cwd, env=env, check=False)


def run_python(
    program: str | Path, *args: str, env: dict[str, str | None] | None = None, timeout_s: float = 600
) -> subprocess.CompletedProcess[str]:
    """Run a file, or the text of a program, with this Python and the checkout on its path.

    `env` is added to our environment; None takes a variable away.
    """
    start = [str(program)] if isinstance(program, Path) else ["-c", program]
    changed = {**os.environ, "PYTHONPATH": str(ROOT), **(env or {})}
    return subprocess.run(
        [sys.executable, *start, *args],
        env={key: value for key, value in changed.items() if value is not None},
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
