"""Files of labelled pages (JSONL, Parquet) -> their texts, URLs, labels and groups."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from udfs.annotator import Texts
from udfs.conf import nearest
from udfs.digest import DataFile, data_file
from udfs.errors import ConfigError, MissingInputError
from udfs.train.dataset import read_rows, split_by_group
from udfs.url import parse_url

Floats = npt.NDArray[np.float64]
Row = dict[str, Any]


@dataclass(frozen=True)
class Keys:
    """Which keys of a row hold what; without `group` it is the registered domain of the URL."""

    label: str
    text: str = "text"
    url: str | None = None  # None: `url`, where a row has one
    group: str | None = None
    confidence: str | None = None
    language: str | None = None

    @property
    def named(self) -> tuple[str, ...]:
        """Return the keys that every row must have."""
        names = (self.label, self.text, self.url, self.group, self.confidence, self.language)
        return tuple(name for name in names if name)


@dataclass(frozen=True)
class LabelledPages:
    """Labelled pages as they were found; `confidence` and `languages` are None where no key names them."""

    pages: Texts
    labels: Sequence[object]
    groups: Sequence[str]
    ids: Sequence[str]
    confidence: Floats | None = None
    languages: Sequence[str] | None = None
    n_rows: int = 0
    n_without_label: int = 0
    files: tuple[DataFile, ...] = ()
    which: str = "all pages"

    def __len__(self) -> int:
        return len(self.labels)

    def part(self, rows: Sequence[int]) -> "LabelledPages":
        """Return the pages at these places."""
        return replace(
            self,
            pages=Texts([self.pages.text[i] for i in rows], [self.pages.url[i] for i in rows]),
            labels=[self.labels[i] for i in rows],
            groups=[self.groups[i] for i in rows],
            ids=[self.ids[i] for i in rows],
            confidence=None if self.confidence is None else self.confidence[list(rows)],
            languages=None if self.languages is None else [self.languages[i] for i in rows],
        )

    def held_out(self, part: int, n_parts: int, seed: str) -> "LabelledPages":
        """Return the pages of one part, by a hash of their groups: the split that `webstrata train` makes.

        Raises MissingInputError if the part is empty.
        """
        rows = np.flatnonzero(split_by_group(self.groups, n_parts, seed) == part).tolist()
        if not rows:
            raise MissingInputError(f"no page falls into part {part} of {n_parts}; take fewer parts, or all pages")
        return replace(self.part(rows), which=f"part {part} of {n_parts} by a hash of the group, seed {seed!r}")


def read_pages(paths: Sequence[Path], keys: Keys) -> LabelledPages:
    """Return the labelled pages in the files; a page that occurs twice (same URL and text) counts once.

    Rows whose label is null are left out and counted. Raises ConfigError for a key that a row lacks.
    """
    unique: dict[tuple[str, str], Row] = {}
    n_rows = n_without_label = 0
    for row in _rows(paths, keys):
        n_rows += 1
        if row[keys.label] is None:
            n_without_label += 1
        else:
            unique[_url(row, keys), str(row[keys.text] or "")] = row
    if not unique:
        raise MissingInputError(f"no labelled page in {', '.join(map(str, paths))}")
    return LabelledPages(
        Texts([text for _, text in unique], [url for url, _ in unique]),
        [row[keys.label] for row in unique.values()],
        [_group(row, url, i, keys) for i, ((url, _), row) in enumerate(unique.items())],
        [str(row.get("id") or row.get("page_id") or url or i) for i, ((url, _), row) in enumerate(unique.items())],
        np.array([float(row[keys.confidence] or 0) for row in unique.values()]) if keys.confidence else None,
        [str(row[keys.language] or "unknown") for row in unique.values()] if keys.language else None,
        n_rows,
        n_without_label,
        tuple(map(data_file, paths)),
    )


def _rows(paths: Sequence[Path], keys: Keys) -> Iterator[Row]:
    for path in paths:
        for number, row in enumerate(read_rows([path]), 1):
            for key in keys.named:
                if key not in row:
                    raise ConfigError(
                        f"{path}, row {number}: no key {key!r}{nearest(key, list(row))}; it has {', '.join(row)}"
                    )
            yield row


def _url(row: Row, keys: Keys) -> str:
    return str(row.get(keys.url or "url") or "")


def _group(row: Row, url: str, place: int, keys: Keys) -> str:
    if keys.group:
        return str(row[keys.group])
    parts = parse_url(url)
    return parts.registered_domain or parts.host or f"page {place}"
