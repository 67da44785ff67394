"""Answers that are asked for twice."""

from collections.abc import Sequence

import pytest

from udfs import memo
from udfs.memo import Memo


def test_equal_texts_and_those_asked_before_are_computed_once() -> None:
    asked: list[str] = []

    def lengths(texts: Sequence[str]) -> list[int]:
        asked.extend(texts)
        return [len(text) for text in texts]

    count = Memo(lengths)

    assert count(["a", "bb", "a"]) == [1, 2, 1]
    assert count(["bb", "ccc", "\ud800"]) == [2, 3, 1]
    assert asked == ["a", "bb", "ccc", "\ud800"]


def test_answers_are_forgotten_before_they_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memo, "MAX_TEXTS", 3)
    count: Memo[int] = Memo(lambda texts: [len(text) for text in texts])

    for i in range(10):
        assert count(["x" * i, "y" * i]) == [i, i]

    assert len(count._answers) <= 3
