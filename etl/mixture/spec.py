"""A mixture's YAML -> MixtureSpec: which pages, cut into which strata, how many tokens, in what order."""

import hashlib
import json
from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from etl.mixture.strategies import Strategy, strategy_named
from etl.mixture.weights import weights_of
from udfs.conf import Conf, parse_conf

_NAME = r"^[a-z][a-z0-9_]{0,62}$"
Column = Annotated[str, Field(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$")]


def _tokens(value: object) -> object:
    """Refuse a count that YAML read as text, as it does with 100e9."""
    if isinstance(value, str):
        raise ValueError("write an integer with underscores, as 100_000_000_000; YAML reads 100e9 as text")
    return value


class Order(Conf):
    """Which pages of a stratum come first: the best, a random draw, or a draw in favour of the best."""

    by: Column = "quality.score"
    pick: Literal["top", "gumbel", "random"] = "top"
    temperature: float = Field(1.0, gt=0, allow_inf_nan=False, description="of Gumbel; larger is more random")


class Caps(Conf):
    """Limits of a stratum, each of them kept: what they cut goes to the other strata."""

    max_share: float | None = Field(None, gt=0, le=1, description="of the token budget")
    max_upsampling: float | None = Field(
        None, gt=0, allow_inf_nan=False, description="share of the budget / share of the tokens available"
    )


class TextForm(Conf):
    """What is written of a page: its text as it is, or edited, or with personal data masked; edits come first.

    With `edits`, the budget, the strata and `n_tokens` count the tokens of the edited texts, and pages of which nothing
    is left stay out; `where` sees the corpus as it is. Tokens are counted before masking, which changes few of them.
    """

    edits: str | None = Field(None, pattern=_NAME, description="annotator of kind `edits`: a column of `corpus`")
    mask: tuple[Annotated[str, Field(pattern=_NAME)], ...] = Field((), description="personal data, as email, ipv4")

    @field_validator("mask")
    @classmethod
    def _in_one_order(cls, kinds: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(sorted(set(kinds)))


class MixtureSpec(Conf):
    """A recipe: the same spec on the same inputs gives the same rows."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")
    description: str = ""
    crawls: tuple[str, ...] | None = Field(None, min_length=1, description="take these crawls only")
    strata: tuple[Column, ...] = Field(min_length=1, description="columns of `corpus` that cut it")
    where: str = Field("true", min_length=1, description="SQL condition over `corpus`")
    weights: dict[Any, Any] | None = Field(None, min_length=1)
    strategy: dict[str, Any] | None = None
    token_budget: Annotated[int, BeforeValidator(_tokens)] = Field(ge=1, le=10**17)
    order: Order = Field(default_factory=lambda: Order.model_validate({}))
    max_epochs: float = Field(1.0, ge=1, le=1000)
    caps: Caps = Field(default_factory=lambda: Caps.model_validate({}))
    text: TextForm = Field(default_factory=lambda: TextForm.model_validate({}), description="what is written of a page")
    when_short: Literal["report", "fail"] = "report"
    seed: int = Field(17, ge=-(2**63), lt=2**63)

    @field_validator("text", mode="before")
    @classmethod
    def _raw(cls, value: object) -> object:
        """Let `text: raw` say that nothing is done to the texts."""
        return {} if value == "raw" else value

    @field_validator("strategy", mode="before")
    @classmethod
    def _name_alone(cls, value: object) -> object:
        """Let `strategy: natural` stand for `strategy: {name: natural}`, and 2 for 2.0."""
        if isinstance(value, str):
            return {"name": value}
        if not isinstance(value, dict):
            return value
        return {k: float(v) if isinstance(v, int) and not isinstance(v, bool) else v for k, v in value.items()}

    @model_validator(mode="after")
    def _say_how_to_weigh(self) -> Self:
        if (self.weights is None) == (self.strategy is None):
            raise ValueError("give exactly one of `weights` and `strategy`")
        if len(set(self.strata)) < len(self.strata):
            raise ValueError("`strata` names a column twice")
        if self.weights is not None:
            self.given_weights()
        else:
            self._strategy()
        return self

    def given_weights(self) -> dict[str, Fraction]:
        """Return the weights that the spec spells out; none if it names a strategy."""
        return weights_of(self.weights or {}, self.strata)

    def weights_for(self, available: Mapping[str, int]) -> dict[str, Fraction]:
        """Return the weight of each stratum, given the tokens (more than 0) that each one has."""
        return self.given_weights() if self.strategy is None else self._strategy()(available)

    def but(self, **changes: object) -> Self:
        """Return a spec that differs in `changes`, validated as if it were read from a file."""
        values = self.model_dump(exclude_defaults=True)
        return parse_conf({**values, **changes}, type(self), where=f"{self.name}, changed")

    @property
    def canonical(self) -> str:
        """Return what the spec means as JSON, from which the same spec can be read again.

        Comments, key order, the description, the form of the weights and defaults that are spelled out make
        no difference; nor will options that later releases add.
        """
        values = self.model_dump(mode="json", exclude_defaults=True, exclude={"description"})
        if self.crawls is not None:
            values["crawls"] = sorted(set(self.crawls))
        if self.weights is not None:
            values["weights"] = {stratum: str(weight) for stratum, weight in self.given_weights().items()}
        return json.dumps(values, sort_keys=True, separators=(",", ":"))

    @property
    def digest(self) -> str:
        """Return the sha256 of the canonical form: what says whether two specs are the same."""
        return hashlib.sha256(self.canonical.encode()).hexdigest()

    def _strategy(self) -> Strategy:
        parameters = dict(self.strategy or {})
        return strategy_named(str(parameters.pop("name", None)), parameters)
