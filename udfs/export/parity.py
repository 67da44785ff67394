"""The same token ids through the checkpoint and through the exported graph -> how far their logits lie apart."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from udfs.errors import ModelError
from udfs.export.recipe import ExportRecipe
from udfs.inference.onnx_model import OnnxModel

Floats = npt.NDArray[np.float32]


class Parity(NamedTuple):
    """Logits [sample, logit] of the original and of the graph."""

    original: Floats
    exported: Floats

    def figures(self, recipe: ExportRecipe) -> dict[str, float]:
        """Return the differences of logits, and over the cards of labels the share of samples of equal argmax."""
        apart = np.abs(self.original - self.exported)
        figures = {
            "samples": float(len(apart)),
            "max_logit_difference": float(apart.max()),
            "mean_logit_difference": float(apart.mean()),
        }
        heads = [card.heads for card in recipe.cards if card.task == "labels"]
        if heads:
            same = [self.original[:, h].argmax(axis=1) == self.exported[:, h].argmax(axis=1) for h in heads]
            figures["equal_argmax"] = float(np.mean(same))
        return figures


def original_logits(module: Any, samples: Sequence[Sequence[int]]) -> Floats:
    """Return the checkpoint's logits [sample, logit], as transformers computes them."""
    with torch.no_grad():
        return np.concatenate([module(torch.tensor([list(ids)])).numpy() for ids in samples])


def compare(original: Floats, graph: OnnxModel, samples: Sequence[Sequence[int]], recipe: ExportRecipe) -> Parity:
    """Return both models' logits.

    Raises ModelError if any logit differs by more than the recipe tolerates, or a card needs logits that are not there.
    """
    parity = Parity(original, np.array([graph.logits(ids) for ids in samples]))
    n_needed, n = max(card.heads.stop for card in recipe.cards), original.shape[1]
    if n < n_needed:
        raise ModelError(f"the checkpoint gives {n} logits, the recipe's cards need {n_needed}")
    limit, found = recipe.largest_difference, float(np.abs(parity.original - parity.exported).max())
    if not np.isfinite(found) or (limit is not None and found > limit):
        raise ModelError(
            f"the exported graph differs from the checkpoint by up to {found:.2g} in a logit, more than {limit}; "
            f"webstrata does not export this architecture as it is (or the recipe's `tolerance` is too small)"
        )
    return parity
