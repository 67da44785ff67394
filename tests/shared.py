"""Where the data for building and testing lies, and the mark of tests that need it."""

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("WEBSTRATA_SHARED", Path(__file__).parents[2] / "shared" / "data"))

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason=f"the shared test data is not at {SHARED}")
