"""A lake and a page_id or URL -> everything that the lake knows of the page."""

import re
from collections.abc import Iterator, Mapping, Sequence

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F

from etl.explain.explanation import Explanation, Judged, Membership, Said
from etl.flags import Flag
from etl.flags.presets import Presets
from etl.flags.sql import as_number
from etl.lake import Lake
from etl.schema import TABLES
from udfs.annotator import Annotator
from udfs.errors import MissingInputError

EXCERPT_CHARS = 1_200
_PAGE_ID = re.compile(r"[0-9a-f]{32}")
_FACTS = (
    "page_id", "crawl", "batch", "warc_file", "warc_offset", "warc_length", "url", "fetched_at", "http_status",
    "media_type", "charset", "charset_source", "repairs", "title", "n_chars", "fault", "fault_detail",
)  # fmt: skip


def explain_page(lake: Lake, page: str, annotators: Sequence[Annotator] = ()) -> Explanation:
    """Return what is known of the page with this page_id, or of the latest text fetched from this URL.

    `annotators` say what their fields mean. Raises MissingInputError if there is no such page.
    """
    column = "page_id" if _PAGE_ID.fullmatch(page) else "url"
    published = lake.table("files").where("status = 'published'").select("crawl", "batch").distinct()
    pages = lake.table("pages").where(F.col(column) == page).join(F.broadcast(published), ["crawl", "batch"])
    found = pages.orderBy(F.col("fault").isNotNull(), F.desc_nulls_last("fetched_at"), "page_id")
    rows = found.select(*_FACTS, F.substring("text", 1, EXCERPT_CHARS).alias("excerpt")).limit(100).collect()
    if not rows:
        raise MissingInputError(f"no page of {column} {page!r} in {lake.location}")
    facts = {name: rows[0][name] for name in _FACTS if rows[0][name] not in (None, [])}
    if len(rows) > 1:
        facts["other pages of the URL"] = ", ".join(row["page_id"] for row in rows[1:])
    page_id, presets = rows[0]["page_id"], lake.views.presets
    is_it = (F.col("page_id") == page_id) & (F.col("crawl") == rows[0]["crawl"])
    documents = lake.table("documents").where(is_it & (F.col("batch") == rows[0]["batch"]))
    document = documents.select(*told_columns(documents, presets)).first()
    return Explanation(
        title=rows[0]["url"] or page_id,
        facts=facts | _duplicates(lake, is_it),
        said=list(said(document, presets, annotators)) if document else (),
        judged=list(judged(document, presets)) if document else (),
        mixtures=_mixtures(lake, page_id),
        lacking=presets.lacking,
        excerpt=rows[0]["excerpt"] or "",
    )


def told_columns(documents: DataFrame, presets: Presets) -> list[Column]:
    """Return what `said` and `judged` need of a document: annotations, flags, and what each flag compares."""
    names = [name for name in documents.columns if name not in TABLES["pages"].column_names]
    compared = [
        F.expr(as_number(value)).alias(f"{preset.name} {flag.name} {what}")
        for preset in presets.ready.values()
        for flag in preset.flags
        if (threshold := flag.threshold)
        for what, value in (("measure", threshold.measure), ("limit", threshold.limit))
    ]
    return [*(F.col(f"`{name}`") for name in names), *compared]


def said(document: Row, presets: Presets, annotators: Sequence[Annotator]) -> Iterator[Said]:
    """Yield each field of each annotation, without the flags that stand in the struct of the same name."""
    meanings = {(a.column, field.name): field.comment for a in annotators for field in a.fields}
    flags = presets.meanings()
    for column in document.__fields__:
        value = document[column]
        if isinstance(value, Row):
            for name in value.__fields__:
                if f"{column}.{name}" not in flags:
                    yield Said(column, name, value[name], meanings.get((column, name), ""))
        elif " " not in column and column != "annotators" and value is not None:
            yield Said(column, "", value, next((m for (c, _), m in meanings.items() if c == column), ""))


def judged(document: Row, presets: Presets) -> Iterator[Judged]:
    """Yield each flag of each preset."""
    for preset in presets.ready.values():
        flags: Mapping[str, bool | None] = document[preset.name].asDict() if document[preset.name] else {}
        for flag in preset.flags:
            yield _judged(preset.name, flag, flags.get(flag.name), document)


def _judged(preset: str, flag: Flag, is_true: bool | None, document: Row) -> Judged:
    where, measure, note = flag.where, None, flag.note or flag.source
    if threshold := flag.threshold:
        measure, limit = (document[f"{preset} {flag.name} {what}"] for what in ("measure", "limit"))
        where = f"{threshold.measure} {threshold.operator} {'–' if limit is None else f'{limit:g}'}"
    return Judged(preset, flag.name, is_true, where if flag.is_told else "", measure, note)


def _duplicates(lake: Lake, is_it: Column) -> dict[str, object]:
    """Return the page's place among those of the same text, and the first of them."""
    duplicates = lake.table("duplicates")
    facts: dict[str, object] = {}
    for row in duplicates.where(is_it).collect():
        facts[f"same text ({row['method']})"] = f"rank {row['rank']} of {row['cluster_size']}"
        if row["rank"] > 1:
            same = (F.col("crawl") == row["crawl"]) & (F.col("cluster_id") == row["cluster_id"])
            first = duplicates.where(same & (F.col("rank") == 1)).select("page_id").collect()
            facts["first page of that text"] = ", ".join(other["page_id"] for other in first)
    return facts


def _mixtures(lake: Lake, page_id: str) -> list[Membership]:
    rows = lake.table("mixtures").where(F.col("page_id") == page_id)
    rows = rows.join(lake.table("mixture_plans").select("mixture", "version").distinct(), ["mixture", "version"])
    found = rows.select("mixture", "version", "stratum", "copies").orderBy("mixture", "version").collect()
    return [Membership(*row) for row in found]
