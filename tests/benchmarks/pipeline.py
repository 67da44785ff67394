"""webstrata and datatrove on the same pages, in turns -> tables of rates, memory and cost per page.

python -m tests.benchmarks.pipeline            # see --help: sizes, rounds, folders
python -m tests.benchmarks.pipeline --quick    # 300 pages, to see that everything works
"""

import argparse
import os
import platform
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks import ours, rival
from tests.benchmarks.corpus import DEFAULT_FOLDER, Corpus
from tests.benchmarks.figures import Figures
from tests.benchmarks.stage import Stage
from tests.benchmarks.summary import summary

QUICK = {"sizes": [100, 200, 300], "compare": 300, "pages_per_file": 50, "rounds": 1, "size_rounds": 1}


def main() -> None:
    """Measure, then print the tables."""
    options = _options()
    corpus = Corpus(options.folder, options.pages_per_file)
    env = rival.make_env(options.datatrove_env or options.folder / "datatrove-0.10.1")
    corpus.files(max(*options.sizes, options.compare))
    print(_machine(), flush=True)
    started = time.monotonic()
    work = Path(tempfile.mkdtemp(prefix="webstrata-benchmark-"))
    theirs = rival.Rival(corpus, work, options.cores, env)
    stages = _measure(options, ours.Ours(corpus, work, options.cores), theirs)
    shutil.rmtree(work)  # kept, with its logs, if anything failed
    print(summary(Figures(stages, options.cores), options.sizes, options.compare))
    print("\nNotes", *theirs.notes(), *_notes(options), sep="\n- ")
    print(f"\n{time.monotonic() - started:,.0f} s in all; {_load()} at the end")


def _measure(options: argparse.Namespace, us: ours.Ours, theirs: rival.Rival) -> list[Stage]:
    """Run each system in turn, round by round; the last steps are done in the first round of sizes only."""
    stages: list[Stage] = []
    for number in range(max(options.rounds, options.size_rounds)):
        print(f"round {number + 1}; {_load()}", file=sys.stderr)
        if number < options.rounds:
            stages.append(theirs.run(rival.PART, options.compare))
            stages += us.ingest_and_language(options.compare, "resiliparse")
            stages += us.ingest_and_language(options.compare, "trafilatura")
            stages.append(theirs.run(rival.WHOLE, options.compare))
        if number < options.size_rounds:
            for size in options.sizes:
                stages += us.ingest_and_language(size, "resiliparse") if number else us.all_steps(size)
    return stages


def _machine() -> str:
    cores = f"{len(os.sched_getaffinity(0))} cores of this process"
    return f"{cores}; {_load()} at the start; Python {platform.python_version()}, {platform.machine()}"


def _load() -> str:
    return "load average " + " ".join(f"{load:.2f}" for load in os.getloadavg())


def _notes(options: argparse.Namespace) -> list[str]:
    n = options.cores
    return [
        f"{n} Spark cores against {n} datatrove workers; pages/s/core is pages by wall seconds by {n}. Each worker of"
        " datatrove has one more process for its extractor, and Spark's JVM has threads of its own: CPU s says what was"
        " really used.",
        "Seconds are the job's own, in a fresh process (a cold JVM and the imports of workers among them); before it"
        " come the session and the lake (Start, Lake). `ingest + language` is the sum of two such processes.",
        "Memory is PSS over the process tree, sampled every 0.2 s while the job runs; Worker is the largest Python"
        " process below the first. Values are medians of the rounds, each by itself; several steps have their largest"
        " peak.",
        f"Pages are those of bulk/, repeated; files of {options.pages_per_file} pages, read once before the start."
        " The number of the copy stands at the beginning of each block of text, so that hardly any text repeats"
        " (table 5 counts those that do).",
    ]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 5000, 20000], help="pages, for cost per page")
    parser.add_argument("--compare", type=int, default=2000, help="pages, for the comparison with datatrove")
    parser.add_argument("--rounds", type=int, default=1, help="of the comparison; tables show medians")
    parser.add_argument("--size-rounds", type=int, default=1, help="of the sizes")
    parser.add_argument("--pages-per-file", type=int, default=500)
    parser.add_argument(
        "--cores", type=int, default=len(os.sched_getaffinity(0)), help="of Spark, workers of datatrove"
    )
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="where corpus and environment are kept")
    parser.add_argument("--datatrove-env", type=Path, help="a virtual environment that exists, or is made here")
    parser.add_argument("--quick", action="store_true", help="300 pages at most, to see that everything works")
    options = parser.parse_args()
    if options.quick:
        vars(options).update(QUICK)
    options.sizes = sorted(set(options.sizes))
    if len(options.sizes) < 3:
        parser.error("--sizes: three at least, to compare the slope of two halves")
    return options


if __name__ == "__main__":
    main()
