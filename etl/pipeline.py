"""A YAML file -> the whole flow: ingest, annotate, dedup, mix, report."""

from pathlib import Path
from typing import Self

from pydantic import Field
from pyspark.sql import SparkSession

from etl.config import find_annotators, find_spec
from etl.jobs.annotate import annotate
from etl.jobs.dedup import dedup
from etl.jobs.ingest import IngestOptions, ingest
from etl.jobs.mix import MixResult, mix
from etl.jobs.report import write_report
from etl.lake import Lake
from etl.progress import Progress, bar
from udfs.conf import Conf, parse_conf


class PipelineConf(Conf):
    """What to run: paths of WARC files, the crawl's name, the lake, and what to make of it."""

    crawl: str
    paths: tuple[str, ...] = Field(min_length=1)
    lake: str = "./lake"
    root: str | None = None
    extractor: str = "resiliparse"
    files_per_batch: int = Field(256, ge=1)
    annotators: str | None = None
    only: tuple[str, ...] | None = None
    mixtures: tuple[str, ...] = ()
    report: str | None = "report.html"

    def but(self, **changes: object) -> Self:
        """Return a pipeline that differs in `changes`, validated as if it were read from a file."""
        return parse_conf({**self.model_dump(), **changes}, type(self), where="pipeline, changed")


def run_pipeline(spark: SparkSession, pipeline: PipelineConf, *, progress: Progress = bar) -> list[MixResult]:
    """Run each job of the pipeline; what an earlier run has done is not done again."""
    specs = [find_spec(name) for name in pipeline.mixtures]  # a wrong name is said before hours of work
    annotators = find_annotators(pipeline.annotators, pipeline.only)
    lake = Lake.open(spark, pipeline.lake, create=True)
    options = IngestOptions(pipeline.crawl, pipeline.root, pipeline.extractor, pipeline.files_per_batch)
    ingest(lake, pipeline.paths, options, progress=progress)
    annotate(lake, pipeline.crawl, annotators, progress=progress)
    dedup(lake, pipeline.crawl, progress=progress)
    results = [mix(lake, spec, progress=progress) for spec in specs]
    if pipeline.report:
        latest = (results[-1].name, results[-1].version) if results else (None, None)
        write_report(lake, Path(pipeline.report), *latest)
    return results
