"""The default models and, if one is given, an encoder -> pages a second on one core, and the share of its GEMM peak.

python -m tests.benchmarks.models [--encoder FOLDER]      # see --help: annotators, pages, rounds
"""

import argparse
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import pyarrow as pa
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from etl.session import get_spark, stop_spark
from etl.steps.annotations import label
from tests.benchmarks.figures import table
from tests.benchmarks.gemm import EncoderCost, peak
from tests.shared import SHARED
from udfs.annotator import Annotator, Texts
from udfs.annotators import load_annotators
from udfs.classifier import classifier_annotator
from udfs.inference.onnx_model import OnnxModel
from udfs.inference.text_model import encoder_of, shared_model
from udfs.model_store.folder import ModelCard, read_model
from udfs.train.dataset import read_rows

CONF = Path(__file__).parents[2] / "conf" / "annotators.yaml"
PAGES = SHARED / "labelled" / "weborganizer" / "weborganizer_examples.dev.jsonl.gz"
CHARACTERS = 2_000
SIZES = (256, 512)
WORDS = ("the", "of", "and", "to", "in", "for", "that", "with", "on", "this", "time", "people", "year", "work", "day")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, default=CONF, help="the file that lists the annotators")
    parser.add_argument("--annotators", nargs="*", default=["topic", "format", "quality"])
    parser.add_argument("--encoder", help="a model folder of an fp32 encoder, as an annotator's line names it")
    parser.add_argument("--pages", type=int, default=1_000, help="pages of a round with the default models")
    parser.add_argument("--encoder-pages", type=int, default=200, help="so many that a job's start does not count")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    if args.annotators:
        print(defaults(load_annotators(args.config, args.annotators), args.pages, args.rounds))
    if args.encoder:
        print(encoder(args.encoder, args.encoder_pages, args.rounds))


def defaults(annotators: Sequence[Annotator], n_pages: int, rounds: int) -> str:
    """Return pages per CPU second of the models' parts and of all annotators, each page seen for the first time."""
    rows = [row for row in read_rows([PAGES]) if len(row["text"]) >= CHARACTERS][: n_pages * (rounds + 1)]
    size = len(rows) // (rounds + 1)
    some = [rows[i * size : (i + 1) * size] for i in range(rounds + 1)]
    pages = [Texts([r["text"][:CHARACTERS] for r in part], [r["url"] for r in part]) for part in some]
    lines = [line for name, models in _models(annotators).items() for line in _parts(name, *models, pages)]
    lines.append(("all annotators", [_cpu_seconds(lambda texts: [a(texts) for a in annotators], p) for p in pages]))
    # The first batch only warms up.
    rates = [(name, size / median(seconds[1:])) for name, seconds in lines]
    found = [[name, f"{rate:,.0f}", f"{1e3 / rate:.3f}"] for name, rate in rates]
    return table(f"1. Pages of {CHARACTERS:,} characters, {size} a round", ("Work", "Pages/s/core", "ms"), found)


def _models(annotators: Sequence[Annotator]) -> dict[str, tuple[Path, ModelCard]]:
    """Return the models behind the annotators, by the names of those that share one."""
    cards = [(a.name, *read_model(a.details["model"])) for a in annotators]
    names: dict[int, list[str]] = {}
    found = {}
    for name, folder, card in cards:
        key = id(shared_model(folder, card))
        names.setdefault(key, []).append(name)
        found[key] = (folder, card)
    return {", ".join(names[key]): model for key, model in found.items()}


def _parts(name: str, folder: Path, card: ModelCard, pages: Sequence[Texts]) -> list[tuple[str, list[float]]]:
    """Return the CPU seconds of each batch for a model's tokens and for its graph, outside all memos."""
    encoder, graph = encoder_of(folder, card), OnnxModel(folder / card.file_ending(".onnx"))
    tokens = [_cpu_seconds(lambda texts: encoder.windows(encoder.render(texts)), texts) for texts in pages]
    windows = [[w.ids for page in encoder.windows(encoder.render(texts)) for w in page] for texts in pages]
    runs = [_cpu_seconds(lambda rows: [graph.logits(ids) for ids in rows], rows) for rows in windows]
    return [(f"{name}: tokens", tokens), (f"{name}: logits", runs)]


def encoder(model: str, n_pages: int, rounds: int) -> str:
    """Return pages a second of an encoder outside and inside Spark, and their share of the core's GEMM peak."""
    folder, card = read_model(model)
    cost, tokens, graph = (
        EncoderCost(folder / card.file_ending(".onnx")),
        encoder_of(folder, card),
        shared_model(folder, card),
    )
    annotator = classifier_annotator("encoder", model)
    spark = get_spark(local=True, cores=1)
    places = {"outside": graph, "inside Spark": lambda texts: _in_spark(spark, annotator, texts)}
    found = []
    for size in SIZES:
        batches = [_pages(size, n_pages, seed) for seed in range(len(places) * (rounds + 1))]
        n_tokens = [len(page[0].ids) for page in tokens.windows(tokens.render(batches[0]))]
        n_operations = sum(cost(n) for n in n_tokens)
        for i, (place, work) in enumerate(places.items()):
            seconds, peaks = _beside_peak(work, batches[i :: len(places)])
            shares = [n_operations / s / p for s, p in zip(seconds, peaks, strict=True)]
            speed, share = n_pages / median(seconds), median(shares)
            found.append(
                [place, f"{median(n_tokens):.0f}", f"{speed:.1f}", f"{median(peaks) / 1e9:.0f}", f"{share:.0%}"]
            )
    stop_spark(spark)
    head = ("Where", "Tokens", "Pages/s", "Peak GFLOP/s", "Share of peak")
    return table(f"2. {card.name}, fp32, one core", head, found)


def _pages(n_tokens: int, n_pages: int, seed: int) -> Texts:
    """Return pages of words that are one token each, two fewer than `n_tokens` for the special ones; no two alike."""
    rng = random.Random(f"{n_tokens} {seed}")
    return Texts([" ".join(rng.choices(WORDS, k=n_tokens - 2)) for _ in range(n_pages)], [""] * n_pages)


def _in_spark(spark: SparkSession, annotator: Annotator, texts: Texts) -> None:
    pages = spark.createDataFrame(pa.table({"text": list(texts.text), "url": list(texts.url)})).coalesce(1)
    labelled = pages.select(label(annotator, F.col("text"), F.col("url")).alias("label"))
    labelled.write.format("noop").mode("overwrite").save()


def _cpu_seconds(work: Callable[[Any], object], given: object) -> float:
    started = time.process_time()
    work(given)
    return time.process_time() - started


def _beside_peak(work: Callable[[Texts], object], batches: Sequence[Texts]) -> tuple[list[float], list[float]]:
    """Return the wall seconds of each batch but the first, which opens the model, and the peak right beside each."""
    work(batches[0])
    seconds, peaks = [], []
    for texts in batches[1:]:
        before, started = peak(), time.perf_counter()
        work(texts)
        seconds.append(time.perf_counter() - started)
        peaks.append((before + peak()) / 2)
    return seconds, peaks


if __name__ == "__main__":
    main()
