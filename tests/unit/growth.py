"""Work of several sizes -> how many times as long twice as much takes: about 2 where work grows with its input."""

import gc
import time
from collections.abc import Callable
from statistics import median

ROUNDS = 3
TRIES = 8  # a busy machine may spoil a whole try, not eight of them
DOUBLINGS = 3  # a square takes 64 times as long for 8 times as much; a cache that others empty, 10 or 12 times
SHORT_S = 0.05
LIMIT = 2.5

Work = Callable[[], object]


def growth(make: Callable[[int], Work], n: int, *, short_s: float = 0.0) -> float:
    """Return how many times as long the work of `make` takes for each doubling from `n` / 4 to 2 `n`.

    It is the first try below `LIMIT`, else the least of all. Work on 2 `n` that is done within `short_s`
    seconds is too short to tell and counts as 0: for twice the longest input it is nothing.
    """
    small, large = make(2 * n >> DOUBLINGS), make(2 * n)
    if _cost(large) < short_s:
        return 0.0
    ratios: list[float] = []
    while len(ratios) < TRIES and min(ratios, default=LIMIT) >= LIMIT:
        ratios.append(_ratio(small, large) ** (1 / DOUBLINGS))
    return min(ratios)


def _ratio(small: Work, large: Work) -> float:
    pairs = [(_cost(small), _cost(large)) for _ in range(ROUNDS)]  # in turns: noise meets both
    return median(pair[1] for pair in pairs) / median(pair[0] for pair in pairs)


def _cost(work: Work) -> float:
    """Return the processor time of `work` in seconds, without that of collections of everybody's garbage."""
    gc.collect()
    was_enabled = gc.isenabled()
    gc.disable()
    started = time.process_time()
    try:
        work()
        return time.process_time() - started
    finally:
        if was_enabled:
            gc.enable()
