"""An evaluation -> one HTML file, and what it and the terminal show of each figure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from etl.report.charts import shades
from etl.report.html import page
from udfs.evaluate.calibration import Bin
from udfs.evaluate.evaluation import Evaluation
from udfs.evaluate.figures import Figure

N_CONFUSIONS = 12
MAX_SQUARE = 60  # labels: a larger confusion is told by its largest cells
NAMES = {
    "accuracy": "accuracy",
    "macro_f1": "macro-F1",
    "auc": "AUC",
    "ece": "calibration error",
    "pearson": "Pearson's r",
    "spearman": "Spearman's ρ",
    "rmse": "root mean squared error",
}


@dataclass(frozen=True, slots=True)
class BinBar:
    """A bin of the reliability plot: places and heights in per cent of the plot."""

    bin: Bin
    left: float
    width: float
    accuracy: float
    confidence: float
    low: float
    high: float
    share: float


@dataclass(frozen=True, slots=True)
class Confusion:
    """Pages of one label of which another was said, and their share of the label's pages."""

    label: str
    said: str
    n_pages: int
    n_of_label: int


def render_evaluation(evaluation: Evaluation) -> str:
    """Return the evaluation as one HTML file: no script, nothing remote, every string escaped and capped."""
    return page(
        "evaluation.html.jinja",
        data=evaluation,
        names=NAMES,
        bars=bin_bars(evaluation.reliability),
        confusions=confusions(evaluation),
        shades=shades(n for row in evaluation.confusion for n in row if n),
        is_square_shown=len(evaluation.labels) <= MAX_SQUARE,
        number=number,
        between=between,
    )


def bin_bars(bins: Sequence[Bin]) -> list[BinBar]:
    """Return the bins as bars; a bin's share is of the largest."""
    most = max((item.share for item in bins), default=1.0)
    return [
        BinBar(
            bin=item,
            left=100 * item.low,
            width=100 * (item.high - item.low),
            accuracy=100 * item.accuracy,
            confidence=100 * item.confidence,
            low=100 * item.accuracy_low,
            high=100 * item.accuracy_high,
            share=100 * item.share / most,
        )
        for item in bins
    ]


def confusions(evaluation: Evaluation) -> list[Confusion]:
    """Return the most frequent confusions of one label with another."""
    labels = evaluation.labels
    pairs = [
        Confusion(labels[i].label, labels[j].label, n, labels[i].n_pages)
        for i, row in enumerate(evaluation.confusion)
        for j, n in enumerate(row)
        if n and i != j
    ]
    return sorted(pairs, key=lambda item: (-item.n_pages, item.label, item.said))[:N_CONFUSIONS]


def number(value: float | None, digits: int = 3) -> str:
    """Return a figure as it is shown; a dash where there is none."""
    return "–" if value is None or not math.isfinite(value) else f"{value:.{digits}f}"


def between(figure: Figure) -> str:
    """Return a figure's interval as it is shown."""
    return f"{number(figure.low)} to {number(figure.high)}"
