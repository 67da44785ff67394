"""An evaluation -> tables on a terminal: the same as the HTML file, shorter."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from etl.report import human
from etl.report.evaluation import NAMES, between, confusions, number
from udfs.evaluate.evaluation import Evaluation
from udfs.evaluate.figures import PartFigures

N_LANGUAGES = 8
N_LABELS = 40


def print_evaluation(found: Evaluation, console: Console) -> None:
    """Print the figures, per label and language, the corrections and the comparison that were asked for."""
    about = found.about
    console.print(_text(f"{about.name} {about.version}", "bold"))
    pages = f"{human.plural(about.n_pages, 'page')} of {human.plural(about.n_groups, 'group')}, {about.which}"
    console.print(_text(f"{pages}; {', '.join(file.name for file in about.files)}"))
    left_out = f"{about.n_rows:,} rows read, {about.n_without_label:,} without label, {about.n_unjudged:,} not judged"
    console.print(_text(left_out, "dim"))
    console.print(_text(about.warning, "bold red" if about.is_suspect else "yellow"))
    for title, table in (
        ("Figures", _figures(found)),
        ("Calibration", _calibration(found)),
        ("Labels", _labels(found)),
        ("Confused", _confusions(found)),
        ("Languages", _parts(found.languages[:N_LANGUAGES])),
        ("Priors", _corrections(found)),
        ("Agreement", _agreement(found)),
    ):
        if table.row_count:
            console.print(Text(f"\n{title}", "bold cyan"))
            console.print(table)
    _print_speed(found, console)


def _figures(found: Evaluation) -> Table:
    table = _table("", "value>", "95 % over groups>", "95 % Wilson>", "card, held out>")
    for name, figure in found.figures.items():
        wilson = between(found.wilson) if name == "accuracy" and found.wilson else ""
        card = number(found.about.card_metrics.get(name))
        table.add_row(NAMES[name], number(figure.value), between(figure), wilson, card)
    if found.sure:
        named = f"accuracy of {human.count(found.sure.n_pages)} sure labels"
        card = number(found.about.card_metrics.get("accuracy_sure"))
        table.add_row(named, number(found.sure.accuracy.value), "", between(found.sure.accuracy), card)
    return table


def _calibration(found: Evaluation) -> Table:
    table = _table("confidence", "pages>", "mean>", "right>", "gap>", "95 % Wilson>")
    for item in found.reliability:
        gap = f"{item.accuracy - item.confidence:+.3f}"
        interval = f"{number(item.accuracy_low)} to {number(item.accuracy_high)}"
        row = (human.count(item.n_pages), number(item.confidence), number(item.accuracy), gap, interval)
        table.add_row(f"{item.low:.2f} to {item.high:.2f}", *row)
    return table


def _labels(found: Evaluation) -> Table:
    table = _table("label", "pages>", "said>", "recall>", "95 % Wilson>", "precision>", "F1>")
    for item in found.labels[:N_LABELS]:
        counts = (human.count(item.n_pages), human.count(item.n_said))
        recall = (number(item.recall.value), between(item.recall))
        table.add_row(_text(item.label), *counts, *recall, number(item.precision), number(item.f1))
    return table


def _confusions(found: Evaluation) -> Table:
    table = _table("label", "said", "pages>", "of the label's>")
    for item in confusions(found):
        share = human.share(item.n_pages, item.n_of_label)
        table.add_row(_text(item.label), _text(item.said), human.count(item.n_pages), share)
    return table


def _parts(parts: tuple[PartFigures, ...]) -> Table:
    table = _table("language", "pages>", "accuracy>", "95 % Wilson>", "macro-F1>", "calibration error>")
    for item in parts:
        figures = (number(item.accuracy.value), between(item.accuracy), number(item.macro_f1), number(item.ece))
        table.add_row(_text(item.name), human.count(item.n_pages), *figures)
    return table


def _corrections(found: Evaluation) -> Table:
    table = _table("corrected to", "figure", "as it is>", "corrected>", "at those shares>", "corrected>")
    for item in found.corrections:
        for name, value in item.before.items():
            weighted = (item.reweighted_before.get(name), item.reweighted_after.get(name))
            cells = (value, item.after[name], *weighted)
            table.add_row(_text(item.name), NAMES[name], *map(number, cells))
        table.add_row(_text(item.name), "pages that change their label", "", human.count(item.n_changed))
    return table


def _agreement(found: Evaluation) -> Table:
    table = _table("", "value>", "95 % over groups>")
    if item := found.agreement:
        other = f"{item.model} {item.version}"
        for name, figure in (
            (f"says what {other} says", item.raw),
            ("Cohen's kappa", item.kappa),
            (f"accuracy of {other}", item.accuracy),
            ("accuracy gained over it", item.gain),
        ):
            table.add_row(_text(name), number(figure.value), between(figure))
        counts = (item.n_both_right, item.n_only_first_right, item.n_only_other_right, item.n_neither_right)
        table.add_row("right: both, only this, only the other, neither", " · ".join(f"{n:,}" for n in counts))
    return table


def _print_speed(found: Evaluation, console: Console) -> None:
    speed = found.speed
    mean = speed.n_characters / max(speed.n_pages, 1)
    fast = f"{human.rate(speed.pages_per_second)} on one core, {speed.ms_per_page:.2f} ms a page"
    console.print()
    console.print(_text(f"Speed: {fast} of {mean:,.0f} characters on average"))


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading.rstrip(">"), justify="right" if heading.endswith(">") else "left", overflow="fold")
    return table


def _text(text: str, style: str = "") -> Text:
    return Text(human.clean(text), style)
