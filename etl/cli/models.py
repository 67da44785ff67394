"""The verbs of models: add, list, show, verify and remove, in this node's cache."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etl.cli.verb import add_verb
from udfs.errors import ModelError

if TYPE_CHECKING:
    from udfs.model_store.cache import CachedModel


def add_verbs(subparsers: Any) -> None:
    """Add the verb `models`, with the verbs below it."""
    about = "keep models on this node: fetched once, checked, addressed by what they hold"
    p = subparsers.add_parser("models", help=about, description=about[0].upper() + about[1:] + ".")
    below = p.add_subparsers(title="verbs", required=True, metavar="VERB")
    for add in (_add, _list, _show, _verify, _remove):
        add(below)


def add(args: argparse.Namespace) -> int:
    """Fetch a model, check it and say how an annotator names it."""
    from etl.cli.say import say
    from udfs.model_store.cache import ModelCache
    from udfs.source import is_uri

    model = ModelCache().add(args.source)
    place = args.source if is_uri(args.source) else f"cache:{_name(model)}"
    say(f"{args.source}: {_name(model)}, {_size(model):,} bytes, in {model.folder}")
    for file_name, card in model.cards.items():
        anchor = "" if file_name == "model.yaml" else f"#{Path(file_name).stem}"
        say(f"{card.name} {card.version} ({card.engine}, {card.task}), in annotators.yaml:")
        say(f"    model: {place}{anchor}\n    sha256: {card.digest}")
    return 0


def list_models(_args: argparse.Namespace) -> int:
    """Show all models, a line for each of their cards."""
    from etl.cli.say import say_table
    from udfs.model_store.cache import ModelCache

    models = ModelCache().models()
    rows: list[Sequence[object]] = [(_name(model),) for model in models if not model.cards]
    for model in models:
        for file_name, card in model.cards.items():
            said = (card.name, card.version, card.engine, card.task, f"{_size(model):,}")
            rows.append((_name(model), file_name, *said))
    say_table(("model", "card", "name", "version", "engine", "task", "bytes"), rows)
    return 0


def show(args: argparse.Namespace) -> int:
    """Print a model's cards."""
    import yaml

    from etl.cli.say import say
    from udfs.model_store.cache import ModelCache

    model = ModelCache().find(args.model)
    say(f"{_name(model)}: {model.folder}")
    for file_name, card in model.cards.items():
        say(f"\n{file_name}, sha256: {card.digest}")
        said = card.model_dump(mode="json", exclude_defaults=True)
        say(yaml.safe_dump(said, sort_keys=False, allow_unicode=True, width=120).rstrip())
    return 0


def verify(args: argparse.Namespace) -> int:
    """Check models against their digests; return 1 if one is damaged."""
    from etl.cli.say import say
    from udfs.model_store.cache import ModelCache

    cache, n_damaged = ModelCache(), 0
    for model in [cache.find(name) for name in args.models] or cache.models():
        try:
            cache.verify(model)
            say(f"{_name(model)}: whole")
        except ModelError as error:
            n_damaged += 1
            say(f"{_name(model)}: {error}")
    return 1 if n_damaged else 0


def remove(args: argparse.Namespace) -> int:
    """Remove a model from this node."""
    from etl.cli.say import say
    from udfs.model_store.cache import ModelCache

    cache = ModelCache()
    model = cache.find(args.model)
    cache.remove(model)
    say(f"{_name(model)}: removed")
    return 0


def _name(model: "CachedModel") -> str:
    """Return a name that means this model only, such as topic@0123456789ab."""
    names = [card.name for card in model.cards.values()]
    return f"{names[0]}@{model.digest[:12]}" if names else f"{model.digest[:12]} (damaged)"


def _size(model: "CachedModel") -> int:
    return sum(path.stat().st_size for path in model.folder.iterdir())


def _add(subparsers: Any) -> None:
    p = _verb(subparsers, "add", add, "fetch a model into this node's cache, after everything in it was checked")
    p.add_argument("source", metavar="SOURCE", help="a model folder, or a .tar.gz or .zip of one: a path or a URI")


def _list(subparsers: Any) -> None:
    _verb(subparsers, "list", list_models, "show the models of this node's cache")


def _show(subparsers: Any) -> None:
    p = _verb(subparsers, "show", show, "print the cards of a model")
    _one_model(p)


def _verify(subparsers: Any) -> None:
    p = _verb(subparsers, "verify", verify, "check that models are what they were when they were added")
    p.add_argument("models", nargs="*", metavar="MODEL", help="NAME, NAME@DIGEST or DIGEST (default: all)")


def _remove(subparsers: Any) -> None:
    p = _verb(subparsers, "remove", remove, "remove a model from this node's cache")
    _one_model(p)


def _one_model(p: argparse.ArgumentParser) -> None:
    p.add_argument("model", metavar="MODEL", help="NAME, NAME@DIGEST or DIGEST, of which a beginning will do")


def _verb(subparsers: Any, name: str, run: Callable[[argparse.Namespace], int], about: str) -> argparse.ArgumentParser:
    return add_verb(subparsers, name, run, about, lake=False, spark=False)
