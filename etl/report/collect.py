"""The tables of a lake -> the figures of a report: a few aggregations, each of a few hundred rows at most.

All queries of the report are here. The corpus is the one of now; a mixture is as it was written.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F

from etl.lake import Lake
from etl.report import human
from etl.report.data import (
    CellCount,
    FaultRow,
    FunnelStep,
    GapRow,
    LanguageCount,
    QualityBin,
    Reason,
    ReportData,
    RunRow,
    Totals,
)
from etl.report.flags import collect_presets
from etl.report.mixture_card import MixtureCard
from udfs.errors import MissingInputError

N_AT_ONCE = 4
N_BINS = 20
N_RUNS = 30
_BY_CELL, _BY_LANGUAGE, _BY_BIN = 0b0011, 0b1101, 0b1110  # grouping ids: a bit for each column summed over


def collect_report(lake: Lake, mixture: str | None = None, version: int | None = None) -> ReportData:
    """Return the figures of a version of a mixture (the newest, if None), or those of the whole lake.

    Raises MissingInputError for a mixture or version that does not exist.
    """
    card = None if mixture is None else MixtureCard(_plan_rows(lake, mixture, version))
    figures = _Figures(lake, card.crawls if card else _crawls(lake))
    # Spark plans each query on one core and runs it on a few: several at once take half the time.
    with ThreadPoolExecutor(N_AT_ONCE) as pool:
        funnel, counts = pool.submit(figures.funnel), pool.submit(figures.corpus_counts)
        bins = pool.submit(figures.mixture_bins, card) if card else None
        files, faults, gaps = pool.submit(figures.files), pool.submit(figures.faults), pool.submit(figures.gaps)
        runs = pool.submit(figures.runs, [*figures.crawls, card.scope] if card else None)
        annotators = None if card else pool.submit(figures.annotators)
        presets = pool.submit(collect_presets, lake, figures.crawls)
    data = ReportData(
        title=human.listed(figures.crawls) or "An empty lake",
        subtitle=_subtitle(files.result()),
        lake=lake.location,
        created_at=datetime.now(UTC),
        funnel=funnel.result(),
        cells=_cells(counts.result()),
        languages=_languages(counts.result()),
        quality=_quality(counts.result(), bins.result() if bins else None),
        faults=faults.result(),
        gaps=gaps.result(),
        runs=runs.result(),
        totals=_totals(files.result()),
        presets=presets.result(),
        identity={"read by": _readers(files.result())} | (annotators.result() if annotators else {}),
    )
    return card.complete(data) if card else data


def _plan_rows(lake: Lake, mixture: str, version: int | None) -> list[Row]:
    """Return the plan of a version of a mixture."""
    plans = lake.table("mixture_plans").where(F.col("mixture") == mixture)
    versions = sorted(row["version"] for row in plans.select("version").distinct().collect())
    if not versions:
        known = sorted(r["mixture"] for r in lake.table("mixture_plans").select("mixture").distinct().collect())
        there = f"there are: {', '.join(known)}" if known else "there is none yet: run `webstrata mix`"
        raise MissingInputError(f"no mixture {mixture!r} in {lake.location}; {there}")
    if version is not None and version not in versions:
        there = ", ".join(map(str, versions))
        raise MissingInputError(f"{mixture} has no version {version} in {lake.location}; there are: {there}")
    return plans.where(F.col("version") == (version or versions[-1])).orderBy("stratum").collect()


def _crawls(lake: Lake) -> list[str]:
    return sorted(row["crawl"] for row in lake.table("files").select("crawl").distinct().collect())


@dataclass(frozen=True)
class _Figures:
    """What is asked of some crawls of a lake."""

    lake: Lake
    crawls: Sequence[str]

    def _of(self, table: str) -> DataFrame:
        return self.lake.table(table).where(F.col("crawl").isin(list(self.crawls)))

    def _published(self) -> DataFrame:
        return self._of("files").where("status = 'published'")

    def files(self) -> Row:
        """Return how many files and bytes were read, in how many batches, by which versions."""
        is_published = F.col("status") == "published"
        versions = F.concat(F.lit("reader "), "reader", F.lit(", "), "extractor")
        counts = self._of("files").agg(
            F.count_if(F.col("status") != "claimed").alias("n_files"),
            F.count_if(F.col("status") == "failed").alias("n_failed"),
            F.sum(F.when(F.col("status") != "claimed", F.col("size_bytes"))).alias("n_bytes"),
            F.count_distinct(F.when(is_published, F.struct("crawl", "batch"))).alias("n_batches"),
            F.sort_array(F.collect_set(F.when(is_published, versions))).alias("readers"),
        )
        return counts.collect()[0]

    def funnel(self) -> list[FunnelStep]:
        """Return the steps from records to first-ranked documents.

        The view names with a step what that step drops; here the reasons stand with the step that follows.
        """
        sums = F.sum("n_rows").alias("n_rows"), F.sum("n_tokens").alias("n_tokens")
        rows = self._of("funnel").groupBy("position", "step", "reason", "is_expected").agg(*sums).collect()
        dropped: dict[int, list[Reason]] = {}
        for row in sorted((r for r in rows if r["reason"]), key=lambda r: (-r["n_rows"], r["reason"])):
            reason = Reason(row["reason"], row["n_rows"], row["is_expected"] is not False)
            dropped.setdefault(row["position"] + 1, []).append(reason)
        steps = sorted((r for r in rows if not r["reason"]), key=lambda r: r["position"])
        return [FunnelStep(r["step"], r["n_rows"], r["n_tokens"], dropped.get(r["position"], ())) for r in steps]

    def corpus_counts(self) -> list[Row]:
        """Return documents and tokens by topic and format, by language and by bin of quality, in one pass."""
        documents = (
            self.lake.corpus_without_flags()
            .where(F.col("crawl").isin(list(self.crawls)))
            .select(
                F.col("topic.label").alias("topic"),
                F.col("format.label").alias("format"),
                F.col("language.label").alias("language"),
                _bin(F.col("quality.score")).alias("bin"),
                "n_tokens",
            )
        )
        sets = [["topic", "format"], ["language"], ["bin"]]
        grouped = documents.groupingSets(sets, "topic", "format", "language", "bin")
        counts = F.count("*").alias("n"), F.coalesce(F.sum("n_tokens"), F.lit(0)).alias("n_tokens")
        return grouped.agg(F.grouping_id().alias("grouping"), *counts).collect()

    def mixture_bins(self, card: MixtureCard) -> dict[int, int]:
        """Return how many pages of a mixture lie in each bin of quality."""
        is_version = (F.col("mixture") == card.name) & (F.col("version") == card.version)
        pages = self.lake.table("mixtures").where(is_version).select("crawl", "page_id")
        scores = self._of("annotations").select("crawl", "page_id", _bin(F.col("quality.score")).alias("bin"))
        counts = pages.join(scores, ["crawl", "page_id"]).groupBy("bin").count().collect()
        return {row["bin"]: row["count"] for row in counts if row["bin"] is not None}

    def faults(self) -> list[FaultRow]:
        """Return why pages have no text, each reason with its first page."""
        published = self._published().select("crawl", "batch").distinct()
        pages = self._of("pages").where("fault IS NOT NULL").join(published, ["crawl", "batch"], "left_semi")
        first = F.min(F.struct("warc_file", "warc_offset", "url")).alias("first")
        rows = pages.groupBy("fault", "is_fault_expected").agg(F.count("*").alias("n"), first).collect()
        return [
            FaultRow(
                fault=row["fault"],
                is_expected=bool(row["is_fault_expected"]),
                n_pages=row["n"],
                example_url=row["first"]["url"],
                example_file=row["first"]["warc_file"],
                example_offset=row["first"]["warc_offset"],
            )
            for row in sorted(rows, key=lambda r: (-r["n"], r["fault"]))
        ]

    def gaps(self) -> list[GapRow]:
        """Return the bytes of files that are no record, by reason."""
        gaps = self._of("files").select("warc_file", F.explode("gaps").alias("gap"))
        first = F.min(F.struct("warc_file", "gap.offset")).alias("first")
        sums = F.count("*").alias("n"), F.sum("gap.length").alias("n_bytes"), first
        rows = gaps.groupBy("gap.reason").agg(*sums).collect()
        return [
            GapRow(r["reason"], r["n"], r["n_bytes"], f"{r['first']['warc_file']}:{r['first']['offset']}")
            for r in sorted(rows, key=lambda r: (-r["n_bytes"], r["reason"]))
        ]

    def runs(self, scopes: Sequence[str] | None) -> list[RunRow]:
        """Return the latest runs, on `scopes` or on anything, the latest last."""
        runs = self.lake.table("runs")
        if scopes is not None:
            runs = runs.where(F.col("scope").isin(list(scopes)))
        times = F.unix_micros("started_at").alias("began"), F.unix_micros("ended_at").alias("ended")
        latest = runs.orderBy(F.desc("started_at"), "run_id").limit(N_RUNS)
        rows = latest.select("job", "scope", "n_in", "n_out", *times).collect()
        return [
            RunRow(r["job"], r["scope"], r["n_in"], r["n_out"], (r["ended"] - r["began"]) / 1e6, _time(r["began"]))
            for r in reversed(rows)
        ]

    def annotators(self) -> dict[str, str]:
        """Return which versions of each annotator spoke."""
        entries = self._of("annotations").select(F.explode("annotators").alias("name", "by")).distinct()
        versions: dict[str, list[str]] = {}
        for row in entries.orderBy("name", "by").collect():
            versions.setdefault(row["name"], []).append(row["by"])
        return {name: human.listed(some) for name, some in versions.items()}


def _subtitle(files: Row) -> str:
    n_published = files["n_files"] - files["n_failed"]
    batches = human.plural(files["n_batches"], "published batch", "published batches")
    return f"{human.plural(n_published, 'file')} in {batches}."


def _totals(files: Row) -> Totals:
    return Totals(n_files=files["n_files"], n_unreadable_files=files["n_failed"], n_bytes=files["n_bytes"] or 0)


def _readers(files: Row) -> str:
    return human.listed(files["readers"]) or "nobody yet"


def _bin(score: Column) -> Column:
    return F.least(F.floor(score * N_BINS), F.lit(N_BINS - 1)).cast("int")


def _cells(counts: Sequence[Row]) -> list[CellCount]:
    rows = [row for row in counts if row["grouping"] == _BY_CELL]
    labelled = [row for row in rows if row["topic"] is not None and row["format"] is not None]
    return [CellCount(row["topic"], row["format"], row["n"], row["n_tokens"]) for row in labelled]


def _languages(counts: Sequence[Row]) -> list[LanguageCount]:
    rows = [row for row in counts if row["grouping"] == _BY_LANGUAGE and row["language"] is not None]
    return [LanguageCount(row["language"], row["n"], row["n_tokens"]) for row in rows]


def _quality(counts: Sequence[Row], mixture: Mapping[int, int] | None) -> list[QualityBin]:
    """Return all bins from 0 to 1, none where no document has a score."""
    corpus = {r["bin"]: r["n"] for r in counts if r["grouping"] == _BY_BIN and r["bin"] is not None}
    return [
        QualityBin(i / N_BINS, (i + 1) / N_BINS, corpus.get(i, 0), None if mixture is None else mixture.get(i, 0))
        for i in range(N_BINS if corpus else 0)
    ]


def _time(micros: int) -> datetime:
    return datetime.fromtimestamp(micros / 1e6, UTC)
