"""A page's id and a seed -> its draw, and its place in its stratum: chance that depends on nothing else.

This is the reference in plain Python of what etl/steps/selection.py says in Spark's functions; the tests hold
both to the same numbers, so a mixture can be checked, or rebuilt, by whoever has no Spark. Places are ordered
by

    (priority, draw, page_id), ascending

- draw: XXH64 of the page id's bytes, seeded with XXH64 of the seed (8 bytes, little-endian) seeded with 42,
  as a signed 64-bit integer: what Spark's `xxhash64(seed, page_id)` gives on any version and machine.
- priority: a 64-bit integer, -rint(key x 10^6), where the key is the score (top), score / temperature +
  Gumbel noise (gumbel: sampling without replacement with p ~ exp(score / temperature), as QuRating does) or 0
  (random: the draw alone decides). Scores are stored with 6 decimals, so nothing is lost, and the last bit of
  a machine's logarithm changes nothing. A score that is NULL or NaN comes last.
"""

import math
import struct

from etl.mixture.spec import Order
from etl.mixture.xxh64 import MASK, xxh64

SCORE_SCALE = 10**6
MAX_PRIORITY = 2**62  # larger keys are all alike: far beyond any score
LAST_PRIORITY = 2**63 - 1  # of a page without a score
NOISE_BITS = 52  # u + 1/2 is then exact in a double, and u is never 0 or 1

_SPARK_SEED = 42


def draw(seed: int, page_id: str) -> int:
    """Return the signed 64-bit draw of a page."""
    unsigned = xxh64(page_id.encode(), xxh64(struct.pack("<q", seed), _SPARK_SEED))
    return unsigned - 2**64 if unsigned >= 2**63 else unsigned


def gumbel(page_draw: int) -> float:
    """Return the standard Gumbel noise of a draw: -ln(-ln u)."""
    u = (((page_draw & MASK) >> (64 - NOISE_BITS)) + 0.5) / 2**NOISE_BITS
    return -math.log(-math.log(u))


def priority(score: float | None, page_draw: int, order: Order) -> int:
    """Return the priority of a page; the smallest come first."""
    if order.pick == "random":
        return 0
    if score is None or math.isnan(score):
        return LAST_PRIORITY
    key = score if order.pick == "top" else score / order.temperature + gumbel(page_draw)
    return -round(max(-MAX_PRIORITY, min(MAX_PRIORITY, key * SCORE_SCALE)))  # half to even, as rint does
