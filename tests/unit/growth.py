"""Work on n things and on 2n -> how many times as long the latter takes: about 2 where work grows with its input."""

import time
from collections.abc import Callable
from statistics import median

ROUNDS = 3
TRIES = 8  # a busy machine may spoil a whole try, not eight of them
SHORT_S = 0.05

Work = Callable[[], object]


def cost(work: Work) -> float:
    """Return the processor time of `work` in seconds."""
    started = time.process_time()
    work()
    return time.process_time() - started


def growth(small: Work, large: Work, *, limit: float, short_s: float = 0.0) -> float:
    """Return how many times as long `large` takes as `small`: the first try below `limit`, else the least of all.

    A `large` below `short_s` seconds is too short to tell and counts as 0: for twice the longest input it is nothing.
    """
    ratios: list[float] = []
    while len(ratios) < TRIES and min(ratios, default=limit) >= limit:
        ratios.append(_try(small, large, short_s))
    return min(ratios)


def _try(small: Work, large: Work, short_s: float) -> float:
    first = cost(large)
    if first < short_s:
        return 0.0
    pairs = [(cost(small), cost(large)) for _ in range(ROUNDS)]  # in turns: noise meets both
    return median(pair[1] for pair in pairs) / median(pair[0] for pair in pairs)
