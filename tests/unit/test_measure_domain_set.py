"""A set of names, against a plain dictionary."""

import time

from hypothesis import given
from hypothesis import strategies as st

from udfs.measure.domain_set import DomainSet

NAMES = st.text(alphabet="ab.\ud800", max_size=3)


@given(st.lists(st.tuples(NAMES, st.sampled_from(["", "games", "press"]))), NAMES)
def test_a_name_has_the_categories_it_was_put_in(pairs: list[tuple[str, str]], name: str) -> None:
    assert DomainSet(pairs).categories(name) == {category for other, category in pairs if other == name}


def test_three_hundred_thousand_domains_load_in_seconds_and_take_ten_bytes_each() -> None:
    started = time.process_time()
    names = DomainSet((f"host{i}.example.com", "games") for i in range(300_000))
    assert time.process_time() - started < 5
    assert names.categories("host299999.example.com") == {"games"}
    assert names.categories("host300000.example.com") == set()
    assert names.n_bytes == 3_000_000
