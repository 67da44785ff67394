"""A spec (YAML) -> a plan (arithmetic): how many tokens a mixture takes from each stratum; no Spark here."""

from etl.mixture.plan import Available, NotEnoughTokensError, Plan, Quota, plan
from etl.mixture.spec import Caps, MixtureSpec, Order

__all__ = ["Available", "Caps", "MixtureSpec", "NotEnoughTokensError", "Order", "Plan", "Quota", "plan"]
