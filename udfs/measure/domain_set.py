"""Millions of names with categories -> which categories a name has, at 10 bytes each."""

from collections.abc import Iterable
from hashlib import blake2b

import numpy as np


class DomainSet:
    """A frozen set of names, each in one category or more, kept as 64-bit digests: 5 million names take 50 MB.

    Two names share a digest with a chance of 1 in 10^7 among a million listed names and a million asked for.
    """

    def __init__(self, names: Iterable[tuple[str, str]]) -> None:
        """Keep pairs of a name and a category ("" for none)."""
        numbers: dict[str, int] = {}
        pairs = ((_digest(name), numbers.setdefault(category, len(numbers))) for name, category in names)
        table = np.fromiter(pairs, np.dtype([("digest", np.uint64), ("category", np.uint16)]))
        order = np.argsort(table["digest"], kind="stable")
        self._digests = table["digest"][order]
        self._categories = table["category"][order]
        self._names = list(numbers)

    @property
    def n_bytes(self) -> int:
        """Return the memory that the set takes."""
        return self._digests.nbytes + self._categories.nbytes

    def categories(self, name: str) -> set[str]:
        """Return the categories of a name; none if it is not in the set."""
        digest = np.uint64(_digest(name))
        start, end = np.searchsorted(self._digests, digest, "left"), np.searchsorted(self._digests, digest, "right")
        return {self._names[number] for number in self._categories[start:end]}


def _digest(name: str) -> int:
    return int.from_bytes(blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest())
