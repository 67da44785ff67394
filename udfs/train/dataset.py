"""Tables of labelled pages (JSON lines or Parquet) -> pages with soft targets, weights and groups; groups -> splits."""

import gzip
import hashlib
import json
import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from udfs.annotator import Texts
from udfs.conf import nearest
from udfs.digest import DataFile, data_file
from udfs.errors import ConfigError, MissingInputError
from udfs.train.recipe import DataConf

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Label = int | list[float]  # an id, or the scores of all labels by id
N_ROWS_AT_ONCE = 1024


@dataclass(frozen=True)
class Dataset:
    """Labelled pages: `labels` are ids, `confidence` is the teacher's (1 where none is given).

    `soft` holds the whole distribution over the labels where the rows give one, and `weights` how much a page counts;
    `files` are those that the pages were read from.
    """

    pages: Texts
    labels: Ints
    confidence: Floats
    groups: Sequence[str]
    weights: Floats
    soft: Floats | None = None
    files: tuple[DataFile, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    def part(self, rows: Ints) -> "Dataset":
        """Return the pages at these places."""
        texts = Texts([self.pages.text[i] for i in rows], [self.pages.url[i] for i in rows])
        soft = None if self.soft is None else self.soft[rows]
        groups = [self.groups[i] for i in rows]
        return replace(
            self,
            pages=texts,
            labels=self.labels[rows],
            confidence=self.confidence[rows],
            groups=groups,
            weights=self.weights[rows],
            soft=soft,
        )

    def targets(self, n_labels: int) -> Floats:
        """Return soft targets [n, labels]: as given, or the confidence on the label and the rest spread evenly."""
        if self.soft is not None:
            return self.soft
        n = len(self)
        rest = (1 - self.confidence) / max(n_labels - 1, 1)
        soft = np.repeat(rest[:, None], n_labels, axis=1).astype(np.float32)
        soft[np.arange(n), self.labels] = self.confidence
        return soft


@dataclass(frozen=True)
class _Page:
    """What a row says of its page; without a group the page is one of its own."""

    label: Label
    confidence: float
    weight: float
    group: str | None


def read_rows(paths: Sequence[Path]) -> Iterator[dict[str, Any]]:
    """Yield the rows of JSON-lines files, gzipped or not, and of Parquet files or folders of them.

    Raises MissingInputError for a file that is not there, ConfigError for one that is not what its name says, for a
    row that is no object, and for a Delta table.
    """
    for path in paths:
        if path.is_dir() or path.suffix == ".parquet":
            yield from _parquet_rows(path)
        elif path.is_file():
            yield from _json_rows(path)
        else:
            raise MissingInputError(f"no such file of labelled pages: {path}")


def read_dataset(paths: Sequence[Path], keys: DataConf, labels: Sequence[str] = ()) -> Dataset:
    """Return the labelled pages in the files; a page that occurs twice (same URL and text) counts once.

    A label is an id, a name of `labels`, or the scores of all labels: a list by id or a mapping by name. Of two labels
    a share between 0 and 1 is the score of the second. Raises ConfigError for a row or label that does not fit.
    """
    where = ", ".join(map(str, paths))
    found: dict[tuple[str, str], _Page] = {}
    for path in paths:
        for number, row in enumerate(read_rows([path]), 1):
            try:
                found[_url(row, keys), _text(row, keys)] = _page(row, keys, labels)
            except KeyError as error:
                raise ConfigError(
                    f"{path}, row {number}: the row lacks the key {error}; it has {', '.join(row)}"
                ) from error
            except ValueError as error:
                raise ConfigError(f"{path}, row {number}: {error}") from error
    if not found:
        raise MissingInputError(f"no labelled pages in {where}")
    data = _dataset(found, is_confidence_given=bool(keys.confidence), where=where)
    data = replace(data, files=tuple(map(data_file, paths)))
    if labels:
        _check_ids(data, len(labels), where)
    return data


def label_shares(labels: Sequence[str], targets: Floats, weights: Floats) -> dict[str, float]:
    """Return the shares of the labels among pages with these targets [page, label] and weights, as a card's priors."""
    shares = (targets * weights[:, None]).sum(axis=0) / weights.sum()
    return {name: round(float(share), 5) for name, share in zip(labels, shares, strict=True)}


def split_in_three(groups: Sequence[str], test_share: float, seed: str) -> Ints:
    """Return each row's part: 0 is the test, 1 as large a part for the calibration, the others are fitted.

    Raises ConfigError if one of the three is empty.
    """
    part = split_by_group(groups, round(1 / test_share), seed)
    if not ((part == 0).any() and (part == 1).any() and (part > 1).any()):
        raise ConfigError(
            f"{len(part)} pages in {len(set(groups))} groups are too few pages to split in test, calibration and "
            "fit; add pages, or name another `group`"
        )
    return part


def split_by_group(groups: Sequence[str], n_parts: int, seed: str) -> Ints:
    """Return each row's part, 0 to n_parts - 1, by a hash of its group: stable whatever else is there."""
    return np.array([_hash(f"{seed}\0{group}") % n_parts for group in groups], np.int64)


def _json_rows(path: Path) -> Iterator[dict[str, Any]]:
    opener = gzip.open if path.suffix == ".gz" else open
    number = 0
    try:
        with opener(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                yield _object(json.loads(line), f"{path}, line {number}")
    except (json.JSONDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}, line {number}: not JSON ({error})") from error
    except (UnicodeDecodeError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ConfigError(f"{path}, after line {number}: not text in UTF-8, or gzipped badly ({error})") from error


def _object(row: object, where: str) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise ConfigError(f"{where}: not an object with keys, but {row!r:.80}")
    return row


def _parquet_rows(path: Path) -> Iterator[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if path.is_dir() and next(path.rglob("_delta_log"), None):
        raise ConfigError(
            f"{path} holds a Delta table, and removed rows with it: name that table's own folder on the command line, "
            "or export its rows"
        )
    files = sorted(path.rglob("*.parquet")) if path.is_dir() else [path]
    if not all(file.is_file() for file in files) or not files:
        raise MissingInputError(f"no such file of labelled pages: {path}, or no Parquet in it")
    for file in files:
        try:
            for batch in pq.ParquetFile(file).iter_batches(N_ROWS_AT_ONCE):
                yield from batch.to_pylist()
        except (pa.ArrowException, OSError) as error:
            raise ConfigError(f"{file}: not Parquet ({error})") from error


def _page(row: Mapping[str, Any], keys: DataConf, labels: Sequence[str]) -> _Page:
    """Return what a row says; raises KeyError for a key that it lacks, ValueError for what does not fit."""
    confidence = _number(row[keys.confidence], keys.confidence) if keys.confidence else 1.0
    weight = _number(row[keys.weight], keys.weight) if keys.weight else 1.0
    return _Page(_label(row[keys.label], labels), confidence, weight, str(row[keys.group]) if keys.group else None)


def _number(value: object, key: str) -> float:
    if isinstance(value, int | float) and 0 <= value < math.inf:
        return float(value)
    raise ValueError(f"{key} is {value!r}, not a number of at least 0")


def _label(value: object, labels: Sequence[str]) -> Label:
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
            return [_number(value.get(name) or 0, f"the score of {name}") for name in labels]
        case Sequence() if not isinstance(value, str):
            return [_number(score, f"the score of label {i}") for i, score in enumerate(value)]
        case float() if not value.is_integer():
            if len(labels) == 2 and 0 < value < 1:
                return [1 - value, value]
            raise ValueError(f"no label {value!r}: an id is a whole number, and only of two labels one has a share")
        case str() | int() | float():
            return int(value)
    raise ValueError(f"a label is an id, a name or scores, not {value!r}")


def _dataset(found: Mapping[tuple[str, str], _Page], *, is_confidence_given: bool, where: str) -> Dataset:
    rows = list(found.values())
    soft = _soft([row.label for row in rows], where)
    ids = np.array([row.label for row in rows], np.int64) if soft is None else soft.argmax(axis=1).astype(np.int64)
    confidence = np.array([row.confidence for row in rows], np.float32)
    if soft is not None and not is_confidence_given:
        confidence = soft.max(axis=1)
    return Dataset(
        Texts([text for _, text in found], [url for url, _ in found]),
        ids,
        confidence,
        [str(i) if row.group is None else row.group for i, row in enumerate(rows)],
        np.array([row.weight for row in rows], np.float32),
        soft,
    )


def _check_ids(data: Dataset, n_labels: int, where: str) -> None:
    if data.soft is not None and data.soft.shape[1] != n_labels:
        raise ConfigError(f"{where}: the rows have {data.soft.shape[1]} scores each; there are {n_labels} labels")
    lowest, highest = data.labels.min(), data.labels.max()
    if lowest < 0 or highest >= n_labels:
        raise ConfigError(f"{where}: label ids go from {lowest} to {highest}; there are {n_labels} labels")


def _soft(found: Sequence[Label], where: str) -> Floats | None:
    """Return the rows' distributions [n, labels], each summing to 1, or None if the rows give ids.

    Of two labels ids may stand among scores: shares are 0 and 1 there, too.
    """
    if not any(isinstance(item, list) for item in found):
        return None
    rows = [item if isinstance(item, list) else [1 - item, item] for item in found]
    is_mixed = any(isinstance(item, int) and item not in {0, 1} for item in found)
    if is_mixed or len(set(map(len, rows))) > 1:
        raise ConfigError(f"{where}: some labels are scores and some are not, or their numbers differ")
    scores = np.array(rows, np.float32)
    totals = scores.sum(axis=1, keepdims=True)
    if not (totals > 0).all():
        raise ConfigError(f"{where}: scores of labels are at least 0, and some is above 0 in each row")
    return np.asarray(scores / totals, np.float32)


def _url(row: Mapping[str, Any], keys: DataConf) -> str:
    return str(row[keys.url] or "") if keys.url else ""


def _text(row: Mapping[str, Any], keys: DataConf) -> str:
    text = row[keys.text]
    if isinstance(text, str):
        return text
    raise ValueError(f"{keys.text} is {text!r:.80}, not a text; leave the row out")


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
