"""A pipeline of datatrove over some WARC files -> its time; `rival.py` starts it in datatrove's own environment."""

import argparse
from pathlib import Path

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.base import PipelineStep
from datatrove.pipeline.extractors import Trafilatura
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
    LanguageFilter,
)
from datatrove.pipeline.readers import WarcReader
from datatrove.pipeline.writers import JsonlWriter

from tests.benchmarks.stage import Said, report


def main() -> None:
    """Run the pipeline with one task a file, and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", choices=("part", "whole"))
    parser.add_argument("--files", required=True, help="a file with a path a line")
    parser.add_argument("--cores", type=int, required=True)
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    out = Path(options.out)
    files = [Path(line) for line in Path(options.files).read_text().splitlines()]
    names = out / "files.txt"
    names.write_text("".join(f"{file.name}\n" for file in files))
    executor = LocalPipelineExecutor(
        pipeline=[
            WarcReader(str(files[0].parent), paths_file=str(names)),
            Trafilatura(),
            LanguageFilter(),
            *(_filters() if options.step == "whole" else ()),
            JsonlWriter(str(out / "output")),
        ],
        tasks=len(files),
        workers=options.cores,
        logging_dir=str(out / "logs"),
    )
    report(lambda: _run(executor), {})


def _filters() -> list[PipelineStep]:
    """Return the filters as datatrove's own examples/fineweb.py sets them."""
    return [
        GopherRepetitionFilter(),
        GopherQualityFilter(),
        C4QualityFilter(filter_no_terminal_punct=False),
        FineWebQualityFilter(),
    ]


def _run(executor: LocalPipelineExecutor) -> Said:
    """Run, and return how many pages it read, gave up after its time limit, extracted and kept."""
    steps = executor.run().stats
    extractor, writer = steps[1].stats, steps[-1].stats
    return {
        "pages": int(extractor["total"].total),
        "timeouts": int(extractor["timeout"].total),
        "documents": int(extractor["forwarded"].total),
        "kept": int(writer["total"].total),
    }


if __name__ == "__main__":
    main()
