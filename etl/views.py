"""The .sql files of the views, the tables and what is annotated -> the query of each view."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from string import Formatter

from etl.flags.presets import Columns, Complaint, Presets, find_presets, sort_out
from etl.flags.sql import DIMENSIONS, cuts, judgements, shown
from etl.schema import TABLES

# A view may use those before it.
VIEWS = ("texts", "documents", "quarantine", "corpus", "funnel", "flag_funnel", "mixture_card")


@dataclass(frozen=True)
class Views:
    """The views over some tables: `table_source` says what stands after FROM for each of these.

    `columns` says what is annotated: the columns of `annotations`, with the fields of those that are structs;
    `complaint_over` a source says what is wrong with SQL values over its rows. Both are asked once.
    """

    table_source: Callable[[str], str]
    columns: Callable[[], Columns]
    complaint_over: Callable[[str], Complaint]

    def query(self, view: str, **parts: str) -> str:
        """Return the query of a view, with what it names in braces filled in: from `parts`, or as the view has it."""
        text = _file(view).split("\n", 1)[1]
        names = [name for _, name, _, _ in Formatter().parse(text) if name]
        return text.format(**{name: parts.get(name) or self._part(name) for name in names})

    def comment(self, view: str) -> str:
        """Return what a view shows."""
        return _file(view).split("\n", 1)[0].removeprefix("-- ")

    def source(self, name: str) -> str:
        """Return what stands after FROM for a table or a view."""
        return self.table_source(name) if name in TABLES else f"({self.query(name)})"

    @cached_property
    def presets(self) -> Presets:
        """Return the presets of conf/flags, and which of them can be told from what is annotated now."""
        documents = f"({self.query('documents', shown='*')})"
        return sort_out(find_presets(), self._document_columns, self.complaint_over(documents))

    def _part(self, name: str) -> str:
        if name == "shown":
            return shown(self.presets.ready.values(), self._document_columns)
        if name == "judgements":
            return judgements(self.presets.ready.values())
        return cuts(DIMENSIONS) if name == "cuts" else self.source(name)

    @cached_property
    def _document_columns(self) -> Columns:
        """Return the columns of a document before its flags."""
        return {**dict.fromkeys(TABLES["pages"].column_names), **self.columns()}


def _file(view: str) -> str:
    """Return the text of a view's .sql file: its comment in the first line, then its query."""
    return files("etl").joinpath("sql", f"{view}.sql").read_text(encoding="utf-8")
