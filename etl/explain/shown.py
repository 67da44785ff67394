"""An explanation -> the terminal, or one HTML file."""

from collections.abc import Iterable, Sequence
from itertools import repeat

from rich.console import Console
from rich.table import Table
from rich.text import Text

from etl.explain.explanation import Explanation, Judged
from etl.report import html, human

MAX_LINES = 12


def render(explanation: Explanation) -> str:
    """Return the explanation as one HTML file: no script, nothing remote, every string escaped."""
    return html.page("explain.html.jinja", page=explanation, value=value, verdict=verdict)


def print_explanation(page: Explanation, console: Console) -> None:
    """Print what is known of a page."""
    console.print(_text(page.title, "bold"))
    console.print(_table((human.words(name), value(fact)) for name, fact in page.facts.items()))
    if page.said:
        _heading(
            console, "What was said", "a measure or label, its value, what it means; a dash: it has no meaning here"
        )
        fields = ((f"{item.column}.{item.field}".rstrip("."), value(item.value), item.meaning) for item in page.said)
        console.print(_table(fields))
    for preset in page.presets:
        _print_flags(preset, page.flags_of(preset), console)
    for name, lacks in page.lacking.items():
        console.print(_text(f"{name}: {lacks}", "dim"))
    _heading(console, "Mixtures", "that hold it" if page.mixtures else "none holds it")
    for held in page.mixtures:
        copies = human.plural(held.copies, "copy", "copies")
        console.print(_text(f"{held.mixture} version {held.version}: stratum {held.stratum}, {copies}"))
    if page.excerpt:
        _heading(console, "Text", "its beginning")
        for line in page.excerpt.splitlines()[:MAX_LINES]:
            console.print(_text(line))


def _print_flags(preset: str, flags: Sequence[Judged], console: Console) -> None:
    n_true = sum(flag.is_true is True for flag in flags)
    _heading(console, f"Flags of {preset}", f"{n_true} of {len(flags)} speak against the page")
    styles = ["red" if flag.is_true else "dim" if flag.is_true is None else "" for flag in flags]
    rows = ((flag.flag, verdict(flag), value(flag.measure), flag.where, flag.note) for flag in flags)
    console.print(_table(rows, styles))


def verdict(flag: Judged) -> str:
    """Return a flag's answer as a word."""
    return "not told" if flag.is_true is None else "FLAGGED" if flag.is_true else "ok"


def value(something: object) -> str:
    """Return a value for people: no meaning is a dash, never 0."""
    if something is None:
        return "–"
    if isinstance(something, bool):
        return "yes" if something else "no"
    if isinstance(something, float):
        return f"{something:,.6g}" if abs(something) < 1e6 else f"{something:,.0f}"
    return f"{something:,}" if isinstance(something, int) else human.clean(str(something))


def _heading(console: Console, heading: str, about: str) -> None:
    console.print()
    console.print(Text.assemble((heading, "bold cyan"), "  ", (about, "dim")))


def _table(rows: Iterable[Sequence[str]], styles: Iterable[str] = repeat("")) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for row, style in zip(rows, styles, strict=False):
        table.add_row(*(_text(part, style) for part in row))
    return table


def _text(text: str, style: str = "") -> Text:
    return Text(human.clean(text), style)
