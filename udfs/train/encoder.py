"""A recipe of kind `encoder`, a pretrained checkpoint and labelled pages -> a model folder with a card per head."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from udfs.conf import read_conf
from udfs.errors import ConfigError, MissingInputError
from udfs.export.export import GRAPH_NAME, TOKENIZER_NAME, export_checkpoint
from udfs.export.recipe import CardConf, ExportRecipe
from udfs.inference.calibration import Calibration
from udfs.inference.onnx_model import OnnxModel
from udfs.inference.text_encoder import TextEncoder, read_tokenizer
from udfs.model_store.folder import ModelCard, OutputSettings, card_file, read_card, write_cards
from udfs.train.card import render_figures
from udfs.train.cased import add_case, as_it_is
from udfs.train.dataset import Dataset, label_shares, read_dataset, split_by_group
from udfs.train.encoder_fit import Targets, fine_tune, logits_of
from udfs.train.encoder_model import HeadedEncoder, load_encoder, save
from udfs.train.encoder_recipe import EncoderRecipe, HeadConf
from udfs.train.linear import best_calibration
from udfs.train.metrics import confusion, label_metrics
from udfs.train.recipe import DataConf, Taxonomy, beside

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
PACKAGE_PREFIX = "python:"
CHECKPOINT_SUFFIX = ".checkpoint"


@dataclass(frozen=True)
class _Head:
    """A head with its labels, the place of its logits, and the pages as it labels them."""

    conf: HeadConf
    labels: tuple[str, ...]
    logits: slice
    data: Dataset


@dataclass(frozen=True)
class _Bench:
    """The pages of one recipe: their heads, their split, and their windows as run time will see them."""

    conf: EncoderRecipe
    heads: Sequence[_Head]
    train: Ints
    tuning: Ints
    test: Ints
    windows: Callable[[int], list[list[int]]]

    def pages(self, rows: Ints, n_tokens: int | None = None) -> list[list[int]]:
        """Return the token ids of these rows, at most `n_tokens` each (default: what the model reads)."""
        windows = self.windows(n_tokens or self.conf.input.max_tokens)
        return [windows[i] for i in rows]

    def targets(self, rows: Ints) -> list[Targets]:
        """Return what each head should say of these rows."""
        parts = [(head.data.part(rows), len(head.labels)) for head in self.heads]
        return [Targets(part.targets(n), part.confidence * part.weights) for part, n in parts]


def train_encoder(recipe: Path, data: Sequence[Path], out: Path) -> dict[str, float]:
    """Fine-tune the recipe's encoder, write the model folder `out` with one card per head, and return its figures.

    The checkpoint stays beside it, in `out`.checkpoint, so that `webstrata export` can make other forms of it. The
    figures are those of the exported graph on the test pages, which nothing else has seen.
    """
    conf = read_conf(recipe, EncoderRecipe)
    base = find_base(conf.base)
    tokenizer = (add_case if conf.keeps_case else as_it_is)(base / TOKENIZER_NAME)
    heads = _heads(conf, recipe, data)
    torch.manual_seed(conf.seed)
    model, checkpoint = load_encoder(base, tokenizer, heads[-1].logits.stop), checkpoint_of(out)
    save(model, tokenizer, checkpoint)
    bench = _prepare(conf, heads, checkpoint / TOKENIZER_NAME)
    with _deterministic():
        for seed, part in enumerate(conf.rounds, conf.seed):
            fine_tune(model, partial(bench.pages, bench.train), bench.targets(bench.train), part, seed)
    save(model, tokenizer, checkpoint)
    return _export(bench, _calibrations(bench, model), out)


def checkpoint_of(out: Path) -> Path:
    """Return where the checkpoint of the model folder `out` is kept: beside it, for a model folder is shipped."""
    folder = out.resolve()
    return folder.with_name(folder.name + CHECKPOINT_SUFFIX)


def find_base(base: str) -> Path:
    """Return the folder that a path or `python:MODULE/FOLDER` names; raises MissingInputError if it is not there."""
    folder = Path(base)
    if base.startswith(PACKAGE_PREFIX):
        module, _, inside = base.removeprefix(PACKAGE_PREFIX).partition("/")
        found = find_spec(module)
        if found is None or not found.submodule_search_locations:
            raise MissingInputError(f"{base}: no package {module} is installed; install it, or name a folder")
        folder = Path(found.submodule_search_locations[0]) / inside
    for name in ("config.json", "model.safetensors", TOKENIZER_NAME):
        if not (folder / name).is_file():
            raise MissingInputError(f"{folder}: no {name} there; a checkpoint has config, safetensors and tokenizer")
    return folder


def _heads(conf: EncoderRecipe, recipe: Path, files: Sequence[Path]) -> list[_Head]:
    heads: list[_Head] = []
    shared = conf.data.model_dump(include={"text", "url", "weight", "group", "sure"})
    for head in conf.heads:
        labels = read_conf(beside(recipe, head.taxonomy), Taxonomy).names
        data = read_dataset(files, DataConf(label=head.label, confidence=head.confidence, **shared), labels)
        first = heads[-1].logits.stop if heads else 0
        heads.append(_Head(head, labels, slice(first, first + len(labels)), data))
    return heads


def _prepare(conf: EncoderRecipe, heads: Sequence[_Head], tokenizer: Path) -> _Bench:
    groups = heads[0].data.groups
    is_test = split_by_group(groups, conf.data.test_parts, conf.split_seed) == 0
    is_tuning = split_by_group(groups, conf.data.tuning_parts, "tuning") == 0
    train, tuning, test = map(np.flatnonzero, (~is_test & ~is_tuning, ~is_test & is_tuning, is_test))
    if not min(len(train), len(tuning), len(test)):
        raise ConfigError(f"{len(is_test)} pages in {len(set(groups))} groups are too few pages to split; add pages")

    @cache
    def windows(n_tokens: int) -> list[list[int]]:
        encoder = TextEncoder(read_tokenizer(tokenizer), conf.input.model_copy(update={"max_tokens": n_tokens}))
        return [list(page[0].ids) for page in encoder.windows(encoder.render(heads[0].data.pages))]

    return _Bench(conf, heads, train, tuning, test, windows)


def _calibrations(bench: _Bench, model: HeadedEncoder) -> list[Calibration]:
    logits = logits_of(model, bench.pages(bench.tuning), bench.conf.rounds[-1])
    return [best_calibration(logits[:, head.logits], head.data.labels[bench.tuning]) for head in bench.heads]


def _export(bench: _Bench, calibrations: Sequence[Calibration], out: Path) -> dict[str, float]:
    """Write the model folder; return the figures of its graph on the test pages, and write them in its cards."""
    exported = export_checkpoint(checkpoint_of(out), out, _export_recipe(bench, calibrations))
    graph = OnnxModel(out / GRAPH_NAME)
    logits = np.array([graph.logits(ids) for ids in bench.pages(bench.test)])
    figures, cards, readme = dict[str, float](), list[ModelCard](), _how(bench, out)
    for head, calibration, taught in zip(bench.heads, calibrations, bench.targets(bench.train), strict=True):
        part, scores = head.data.part(bench.test), calibration.probabilities(logits[:, head.logits])
        found = label_metrics(scores, part.labels, part.confidence, bench.conf.data.sure)
        priors = label_shares(head.labels, taught.soft, taught.weight)
        card = read_card(out, card_file(head.conf.name, len(bench.heads))).model_copy(update={"priors": priors})
        said = render_figures(card.model_copy(update={"metrics": found}), confusion(scores, part.labels))
        readme += [f"## {card.name}: {card.description}", "", *said]
        cards.append(card.model_copy(update={"metrics": found | exported}))
        figures |= {f"{head.conf.name}_{name}": value for name, value in found.items()}
    write_cards(out, cards)
    with (out / "README.md").open("a", encoding="utf-8") as stream:
        stream.write("\n".join(["", *readme]))
    return figures


def _how(bench: _Bench, out: Path) -> list[str]:
    """Return what the model card says of the data, the split and the training."""
    conf, n = bench.conf, [len(rows) for rows in (bench.train, bench.tuning, bench.test)]
    n_passes = sum(len(part.lengths) for part in conf.rounds)
    return [
        "## How it was trained",
        "",
        f"- {sum(n):,} pages, split by `{conf.data.group or 'page'}` by a hash (seed `{conf.split_seed}`): {n[0]:,} to "
        f"fit, {n[1]:,} for the calibration, {n[2]:,} for the test.",
        "- The figures are those of the exported graph on the test pages; it was not fitted on them afterwards.",
        f"- `{conf.base}`, fine-tuned in {n_passes} passes over the pages (seed {conf.seed}); soft targets, and pages "
        "weigh as much as their label is sure.",
        f"- The checkpoint is kept beside this folder, in `{checkpoint_of(out).name}`.",
        "",
    ]


def _export_recipe(bench: _Bench, calibrations: Sequence[Calibration]) -> ExportRecipe:
    cards = [
        CardConf(
            name=head.conf.name,
            description=head.conf.description,
            labels=head.labels,
            output=OutputSettings(head=head.logits.start, **asdict(calibration)),
        )
        for head, calibration in zip(bench.heads, calibrations, strict=True)
    ]
    said = bench.conf.model_dump(include={"version", "precision", "licence", "training", "limits"})
    return ExportRecipe(pooling="mean", input=bench.conf.input, cards=tuple(cards), **said)


@contextmanager
def _deterministic() -> Iterator[None]:
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)
