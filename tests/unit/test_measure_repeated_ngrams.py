"""Repeated n-grams, against the plainest way to find them."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from udfs.measure.repeated_ngrams import Words, repeated_ngrams


def plain(words: list[str], n: int) -> dict[int, tuple[str, ...]]:
    """Return where each repeated n-gram begins, and which it is."""
    found = {i: tuple(words[i : i + n]) for i in range(len(words) - n + 1)}
    counts = Counter(found.values())
    return {i: ngram for i, ngram in found.items() if counts[ngram] > 1}


@given(st.lists(st.sampled_from(["a", "b", "cc", ""]), max_size=40))
def test_they_are_those_that_come_twice(words: list[str]) -> None:
    for found in repeated_ngrams(Words(words)):
        expected = plain(words, found.n)
        assert found.starts.tolist() == list(expected)
        assert found.chars.tolist() == [sum(map(len, ngram)) for ngram in expected.values()]
        counts = Counter(expected.values())
        assert [found.counts[kind] for kind in found.kinds] == [counts[ngram] for ngram in expected.values()]
        assert found.n_all == max(0, len(words) - found.n + 1)


@given(st.lists(st.sampled_from(["a", "b", "cc"]), max_size=40))
def test_words_of_a_repeated_ngram_are_covered(words: list[str]) -> None:
    for found in repeated_ngrams(Words(words)):
        expected = {i + k for i in plain(words, found.n) for k in range(found.n)}
        assert set(found.covered().nonzero()[0].tolist()) == expected
