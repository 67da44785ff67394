"""A fastText file (.bin or .ftz) -> label probabilities, after the file was checked."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from udfs.errors import ModelError
from udfs.model_store.fasttext_file import check_fasttext

LABEL_PREFIX = "__label__"


class FastTextModel:
    """A loaded fastText classifier that takes any text as one line."""

    def __init__(self, path: Path) -> None:
        import fasttext

        try:
            self._model = fasttext.load_model(str(path))
            self.labels: Sequence[str] = self._model.get_labels()
        except (ValueError, MemoryError) as error:
            raise ModelError(f"{path}: fastText cannot load it ({error}); export the model again") from error

    def best(self, text: str) -> tuple[str | None, float]:
        """Return the likeliest label and its probability, or (None, 0.0) for a text of no known word."""
        found = self._predict(text, 1)
        return (found[0][1], min(found[0][0], 1.0)) if found else (None, 0.0)

    def probabilities(self, text: str, labels: Sequence[str]) -> npt.NDArray[np.float64]:
        """Return the probability of each of `labels`, 0 for one that the model does not give."""
        found = {label: score for score, label in self._predict(text, len(self.labels))}
        return np.array([min(found.get(label, 0.0), 1.0) for label in labels], np.float64)

    def _predict(self, text: str, k: int) -> list[tuple[float, str]]:
        # A line ends the input: without the final newline the scores are wrong, and a newline inside would cut it.
        line = text.replace("\n", " ").encode("utf-8", "replace").decode() + "\n"  # no half of a surrogate pair
        return list(self._model.f.predict(line, k, 0.0, "strict"))


def file_label(label: str) -> str:
    """Return a label as the file has it: with fastText's prefix, and without spaces, which would end it."""
    return LABEL_PREFIX + label.replace(" ", "_")


def load_fasttext(path: Path) -> FastTextModel:
    """Return the model in `path`, or raise ModelError before anything large is allocated."""
    check_fasttext(path)
    return FastTextModel(path)
