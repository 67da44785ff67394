"""Nothing -> the demo: a crawl of our own, the whole flow over it, and what came of it on the terminal."""

import time
from pathlib import Path

from pyspark.sql import SparkSession
from rich.console import Console

from etl.demo.crawl import write_demo_crawl
from etl.demo.warc_writer import CRAWL
from etl.jobs.report import save_report
from etl.lake import Lake
from etl.pipeline import PipelineConf, run_pipeline
from etl.platform import conf_folder
from etl.report.collect import collect_report
from etl.report.terminal import print_report
from udfs.conf import read_conf
from udfs.errors import LakeError


def run_demo(spark: SparkSession, folder: Path) -> None:
    """Write the demo crawl below `folder`, take it to a mixture, and print what happened at each step."""
    started = time.monotonic()
    console = Console()
    if not console.is_terminal:
        console = Console(width=110)  # a file or a pipe has no width of its own
    try:
        files = write_demo_crawl(folder / "crawl")
    except OSError as error:
        raise LakeError(f"cannot write below {folder}: {error.strerror}; choose another --out") from error
    console.print(f"{CRAWL}: {len(files)} WARC files in {folder / 'crawl'}", markup=False, highlight=False)
    pipeline = read_conf(conf_folder() / "pipelines" / "demo.yaml", PipelineConf).but(
        crawl=CRAWL,
        paths=[str(folder / "crawl")],
        lake=str(folder / "lake"),
        report=None,
    )
    results = run_pipeline(spark, pipeline)
    lake = Lake.open(spark, pipeline.lake)
    data = collect_report(lake, results[-1].name, results[-1].version)
    save_report(data, folder / "report.html")
    print_report(data, console)
    _print_places(console, folder, time.monotonic() - started)


def _print_places(console: Console, folder: Path, seconds: float) -> None:
    lake, report = folder.resolve() / "lake", folder.resolve() / "report.html"
    lines = (
        f"report   {report}",
        f"tables   {lake}/{{files,pages,annotations,duplicates,mixtures,mixture_plans,runs}}",
        f"ask      webstrata sql --lake {lake} 'SELECT topic.label, count(*) FROM corpus GROUP BY 1'",
        f"done in {seconds:.0f} s",
    )
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
