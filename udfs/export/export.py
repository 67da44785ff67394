"""A checkpoint folder and a recipe -> a model folder: model.onnx, tokenizer.json, cards, README.md."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from udfs.annotator import Texts
from udfs.digest import file_digest
from udfs.errors import ModelError
from udfs.export.checkpoint import load_checkpoint
from udfs.export.graph import write_graph
from udfs.export.parity import compare, original_logits
from udfs.export.quiet import quiet
from udfs.export.readme import render_readme
from udfs.export.recipe import CardConf, ExportRecipe
from udfs.export.samples import sample_texts
from udfs.inference.onnx_model import OnnxModel
from udfs.inference.text_encoder import TextEncoder, read_tokenizer
from udfs.model_store.folder import ModelCard, write_cards

GRAPH_NAME, TOKENIZER_NAME = "model.onnx", "tokenizer.json"
N_SAMPLE_TOKENS = 512  # attention is quadratic: longer samples would tell little more


def export_checkpoint(folder: Path, out: Path, recipe: ExportRecipe, texts: Texts | None = None) -> dict[str, float]:
    """Write the checkpoint in `folder` as the model folder `out`, and return how it compares with the original.

    `texts` are what both are compared on (default: our own samples). Raises ModelError if the checkpoint is refused
    or the graph's logits differ by more than the recipe tolerates; then no file is written.
    """
    tokenizer = folder / TOKENIZER_NAME
    samples = _samples(tokenizer, recipe, texts)
    with quiet():
        module = load_checkpoint(folder, recipe)
        original = original_logits(module, samples)
    out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=out, prefix=".export-") as staging:
        graph = Path(staging) / GRAPH_NAME
        with quiet():
            write_graph(module, graph, recipe.precision, recipe.input.max_tokens)
        del module  # perhaps gigabytes
        figures = compare(original, OnnxModel(graph), samples, recipe).figures(recipe)
        graph.replace(out / GRAPH_NAME)
    figures |= {"bytes": float((out / GRAPH_NAME).stat().st_size)}
    shutil.copyfile(tokenizer, out / TOKENIZER_NAME)
    files = {name: file_digest(out / name) for name in (GRAPH_NAME, TOKENIZER_NAME)}
    cards = [_card(conf, recipe, files, figures) for conf in recipe.cards]
    (out / "README.md").write_text(render_readme(recipe, cards, figures), encoding="utf-8")
    write_cards(out, cards)
    return figures


def _samples(tokenizer: Path, recipe: ExportRecipe, texts: Texts | None) -> list[list[int]]:
    """Return the token ids of the first window of each text, those without any left out."""
    if not tokenizer.is_file():
        raise ModelError(f"{tokenizer}: no such file; save the checkpoint's tokenizer with tokenizers or transformers")
    encoder = TextEncoder(read_tokenizer(tokenizer), recipe.input)
    texts = texts or sample_texts(min(recipe.input.max_tokens, N_SAMPLE_TOKENS))
    pages = encoder.windows(encoder.render(texts))
    samples = [[int(i) for i in windows[0].ids[:N_SAMPLE_TOKENS]] for windows in pages if windows]
    if not samples:
        raise ModelError(f"{tokenizer}: not one token in the sample texts; is it the checkpoint's tokenizer?")
    return samples


def _card(conf: CardConf, recipe: ExportRecipe, files: dict[str, str], figures: dict[str, float]) -> ModelCard:
    return ModelCard(
        name=conf.name,
        version=recipe.version,
        description=conf.description,
        task=conf.task,
        labels=conf.labels,
        input=recipe.input,
        output=conf.output,
        files=files,
        licence=recipe.licence,
        training=recipe.training,
        metrics=figures,
    )
