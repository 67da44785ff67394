"""A trained model's description and its held-out figures -> README.md, the model card."""

from collections.abc import Sequence

import numpy as np

from udfs.model_folder import ModelCard
from udfs.train.metrics import Ints
from udfs.train.recipe import Recipe

N_CONFUSIONS = 12


def render_card(recipe: Recipe, card: ModelCard, counts: Ints, how: Sequence[str]) -> str:
    """Return the model card in Markdown."""
    lines = [
        f"# {card.name} {card.version}",
        "",
        card.description,
        "",
        f"Made by `webstrata train`. Digest `{card.digest}`.",
        "",
        "## Data",
        "",
        card.training,
        "",
        f"Licence: {card.licence}",
        "",
        "## How it was trained and tested",
        "",
        *(f"- {item}" for item in how),
        "",
        "## Figures",
        "",
        *_figures(card.metrics),
        *(_confusions(card.labels, counts) if card.labels else ()),
        "## Limits",
        "",
        *(f"- {item}" for item in recipe.limits),
    ]
    return "\n".join(lines) + "\n"


def _figures(metrics: dict[str, float]) -> list[str]:
    rows = ["| figure | value | 95 % interval |", "|---|--:|---|"]
    for name, value in metrics.items():
        if name.endswith(("_low", "_high")):
            continue
        low, high = metrics.get(f"{name}_low"), metrics.get(f"{name}_high")
        rows.append(f"| {name} | {value:g} | {f'{low:.3f} to {high:.3f}' if low is not None else ''} |")
    return [*rows, ""]


def _confusions(labels: Sequence[str], counts: Ints) -> list[str]:
    rows = ["| label | test pages | recall | precision |", "|---|--:|--:|--:|"]
    for i, label in enumerate(labels):
        n, n_said = counts[i].sum(), counts[:, i].sum()
        rows.append(f"| {label} | {n} | {counts[i, i] / max(n, 1):.2f} | {counts[i, i] / max(n_said, 1):.2f} |")
    off = counts - np.diag(np.diag(counts))
    worst = np.argsort(-off, axis=None, kind="stable")[:N_CONFUSIONS]
    pairs = [divmod(int(place), len(labels)) for place in worst]
    said = ", ".join(f"{labels[i]} → {labels[j]} {off[i, j]}" for i, j in pairs if off[i, j])
    return [*rows, "", f"Most frequent confusions (label → said): {said}.", ""]
