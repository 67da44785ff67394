"""A lake -> what a mixture would be made from: the published batches, with digests of what they hold."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from etl.lake import Lake
from udfs.errors import MissingInputError, UsageError

TABLES_READ = ("files", "pages", "annotations", "duplicates")


@dataclass(frozen=True, slots=True, order=True)
class Input:
    """A published batch: what its pages hold, who annotated it, and which of its documents rank first."""

    crawl: str
    batch: str
    content_digest: str
    annotators: str
    duplicates: str


def read_inputs(lake: Lake, crawls: Sequence[str] | None) -> list[Input]:
    """Return the batches of `crawls` (all, if None), sorted.

    Raises MissingInputError if there are none, UsageError if some of their documents are not annotated or not
    deduplicated yet: a mixture of half a crawl would look like one of the whole.
    """
    published = _of(lake.table("files"), crawls).where("status = 'published'")
    batches = published.groupBy("crawl", "batch").agg(
        F.sum("n_documents").alias("n_documents"),
        F.sha2(
            F.concat_ws(",", F.sort_array(F.collect_list(F.concat_ws(":", "warc_file", "content_digest")))),
            256,
        ).alias("content_digest"),
    )
    found = batches.join(_annotated(lake, crawls), ["crawl", "batch"], "left").join(
        _ranked(lake, crawls), "crawl", "left"
    )
    rows = found.collect()
    if not rows:
        raise MissingInputError(f"nothing is published in {lake.location} {_named(crawls)}: run `webstrata ingest`")
    for row in rows:
        if row["n_documents"] and row["n_documents"] != row["n_annotated"]:
            raise UsageError(
                f"{row['n_documents'] - (row['n_annotated'] or 0):,} documents of {row['crawl']} are not annotated:"
                f" run `webstrata annotate --crawl {row['crawl']}`"
            )
    _check_ranked(rows)
    names = ("crawl", "batch", "content_digest", "annotators", "duplicates")
    return sorted(Input(*(row[name] or "" for name in names)) for row in rows)


def identity_of(spec_digest: str, inputs: Sequence[Input]) -> str:
    """Return the sha256 that two mixtures share when they hold the same rows."""
    values = [
        spec_digest,
        *([i.crawl, i.batch, i.content_digest, i.annotators, i.duplicates] for i in inputs),
    ]
    return sha256(json.dumps(values, separators=(",", ":")).encode()).hexdigest()


def models_of(inputs: Sequence[Input]) -> dict[str, str]:
    """Return annotator -> version over all inputs; several versions of one are joined by a comma."""
    found: dict[str, set[str]] = {}
    for item in inputs:
        for version_map in json.loads(item.annotators or "[]"):
            for name, version in version_map.items():
                found.setdefault(name, set()).add(version)
    return {name: ",".join(sorted(versions)) for name, versions in sorted(found.items())}


def _annotated(lake: Lake, crawls: Sequence[str] | None) -> DataFrame:
    """Return how many documents of each batch are annotated, and by which versions (sorted JSON)."""
    entries = F.expr("to_json(map_from_entries(array_sort(map_entries(annotators))))")
    return (
        _of(lake.table("annotations"), crawls)
        .groupBy("crawl", "batch")
        .agg(
            F.count("*").alias("n_annotated"),
            F.concat(F.lit("["), F.concat_ws(",", F.array_sort(F.collect_set(entries))), F.lit("]")).alias(
                "annotators"
            ),
        )
    )


def _ranked(lake: Lake, crawls: Sequence[str] | None) -> DataFrame:
    """Return for each crawl how many documents are ranked, and a digest of their ranks, whatever their order."""
    digest = F.concat_ws(":", F.max("method"), F.count("*"), F.expr("hex(bit_xor(xxhash64(page_id, rank)))"))
    return (
        _of(lake.table("duplicates"), crawls)
        .groupBy("crawl")
        .agg(F.count("*").alias("n_ranked"), digest.alias("duplicates"))
    )


def _check_ranked(rows: Sequence[object]) -> None:
    by_crawl: dict[str, list[int]] = {}
    for row in rows:
        counts = by_crawl.setdefault(row["crawl"], [0, row["n_ranked"] or 0])  # type: ignore[index]
        counts[0] += row["n_documents"] or 0  # type: ignore[index]
    for crawl, (n_documents, n_ranked) in by_crawl.items():
        if n_documents != n_ranked:
            raise UsageError(
                f"crawl {crawl} has {n_documents:,} documents, of which {n_ranked:,} are deduplicated:"
                f" run `webstrata dedup --crawl {crawl}`"
            )


def _of(table: DataFrame, crawls: Sequence[str] | None) -> DataFrame:
    return table.where(F.col("crawl").isin(list(crawls))) if crawls else table


def _named(crawls: Sequence[str] | None) -> str:
    return f"of {', '.join(crawls)}" if crawls else ""
