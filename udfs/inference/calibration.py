"""Logits -> probabilities that are as sure as they are right: see OutputSettings for what a card says of it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
TINY = 1e-9


@dataclass(frozen=True)
class Calibration:
    """softmax(flattened(logits, flatten) / temperature) are probabilities; by default just softmax(logits)."""

    temperature: float = 1.0
    flatten: float = 0.0

    def probabilities(self, logits: Floats) -> npt.NDArray[np.float32]:
        """Return the probabilities of each row of logits."""
        return softmax(flattened(logits, self.flatten), self.temperature)


def flattened(logits: Floats, power: float) -> Floats:
    """Return rows of logits centred and divided by their standard deviation to a power below 1; of 0, as they are."""
    if not power:
        return logits
    centred = logits - logits.mean(axis=1, keepdims=True)
    return np.asarray(centred / np.maximum(centred.std(axis=1, keepdims=True), TINY) ** power)


def softmax(logits: Floats, temperature: float = 1.0) -> npt.NDArray[np.float32]:
    """Return the probabilities of each row of logits."""
    scaled = logits / temperature
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)
