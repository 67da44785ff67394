"""Our measures beside datatrove's filters -> tables of speed, of decisions that differ, and of growth.

PYTHONPATH=. ITS_PYTHON -m tests.benchmarks.measures     # see --help: texts, rounds
ITS_PYTHON is one with datatrove and spaCy, and with what udfs imports beside them.
"""

import argparse
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from statistics import median

from datatrove.data import Document
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
)

from tests.benchmarks.figures import table
from tests.parity.datatrove_values import dropped_by
from tests.parity.flag_presets import Measured, reasons
from tests.parity.real_texts import page_texts, real_texts
from udfs.annotator import Predict, Texts
from udfs.measure.c4 import c4_annotator
from udfs.measure.fineweb import fineweb_annotator
from udfs.measure.gopher import gopher_annotator
from udfs.measure.words import word_tokenizer

MAKERS = {"gopher": gopher_annotator, "c4": c4_annotator, "fineweb": fineweb_annotator}
TOKENIZERS = ("spacy", "fast")
N_WARM = 20  # pages before the clock starts: imports, regular expressions, models
SIZE = 10_000_000  # characters
Batch = Sequence[str]


def its_filters() -> Callable[[Batch], None]:
    """Return datatrove's four filters, called one after the other on every page, each on the page as it was."""
    filters = [GopherRepetitionFilter(), GopherQualityFilter(), C4QualityFilter(), FineWebQualityFilter()]

    def judge(texts: Batch) -> None:
        for text in texts:
            for step in filters:
                step.filter(Document(text=text, id=""))

    return judge


def loaded(tokenizer: str) -> dict[str, Predict]:
    """Return our annotators as a process that has just started has them: nothing is remembered."""
    word_tokenizer.cache_clear()
    return {name: make(name, tokenizer, "en").load() for name, make in MAKERS.items()}


def ours(tokenizer: str) -> Callable[[Batch], None]:
    """Return our three annotators, one after the other on the whole batch."""
    predicts = loaded(tokenizer)

    def measure(texts: Batch) -> None:
        for predict in predicts.values():
            predict(Texts(texts, [""] * len(texts)))

    return measure


def seconds(work: Callable[[Batch], None], texts: Batch) -> float:
    """Return the CPU seconds of the texts behind the first few."""
    work(texts[:N_WARM])
    started = time.process_time()
    work(texts[N_WARM:])
    return time.process_time() - started


def speed(texts: Batch, rounds: int) -> str:
    """Return pages per second and core, in turns; every round starts with an empty memo."""
    makers = {"datatrove": its_filters, **{name: lambda name=name: ours(name) for name in TOKENIZERS}}
    spent: dict[str, list[float]] = {name: [] for name in makers}
    for _ in range(rounds):
        for name, make in makers.items():
            spent[name].append(seconds(make(), texts))
    n = len(texts) - N_WARM
    rates = {name: n / median(times) for name, times in spent.items()}
    rows = [
        [name, f"{rate:,.1f}", f"{1e3 / rate:.2f}", f"{rate / rates['datatrove']:.1f}", _spread(spent[name])]
        for name, rate in rates.items()
    ]
    size = sum(map(len, texts)) / len(texts)
    title = f"1. {n:,} pages of {size:,.0f} characters in the mean, median of {rounds} rounds"
    return table(title, ("", "Pages/s/core", "ms a page", "Times as fast", "Rounds, s"), rows)


def _spread(times: Sequence[float]) -> str:
    return f"{min(times):.1f}-{max(times):.1f}"


def decisions(texts: Batch) -> str:
    """Return on which share of the pages the flags decide as the filters, and the first reasons where they do not."""
    rows, n = [], len(texts)
    for tokenizer in TOKENIZERS:
        columns = {name: predict(Texts(texts, [""] * len(texts))) for name, predict in loaded(tokenizer).items()}
        measured = [{name: {k: c[i] for k, c in found.items()} for name, found in columns.items()} for i in range(n)]
        rows += [[tokenizer, preset, *_agreement(preset, texts, measured)] for preset in MAKERS]
    title = f"2. Decisions on {n:,} real texts; where they differ, datatrove's first reason and ours"
    return table(title, ("Tokenizer", "Preset", "Same decision", "Same reason", "Differ", "Its / our reason"), rows)


def _agreement(preset: str, texts: Batch, measured: Sequence[Measured]) -> list[str]:
    differences: Counter[str] = Counter()
    n_same_reason = 0
    for text, values in zip(texts, measured, strict=True):
        its, first = dropped_by(preset, text), next(iter(reasons(preset, values)), None)
        n_same_reason += its == first
        if (its is None) != (first is None):
            differences[f"{its or 'kept'} / {first or 'kept'}"] += 1
    n, n_differ = len(texts), sum(differences.values())
    told = ", ".join(f"{n} {what}" for what, n in differences.most_common())
    return [f"{1 - n_differ / n:.3%}", f"{n_same_reason / n:.3%}", f"{n_differ:,}", told or "-"]


SHAPES: dict[str, Callable[[int], str]] = {
    "one line": lambda n: " ".join(f"word{i * i % 99991}" for i in range(n // 9)),
    "one word": lambda n: "x" * n,
    "one word of marks": lambda n: "".join(random.Random(1).choices("().:-'/@$_\"!", k=n)),
    "lines": lambda n: "".join(f"Line {i}.\n" for i in range(n // 13)),
    "equal words": lambda n: "the quick " * (n // 10),
    "blank lines": lambda n: "\n" * n,
}


def growth(size: int, tokenizer: str) -> str:
    """Return seconds for texts of `size` characters, and how much longer than for half of it."""
    rows = []
    for shape, make in SHAPES.items():
        half, whole = ({k: _cost(k, tokenizer, make(n)) for k in MAKERS} for n in (size // 2, size))
        rows.append([shape, *(f"{whole[k]:.2f} ({whole[k] / half[k]:.2f})" for k in MAKERS)])
    title = f"3. Seconds for {size / 1e6:,.0f} M characters with `{tokenizer}`, and that by the seconds for half of it"
    return table(title, ("Text", *MAKERS), rows)


def _cost(name: str, tokenizer: str, text: str) -> float:
    predict = loaded(tokenizer)[name]
    started = time.process_time()
    predict(Texts([text], [""]))
    return time.process_time() - started


def main() -> None:
    """Measure, and print each table as it is done."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pages", type=int, default=1_000, help="of bulk/, for speed")
    parser.add_argument("--texts", type=int, default=100_000, help="at most, of all the real ones, for decisions")
    parser.add_argument("--size", type=int, default=SIZE, help="characters, for growth")
    parser.add_argument("--tables", default="123", help="which ones, as 13")
    options = parser.parse_args()
    if "1" in options.tables:
        print(speed(page_texts()[: options.pages], options.rounds), flush=True)
    if "2" in options.tables:
        texts = real_texts()
        print(decisions(texts[:: -(-len(texts) // options.texts)]), flush=True)
    if "3" in options.tables:
        print(growth(options.size, "fast"), flush=True)
        print(growth(options.size // 10, "spacy"), flush=True)


if __name__ == "__main__":
    main()
