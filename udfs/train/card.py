"""Trained heads and their held-out figures -> README.md, the model card of a folder."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from udfs.model_store.folder import ModelCard
from udfs.train.heads import Head
from udfs.train.metrics import Ints
from udfs.train.recipe import Recipe

N_CONFUSIONS = 12


class Measured(Protocol):
    """A head's confusion [label, prediction] on pages that its fit did not see."""

    @property
    def counts(self) -> Ints:
        """Return the confusion."""
        ...


def render_cards(
    recipe: Recipe, heads: Sequence[Head], cards: Sequence[ModelCard], measured: Sequence[Measured]
) -> str:
    """Return the model card of all heads in Markdown."""
    top = [
        f"# {recipe.name}",
        "",
        f"Made by `webstrata train`: one graph for {', '.join(card.name for card in cards)}. A linear model of "
        f"{len(recipe.blocks)} kinds of hashed n-grams of words, marks and URL characters; no text is in it.",
        "",
    ]
    parts = [_head(recipe, *items) for items in zip(heads, cards, measured, strict=True)]
    return "\n".join([*top, *(line for part in parts for line in part)])


def _head(recipe: Recipe, head: Head, card: ModelCard, measured: Measured) -> list[str]:
    return [
        f"## {card.name} {card.version}",
        "",
        f"{card.description}. Digest `{card.digest}`.",
        "",
        *render_data(card),
        "",
        f"Licence: {card.licence}",
        "",
        *(f"- {item}" for item in _how(recipe, head)),
        "",
        *_figures(card.metrics),
        *(_confusions(card.labels, measured.counts) if card.labels else ()),
        *(f"- Limit: {item}" for item in head.conf.limits),
        "",
    ]


def _how(recipe: Recipe, head: Head) -> list[str]:
    conf, n = head.conf, len(head.data)
    if conf.is_cross_validated:
        split = (
            f"the figures are cross-validated over {conf.folds} parts, before the weights are rounded; "
            "the calibration was found on the same held-out scores"
        )
    else:
        split = (
            f"{conf.test_share:.0%} of the groups (by a hash, seed `{recipe.seed}`) were kept for the test; the "
            "figures are the stored form's (int8 weights, ONNX Runtime) fitted without them; their calibration was "
            "found on as many other pages by a fit without both, the model's own on both"
        )
    return [
        f"{n:,} pages, split by `{conf.data.group or 'page'}`: {split}.",
        "The model in this folder was then fitted on all pages.",
        f"Softmax regression on soft targets; pages weigh confidence^{conf.fit.confidence_power:g}.",
    ]


def render_data(card: ModelCard) -> list[str]:
    """Return what a model was trained on: in words, and as files."""
    return [f"Data: {card.training}", "", *(f"- `{file.name}`, sha256 `{file.sha256}`" for file in card.data)]


def render_figures(card: ModelCard, counts: Ints) -> list[str]:
    """Return the tables of a model's figures and of its confusion [label, prediction]."""
    return [*_figures(card.metrics), *_confusions(card.labels, counts)]


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
