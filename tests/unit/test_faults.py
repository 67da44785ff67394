"""What Spark and Delta raise becomes an error that says what to do."""

import pytest

from etl.faults import translated
from udfs.errors import LakeError, UsageError, WebstrataError


@pytest.mark.parametrize(
    ("said", "kind", "advice"),
    [
        ("java.io.IOException: No space left on device", LakeError, "the disk is full"),
        ("[DELTA_CANNOT_CREATE_LOG_PATH] Cannot create file:/lake/pages/_delta_log", LakeError, "look for a full disk"),
        ("java.io.IOException: Mkdirs failed to create file:/lake/pages", LakeError, "look for a full disk"),
        ("java.io.FileNotFoundException: /lake (Permission denied)", LakeError, "check the permissions"),
        ("[DIVIDE_BY_ZERO] Division by zero.", UsageError, "Division by zero"),
    ],
)
def test_a_failure_of_spark_says_what_to_do(said: str, kind: type[WebstrataError], advice: str) -> None:
    with pytest.raises(kind, match=f"writing pages: .*{advice}"), translated("writing pages"):
        raise RuntimeError(said)


def test_a_failure_that_nobody_knows_stays_what_it_is() -> None:
    with pytest.raises(RuntimeError, match="something else"), translated("writing pages"):
        raise RuntimeError("something else")
