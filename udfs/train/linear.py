"""Sparse features and soft targets -> the weights of a softmax regression, and its temperature."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.optimize import minimize_scalar

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Linear:
    """Logits are features @ weights + bias."""

    weights: Floats  # [features, labels]
    bias: Floats  # [labels]

    def logits(self, features: sp.csr_matrix) -> Floats:
        """Return the logits [pages, labels]."""
        return np.asarray(features @ self.weights + self.bias, np.float32)


def fit_linear(
    features: sp.csr_matrix, targets: Floats, sample_weights: Floats, *, l2: float, iterations: int
) -> Linear:
    """Minimise mean weighted cross entropy + l2 / 2 · ‖weights‖², by Nesterov's accelerated gradient.

    Full batches and a fixed number of steps from zero: the same input gives the same weights.
    """
    used = np.flatnonzero(features.getnnz(axis=0))
    x = features[:, used].tocsr()
    x_t = x.T.tocsr()
    share = (sample_weights / sample_weights.sum()).astype(np.float32)[:, None]
    step = 1 / (_curvature(x, x_t, share) + l2)
    shape = (len(used), targets.shape[1])
    weights = ahead = np.zeros(shape, np.float32)
    bias = bias_ahead = np.zeros(shape[1], np.float32)
    pace = 1.0
    for _ in range(iterations):
        error = share * (softmax(x @ ahead + bias_ahead) - targets)
        new, new_bias = ahead - step * (x_t @ error + l2 * ahead), bias_ahead - step * error.sum(axis=0)
        next_pace = (1 + np.sqrt(1 + 4 * pace * pace)) / 2
        momentum = np.float32((pace - 1) / next_pace)
        ahead, bias_ahead = new + momentum * (new - weights), new_bias + momentum * (new_bias - bias)
        weights, bias, pace = new, new_bias, next_pace
    full = np.zeros((features.shape[1], shape[1]), np.float32)
    full[used] = weights
    return Linear(full, bias.astype(np.float32))


def softmax(logits: npt.NDArray[np.floating], temperature: float = 1.0) -> Floats:
    """Return the probabilities of each row of logits."""
    scaled = logits / temperature
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def best_temperature(logits: Floats, labels: npt.NDArray[np.int64]) -> float:
    """Return the temperature at which held-out labels are likeliest (Guo et al. 2017)."""

    def loss(log_t: float) -> float:
        likely = softmax(logits.astype(np.float64), float(np.exp(log_t)))[np.arange(len(labels)), labels]
        return float(-np.log(np.maximum(likely, 1e-12)).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x))


def _curvature(x: sp.csr_matrix, x_t: sp.csr_matrix, share: Floats) -> np.float32:
    """Return an upper bound of the loss's curvature: ½ λmax(Xᵀ·share·X), the bias as one more feature."""
    n = x.shape[0]
    vector = np.full((n, 1), 1 / np.sqrt(n), np.float32)
    root = np.sqrt(share)
    value = np.float32(1)
    for _ in range(20):
        vector = root * (x @ (x_t @ (root * vector)) + (root * vector).sum())
        value = np.float32(np.linalg.norm(vector))
        vector /= value
    return np.float32(0.5) * value * np.float32(1.02)
