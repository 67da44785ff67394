"""A run of a job -> its row in `runs`: what went in, what came out, and why the rest did not."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from uuid import uuid4

from etl.lake import Lake, rows_of


def release() -> str:
    """Return the version of webstrata that runs."""
    try:
        return version("webstrata")
    except PackageNotFoundError:
        return "unknown"


@dataclass(frozen=True)
class Run:
    """A run that has begun: its id, its job and scope, and the options it was given."""

    job: str
    scope: str
    config: Mapping[str, object]
    run_id: str = field(default_factory=lambda: uuid4().hex)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def because(self) -> dict[str, object]:
        """Return what each commit of this run says about its reason."""
        return {
            "run_id": self.run_id,
            "job": self.job,
            "scope": self.scope,
            "release": release(),
            "config": self._digest,
        }

    def record(
        self,
        lake: Lake,
        *,
        n_in: int,
        n_out: int,
        faults: Mapping[str, int] | None = None,
        inputs: Mapping[str, int] | None = None,
    ) -> None:
        """Write the run's row. Its constraint refuses one where rows went missing uncounted."""
        row = {
            "run_id": self.run_id,
            "job": self.job,
            "scope": self.scope,
            "n_in": n_in,
            "n_out": n_out,
            "faults": dict(faults or {}),
            "inputs": dict(inputs or {}),
            "config": self._json,
            "config_digest": self._digest,
            "release": release(),
            "started_at": self.started_at,
            "ended_at": datetime.now(UTC),
        }
        rows = rows_of(lake.spark, "runs", [row])
        lake.append("runs", rows, once_as=f"run/{self.run_id}", because=self.because)

    @property
    def _json(self) -> str:
        return json.dumps(dict(self.config), sort_keys=True, default=str)

    @property
    def _digest(self) -> str:
        return sha256(self._json.encode()).hexdigest()
