"""JSON lines -> pages with soft targets, weights and groups; groups -> splits."""

import gzip
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from udfs.annotator import Texts
from udfs.errors import ConfigError, MissingInputError
from udfs.train.recipe import DataConf

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Dataset:
    """Labelled pages: `labels` are ids, `confidence` is the teacher's (1 where none is given)."""

    pages: Texts
    labels: Ints
    confidence: Floats
    groups: Sequence[str]

    def __len__(self) -> int:
        return len(self.labels)

    def part(self, rows: Ints) -> "Dataset":
        """Return the pages at these places."""
        texts = Texts([self.pages.text[i] for i in rows], [self.pages.url[i] for i in rows])
        return Dataset(texts, self.labels[rows], self.confidence[rows], [self.groups[i] for i in rows])

    def targets(self, n_labels: int) -> Floats:
        """Return soft targets [n, labels]: the confidence on the label, the rest spread evenly."""
        n = len(self)
        rest = (1 - self.confidence) / max(n_labels - 1, 1)
        soft = np.repeat(rest[:, None], n_labels, axis=1).astype(np.float32)
        soft[np.arange(n), self.labels] = self.confidence
        return soft


def read_rows(paths: Sequence[Path]) -> Iterator[dict[str, Any]]:
    """Yield the objects of JSON-lines files, gzipped or not."""
    for path in paths:
        if not path.is_file():
            raise MissingInputError(f"no such file of labelled pages: {path}")
        opener = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    yield json.loads(line)
                except json.JSONDecodeError as error:
                    raise ConfigError(f"{path}, line {number}: not JSON ({error})") from error


def read_dataset(paths: Sequence[Path], keys: DataConf) -> Dataset:
    """Return the labelled pages in the files; a page that occurs twice (same URL and text) counts once."""
    try:
        unique = {(_url(row, keys), row[keys.text]): row for row in read_rows(paths)}
        rows = list(unique.values())
        labels = np.array([int(row[keys.label]) for row in rows], np.int64)
        confidence = [float(row[keys.confidence]) if keys.confidence else 1.0 for row in rows]
        groups = [str(row[keys.group]) if keys.group else str(i) for i, row in enumerate(rows)]
    except KeyError as error:
        raise ConfigError(f"{', '.join(map(str, paths))}: a row lacks the key {error}") from error
    if not rows:
        raise MissingInputError(f"no labelled pages in {', '.join(map(str, paths))}")
    pages = Texts([text for _, text in unique], [url for url, _ in unique])
    return Dataset(pages, labels, np.array(confidence, np.float32), groups)


def split_by_group(groups: Sequence[str], n_parts: int, seed: str) -> Ints:
    """Return each row's part, 0 to n_parts - 1, by a hash of its group: stable whatever else is there."""
    return np.array([_hash(f"{seed}\0{group}") % n_parts for group in groups], np.int64)


def _url(row: dict[str, Any], keys: DataConf) -> str:
    return str(row[keys.url] or "") if keys.url else ""


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
