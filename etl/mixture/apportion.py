"""A budget, weights and limits -> whole tokens for each stratum, exactly.

The tokens are handed out one at a time, each to the stratum whose next token is the cheapest: its k-th token
costs (k - 1/2) / weight (the method of Webster and Sainte-Laguë), a stratum at its limit is skipped, equal
prices go by name. So limits hold, the budget is filled to the token, neither the scale of the weights nor the
order of anything makes a difference, and a larger budget never takes less from a stratum: 10 % of a budget is
a part of 20 %. (Largest remainders lack that last law: the Alabama paradox.) All of it is integers and
fractions.
"""

from collections.abc import Mapping
from fractions import Fraction
from heapq import heapify, heappop, heapreplace
from math import floor, lcm


def apportion(budget: int, weights: Mapping[str, Fraction], limits: Mapping[str, int]) -> dict[str, int]:
    """Return how many of the budget's tokens each stratum gets; all of `limits` if that is no more."""
    if sum(limits.values()) <= budget:
        return dict(limits)
    scale = lcm(*(weight.denominator for weight in weights.values()))
    whole = {stratum: int(weight * scale) for stratum, weight in weights.items()}
    # Water-filling leaves at most 1.5 tokens per stratum to hand out: rounding adds 1/2 each at the most.
    level = _level(max(0, budget - len(whole)), whole, limits)
    tokens = {s: min(limits[s], floor(level * whole[s] + Fraction(1, 2))) for s in whole}
    heap = [(_price(tokens[s], whole[s]), s) for s in whole if tokens[s] < limits[s]]
    heapify(heap)
    for _ in range(budget - sum(tokens.values())):
        _, stratum = heap[0]
        tokens[stratum] += 1
        if tokens[stratum] == limits[stratum]:
            heappop(heap)
        else:
            heapreplace(heap, (_price(tokens[stratum], whole[stratum]), stratum))
    return tokens


def _price(n_taken: int, weight: int) -> Fraction:
    """Return the price of the next token of a stratum, doubled."""
    return Fraction(2 * n_taken + 1, weight)


def _level(budget: int, weights: Mapping[str, int], limits: Mapping[str, int]) -> Fraction:
    """Return the level at which the sum of min(limit, level x weight) is the budget, below all limits."""
    left, weight_left = budget, sum(weights.values())
    for stratum in sorted(weights, key=lambda s: Fraction(limits[s], weights[s])):
        if limits[stratum] * weight_left > left * weights[stratum]:
            break
        left -= limits[stratum]
        weight_left -= weights[stratum]
    return Fraction(left, weight_left)
