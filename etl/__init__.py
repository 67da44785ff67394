"""webstrata in a notebook: open a lake, annotate it, plan and write mixtures."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from etl.config import find_annotators, find_spec
    from etl.jobs.annotate import annotate
    from etl.jobs.dedup import dedup
    from etl.jobs.ingest import IngestOptions, ingest
    from etl.jobs.mix import make_plan, mix
    from etl.jobs.report import write_report
    from etl.lake import Lake
    from etl.session import get_spark
    from etl.steps.boilerplate import boilerplate_lines, without_boilerplate
    from etl.steps.priors import with_priors

_HOMES = {
    "IngestOptions": "etl.jobs.ingest",
    "Lake": "etl.lake",
    "annotate": "etl.jobs.annotate",
    "boilerplate_lines": "etl.steps.boilerplate",
    "dedup": "etl.jobs.dedup",
    "find_annotators": "etl.config",
    "find_spec": "etl.config",
    "get_spark": "etl.session",
    "ingest": "etl.jobs.ingest",
    "make_plan": "etl.jobs.mix",
    "mix": "etl.jobs.mix",
    "with_priors": "etl.steps.priors",
    "without_boilerplate": "etl.steps.boilerplate",
    "write_report": "etl.jobs.report",
}

__all__ = [
    "IngestOptions",
    "Lake",
    "annotate",
    "boilerplate_lines",
    "dedup",
    "find_annotators",
    "find_spec",
    "get_spark",
    "ingest",
    "make_plan",
    "mix",
    "with_priors",
    "without_boilerplate",
    "write_report",
]


def __getattr__(name: str) -> Any:
    """Import a name when it is first used: workers and `--help` need no Spark."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'etl' has no attribute {name!r}")
