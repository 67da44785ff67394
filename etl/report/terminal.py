"""The figures of a report go in, tables on a terminal come out: the same as the HTML report, shorter."""

from collections.abc import Callable, Sequence
from itertools import accumulate

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from etl.report import charts, human
from etl.report.crosstab import Crosstab, crosstab
from etl.report.data import LanguageCount, PresetFunnel, ReportData, unexplained

_N_TOPICS, _N_STRATA, _N_LANGUAGES, _N_REASONS, _N_FLAGS = 12, 24, 8, 8, 3
_SHADE_STYLES = ("dim", "dim", "dim", "", "", "", "bold", "bold cyan")
_BAR_CHARS = 16


def print_report(data: ReportData, console: Console) -> None:
    """Print the funnel, topic × format, the plan against what it got, and the languages."""
    _print_heading(data, console)
    _section(console, "Funnel", "what is left at each step, and why the rest is not", _funnel(data))
    table = crosstab(data.cells)
    if table.topics:
        about = "documents by what they are about (down) and what kind of page they are (across)"
        _section(console, "Topic × format", about, _cross(table, _n_formats(console.width, table)))
    if data.plan:
        about = "what each stratum was to have of the token budget, and what it got"
        _section(console, "Plan and mixture", about, _plan(data))
        console.print(_plan_verdict(data))
    if data.presets:
        about = "what each preset would keep of the first-ranked documents; `webstrata funnel PRESET` says why"
        _section(console, "Flags", about, _presets(data.presets))
    if data.languages:
        _section(console, "Languages", "of the first-ranked documents", _languages(data.languages))


def _print_heading(data: ReportData, console: Console) -> None:
    console.print()
    console.print(_text(data.title, "bold"))
    if data.subtitle:
        console.print(_text(data.subtitle))
    if data.totals.n_files:
        files = f"{human.plural(data.totals.n_files, 'WARC file')}, {human.size(data.totals.n_bytes)}"
        console.print(_text(files, "dim"))


def _section(console: Console, heading: str, about: str, body: RenderableType) -> None:
    console.print()
    console.print(Text.assemble((heading, "bold cyan"), "  ", (about, "dim")))
    console.print(Padding(body, (0, 0, 0, 1)))


def _funnel(data: ReportData) -> Table:
    table = _table("step", "", "rows>", "kept>", "tokens>", "left out on the way to it")
    for i, bar in enumerate(charts.funnel_bars(data.funnel)):
        table.add_row(
            _text(human.words(bar.step.step), "bold"),
            _bar(bar.width),
            human.count(bar.step.n_rows),
            human.share(bar.step.n_rows, bar.step.n_rows + bar.n_lost) if i else "",
            human.count(bar.step.n_tokens) if bar.step.n_tokens is not None else "",
            _why(bar),
        )
    n_lost = unexplained(data.funnel)
    verdict = f"{human.plural(n_lost, 'row')} without a reason" if n_lost else "every row is accounted for"
    table.caption = Text(verdict, "bold red" if n_lost else "green")
    table.caption_justify = "left"
    return table


def _why(bar: charts.FunnelBar) -> Text:
    """Return the reasons in one line, the broken ones marked by a word and not by colour alone."""
    parts = [
        Text.assemble(
            f"{human.words(human.clean(reason.name))} {human.count(reason.n_rows)}",
            ("" if reason.is_expected else " (broken)", "red"),
        )
        for reason in bar.reasons[:_N_REASONS]
    ]
    if len(bar.reasons) > _N_REASONS:
        parts.append(Text(f"{len(bar.reasons) - _N_REASONS} more"))
    if bar.n_unexplained:
        parts.append(Text(f"no reason known {human.count(bar.n_unexplained)}", "bold red"))
    return Text(" · ").join(parts)


def _n_formats(width: int, table: Crosstab) -> int:
    """Return how many formats fit beside the topics, the rest and the totals."""
    widths = accumulate((_width(name) + 3 for name in table.formats), initial=44)
    return max(sum(w <= width for w in widths) - 1, 2)


def _width(heading: str) -> int:
    """Return the width of a column of small numbers below a heading: that of the heading's longest word."""
    return min(max((len(word) for word in heading.split()), default=0) + 1, 14)


def _cross(table: Crosstab, n_formats: int) -> Table:
    topics, formats = table.topics[:_N_TOPICS], table.formats[:n_formats]
    shown = _table("topic", *(f"{human.clean(f)}>" for f in formats), "others>", "all>")
    scale = charts.shades(cell.n_documents for cell in table.cells.values())

    def row(name: Text, n_of: Callable[[str], int], total: int) -> None:
        counts = [n_of(format_) for format_ in formats]
        styled = [Text(human.short(n) if n else "·", _SHADE_STYLES[charts.shade(n, scale)]) for n in counts]
        shown.add_row(name, *styled, human.short(total - sum(counts)), Text(human.short(total), "bold"))

    for topic in topics:
        row(_text(topic), lambda f, t=topic: table.n(t, f), table.topic_totals[topic])  # type: ignore[misc]
    if others := table.topics[_N_TOPICS:]:
        total = sum(table.topic_totals[t] for t in others)
        row(Text(f"{len(others)} others", "dim"), lambda f: sum(table.n(t, f) for t in others), total)
    shown.add_section()
    row(Text("all", "bold"), lambda f: table.format_totals[f], table.n_documents)
    return shown


def _plan(data: ReportData) -> Table:
    table = _table("stratum", "wanted>", "quota>", "got>", "available>", "pages>", "epochs>", "short by")
    bars = charts.plan_bars(data.plan, data.token_budget)
    for row in (bar.row for bar in bars[:_N_STRATA]):
        missing = human.count(row.missing_tokens), human.share(row.missing_tokens, row.wanted_tokens)
        table.add_row(
            _text(row.stratum),
            human.share(row.share, 1),
            human.count(row.target_tokens),
            human.count(row.taken_tokens),
            human.count(row.available_tokens),
            human.count(row.n_pages),
            f"{row.epochs:.2f}",
            Text(" or ".join(missing) if row.is_short else "", "yellow"),
        )
    return table


def _plan_verdict(data: ReportData) -> Text:
    n_short, n_strata = sum(row.is_short for row in data.plan), len(data.plan)
    n_tokens = sum(row.taken_tokens for row in data.plan)
    got = f"{human.count(n_tokens)} tokens of the {human.count(data.token_budget)} asked for"
    more = f"; {n_strata - _N_STRATA} smaller strata not shown" if n_strata > _N_STRATA else ""
    verdict = f"{n_short} of {n_strata} strata are short" if n_short else "every stratum got its share"
    return Text(f" {verdict}; {got}{more}", "yellow" if n_short else "green")


def _presets(presets: Sequence[PresetFunnel]) -> Table:
    table = _table("preset", "", "kept>", "share>", "tokens>", "what drops most")
    for preset in presets:
        most = sorted(preset.flags, key=lambda row: -row.n_pages)[:_N_FLAGS]
        dropped = (f"{human.words(row.flag)} {human.count(row.n_pages)}" for row in most if row.n_pages)
        table.add_row(
            _text(preset.preset),
            _bar(100 * preset.kept_pages / (preset.n_pages or 1)),
            human.count(preset.kept_pages),
            human.share(preset.kept_pages, preset.n_pages),
            human.count(preset.kept_tokens),
            _text(" · ".join(dropped)),
        )
    return table


def _languages(languages: Sequence[LanguageCount]) -> Table:
    table = _table("language", "", "documents>", "share>", "tokens>")
    rows = sorted(languages, key=lambda row: (-row.n_documents, row.label))
    n_documents = sum(row.n_documents for row in rows) or 1
    for row in rows[:_N_LANGUAGES]:
        table.add_row(
            _text(row.label),
            _bar(100 * row.n_documents / n_documents),
            human.count(row.n_documents),
            human.share(row.n_documents, n_documents),
            human.count(row.n_tokens),
        )
    if rest := rows[_N_LANGUAGES:]:
        n_rest, n_tokens = sum(row.n_documents for row in rest), sum(row.n_tokens for row in rest)
        counts = human.count(n_rest), human.share(n_rest, n_documents), human.count(n_tokens)
        table.add_row(Text(f"{len(rest)} others", "dim"), _bar(100 * n_rest / n_documents), *counts)
    return table


def _table(*headings: str) -> Table:
    """Return an empty table; a heading that ends in `>` is a column of numbers."""
    table = Table(
        box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="dim", padding=(0, 1), collapse_padding=True
    )
    for heading in headings:
        is_number = heading.endswith(">")
        table.add_column(
            _text(heading.removesuffix(">")),
            justify="right" if is_number else "left",
            max_width=max(_width(heading), 8) if is_number else None,
            min_width=6 if is_number else None,
            overflow="fold",
        )
    return table


def _bar(percent: float) -> Text:
    """Return a bar for a share in per cent, something where there is anything."""
    eighths = max(round(percent / 100 * _BAR_CHARS * 8), 1 if percent else 0)
    return Text("█" * (eighths // 8) + ("", *"▏▎▍▌▋▊▉")[eighths % 8], "cyan")


def _text(text: str, style: str = "") -> Text:
    """Return a string from a crawl or a spec as text: no markup, no control characters."""
    return Text(human.clean(text), style)
