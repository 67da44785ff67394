"""Pages with a stratum, and a plan -> the pages of the mixture, with the copies of each.

In a stratum the pages have one total order (etl/mixture/draw.py): priority, draw, page_id. The mixture takes
the shortest prefix whose tokens reach the quota, so that the page which crosses it is in, and a smaller
budget is a part of a larger one. Where that prefix ends, the `Cut`, is found without sorting a stratum:
passes of histograms narrow all strata at once down to the few pages among which the cut lies, and a window
orders only those. Then taking is a filter against one row per stratum.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from etl.local_rows import local_rows
from etl.mixture import MixtureSpec, Order, Plan
from etl.mixture.draw import LAST_PRIORITY, MAX_PRIORITY, NOISE_BITS, SCORE_SCALE
from udfs.errors import ConflictError

N_BUCKETS = 4096
EDGE_PAGES = 20_000  # a window over as many is a moment's work for one task

_MIN, _MAX = -(2**63), 2**63 - 1
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a stratum's selection ends: the pages up to this place have one copy more than all others."""

    stratum: str
    full_copies: int
    priority: int | None = None  # None, with the rest: no page has one copy more
    draw: int | None = None
    page_id: str | None = None


@dataclass(frozen=True, slots=True)
class _Edge:
    """The range of places of a stratum in which its cut lies."""

    stratum: str
    tokens_wanted: int  # from the pages inside
    n_pages: int
    min_priority: int = _MIN
    max_priority: int = _MAX
    min_draw: int = _MIN
    max_draw: int = _MAX

    @property
    def bucket_width(self) -> int:
        """Return the width of a bucket of what differs inside: the draw if there is but one priority."""
        if self.min_priority == self.max_priority:
            return (self.max_draw - self.min_draw) // N_BUCKETS + 1
        return (self.max_priority - self.min_priority) // N_BUCKETS + 1

    @property
    def is_one_place(self) -> bool:
        """Say whether no pass can narrow the range further."""
        return self.min_priority == self.max_priority and self.min_draw == self.max_draw


def select(pages: DataFrame, plan: Plan, spec: MixtureSpec) -> DataFrame:
    """Return the pages that the plan takes, with all their columns, priority, draw and `copies`.

    `pages` (page_id, stratum, n_tokens, score: `with_stratum` makes them) must be those that were planned
    for.
    """
    return take(pages, find_cuts(pages, plan, spec), spec)


def find_cuts(pages: DataFrame, plan: Plan, spec: MixtureSpec, edge_pages: int = EDGE_PAGES) -> list[Cut]:
    """Return the cut of each stratum that the plan takes pages from, in the plan's order.

    Reads `pages` once if every stratum has at most `edge_pages` pages, else three to five times: persist
    them, with the columns page_id, stratum, n_tokens and score alone. Raises ConflictError if the pages are
    not those planned for.
    """
    ordered = _with_place(pages, spec)
    quotas = {quota.stratum: quota for quota in plan.quotas if quota.target_tokens}
    edges = [_Edge(s, q.partial_tokens, q.available_pages) for s, q in quotas.items() if q.partial_tokens]
    while wide := [edge for edge in edges if edge.n_pages > edge_pages and not edge.is_one_place]:
        _log.info("narrowing %d strata, of %d pages at most", len(wide), max(edge.n_pages for edge in wide))
        narrowed = {edge.stratum: edge for edge in _narrow(ordered, wide)}
        edges = [narrowed.get(edge.stratum, edge) for edge in edges]
    places = _places(ordered, edges)
    return [Cut(s, quota.full_copies, *places.get(s, (None, None, None))) for s, quota in quotas.items()]


def take(pages: DataFrame, cuts: Sequence[Cut], spec: MixtureSpec) -> DataFrame:
    """Return the pages up to the cuts, with all their columns, their priority and draw, and their `copies`.

    A filter against one row per stratum, without a shuffle: `pages` may carry their texts.
    """
    rows = [
        {
            "stratum": cut.stratum,
            "full_copies": cut.full_copies,
            **{f"cut_{name}": getattr(cut, name) for name in ("priority", "draw", "page_id")},
        }
        for cut in cuts
    ]
    schema = "stratum STRING, full_copies INT, cut_priority BIGINT, cut_draw BIGINT, cut_page_id STRING"
    table = F.broadcast(local_rows(pages.sparkSession, rows, schema))
    place = F.struct("priority", "draw", "page_id")
    cut = F.struct(*(F.col(f"cut_{name}").alias(name) for name in ("priority", "draw", "page_id")))
    is_before = F.col("cut_page_id").isNotNull() & (place <= cut)
    copies = F.col("full_copies") + F.when(is_before, 1).otherwise(0)
    taken = _with_place(pages, spec).join(table, "stratum").withColumn("copies", copies).where("copies > 0")
    return taken.select(*pages.columns, "priority", "draw", "copies")


def taken(selected: DataFrame) -> DataFrame:
    """Return what a selection holds: stratum, n_pages, n_copies and n_tokens, copies counted."""
    return selected.groupBy("stratum").agg(
        F.count("*").alias("n_pages"),
        F.sum("copies").alias("n_copies"),
        F.sum(F.col("n_tokens").cast("bigint") * F.col("copies")).alias("n_tokens"),
    )


def draw(seed: int) -> Column:
    """Return the draw of a page: a signed 64-bit integer that depends on its id and the seed alone."""
    return F.xxhash64(F.lit(seed).cast("bigint"), F.col("page_id"))


def priority(order: Order) -> Column:
    """Return the priority of a page, the smallest first, from its score and draw: etl/mixture/draw.py."""
    if order.pick == "random":
        return F.lit(0).cast("bigint")
    key = F.col("score")
    if order.pick == "gumbel":
        u = (F.shiftrightunsigned("draw", 64 - NOISE_BITS) + F.lit(0.5)) / F.lit(2.0**NOISE_BITS)
        key = key / F.lit(order.temperature) - F.ln(-F.ln(u))
    limit = F.lit(float(MAX_PRIORITY))
    scaled = -F.greatest(-limit, F.least(limit, F.rint(key * F.lit(float(SCORE_SCALE)))))
    has_score = F.col("score").isNotNull() & ~F.isnan("score")
    return F.when(has_score, scaled.cast("bigint")).otherwise(F.lit(LAST_PRIORITY))


def _with_place(pages: DataFrame, spec: MixtureSpec) -> DataFrame:
    counted = pages.where("n_tokens > 0")  # a page without tokens would be neither before nor after a cut
    return counted.withColumn("draw", draw(spec.seed)).withColumn("priority", priority(spec.order))


def _narrow(ordered: DataFrame, edges: Sequence[_Edge]) -> list[_Edge]:
    """Return each edge narrowed to the one of its buckets in which the cut lies."""
    key = F.when(F.col("min_priority") == F.col("max_priority"), F.col("draw")).otherwise(F.col("priority"))
    histogram = (
        _inside(ordered, edges)
        .withColumn("bucket", F.call_function("div", key, F.col("bucket_width")))
        .groupBy("stratum", "tokens_wanted", "bucket")
        .agg(
            F.sum("n_tokens").alias("n_tokens"),
            F.count("*").alias("n_pages"),
            *(f(name).alias(f"{f.__name__}_{name}") for name in ("priority", "draw") for f in (F.min, F.max)),
        )
    )
    rows = _crossing(histogram, ["bucket"]).collect()
    _check_found(edges, [row["stratum"] for row in rows])
    bounds = ("min_priority", "max_priority", "min_draw", "max_draw")
    return [
        _Edge(
            row["stratum"],
            row["tokens_wanted"] - row["tokens_before"],
            row["n_pages"],
            *(row[b] for b in bounds),
        )
        for row in rows
    ]


def _places(ordered: DataFrame, edges: Sequence[_Edge]) -> dict[str, tuple[int, int, str]]:
    """Return the place of the page that crosses the quota, in each stratum that has an edge."""
    if not edges:
        return {}
    rows = _crossing(_inside(ordered, edges), ["priority", "draw", "page_id"]).collect()
    _check_found(edges, [row["stratum"] for row in rows])
    return {row["stratum"]: (row["priority"], row["draw"], row["page_id"]) for row in rows}


def _inside(ordered: DataFrame, edges: Sequence[_Edge]) -> DataFrame:
    """Return the pages inside the edges, with what the edge of their stratum says."""
    names = ("min_priority", "max_priority", "min_draw", "max_draw", "bucket_width", "tokens_wanted")
    rows = [{name: getattr(edge, name) for name in ("stratum", *names)} for edge in edges]
    schema = ", ".join(["stratum STRING", *(f"{name} BIGINT" for name in names)])
    table = F.broadcast(local_rows(ordered.sparkSession, rows, schema))
    pages = ordered.select("page_id", "stratum", F.col("n_tokens").cast("bigint"), "priority", "draw")
    is_inside = [F.col(key).between(F.col(f"min_{key}"), F.col(f"max_{key}")) for key in ("priority", "draw")]
    return pages.join(table, "stratum").where(reduce(and_, is_inside))


def _crossing(rows: DataFrame, order: list[str]) -> DataFrame:
    """Return the row of each stratum with which its tokens reach those wanted, and the tokens before it."""
    window = Window.partitionBy("stratum").orderBy(*order).rowsBetween(Window.unboundedPreceding, Window.currentRow)
    before = F.sum("n_tokens").over(window) - F.col("n_tokens")
    rows = rows.withColumn("tokens_before", before)
    return rows.where("tokens_before < tokens_wanted AND tokens_before + n_tokens >= tokens_wanted")


def _check_found(edges: Sequence[_Edge], found: Sequence[str]) -> None:
    """Raise ConflictError if a stratum has fewer tokens than planned."""
    if lost := sorted({edge.stratum for edge in edges} - set(found)):
        raise ConflictError(
            f"{len(lost)} strata, {lost[0]!r} among them, have fewer tokens than planned: "
            f"the pages changed, or differ from those planned for; plan again, "
            f"and select from the same table versions"
        )
