"""One step of webstrata on one lake, in this process -> its time; `ours.py` starts it."""

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path

from etl.config import find_annotators
from etl.jobs.annotate import annotate
from etl.jobs.dedup import dedup
from etl.jobs.ingest import IngestOptions, ingest
from etl.jobs.mix import mix
from etl.lake import Lake
from etl.mixture import MixtureSpec
from etl.session import get_spark, stop_spark
from tests.benchmarks.stage import Said, report
from udfs.conf import parse_conf

CRAWL = "BENCH"
# All that is said of a text without a model, beside its language.
MEASURES = ("text", "gopher", "c4", "fineweb", "dclm", "characters", "personal", "readability", "url_shape")
TOKENS_PER_PAGE = 500  # of the budget: about a quarter of what the pages have
MIXTURE = {
    "name": "bench",
    "strata": ["topic.label", "format.label"],
    "strategy": "sqrt",
    "order": {"by": "quality.score", "pick": "gumbel", "temperature": 0.2},
}

Options = argparse.Namespace


def main() -> None:
    """Start a session, open the lake, do the step, and report."""
    options = _parser().parse_args()
    if hasattr(os, "sched_setaffinity"):  # one core is one core: Spark's JVM would take another one beside its task
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.cores])
    spark = get_spark(local=True, cores=options.cores)
    started = time.time()
    lake = Lake.open(spark, options.lake, create=True)
    step = STEPS[options.step]
    report(lambda: step(lake, options), {"lake": time.time() - started})
    stop_spark(spark)


def _ingest(lake: Lake, options: Options) -> Said:
    files = Path(options.files).read_text().splitlines()
    done = ingest(lake, files, IngestOptions(crawl=CRAWL, extractor=options.extractor))
    return {"pages": done.n_pages, "documents": done.n_documents}


def _language(lake: Lake, options: Options) -> Said:
    return {"documents": annotate(lake, CRAWL, find_annotators(only=["language"])).n_documents}


def _measures(lake: Lake, options: Options) -> Said:
    return {"documents": annotate(lake, CRAWL, find_annotators(only=["language", *MEASURES])).n_documents}


def _annotate(lake: Lake, options: Options) -> Said:
    return {"documents": annotate(lake, CRAWL, find_annotators()).n_documents}


def _dedup(lake: Lake, options: Options) -> Said:
    done = dedup(lake, CRAWL)
    return {"documents": done.n_documents, "duplicates": done.n_duplicates}


def _mix(lake: Lake, options: Options) -> Said:
    spec = parse_conf({**MIXTURE, "token_budget": TOKENS_PER_PAGE * options.pages}, MixtureSpec, where="benchmark")
    plan = mix(lake, spec).plan
    return {"strata": len(plan), "taken": sum(row["taken_pages"] for row in plan)}


STEPS: dict[str, Callable[[Lake, Options], Said]] = {
    "ingest": _ingest,
    "language": _language,
    "measures": _measures,
    "annotate": _annotate,
    "dedup": _dedup,
    "mix": _mix,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", choices=STEPS)
    parser.add_argument("--lake", required=True)
    parser.add_argument("--cores", type=int, required=True)
    parser.add_argument("--pages", type=int, required=True, help="of the corpus")
    parser.add_argument("--files", help="a file with a path a line")
    parser.add_argument("--extractor", default="resiliparse")
    return parser


if __name__ == "__main__":
    main()
