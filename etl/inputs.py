"""A lake -> what a mixture would be made from: the published batches, with digests of what they hold."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from etl.lake import Lake
from udfs.errors import MissingInputError, UsageError

SELECTION_VERSION = 1  # changes whenever the same spec and inputs may give other rows
_ELSE = "; or name the crawls to use in the spec's `crawls`"
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
    deduplicated in the text they have now: a mixture of half a crawl would look like one of the whole.
    """
    published = _of(lake.table("files"), crawls).where("status = 'published'")
    facts = F.concat_ws(":", "warc_file", "content_digest", "reader", "extractor")
    batches = published.groupBy("crawl", "batch").agg(
        F.sha2(F.concat_ws(",", F.sort_array(F.collect_list(facts))), 256).alias("content_digest")
    )
    found = batches.join(_documents(lake, crawls), ["crawl", "batch"], "left")
    found = found.join(_annotated(lake, crawls), ["crawl", "batch"], "left").join(
        _ranked(lake, crawls), "crawl", "left"
    )
    rows = found.collect()
    _check_there(rows, crawls, lake)
    _check_annotated(rows)
    _check_ranked(rows)
    names = ("crawl", "batch", "content_digest", "annotators", "duplicates")
    return sorted(Input(*(row[name] or "" for name in names)) for row in rows)


def identity_of(spec_digest: str, inputs: Sequence[Input]) -> str:
    """Return the sha256 that two mixtures share when they hold the same rows."""
    values = [
        SELECTION_VERSION,
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


def _documents(lake: Lake, crawls: Sequence[str] | None) -> DataFrame:
    """Return for each batch a digest of its documents and their texts, whatever their order."""
    rows = _of(lake.table("texts"), crawls).groupBy("crawl", "batch")
    return rows.agg(F.expr("bit_xor(xxhash64(page_id, text_digest))").alias("documents"))


def _annotated(lake: Lake, crawls: Sequence[str] | None) -> DataFrame:
    """Return the same digest of what is annotated in each batch, and the versions that spoke (sorted JSON)."""
    entries = F.expr("to_json(map_from_entries(array_sort(map_entries(annotators))))")
    versions = F.concat(F.lit("["), F.concat_ws(",", F.array_sort(F.collect_set(entries))), F.lit("]"))
    digest = F.expr("bit_xor(xxhash64(page_id, text_digest))").alias("annotated")
    rows = _of(lake.table("annotations"), crawls).groupBy("crawl", "batch")
    return rows.agg(digest, versions.alias("annotators"))


def _ranked(lake: Lake, crawls: Sequence[str] | None) -> DataFrame:
    """Return the same digest of what is ranked in each crawl, and one of the ranks."""
    ranks = F.concat_ws(":", F.max("method"), F.count("*"), F.expr("hex(bit_xor(xxhash64(page_id, rank)))"))
    digest = F.expr("bit_xor(xxhash64(page_id, cluster_id))").alias("ranked")
    return _of(lake.table("duplicates"), crawls).groupBy("crawl").agg(digest, ranks.alias("duplicates"))


def _check_there(rows: Sequence[Row], crawls: Sequence[str] | None, lake: Lake) -> None:
    there = {row["crawl"] for row in rows}
    if missing := sorted(set(crawls or ()) - there):
        raise MissingInputError(f"nothing of crawl {missing[0]} is published in {lake.location}: ingest it first")
    if not rows:
        raise MissingInputError(f"nothing is published in {lake.location}: run `webstrata ingest`")


def _check_annotated(rows: Sequence[Row]) -> None:
    """Raise UsageError unless each batch is annotated as it is now, and by the same annotators as the others."""
    named = {row["batch"]: set(models_of([Input("", "", "", row["annotators"] or "", "")])) for row in rows}
    everybody: set[str] = set().union(*named.values())
    for row in rows:
        if row["documents"] != row["annotated"]:
            raise UsageError(
                f"some documents of crawl {row['crawl']} are not annotated, or have another text since:"
                f" run `webstrata annotate --crawl {row['crawl']}`{_ELSE}"
            )
        if row["documents"] is not None and (lacking := sorted(everybody - named[row["batch"]])):
            raise UsageError(
                f"batch {row['batch']} of crawl {row['crawl']} lacks {', '.join(lacking)}, which other batches have:"
                f" run `webstrata annotate --crawl {row['crawl']}`{_ELSE}"
            )


def _check_ranked(rows: Sequence[Row]) -> None:
    """Raise UsageError unless each crawl is deduplicated as it is now."""
    documents: dict[str, int] = {}
    for row in rows:
        documents[row["crawl"]] = documents.get(row["crawl"], 0) ^ (row["documents"] or 0)
    ranked = {row["crawl"]: row["ranked"] or 0 for row in rows}
    for crawl, digest in documents.items():
        if digest != ranked[crawl]:
            raise UsageError(
                f"crawl {crawl} is not deduplicated, or has other documents since:"
                f" run `webstrata dedup --crawl {crawl}`{_ELSE}"
            )


def _of(table: DataFrame, crawls: Sequence[str] | None) -> DataFrame:
    return table.where(F.col("crawl").isin(list(crawls))) if crawls else table
