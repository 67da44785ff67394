"""A fastText file (.bin or .ftz) -> label probabilities, after its header was checked."""

import mmap
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from udfs.errors import ModelError

MAGIC = 793_712_314
NEWEST_VERSION = 12
MAX_BYTES = 4 << 30
MAX_LABELS = 1_000_000
MAX_DIMENSIONS = 65_536
# Magic, version, twelve settings, the sampling threshold; entries, words, labels, tokens, pruned buckets.
_HEADER = struct.Struct("<ii12idiiiqq")
_ENTRY_TAIL = 10  # the end of the word, its count, its kind
_SHAPE = struct.Struct("<qq")
_QUANTISED = struct.Struct("<qqi")
_QUANTIZER = struct.Struct("<4i")


class FastTextModel:
    """A loaded fastText classifier that takes any text as one line."""

    def __init__(self, path: Path) -> None:
        import fasttext

        try:
            self._model = fasttext.load_model(str(path))
        except (ValueError, MemoryError) as error:
            raise ModelError(f"{path}: fastText cannot load it ({error}); export the model again") from error
        self.labels: Sequence[str] = self._model.get_labels()

    def best(self, text: str) -> tuple[str | None, float]:
        """Return the likeliest label and its probability, or (None, 0.0) for a text of no known word."""
        found = self._predict(text, 1)
        return (found[0][1], min(found[0][0], 1.0)) if found else (None, 0.0)

    def probabilities(self, text: str, labels: Sequence[str]) -> npt.NDArray[np.float64]:
        """Return the probability of each of `labels`, 0 for one that the model does not give."""
        found = {label: score for score, label in self._predict(text, len(self.labels))}
        return np.array([min(found.get(label, 0.0), 1.0) for label in labels], np.float64)

    def _predict(self, text: str, k: int) -> list[tuple[float, str]]:
        # A line ends the input: without the final newline the scores are wrong, and a newline inside would cut it.
        line = text.replace("\n", " ").encode("utf-8", "replace").decode() + "\n"  # no half of a surrogate pair
        return list(self._model.f.predict(line, k, 0.0, "strict"))


def load_fasttext(path: Path) -> FastTextModel:
    """Return the model in `path`, or raise ModelError before anything large is allocated."""
    check_fasttext(path)
    return FastTextModel(path)


def check_fasttext(path: Path) -> None:
    """Raise ModelError unless the file's header is fastText's and its sizes fit into the file."""
    size = path.stat().st_size
    if not _HEADER.size < size <= MAX_BYTES:
        raise ModelError(f"{path}: {size:,} bytes is no size of a fastText model; fetch it again")
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            _check_matrices(data, _end_of_dictionary(data))
        except (struct.error, ValueError) as error:
            raise ModelError(f"{path}: not a fastText model ({error}); fetch it again") from error


def _end_of_dictionary(data: mmap.mmap) -> int:
    """Return where the matrices begin; raises ValueError for sizes that the file cannot hold."""
    magic, version, dim, *_, n_entries, n_words, n_labels, _, n_pruned = _HEADER.unpack_from(data, 0)
    if magic != MAGIC or not 0 < version <= NEWEST_VERSION:
        raise ValueError(f"magic {magic}, version {version}")
    if not (0 < dim <= MAX_DIMENSIONS and 0 < n_labels <= MAX_LABELS and n_words >= 0):
        raise ValueError(f"impossible sizes: {dim} dimensions, {n_words} words, {n_labels} labels")
    n_bytes_pruned: int = max(n_pruned, 0) * 8
    if n_entries != n_words + n_labels or n_entries * _ENTRY_TAIL + n_bytes_pruned > len(data):
        raise ValueError(f"{n_entries:,} dictionary entries do not fit into {len(data):,} bytes")
    at = _HEADER.size
    for _ in range(n_entries):
        end = data.find(b"\0", at)
        if end < 0:
            raise ValueError("its dictionary has no end")
        at = end + _ENTRY_TAIL
    return at + n_bytes_pruned


def _check_matrices(data: mmap.mmap, at: int) -> None:
    """Raise ValueError if the input or the output matrix is larger than what is left of the file."""
    is_quantised, at = bool(data[at : at + 1] == b"\1"), at + 1
    at = _end_of_matrix(data, at, is_quantised)
    is_output_quantised = is_quantised and data[at : at + 1] == b"\1"
    if _end_of_matrix(data, at + 1, is_output_quantised) > len(data):
        raise ValueError("its output matrix is cut off")


def _end_of_matrix(data: mmap.mmap, at: int, is_quantised: bool) -> int:
    if not is_quantised:
        n_rows, n_columns = _SHAPE.unpack_from(data, at)
        at += _SHAPE.size
        return at + _fitting(n_rows * n_columns * 4, min(n_rows, n_columns), len(data) - at)
    has_norms = data[at : at + 1] == b"\1"
    n_rows, n_columns, n_codes = _QUANTISED.unpack_from(data, at + 1)
    at += 1 + _QUANTISED.size + _fitting(n_codes, min(n_rows, n_columns), len(data) - at)
    at = _end_of_quantizer(data, at)
    return _end_of_quantizer(data, at + n_rows) if has_norms else at


def _end_of_quantizer(data: mmap.mmap, at: int) -> int:
    dim: int = _QUANTIZER.unpack_from(data, at)[0]
    return at + _QUANTIZER.size + _fitting(dim * 256 * 4, dim, len(data) - at)


def _fitting(n_bytes: int, smallest: int, n_left: int) -> int:
    if smallest < 0 or not 0 <= n_bytes <= n_left:
        raise ValueError(f"a matrix of {n_bytes:,} bytes does not fit into the {n_left:,} that are left")
    return n_bytes
