"""A spec -> the next version of its mixture: planned by arithmetic, selected by hashes, written once.

spark-submit etl/jobs/mix.py NAME_OR_FILE [--version N] --lake DIR_OR_CATALOG.SCHEMA
"""

import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from etl import mixtures
from etl.inputs import TABLES_READ, Input, identity_of, models_of, read_inputs
from etl.lake import Lake
from etl.mixture import MixtureSpec, Plan
from etl.mixture import plan as plan_of
from etl.platform import kept
from etl.progress import Advance, Progress, silent
from etl.runs import Run
from etl.schema import TABLES
from etl.steps.duplicates import first_of_each_text
from etl.steps.selection import find_cuts, take
from etl.steps.strata import read_available, with_stratum
from etl.steps.texts import Rewriting, rewriting, with_texts
from udfs.conf import nearest
from udfs.edit.annotator import edits_of_version
from udfs.errors import ConfigError, ConflictError, UsageError

ATTEMPTS = 5
N_STEPS = 4  # plan, cuts, rows, plan written
BROADCAST_PAGES = 1_000_000  # about 100 MB
COLUMNS = TABLES["mixtures"].columns
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
    spec, inputs = with_flags(lake, spec), read_inputs(lake, spec.crawls)
    rewriting_of(spec, inputs)  # what mixing would refuse, planning refuses too
    return plan_of(spec, read_available(_pages(lake, spec, {i.crawl for i in inputs})))


def mix(lake: Lake, spec: MixtureSpec, *, version: int | None = None, progress: Progress = silent) -> MixResult:
    """Write the next version of the mixture, or find that the same one exists.

    Raises ConfigError if the spec does not fit the corpus, UsageError if documents are not annotated or
    deduplicated yet, ConflictError if `version` exists with something else in it.
    """
    if version is not None and version < 1:
        raise UsageError(f"--version {version}: versions count from 1")
    now = lake.pinned(*TABLES_READ)
    spec, inputs = with_flags(now, spec), read_inputs(now, spec.crawls)
    identity = _identity(spec, inputs)
    for _ in range(ATTEMPTS):
        number, exists = mixtures.choose_version(lake, spec.name, identity, version)
        if exists:
            return MixResult(spec.name, number, False, identity, mixtures.read_plan(lake, spec.name, number))
        with progress(f"mixing {spec.name}", N_STEPS) as advance:
            if done := _write(lake, now, spec, number, inputs, advance):
                return done
    raise ConflictError(f"{spec.name}: other drivers took the next version {ATTEMPTS} times; run it again")


def with_flags(lake: Lake, spec: MixtureSpec) -> MixtureSpec:
    """Return the spec with the SQL of each flag in its `where`: another threshold makes another version.

    Raises ConfigError for strata or an order by a flag, UsageError for flags that cannot be told yet.
    """
    presets = lake.views.presets
    flags = presets.meanings()
    for name in (*spec.strata, spec.order.by):
        if name.lower() in flags:
            raise ConfigError(f"{spec.name}: {name} is a flag, which `where` may use, and no stratum or order")
    return spec.but(where=where) if (where := presets.spelled_out(spec.where)) != spec.where else spec


def rewriting_of(spec: MixtureSpec, inputs: Sequence[Input]) -> Rewriting:
    """Return how the texts of a mixture come to be: by the very edits that its pages were annotated with.

    Raises ConfigError if the spec names no annotation of edits, or a kind of personal data that nobody knows;
    ConflictError if pages were annotated with different edits, or with other versions of them than the installed ones.
    """
    name, versions = spec.text.edits, models_of(inputs)
    if name is not None and name not in versions:
        raise ConfigError(f"text.edits of {spec.name}: nobody annotated {name!r}{nearest(name, list(versions))}")
    return rewriting(edits_of_version(name, versions[name]) if name else (), spec.text.mask)


def _identity(spec: MixtureSpec, inputs: Sequence[Input]) -> str:
    """Return the identity of a mixture; masks, which no input has a version of, are a part of it."""
    return identity_of(" ".join((spec.digest, *rewriting_of(spec, inputs).labels)), inputs)


def _write(
    lake: Lake, now: Lake, spec: MixtureSpec, number: int, inputs: list[Input], advance: Advance
) -> MixResult | None:
    """Write a version's rows and then its plan; None if another driver took the number meanwhile."""
    identity = _identity(spec, inputs)
    run = Run("mix", f"{spec.name}/{number}", {"spec": spec.model_dump(mode="json"), "version": number})
    crawls = {item.crawl for item in inputs}
    with kept(_pages(now, spec, crawls).select(*PLACE_COLUMNS)) as pages:
        plan = plan_of(spec, read_available(pages))
        advance(1)
        cuts = find_cuts(pages, plan, spec)
        advance(1)
        texts = now.table("texts").where(F.col("crawl").isin(*crawls))
        rows = with_texts(_rows(texts, take(pages, cuts, spec), plan), rewriting_of(spec, inputs)).withColumns(
            {"mixture": F.lit(spec.name), "version": F.lit(number).cast("int"), "identity": F.lit(identity)}
        )
        rows = rows.select(*(F.col(c.name).alias(c.name, metadata={"comment": c.comment}) for c in COLUMNS))
        if not mixtures.write_rows(lake, rows, spec.name, number, identity, run):
            return None
    advance(1)
    origin = {
        "version": number,
        "identity": identity,
        "inputs": inputs,
        "table_versions": dict(now.pinned_at or {}),
    }
    written = mixtures.write_plan(lake, spec, plan, cuts, origin, run)
    _record(lake, run, plan, written, now.pinned_at or {})
    advance(1)
    return MixResult(spec.name, number, True, identity, written)


def _pages(lake: Lake, spec: MixtureSpec, crawls: Collection[str]) -> DataFrame:
    """Return the pages that the spec may take, each text once, with their stratum and score."""
    corpus = lake.corpus_without_flags().where(F.col("crawl").isin(*crawls))
    return with_stratum(first_of_each_text(corpus) if len(crawls) > 1 else corpus, spec)


def _rows(documents: DataFrame, taken: DataFrame, plan: Plan) -> DataFrame:
    """Return the pages taken, with their texts."""
    chosen = taken.select("page_id", "crawl", "stratum", "n_tokens", F.col("copies").cast("int").alias("copies"))
    if sum(quota.available_pages for quota in plan.quotas if quota.target_tokens) <= BROADCAST_PAGES:
        chosen = F.broadcast(chosen)  # otherwise every text of the crawls goes through a shuffle
    texts = documents.select("page_id", "crawl", "warc_file", "warc_offset", "url", "text_digest", "text")
    return texts.join(chosen, ["page_id", "crawl"])


def _record(lake: Lake, run: Run, plan: Plan, written: list[Row], inputs: Mapping[str, int]) -> None:
    n_in = sum(quota.available_pages for quota in plan.quotas)
    n_out = sum(row["taken_pages"] for row in written)
    run.record(lake, n_in=n_in, n_out=n_out, faults={"beyond_quota": n_in - n_out}, inputs=inputs)


if __name__ == "__main__":
    from etl.cli import main

    sys.exit(main(["mix", *sys.argv[1:]]))
