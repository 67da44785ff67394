"""The laws of a plan: it fills the budget exactly, within every limit, however its input is ordered or scaled."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.mixture import Available, MixtureSpec, NotEnoughTokensError, Plan, plan
from etl.mixture.strategies import STRATEGIES, strategy_named

NAMES = st.text("abcde", min_size=1, max_size=3)
POOLS = st.dictionaries(NAMES, st.integers(1, 10_000), min_size=1, max_size=12)
WEIGHTS = st.dictionaries(NAMES, st.integers(1, 1000), min_size=1, max_size=12)
BUDGETS = st.integers(1, 60_000)
EPOCHS = st.sampled_from([1, 1.5, 2.3, 4])
CAPS = st.fixed_dictionaries(
    {}, optional={"max_share": st.sampled_from([0.1, 0.3, 1]), "max_upsampling": st.sampled_from([0.5, 2, 6.67])}
)


def spec(budget: int, **values: object) -> MixtureSpec:
    weighed = {} if values.keys() & {"weights", "strategy"} else {"strategy": "natural"}
    base = {"name": "m", "strata": ["topic.label"], "token_budget": budget}
    return MixtureSpec.model_validate(base | weighed | values)


def pool(**tokens: int) -> dict[str, Available]:
    return {stratum: Available(n, n) for stratum, n in tokens.items()}


def targets(made: Plan) -> dict[str, int]:
    return {quota.stratum: quota.target_tokens for quota in made.quotas}


def test_shares_follow_the_weights():
    made = plan(spec(100, weights={"a": 3, "b": 1}), pool(a=1000, b=1000, c=1000))

    assert targets(made) == {"a": 75, "b": 25, "c": 0}
    assert [quota.share for quota in made.quotas] == [0.75, 0.25, 0]


def test_what_a_short_stratum_cannot_give_goes_to_the_others_by_weight():
    made = plan(spec(100, weights={"a": 2, "b": 1, "c": 1}), pool(a=20, b=1000, c=1000))

    assert targets(made) == {"a": 20, "b": 40, "c": 40}
    assert [(quota.stratum, quota.limited_by) for quota in made.quotas if quota.is_short] == [("a", "max_epochs")]


def test_a_weight_for_a_stratum_that_does_not_exist_is_named():
    made = plan(spec(100, weights={"a": 1, "typo": 1}), pool(a=1000))

    assert made.missing == ("typo",)
    assert targets(made) == {"a": 100, "typo": 0}


def test_when_all_is_too_little_the_plan_takes_it_and_says_how_much_is_lacking():
    made = plan(spec(1000, strategy="uniform", max_epochs=1.5), pool(a=100, b=50))

    assert targets(made) == {"a": 150, "b": 75}
    assert made.shortfall_tokens == 775


def test_when_all_is_too_little_and_that_is_to_fail_the_error_says_what_would_fit():
    with pytest.raises(NotEnoughTokensError, match=r"at most 225 at 1\.5 epochs"):
        plan(spec(1000, strategy="uniform", max_epochs=1.5, when_short="fail"), pool(a=100, b=50))


def test_a_plan_of_nothing_is_an_error_that_names_what_there_is():
    with pytest.raises(NotEnoughTokensError, match="did you mean 'Health'"):
        plan(spec(10, weights={"Heatlh": 1}), pool(Health=10))
    with pytest.raises(NotEnoughTokensError, match="meets `where`"):
        plan(spec(10), {})


def test_epochs_are_whole_copies_and_the_beginning_of_one_more():
    quota = plan(spec(230, max_epochs=2.3), pool(a=100)).quotas[0]

    assert (quota.epochs, quota.full_copies, quota.partial_tokens) == (2.3, 2, 30)


def test_a_stratum_without_a_label_is_taken_only_where_weights_name_it():
    there = pool(a=100) | {"(none)": Available(100, 100)}

    assert targets(plan(spec(50, strategy="uniform"), there)) == {"(none)": 0, "a": 50}
    assert targets(plan(spec(50, weights={"a": 1, "(none)": 1}), there)) == {"(none)": 25, "a": 25}


def test_a_cap_still_holds_after_what_it_cut_went_elsewhere():
    made = plan(spec(1000, weights={"a": 90, "b": 9, "c": 1}, caps={"max_upsampling": 2}), pool(a=100, b=400, c=9500))

    # The natural shares are 1, 4 and 95 %: WebOrganizer caps once and renormalises, which would lift a and b again.
    assert targets(made) == {"a": 20, "b": 80, "c": 900}


@given(POOLS, WEIGHTS, BUDGETS, EPOCHS, CAPS)
def test_the_budget_is_filled_exactly_or_every_limit_is_reached(tokens, weights, budget, epochs, caps):
    request = spec(budget, weights=weights, max_epochs=epochs, caps=caps)
    try:
        made = plan(request, pool(**tokens))
    except NotEnoughTokensError:
        return
    limits = {quota.stratum: limit(quota.available_tokens, sum(tokens.values()), request) for quota in made.quotas}

    assert made.target_tokens == min(budget, sum(limits[stratum] for stratum in weights))
    for quota in made.quotas:
        assert quota.target_tokens <= limits[quota.stratum]
        assert quota.full_copies * quota.available_tokens + quota.partial_tokens == quota.target_tokens


def limit(tokens: int, total: int, request: MixtureSpec) -> int:
    """Return the most tokens that a stratum may give, as the documentation says it."""
    share, natural = request.caps.max_share or 1, Fraction(tokens, total)
    upsampling = request.caps.max_upsampling or 10**9
    return min(
        int(tokens * Fraction(str(request.max_epochs))),
        int(request.token_budget * Fraction(str(share))),
        int(request.token_budget * natural * Fraction(str(upsampling))),
    )


@given(WEIGHTS, BUDGETS)
def test_without_limits_no_stratum_is_two_tokens_from_its_share_unless_there_are_many(weights, budget):
    made = plan(spec(budget, weights=weights), {s: Available(budget, 1) for s in weights})

    assert made.target_tokens == budget
    for quota in made.quotas:
        exact = Fraction(budget * weights[quota.stratum], sum(weights.values()))
        assert abs(quota.target_tokens - exact) < 1 + len(weights) / 2


@given(POOLS, WEIGHTS, BUDGETS, st.integers(1, 10**9))
def test_the_scale_of_weights_makes_no_difference(tokens, weights, budget, factor):
    there = pool(**tokens) | pool(z=1)
    scaled = {stratum: weight * factor for stratum, weight in weights.items()}

    assert targets(plan(spec(budget, weights=weights | {"z": 1}), there)) == targets(
        plan(spec(budget, weights=scaled | {"z": factor}), there)
    )


@given(POOLS, BUDGETS, st.sampled_from(sorted(STRATEGIES)), st.randoms())
def test_the_order_of_strata_makes_no_difference(tokens, budget, name, random):
    strategy = {"name": name} | ({"t": 3} if name == "temperature" else {})
    shuffled = list(tokens.items())
    random.shuffle(shuffled)

    assert plan(spec(budget, strategy=strategy), pool(**tokens)) == plan(
        spec(budget, strategy=strategy), pool(**dict(shuffled))
    )


@given(POOLS, WEIGHTS, BUDGETS, st.integers(1, 60_000), EPOCHS)
def test_a_larger_budget_takes_no_less_from_any_stratum(tokens, weights, budget, more, epochs):
    there, weights = pool(**tokens) | pool(z=5), weights | {"z": 7}
    small = targets(plan(spec(budget, weights=weights, max_epochs=epochs), there))
    large = targets(plan(spec(budget + more, weights=weights, max_epochs=epochs), there))

    assert all(small[stratum] <= large[stratum] for stratum in small)


def test_temperature_lies_between_natural_and_uniform():
    tokens = {"a": 10_000, "b": 100}

    assert strategy_named("temperature", {"t": 1})(tokens)["a"] == pytest.approx(10_000)
    assert strategy_named("sqrt", {})(tokens) == pytest.approx({"a": 100, "b": 10})
    assert strategy_named("temperature", {"t": 1e9})(tokens) == pytest.approx(strategy_named("uniform", {})(tokens))
    assert strategy_named("natural", {})(tokens) == tokens
