"""The tables `mixtures` and `mixture_plans` -> which versions exist, and how one more comes to be.

A version exists once its plan is written, which happens last. Its rows are appended under a transaction id of
their own, so that of two drivers which want the same number one writes and the other is told. A driver that died
between rows and plan is completed by the next run of the same spec on the same inputs; until then its number is taken.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from etl.inputs import Input, models_of
from etl.lake import Lake, rows_of
from etl.mixture import MixtureSpec, Plan
from etl.runs import Run, release
from etl.steps.selection import Cut
from udfs.errors import ConflictError


def planned_versions(lake: Lake, name: str) -> dict[int, str]:
    """Return version -> identity of the versions of a mixture that exist."""
    return _versions(lake.table("mixture_plans"), name)


def begun_versions(lake: Lake, name: str) -> dict[int, str]:
    """Return version -> identity of the versions of a mixture that have rows, planned or not."""
    return _versions(lake.table("mixtures"), name)


def choose_version(lake: Lake, name: str, identity: str, wanted: int | None) -> tuple[int, bool]:
    """Return the version that `identity` has or is to have, and whether it exists already.

    Raises ConflictError if `wanted` exists, or has begun, with another identity.
    """
    planned, begun = planned_versions(lake, name), begun_versions(lake, name)
    taken = begun | planned
    if wanted is None:
        same = [v for v, other in taken.items() if other == identity]
        version = min(same) if same else 1 + max(taken, default=0)
        return version, version in planned
    if taken.get(wanted, identity) != identity:
        raise ConflictError(
            f"version {wanted} of {name} exists and holds something else (other spec, inputs or models);"
            f" a version never changes: leave --version out to write version {1 + max(taken)}"
        )
    return wanted, wanted in planned


def write_rows(lake: Lake, rows: DataFrame, name: str, version: int, identity: str, run: Run) -> bool:
    """Append the rows of a version in one commit; return False if another driver took the number for another thing."""
    because = {**run.because, "mixture": name, "version": version, "identity": identity}
    lake.append("mixtures", rows, once_as=f"mixture/{name}/{version}", because=because)
    # The append is left undone where the number was taken first: what is there decides, not what we meant.
    return begun_versions(lake, name).get(version, identity) == identity


def write_plan(
    lake: Lake, spec: MixtureSpec, plan: Plan, cuts: Sequence[Cut], origin: Mapping[str, Any], run: Run
) -> list[Row]:
    """Write the plan of a version, with what was really taken; from now on the version exists.

    `origin`: version, identity, inputs, table_versions. Raises ConflictError if it exists with another identity.
    """
    version = origin["version"]
    taken = {row["stratum"]: row for row in _taken(lake, spec.name, version).collect()}
    by_stratum = {cut.stratum: cut for cut in cuts}
    common = _common(spec, origin, run)
    rows = []
    for quota in plan.quotas:
        row = taken.get(quota.stratum)
        rows.append(
            {
                **common,
                "stratum": quota.stratum,
                "weight": quota.weight,
                "share": quota.share,
                "available_tokens": quota.available_tokens,
                "available_pages": quota.available_pages,
                "target_tokens": quota.target_tokens,
                "taken_tokens": row["n_tokens"] if row else 0,
                "taken_pages": row["n_pages"] if row else 0,
                "epochs": quota.epochs,
                "is_short": quota.is_short,
                "limited_by": quota.limited_by,
                "cut": _cut(by_stratum.get(quota.stratum)),
            }
        )
    because = {**run.because, "mixture": spec.name, "version": version, "spec_digest": spec.digest}
    because |= {"identity": origin["identity"], "seed": spec.seed, "models": common["models"]}
    because |= {"table_versions": origin["table_versions"]}
    frame = rows_of(lake.spark, "mixture_plans", rows)
    lake.append("mixture_plans", frame, once_as=f"plan/{spec.name}/{version}", because=because)
    return read_plan(lake, spec.name, version)


def read_plan(lake: Lake, name: str, version: int) -> list[Row]:
    """Return the rows of a version's plan, sorted by stratum."""
    return _of(lake.table("mixture_plans"), name).where(F.col("version") == version).orderBy("stratum").collect()


def _common(spec: MixtureSpec, origin: Mapping[str, Any], run: Run) -> dict[str, Any]:
    inputs: Sequence[Input] = origin["inputs"]
    return {
        "mixture": spec.name,
        "version": origin["version"],
        "spec": spec.model_dump_json(exclude_defaults=True),
        "spec_digest": spec.digest,
        "identity": origin["identity"],
        "seed": spec.seed,
        "inputs": [tuple(asdict(item).values()) for item in inputs],
        "table_versions": origin["table_versions"],
        "models": models_of(inputs),
        "release": release(),
        "run_id": run.run_id,
        "created_at": datetime.now(UTC),
    }


def _cut(cut: Cut | None) -> tuple[Any, ...] | None:
    return (cut.full_copies, cut.priority, cut.draw, cut.page_id) if cut else None


def _taken(lake: Lake, name: str, version: int) -> DataFrame:
    """Return what was committed of each stratum: the rows count, not what we meant to write."""
    rows = _of(lake.table("mixtures"), name).where(F.col("version") == version)
    tokens = F.sum(F.col("n_tokens") * F.col("copies"))
    return rows.groupBy("stratum").agg(F.count("*").alias("n_pages"), tokens.alias("n_tokens"))


def _versions(table: DataFrame, name: str) -> dict[int, str]:
    rows = _of(table, name).groupBy("version").agg(F.first("identity").alias("identity")).collect()
    return {row["version"]: row["identity"] for row in rows}


def _of(table: DataFrame, name: str) -> DataFrame:
    return table.where(F.col("mixture") == name)
