"""What a SQL condition speaks of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.condition import check_condition, names_in, with_names
from udfs.errors import ConfigError

NAMES = {
    "gopher.n_words < 50": ["gopher.n_words"],
    "NOT gopher.too_short AND n_tokens > 5": ["gopher.too_short", "n_tokens"],
    "length(url) > 3 or lower( topic.label ) = 'a.b'": ["url", "topic.label"],
    "`gopher`.`too_short`": ["gopher.too_short"],
    "x.y in ('gopher.z', \"q.r\")": ["x.y"],
    "a.b is null and a.b between 1 and 2e3": ["a.b"],
    "url rlike 'it\\'s a.b'": ["url"],
    "GOPHER.Too_Short OR Url = 'A.B'": ["gopher.too_short", "url"],
    "exists(repairs, x -> x = 'a' OR x.b > y.z)": ["repairs", "y.z"],
    "aggregate(a, 0, (acc, x) -> acc + x) > b": ["a", "b"],
    "fetched_at > date '2020-01-01' AND n > 1": ["fetched_at", "n"],
    "CASE WHEN language.label = 'en' THEN c ELSE d END": ["language.label", "c", "d"],
}


@pytest.mark.parametrize(("where", "names"), NAMES.items())
def test_names_are_columns_and_fields_not_words_functions_or_strings(where: str, names: list[str]) -> None:
    assert names_in(where) == names


def test_a_name_is_replaced_as_a_whole_and_outside_of_strings_only() -> None:
    where = "NOT gopher.too_short AND x = 'gopher.too_short' AND my.gopher.too_short AND gopher.too_short_too"

    replaced = with_names(where, {"gopher.too_short": "(n < 5)"})

    assert replaced == where.replace("gopher.too_short", "(n < 5)", 1)


@pytest.mark.parametrize(
    "where",
    [
        "a < (SELECT 1)",
        "rand() < 0.5",
        "a = current_date",
        "uuid() = 'x'",
        "reflect('java.util.UUID', 'randomUUID') > 'a'",
        "a < 3 -- 5",
        "true -- '\n AND rand() < 0.5 -- '",
        "rand /* */ () < 0.5",
    ],
)
def test_a_condition_on_more_than_the_row_is_refused(where: str) -> None:
    with pytest.raises(ConfigError, match="place"):
        check_condition(where, "place")


@pytest.mark.parametrize("where", ["url = 'select rand() -- /*'", "uniform > 3", "`select` = 1", "a - -1 > 2"])
def test_words_in_strings_and_names_are_no_calls(where: str) -> None:
    check_condition(where, "place")

    assert names_in(where)


@given(st.text(alphabet="ab.`' <5()\\\"", max_size=40))
def test_any_text_has_names_and_replacing_none_of_them_changes_nothing(where: str) -> None:
    assert all(names_in(where))
    assert with_names(where, {}) == where
