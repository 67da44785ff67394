"""The verb that makes a model folder of a checkpoint: export."""

import argparse
from pathlib import Path
from typing import Any

from etl.cli.verb import add_verb
from udfs.errors import UsageError

_EPILOG = """\
A checkpoint is a folder as transformers writes it: config.json, *.safetensors, tokenizer.json. Nothing in it is run,
nothing is downloaded. The graph is compared with the checkpoint on sample texts; the figures stand in its card.

  webstrata export conf/export/fineweb_edu.yaml --checkpoint ~/fineweb-edu-classifier --out /models/fineweb_edu
"""


def add_verbs(subparsers: Any) -> None:
    """Add the verb of this file."""
    about = "make a model folder of a Hugging Face checkpoint (needs the extra `export`)"
    p = add_verb(subparsers, "export", export, about, lake=False, spark=False)
    p.epilog, p.formatter_class = _EPILOG, argparse.RawDescriptionHelpFormatter
    p.add_argument("recipe", metavar="RECIPE", help="a YAML file such as conf/export/fineweb_edu.yaml")
    p.add_argument("--checkpoint", required=True, metavar="DIR", help="the folder to export")
    p.add_argument("--out", required=True, metavar="DIR", help="the model folder to write")
    p.add_argument("--samples", metavar="FILE", help="JSON lines with text and url to compare on (default: our own)")


def export(args: argparse.Namespace) -> int:
    """Export a checkpoint, and print how the graph compares with it."""
    from etl.cli.say import say_metrics
    from udfs.export.recipe import read_recipe
    from udfs.export.samples import read_samples

    recipe = read_recipe(Path(args.recipe))
    texts = read_samples(Path(args.samples)) if args.samples else None
    try:
        from udfs.export.export import export_checkpoint
    except ImportError as error:
        raise UsageError(f"exporting needs more packages ({error}): pip install 'webstrata[export]'") from error
    return say_metrics(export_checkpoint(Path(args.checkpoint), Path(args.out), recipe, texts), args.out)
