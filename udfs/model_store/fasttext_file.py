"""A fastText file (.bin or .ftz), perhaps hostile -> nothing, or a ModelError.

fastText believes its files: sizes that do not agree make it read memory that is not its own, divide by zero, or
allocate what no machine has. Here the whole layout is walked first, but for the numbers in the matrices.
"""

import mmap
import struct
from pathlib import Path
from typing import NamedTuple

import numpy as np

from udfs.errors import ModelError

MAGIC = 793_712_314
NEWEST_VERSION = 12
NO_SUBWORDS_VERSION = 11  # of a supervised model
SUPERVISED = 3
LOSSES = (1, 2, 3, 4)  # hierarchical softmax, negative sampling, softmax, one against all
MAX_BYTES = 4 << 30
MAX_LABELS = 1_000_000
MAX_DIMENSIONS = 65_536
MAX_WORD_NGRAMS = 16
MAX_SUBWORD = 64
MAX_SUBWORD_BYTES = 2 << 30  # fastText lists the subwords of every word
MAX_COUNT = 10**15
CENTROIDS = 256

_HEADER = struct.Struct("<ii12idiiiqq")
_ENTRY_TAIL = struct.Struct("<qb")  # the word's count and its kind: 0 a word, 1 a label
_SHAPE = struct.Struct("<qq")
_QUANTISED = struct.Struct("<?qqi")
_QUANTIZER = struct.Struct("<4i")


class _Header(NamedTuple):
    magic: int
    version: int
    dim: int
    ws: int
    epoch: int
    min_count: int
    neg: int
    word_ngrams: int
    loss: int
    model: int
    bucket: int
    minn: int
    maxn: int
    lr_update_rate: int
    threshold: float
    n_entries: int
    n_words: int
    n_labels: int
    n_tokens: int
    n_pruned: int  # n-grams that a cut has left; -1 where there was none

    @property
    def n_rows(self) -> int:
        return self.n_words + (self.bucket if self.n_pruned < 0 else self.n_pruned)


def check_fasttext(path: Path) -> None:
    """Raise ModelError unless the file is a classifier of fastText's whose sizes agree and fit into it."""
    size = path.stat().st_size
    if not _HEADER.size < size <= MAX_BYTES:
        raise ModelError(f"{path}: {size:,} bytes is no size of a fastText model; fetch it again")
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            header = _Header(*_HEADER.unpack_from(data, 0))
            _check_header(header, size)
            _check_matrices(data, header, _end_of_dictionary(data, header))
        except (struct.error, ValueError) as error:
            raise ModelError(f"{path}: not a fastText model ({error}); fetch it again") from error


def _check_header(header: _Header, size: int) -> None:
    if header.magic != MAGIC or not 0 < header.version <= NEWEST_VERSION:
        raise ValueError(f"magic {header.magic}, version {header.version}")
    if header.model != SUPERVISED or header.loss not in LOSSES:
        raise ValueError(f"it is no classifier: model {header.model}, loss {header.loss}")
    has_labels, has_words = 0 < header.n_labels <= MAX_LABELS, header.n_words >= 0
    if not (0 < header.dim <= MAX_DIMENSIONS and has_labels and has_words):
        raise ValueError(f"impossible sizes: {header.dim} dimensions, {header.n_words} words, {header.n_labels} labels")
    if header.word_ngrams > MAX_WORD_NGRAMS or header.maxn > MAX_SUBWORD or header.minn < 0:
        raise ValueError(f"n-grams of {header.word_ngrams} words, or of {header.minn} to {header.maxn} characters")
    if header.bucket < 0 or (not header.bucket and (header.word_ngrams > 1 or header.maxn > 0)):
        raise ValueError(f"n-grams in {header.bucket} buckets")
    n_bytes = header.n_entries * (_ENTRY_TAIL.size + 1) + max(header.n_pruned, 0) * 8
    if header.n_entries != header.n_words + header.n_labels or n_bytes > size:
        raise ValueError(f"{header.n_entries:,} dictionary entries do not fit into {size:,} bytes")


def _end_of_dictionary(data: mmap.mmap, header: _Header) -> int:
    """Return where the matrices begin; raises ValueError for entries that are not what the header says."""
    at, n_characters = _HEADER.size, 0
    for i in range(header.n_entries):
        end = data.find(b"\0", at)
        if end < 0:
            raise ValueError("its dictionary has no end")
        count, kind = _ENTRY_TAIL.unpack_from(data, end + 1)
        if kind != (i >= header.n_words) or not (kind == 1) <= count < MAX_COUNT:
            raise ValueError(f"entry {i:,} of its dictionary is of kind {kind}, seen {count} times")
        n_characters += end - at + 2
        at = end + 1 + _ENTRY_TAIL.size
    n_lengths = 0 if header.version <= NO_SUBWORDS_VERSION else max(header.maxn - max(header.minn, 1) + 1, 0)
    if n_characters * n_lengths * 4 > MAX_SUBWORD_BYTES:
        raise ValueError(f"the subwords of {n_characters:,} bytes of words need too much memory")
    pruned = np.frombuffer(data[at : at + max(header.n_pruned, 0) * 8], "<i4").reshape(-1, 2)
    if len(pruned) and not ((pruned[:, 1] >= 0) & (pruned[:, 1] < header.n_pruned)).all():
        raise ValueError("n-grams point outside its matrix")
    return at + max(header.n_pruned, 0) * 8


def _check_matrices(data: mmap.mmap, header: _Header, at: int) -> None:
    """Raise ValueError unless the input and the output matrix are as large as the header says, and end the file."""
    is_quantised = data[at : at + 1] == b"\1"
    if header.n_pruned >= 0 and not is_quantised:
        raise ValueError("it has lost n-grams but is not quantised")
    at = _end_of_matrix(data, at + 1, (header.n_rows, header.dim), is_quantised)
    is_output_quantised = is_quantised and data[at : at + 1] == b"\1"
    at = _end_of_matrix(data, at + 1, (header.n_labels, header.dim), is_output_quantised)
    if at != len(data):
        raise ValueError(f"{len(data) - at:,} bytes too many")


def _end_of_matrix(data: mmap.mmap, at: int, shape: tuple[int, int], is_quantised: bool) -> int:
    if not is_quantised:
        found = _SHAPE.unpack_from(data, at)
        at += _SHAPE.size
        return at + _fitting(found, shape, shape[0] * shape[1] * 4, len(data) - at)
    has_norms, n_rows, dim, n_codes = _QUANTISED.unpack_from(data, at)
    at += _QUANTISED.size
    at += _fitting((n_rows, dim), shape, n_codes, len(data) - at)
    at, n_parts = _end_of_quantizer(data, at, dim)
    if n_codes != n_rows * n_parts:
        raise ValueError(f"{n_codes:,} codes of {n_rows:,} rows")
    if not has_norms:
        return at
    return _end_of_quantizer(data, at + _fitting((n_rows, dim), shape, n_rows, len(data) - at), 1)[0]


def _end_of_quantizer(data: mmap.mmap, at: int, expected: int) -> tuple[int, int]:
    """Return where a quantizer of vectors of `expected` numbers ends, and in how many parts it cuts them."""
    dim, n_parts, n_each, n_last = _QUANTIZER.unpack_from(data, at)
    at += _QUANTIZER.size
    if dim != expected or n_each < 1 or n_parts != -(-dim // n_each) or n_last != dim - (n_parts - 1) * n_each:
        raise ValueError(f"a quantizer of {dim} numbers in {n_parts} parts of {n_each}, the last of {n_last}")
    return at + _fitting((dim, 1), (dim, 1), dim * CENTROIDS * 4, len(data) - at), n_parts


def _fitting(found: tuple[int, ...], expected: tuple[int, int], n_bytes: int, n_left: int) -> int:
    if found != expected or not 0 <= n_bytes <= n_left:
        rows, columns = found
        raise ValueError(
            f"a matrix of {rows:,} x {columns:,} ({n_bytes:,} bytes) does not fit into the {n_left:,} that are left, "
            f"or its dictionary has {expected[0]:,} x {expected[1]:,}"
        )
    return n_bytes
