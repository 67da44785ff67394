"""The environment -> a folder for what can be made or fetched again."""

import os
from pathlib import Path

from udfs.errors import UsageError


def cache_folder(*parts: str) -> Path:
    """Return a folder for what can be made again, creating it.

    It lies under `WEBSTRATA_CACHE`, else `XDG_CACHE_HOME`/webstrata, else ~/.cache/webstrata.
    Raises UsageError where that cannot be written.
    """
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(os.environ.get("WEBSTRATA_CACHE") or Path(base) / "webstrata").joinpath(*parts)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make the cache folder {folder}: {error}; set WEBSTRATA_CACHE") from error
    return folder
