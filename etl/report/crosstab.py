"""Counts of topic and format pairs go in, a table sorted by size with its totals comes out."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from etl.report.data import CellCount


@dataclass(frozen=True, slots=True)
class Crosstab:
    """Topics down, formats across, the biggest first; a pair that does not occur has no cell."""

    topics: Sequence[str]
    formats: Sequence[str]
    cells: Mapping[tuple[str, str], CellCount]
    topic_totals: Mapping[str, int]
    format_totals: Mapping[str, int]
    n_documents: int
    n_tokens: int

    def n(self, topic: str, format_: str) -> int:
        """Return the number of documents of a pair, 0 where it does not occur."""
        cell = self.cells.get((topic, format_))
        return cell.n_documents if cell else 0


def crosstab(cells: Iterable[CellCount]) -> Crosstab:
    """Return `cells` as a table; rows and columns are those that occur, the biggest first."""
    by_pair = {(cell.topic, cell.format): cell for cell in cells if cell.n_documents}
    topics, formats = Counter[str](), Counter[str]()
    for cell in by_pair.values():
        topics[cell.topic] += cell.n_documents
        formats[cell.format] += cell.n_documents
    return Crosstab(
        topics=_by_size(topics),
        formats=_by_size(formats),
        cells=by_pair,
        topic_totals=topics,
        format_totals=formats,
        n_documents=topics.total(),
        n_tokens=sum(cell.n_tokens for cell in by_pair.values()),
    )


def _by_size(totals: Counter[str]) -> list[str]:
    return sorted(totals, key=lambda name: (-totals[name], name))
