"""Tables of labelled pages (JSON lines or Parquet) -> pages with soft targets, weights and groups; groups -> splits."""

import gzip
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from udfs.annotator import Texts
from udfs.conf import nearest
from udfs.errors import ConfigError, MissingInputError
from udfs.train.recipe import DataConf

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Dataset:
    """Labelled pages: `labels` are ids, `confidence` is the teacher's (1 where none is given).

    `soft` holds the whole distribution over the labels where the rows give one, and `weights` how much a page counts.
    """

    pages: Texts
    labels: Ints
    confidence: Floats
    groups: Sequence[str]
    weights: Floats
    soft: Floats | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def part(self, rows: Ints) -> "Dataset":
        """Return the pages at these places."""
        texts = Texts([self.pages.text[i] for i in rows], [self.pages.url[i] for i in rows])
        soft = None if self.soft is None else self.soft[rows]
        groups = [self.groups[i] for i in rows]
        return Dataset(texts, self.labels[rows], self.confidence[rows], groups, self.weights[rows], soft)

    def targets(self, n_labels: int) -> Floats:
        """Return soft targets [n, labels]: as given, or the confidence on the label and the rest spread evenly."""
        if self.soft is not None:
            return self.soft
        n = len(self)
        rest = (1 - self.confidence) / max(n_labels - 1, 1)
        soft = np.repeat(rest[:, None], n_labels, axis=1).astype(np.float32)
        soft[np.arange(n), self.labels] = self.confidence
        return soft


def read_rows(paths: Sequence[Path]) -> Iterator[dict[str, Any]]:
    """Yield the rows of JSON-lines files, gzipped or not, and of Parquet files or folders of them."""
    for path in paths:
        if path.is_dir() or path.suffix == ".parquet":
            yield from _parquet_rows(path)
        elif path.is_file():
            yield from _json_rows(path)
        else:
            raise MissingInputError(f"no such file of labelled pages: {path}")


def read_dataset(paths: Sequence[Path], keys: DataConf, labels: Sequence[str] = ()) -> Dataset:
    """Return the labelled pages in the files; a page that occurs twice (same URL and text) counts once.

    A label is an id, a name of `labels`, or the scores of all labels: a list by id or a mapping by name.
    """
    where = ", ".join(map(str, paths))
    try:
        unique = {(_url(row, keys), row[keys.text]): row for row in read_rows(paths)}
        rows = list(unique.values())
        found = [_label(row[keys.label], labels) for row in rows]
        confidence = [float(row[keys.confidence]) if keys.confidence else 1.0 for row in rows]
        weights = [float(row[keys.weight]) if keys.weight else 1.0 for row in rows]
        groups = [str(row[keys.group]) if keys.group else str(i) for i, row in enumerate(rows)]
    except KeyError as error:
        raise ConfigError(f"{where}: a row lacks the key {error}") from error
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from error
    if not rows:
        raise MissingInputError(f"no labelled pages in {where}")
    pages = Texts([text for _, text in unique], [url for url, _ in unique])
    soft = _soft(found, where)
    ids = np.array(found, np.int64) if soft is None else soft.argmax(axis=1).astype(np.int64)
    sure = np.array(confidence, np.float32) if keys.confidence or soft is None else soft.max(axis=1)
    return Dataset(pages, ids, sure, groups, np.array(weights, np.float32), soft)


def split_by_group(groups: Sequence[str], n_parts: int, seed: str) -> Ints:
    """Return each row's part, 0 to n_parts - 1, by a hash of its group: stable whatever else is there."""
    return np.array([_hash(f"{seed}\0{group}") % n_parts for group in groups], np.int64)


def _json_rows(path: Path) -> Iterator[dict[str, Any]]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield json.loads(line)
            except json.JSONDecodeError as error:
                raise ConfigError(f"{path}, line {number}: not JSON ({error})") from error


def _parquet_rows(path: Path) -> Iterator[dict[str, Any]]:
    import pyarrow.parquet as pq

    files = sorted(path.rglob("*.parquet")) if path.is_dir() else [path]
    if not all(file.is_file() for file in files) or not files:
        raise MissingInputError(f"no Parquet file of labelled pages in {path}")
    for file in files:
        for batch in pq.ParquetFile(file).iter_batches():
            yield from batch.to_pylist()


def _label(value: object, labels: Sequence[str]) -> int | list[float]:
    """Return the label's id, or the scores by id."""
    match value:
        case str() if value in labels:
            return labels.index(value)
        case str() if not value.isdecimal():
            raise ValueError(f"no label {value!r}{nearest(value, list(labels))}")
        case Mapping():
            unknown = [str(name) for name in value if name not in labels]
            if unknown:
                raise ValueError(f"no label {unknown[0]!r}{nearest(unknown[0], list(labels))}")
            return [float(value.get(name) or 0) for name in labels]
        case Sequence() if not isinstance(value, str):
            return [float(score) for score in value]
        case str() | int() | float():
            return int(value)
    raise ValueError(f"a label is an id, a name or scores, not {value!r}")


def _soft(found: Sequence[int | list[float]], where: str) -> Floats | None:
    """Return the rows' distributions [n, labels], each summing to 1, or None if the rows give ids."""
    if not any(isinstance(item, list) for item in found):
        return None
    sizes = {len(item) if isinstance(item, list) else 0 for item in found}
    if len(sizes) > 1:
        raise ConfigError(f"{where}: some labels are scores and some are not, or their numbers differ")
    scores = np.array(found, np.float32)
    totals = scores.sum(axis=1, keepdims=True)
    if not (scores >= 0).all() or not (totals > 0).all():
        raise ConfigError(f"{where}: scores of labels are at least 0, and some is above 0 in each row")
    return np.asarray(scores / totals, np.float32)


def _url(row: dict[str, Any], keys: DataConf) -> str:
    return str(row[keys.url] or "") if keys.url else ""


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
