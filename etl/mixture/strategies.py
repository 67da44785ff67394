"""Tokens available in each stratum -> its weight, by a named strategy: one function each.

To add one, write the function and list it in STRATEGIES. Weights are exact numbers (integers, or decimals
whose functions are correctly rounded), so that every machine computes the same ones.
"""

import inspect
from collections.abc import Callable, Mapping
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import partial

from udfs.conf import nearest

Weights = dict[str, Fraction]
Strategy = Callable[[Mapping[str, int]], Weights]

DIGITS = 28  # of a decimal; many more than the tokens of a stratum have


def natural(available: Mapping[str, int]) -> Weights:
    """Weigh each stratum by its tokens, as the web has them."""
    return {stratum: Fraction(tokens) for stratum, tokens in available.items()}


def uniform(available: Mapping[str, int]) -> Weights:
    """Weigh all strata alike; with `max_epochs` this is UniMax (Chung et al., arXiv 2304.09151)."""
    return dict.fromkeys(available, Fraction(1))


def sqrt(available: Mapping[str, int]) -> Weights:
    """Weigh each stratum by the square root of its tokens: halfway between natural and uniform."""
    return temperature(available, t=2)


def temperature(available: Mapping[str, int], *, t: float) -> Weights:
    """Weigh by tokens^(1/t): t = 1 keeps the natural shares, a larger t flattens them."""
    if not 0 < t < float("inf"):
        raise ValueError(f"t must be above 0 and finite, not {t}")
    with localcontext() as context:
        context.prec = DIGITS
        # exp and ln are correctly rounded; `**` of decimals, and pow of the C library, are not.
        return {s: Fraction((Decimal(n).ln() / Decimal(str(t))).exp()) for s, n in available.items()}


STRATEGIES: dict[str, Callable[..., Weights]] = {f.__name__: f for f in (natural, uniform, sqrt, temperature)}


def strategy_named(name: str, parameters: Mapping[str, object]) -> Strategy:
    """Return the strategy with its parameters bound.

    Raises ValueError for a name or a parameter that there is not, or a value out of range.
    """
    if name not in STRATEGIES:
        raise ValueError(f"no strategy {name!r}{nearest(name, list(STRATEGIES))}; known: {', '.join(STRATEGIES)}")
    known = [p.name for p in inspect.signature(STRATEGIES[name]).parameters.values() if p.kind is p.KEYWORD_ONLY]
    if set(parameters) != set(known):
        raise ValueError(f"strategy {name!r} takes {known or 'no parameters'}, given: {sorted(parameters)}")
    for key, value in parameters.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"{key} of strategy {name!r} must be a number, not {value!r}")
    bound = partial(STRATEGIES[name], **parameters)
    bound({"any": 1})  # a value out of range is told when the spec is read, not when it is planned
    return bound
