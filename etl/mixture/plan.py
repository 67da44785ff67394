"""A spec and the tokens available -> a plan: the tokens to take from each stratum, decided without floats."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import NamedTuple

from etl.mixture.apportion import apportion
from etl.mixture.spec import MixtureSpec
from etl.mixture.weights import NO_LABEL, SEPARATOR, exact
from udfs.conf import nearest
from udfs.errors import WebstrataError

NOTHING_THERE = "nothing available"


class NotEnoughTokensError(WebstrataError):
    """The strata of a spec cannot give the tokens that it asks for."""


class Available(NamedTuple):
    """What a stratum has to give."""

    n_tokens: int
    n_pages: int


@dataclass(frozen=True, slots=True)
class Quota:
    """What a plan takes from one stratum."""

    stratum: str
    weight: float  # as the spec has it; 0 where it has none
    share: float  # of the budget, as the weights alone would have it
    available_tokens: int
    available_pages: int
    target_tokens: int
    limited_by: str | None  # what keeps the stratum below its share: a cap, max_epochs, nothing available

    @property
    def is_short(self) -> bool:
        """Say whether the stratum cannot have the share that its weight asks for."""
        return self.limited_by is not None

    @property
    def epochs(self) -> float:
        """Return how often the stratum is read; 2.3 is two copies of every page and a third of some."""
        return self.target_tokens / self.available_tokens if self.available_tokens else 0.0

    @property
    def full_copies(self) -> int:
        """Return how many copies every page of the stratum has."""
        return self.target_tokens // self.available_tokens if self.available_tokens else 0

    @property
    def partial_tokens(self) -> int:
        """Return how many tokens of one more copy are wanted: the pages that come first give them."""
        return self.target_tokens - self.full_copies * self.available_tokens


@dataclass(frozen=True, slots=True)
class Plan:
    """The quotas of a spec, over all strata there are or that it names, sorted by name."""

    name: str
    digest: str
    token_budget: int
    quotas: tuple[Quota, ...]

    @property
    def target_tokens(self) -> int:
        """Return the tokens that the mixture will have, each stratum's last page apart."""
        return sum(quota.target_tokens for quota in self.quotas)

    @property
    def shortfall_tokens(self) -> int:
        """Return the tokens of the budget that nothing can give within the limits."""
        return self.token_budget - self.target_tokens

    @property
    def missing(self) -> tuple[str, ...]:
        """Return the strata that have a weight but no token."""
        return tuple(q.stratum for q in self.quotas if q.limited_by == NOTHING_THERE)


def plan(spec: MixtureSpec, available: Mapping[str, Available]) -> Plan:
    """Return the tokens to take from each stratum.

    A stratum that cannot have its share gives what its limits allow, and the others share the rest by weight.
    If all are at their limits, the plan falls short of the budget and says so, or fails where the spec says
    `when_short: fail`. A stratum with a missing label ("(none)") is used only where `weights` name it, never by
    a strategy.

    Raises NotEnoughTokensError, also if there is nothing at all to take.
    """
    tokens = {stratum: there.n_tokens for stratum, there in available.items()}
    weights = spec.weights_for({s: n for s, n in tokens.items() if n > 0 and not is_unlabelled(s)})
    n_tokens = sum(tokens.values())
    limits = {stratum: _limits(spec, tokens.get(stratum, 0), n_tokens) for stratum in weights}
    targets = apportion(spec.token_budget, weights, {s: min(limit.values()) for s, limit in limits.items()})
    _check_enough(spec, tokens, targets)
    total = sum(weights.values())

    def quota(stratum: str) -> Quota:
        share = weights.get(stratum, Fraction(0)) / total
        there = available.get(stratum, Available(0, 0))
        limited_by = _limited_by(limits.get(stratum, {}), share * spec.token_budget)
        weight = float(weights.get(stratum, 0))
        return Quota(stratum, weight, float(share), *there, targets.get(stratum, 0), limited_by)

    return Plan(spec.name, spec.digest, spec.token_budget, tuple(map(quota, sorted({*weights, *available}))))


def is_unlabelled(stratum: str) -> bool:
    """Say whether one of the labels of the stratum is missing."""
    return NO_LABEL in stratum.split(SEPARATOR)


def _limits(spec: MixtureSpec, tokens: int, total: int) -> dict[str, int]:
    """Return the most tokens that a stratum of `tokens`, out of `total`, may give, by each of its limits."""
    if tokens <= 0:
        return {NOTHING_THERE: 0}
    limits = {"max_epochs": floor(exact(spec.max_epochs) * tokens)}
    if spec.caps.max_share is not None:
        limits["max_share"] = floor(exact(spec.caps.max_share) * spec.token_budget)
    if spec.caps.max_upsampling is not None:
        natural = Fraction(tokens, total) * spec.token_budget
        limits["max_upsampling"] = floor(exact(spec.caps.max_upsampling) * natural)
    return limits


def _limited_by(limits: Mapping[str, int], wanted: Fraction) -> str | None:
    """Return the name of the tightest limit, if it lies below what is wanted."""
    tightest = min(limits, key=lambda name: limits[name], default=None)
    # A limit of 10 tokens is no shortfall of a share of 10.4.
    return tightest if tightest is not None and limits[tightest] < floor(wanted) else None


def _check_enough(spec: MixtureSpec, tokens: Mapping[str, int], targets: Mapping[str, int]) -> None:
    """Raise NotEnoughTokensError if there is nothing to take, or too little where that is to fail."""
    fits = sum(targets.values())
    if not fits:
        raise NotEnoughTokensError(f"{spec.name}: nothing to take. {_why_nothing(tokens, targets)}")
    if spec.when_short == "fail" and fits < spec.token_budget:
        raise NotEnoughTokensError(
            f"{spec.name} asks for {spec.token_budget:,} tokens, but its {len(targets):,} strata give "
            f"at most {fits:,} at {spec.max_epochs:g} epochs within its caps; lower token_budget, "
            f"raise max_epochs or the caps, or say `when_short: report` to take what there is"
        )


def _why_nothing(tokens: Mapping[str, int], targets: Mapping[str, int]) -> str:
    """Say why a plan has no token, and what to do."""
    if not any(n > 0 for n in tokens.values()):
        return "No page with tokens meets `where` (and `crawls`); look at the funnel, or loosen them"
    if all(map(is_unlabelled, tokens)):
        return "No page has the labels that the strata name; run `webstrata annotate`"
    if not any(tokens.get(stratum, 0) > 0 for stratum in targets):
        named, there = next(iter(targets), ""), sorted(tokens)
        return f"There is no stratum {named!r}{nearest(named, there)}; there are: {', '.join(there[:20])}"
    return "The caps leave less than a token to each stratum; raise them, or token_budget"
