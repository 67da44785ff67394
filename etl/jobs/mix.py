"""A spec -> the next version of its mixture: planned by arithmetic, selected by hashes, written once.

spark-submit etl/jobs/mix.py NAME_OR_FILE [--version N] --lake DIR_OR_CATALOG.SCHEMA
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from pyspark import StorageLevel
from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from etl import mixtures
from etl.inputs import TABLES_READ, Input, identity_of, read_inputs
from etl.lake import Lake
from etl.mixture import MixtureSpec, Plan
from etl.mixture import plan as plan_of
from etl.platform import can_persist
from etl.runs import Run
from etl.schema import TABLES
from etl.steps.selection import Cut, find_cuts, take
from etl.steps.strata import read_available, with_stratum
from udfs.errors import ConflictError

ATTEMPTS = 5
PLACE_COLUMNS = ("page_id", "crawl", "text_digest", "stratum", "n_tokens", "score")


@dataclass(frozen=True)
class MixResult:
    """A version of a mixture: its number, whether this run wrote it, its identity, and the rows of its plan."""

    name: str
    version: int
    is_new: bool
    identity: str
    plan: list[Row]


def make_plan(lake: Lake, spec: MixtureSpec) -> Plan:
    """Return the quotas that `spec` gives on the corpus as it is now; nothing is written."""
    return plan_of(spec, read_available(with_stratum(lake.table("corpus"), spec)))


def mix(lake: Lake, spec: MixtureSpec, *, version: int | None = None) -> MixResult:
    """Write the next version of the mixture, or find that the same one exists.

    Raises ConfigError if the spec does not fit the corpus, UsageError if documents are not annotated or
    deduplicated yet, ConflictError if `version` exists with something else in it.
    """
    now = lake.pinned(*TABLES_READ)
    inputs = read_inputs(now, spec.crawls)
    identity = identity_of(spec.digest, inputs)
    for _ in range(ATTEMPTS):
        number, exists = mixtures.choose_version(lake, spec.name, identity, version)
        if exists:
            return MixResult(spec.name, number, False, identity, mixtures.read_plan(lake, spec.name, number))
        if done := _write(lake, now, spec, number, inputs):
            return done
    raise ConflictError(f"{spec.name}: other drivers took the next version {ATTEMPTS} times; run it again")


def _write(lake: Lake, now: Lake, spec: MixtureSpec, number: int, inputs: list[Input]) -> MixResult | None:
    """Write a version's rows and then its plan; None if another driver took the number meanwhile."""
    identity = identity_of(spec.digest, inputs)
    run = Run("mix", f"{spec.name}/{number}", {"spec": spec.model_dump(mode="json"), "version": number})
    with _kept(with_stratum(now.table("corpus"), spec).select(*PLACE_COLUMNS)) as pages:
        plan = plan_of(spec, read_available(pages))
        cuts = find_cuts(pages, plan, spec)
        rows = _rows(now, pages, cuts, spec, number, identity)
        if not mixtures.write_rows(lake, rows, spec.name, number, identity, run):
            return None
    origin = {
        "version": number,
        "identity": identity,
        "inputs": inputs,
        "table_versions": dict(now.pinned_at or {}),
    }
    written = mixtures.write_plan(lake, spec, plan, cuts, origin, run)
    _record(lake, run, plan, written, now.pinned_at or {})
    return MixResult(spec.name, number, True, identity, written)


def _rows(now: Lake, pages: DataFrame, cuts: list[Cut], spec: MixtureSpec, number: int, identity: str) -> DataFrame:
    """Return the rows of `mixtures`: the pages up to the cuts, with their texts."""
    chosen = take(pages, cuts, spec).select("page_id", "crawl", "stratum", "n_tokens", "copies")
    texts = now.table("documents").select("page_id", "crawl", "warc_file", "warc_offset", "url", "text_digest", "text")
    rows = chosen.join(texts, ["page_id", "crawl"]).withColumns(
        {
            "mixture": F.lit(spec.name),
            "version": F.lit(number).cast("int"),
            "identity": F.lit(identity),
            "copies": F.col("copies").cast("int"),
        }
    )
    return rows.select(*TABLES["mixtures"].column_names)


def _record(lake: Lake, run: Run, plan: Plan, written: list[Row], inputs: Mapping[str, int]) -> None:
    n_in = sum(quota.available_pages for quota in plan.quotas)
    n_out = sum(row["taken_pages"] for row in written)
    run.record(lake, n_in=n_in, n_out=n_out, faults={"beyond_quota": n_in - n_out}, inputs=inputs)


@contextmanager
def _kept(pages: DataFrame) -> Iterator[DataFrame]:
    """Keep the pages' places on disk while several passes read them, where the platform can."""
    if not can_persist(pages.sparkSession):
        yield pages
        return
    kept = pages.persist(StorageLevel.DISK_ONLY)
    try:
        yield kept
    finally:
        kept.unpersist()


if __name__ == "__main__":
    from etl.cli import main

    sys.exit(main(["mix", *sys.argv[1:]]))
