"""The tables of a lake, by name: the one place that says what a column means."""

from etl.schema.crawl import ANNOTATIONS, DUPLICATES, FILES, PAGES
from etl.schema.mixture import MIXTURE_PLANS, MIXTURES, RUNS
from etl.schema.table import FORMAT_PROPERTY, FORMAT_VERSION, Column, Table

TABLES: dict[str, Table] = {
    table.name: table for table in (FILES, PAGES, ANNOTATIONS, DUPLICATES, MIXTURES, MIXTURE_PLANS, RUNS)
}

__all__ = ["FORMAT_PROPERTY", "FORMAT_VERSION", "TABLES", "Column", "Table"]
