"""What was computed of a text -> the same again, where several annotators of a batch ask the same of it."""

from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Generic, TypeVar

T = TypeVar("T")

MAX_TEXTS = 50_000  # more than a batch of Arrow rows; of a text its digest is kept alone


class Memo(Generic[T]):
    """Answers by text, of one function that gives each text the same one, whatever stands beside it."""

    def __init__(self, compute: Callable[[Sequence[str]], Sequence[T]]) -> None:
        self._compute = compute
        self._answers: dict[bytes, T] = {}

    def __call__(self, texts: Sequence[str]) -> list[T]:
        """Return the answer for each text; equal ones, and those asked before, are computed once."""
        keys = [blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest() for text in texts]
        if len(self._answers) + len(keys) > MAX_TEXTS:
            self._answers.clear()
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._answers}
        if new:
            self._answers.update(zip(new, self._compute(list(new.values())), strict=True))
        return [self._answers[key] for key in keys]
