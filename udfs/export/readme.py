"""A recipe, its cards and how the graph compares with the checkpoint -> README.md of the model folder."""

from collections.abc import Sequence

from udfs.export.recipe import ExportRecipe
from udfs.model_store.folder import ModelCard


def render_readme(recipe: ExportRecipe, cards: Sequence[ModelCard], figures: dict[str, float]) -> str:
    """Return the model folder's description in Markdown."""
    lines = [
        f"# {', '.join(card.name for card in cards)} {recipe.version}",
        "",
        *(f"- {card.name}: {card.description} (digest `{card.digest}`)" for card in cards),
        "",
        f"Exported by `webstrata export` from a checkpoint, as {recipe.precision}.",
        "",
        "## The checkpoint",
        "",
        recipe.training,
        "",
        f"Licence: {recipe.licence}",
        "",
        "## Against the original, on the same tokens",
        "",
        "| figure | value |",
        "|---|--:|",
        *(f"| {name} | {value:g} |" for name, value in figures.items()),
        "",
        *(("## Limits", "", *(f"- {limit}" for limit in recipe.limits)) if recipe.limits else ()),
    ]
    return "\n".join(lines).rstrip() + "\n"
