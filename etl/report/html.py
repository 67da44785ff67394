"""The figures of a report go in, one HTML file that asks nothing of any network comes out."""

from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from etl.report import charts, human
from etl.report.crosstab import crosstab
from etl.report.data import ReportData, unexplained

MAX_SPEC_CHARS = 20_000
_N_SHOWN = {"languages": 16, "plan": 36, "faults": 20, "reasons": 6}


def render(data: ReportData) -> str:
    """Return the report as one HTML file: no script, nothing remote, every string escaped and capped."""
    table = crosstab(data.cells)
    return page(
        "report.html.jinja",
        data=data,
        n_unexplained=unexplained(data.funnel),
        funnel=charts.funnel_bars(data.funnel),
        plan=charts.plan_bars(data.plan, data.token_budget),
        histogram=charts.histogram(data.quality),
        table=table,
        shades=charts.shades(cell.n_documents for cell in table.cells.values()),
        shown=_N_SHOWN,
    )


def page(template: str, **values: object) -> str:
    """Return a template of ours filled in, with the style that it may use and no other."""
    style = _style()
    digest = b64encode(sha256(style.encode()).digest()).decode()
    # Markup: it is our own file.
    return _environment().get_template(template).render(style=Markup(style), style_digest=digest, **values)  # noqa: S704


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("etl.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "count": human.count,
        "short": human.short,
        "size": human.size,
        "share": human.share,
        "duration": human.duration,
        "rate": human.rate,
        "moment": human.moment,
        "plural": human.plural,
        "words": human.words,
        "lines": _lines,
    }
    environment.globals |= {"shade": charts.shade}
    return environment


def _printable(value: object) -> object:
    """Return what `{{ value }}` shows: every string that is not markup of ours is cleaned and capped."""
    return human.clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _lines(text: str) -> Markup:
    """Return a text of several lines escaped, its line breaks and tabs kept."""
    return escape(human.clean(text, MAX_SPEC_CHARS, keep="\n\t"))


def _style() -> str:
    return files("etl.report").joinpath("templates", "report.css").read_text(encoding="utf-8")
