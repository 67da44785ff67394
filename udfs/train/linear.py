"""Features and soft targets -> the weights of a softmax regression, its logits of held-out pages, its calibration."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize_scalar

from udfs.inference.calibration import Calibration, flattened, softmax

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
CURVATURE = 0.5  # the Hessian of a softmax's loss is at most so much (Böhning 1992)
ROWS_AT_ONCE = 512
FLATTEN = tuple(i / 20 for i in range(20))


@dataclass(frozen=True)
class Examples:
    """What a fit is asked to match: soft targets [page, label], and how much each page counts."""

    targets: Floats
    weights: Floats

    def part(self, rows: Ints) -> "Examples":
        """Return the examples at these places."""
        return Examples(self.targets[rows], self.weights[rows])


@dataclass(frozen=True)
class Fit:
    """How a fit is regularised, and how many steps it takes."""

    l2: float
    iterations: int


def gram(features: sp.csr_matrix) -> Floats:
    """Return the inner products of all pages' features [page, page]."""
    turned = features.T.tocsr()
    n = features.shape[0]
    products = np.zeros((n, n), np.float32)
    for first in range(0, n, ROWS_AT_ONCE):
        rows = slice(first, first + ROWS_AT_ONCE)
        products[rows] = (features[rows] @ turned).toarray()
    return products


def fit_dual(products: Floats, examples: Examples, fit: Fit) -> Floats:
    """Return how much each page counts for each label, `a` [page, label]: logits are products @ a.

    Minimises mean weighted cross entropy + l2 / 2 · ‖weights‖² where weights = features' @ a, in steps of Newton's
    method with one fixed bound of the curvature, accelerated (Nesterov). A fixed number of steps from zero: the same
    input gives the same weights. One Cholesky factorisation, n³ / 3 operations for n pages.
    """
    share = (examples.weights / examples.weights.sum()).astype(np.float32)[:, None]
    root = np.sqrt(np.maximum(share, 1e-12))
    bound = products * (np.float32(CURVATURE) * root * root.T)
    bound[np.diag_indices(len(bound))] += np.float32(fit.l2)
    factor = cho_factor(bound, lower=True, overwrite_a=True, check_finite=False)
    counts = ahead = np.zeros(examples.targets.shape, np.float32)
    pace = 1.0
    for _ in range(fit.iterations):
        error = share * (softmax(products @ ahead) - examples.targets) + np.float32(fit.l2) * ahead
        new = ahead - root * cho_solve(factor, error / root, check_finite=False)
        next_pace = (1 + np.sqrt(1 + 4 * pace * pace)) / 2
        ahead = new + np.float32((pace - 1) / next_pace) * (new - counts)
        counts, pace = new, next_pace
    return counts


def held_out_logits(products: Floats, examples: Examples, fit: Fit, parts: Ints) -> Floats:
    """Return logits [page, label] of each page by a fit on the pages of the other parts."""
    logits = np.zeros(examples.targets.shape, np.float32)
    for part in np.unique(parts):
        train, test = np.flatnonzero(parts != part), np.flatnonzero(parts == part)
        counts = fit_dual(products[np.ix_(train, train)], examples.part(train), fit)
        logits[test] = products[np.ix_(test, train)] @ counts
    return logits


def best_temperature(logits: Floats, labels: Ints) -> float:
    """Return the temperature at which held-out labels are likeliest (Guo et al. 2017)."""
    return _least(lambda t: -_log_likelihood(logits, labels, t))


def best_calibration(logits: Floats, labels: Ints) -> Calibration:
    """Return the calibration at which held-out labels are likeliest; of two labels only the temperature is sought.

    It is rounded to 4 decimals, as a card has it.
    """
    powers = FLATTEN if logits.shape[1] > 2 else FLATTEN[:1]
    flat = [flattened(logits.astype(np.float64), power).astype(np.float32) for power in powers]
    found = [best_temperature(values, labels) for values in flat]
    likely = [_log_likelihood(values, labels, t) for values, t in zip(flat, found, strict=True)]
    best = int(np.argmax(likely))
    return Calibration(round(found[best], 4), powers[best])


def _log_likelihood(logits: Floats, labels: Ints, temperature: float) -> float:
    likely = softmax(logits.astype(np.float64), temperature)[np.arange(len(labels)), labels]
    return float(np.log(np.maximum(likely, 1e-12)).mean())


def _least(loss: Callable[[float], float]) -> float:
    return float(np.exp(minimize_scalar(lambda log_t: loss(float(np.exp(log_t))), bounds=(-3, 3), method="bounded").x))
