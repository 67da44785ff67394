"""Hashes of chosen n-grams -> a table without collisions that a graph can ask: hash and displace (Belazzougui 2009).

bucket = hash >> bucket_shift
slot = (hash · (MIX + displacements[bucket]) >> 32) mod n_slots
a stranger is told by its fingerprint: the low 16 bits of its hash are not those stored in the slot
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from udfs.train.ngrams import MIX, Hashes, Ints

FINGERPRINT_MASK = 0xFFFF
KEYS_PER_BUCKET = 3
LOAD = 0.97
MAX_DISPLACEMENT = 1 << 16


@dataclass(frozen=True)
class NgramTable:
    """Where each n-gram lies, and what is needed to find it there."""

    slots: Ints  # [n-gram]
    n_slots: int
    bucket_shift: int
    displacements: npt.NDArray[np.uint16]  # [bucket]
    fingerprints: npt.NDArray[np.uint16]  # [slot]


def build_table(hashes: Hashes) -> NgramTable:
    """Return a table in which every n-gram has a slot of its own; raises ValueError if two hashes are equal."""
    if len(np.unique(hashes)) != len(hashes):
        raise ValueError("two n-grams have the same hash")
    shift = 64 - max((len(hashes) // KEYS_PER_BUCKET).bit_length(), 1)
    n_slots = int(len(hashes) / LOAD) + 1
    while True:
        table = _tried(hashes, n_slots, shift)
        if table:
            return table
        n_slots += n_slots // 16 + 1


def _tried(hashes: Hashes, n_slots: int, shift: int) -> NgramTable | None:
    """Return the table of so many slots, or None if a bucket finds no room in it."""
    displacements = np.zeros(1 << 64 - shift, np.uint16)
    slots, is_taken = np.zeros(len(hashes), np.int64), np.zeros(n_slots, np.bool_)
    for bucket, members in _largest_first(hashes, shift):
        found = _place(hashes[members], is_taken)
        if not found:
            return None
        displacements[bucket], slots[members] = found
        is_taken[slots[members]] = True
    # An empty slot's fingerprint is 0; a stranger that has it finds weights of zero.
    fingerprints = np.zeros(n_slots, np.uint16)
    fingerprints[slots] = (hashes & np.uint64(FINGERPRINT_MASK)).astype(np.uint16)
    return NgramTable(slots, n_slots, shift, displacements, fingerprints)


def _largest_first(hashes: Hashes, shift: int) -> list[tuple[int, Ints]]:
    """Return the buckets with their members, those with most members first."""
    bucket = (hashes >> np.uint64(shift)).astype(np.int64)
    order = np.argsort(bucket, kind="stable")
    found, starts = np.unique(bucket[order], return_index=True)
    members = np.split(order, starts[1:])
    return sorted(zip(found.tolist(), members, strict=False), key=lambda item: -len(item[1]))


def _place(hashes: Hashes, is_taken: npt.NDArray[np.bool_]) -> tuple[int, Ints] | None:
    """Return the first displacement that gives each of these hashes a free slot, and the slots; None if none does."""
    for first in range(0, MAX_DISPLACEMENT, 64):
        tried = np.arange(first, first + 64, dtype=np.uint64)
        products = hashes[None, :] * (np.uint64(MIX) + tried[:, None])
        slots = (products >> np.uint64(32)).astype(np.int64) % len(is_taken)
        is_free = ~is_taken[slots].any(axis=1)
        ordered = np.sort(slots, axis=1)
        is_free &= (ordered[:, 1:] != ordered[:, :-1]).all(axis=1)
        if is_free.any():
            at = int(np.argmax(is_free))
            return first + at, slots[at]
    return None
