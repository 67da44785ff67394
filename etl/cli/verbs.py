"""The verbs: parsed options -> a job run, and what it did, in words."""

import argparse
from pathlib import Path

from etl.cli.lend import lent_lake, lent_spark
from etl.cli.tables import lent_files

# Everything that needs Spark is imported where it is used, so that `--help` and mistakes answer at once.


def demo(args: argparse.Namespace) -> int:
    """Run the whole flow on the demo crawl."""
    from etl.jobs.demo import run_demo

    with lent_spark(args) as spark:
        run_demo(spark, Path(args.out))
    return 0


def run(args: argparse.Namespace) -> int:
    """Run a pipeline."""
    from etl.pipeline import PipelineConf, run_pipeline
    from udfs.conf import read_conf

    pipeline = read_conf(Path(args.pipeline), PipelineConf)
    with lent_spark(args) as spark:
        run_pipeline(spark, pipeline.but(lake=args.lake) if args.lake else pipeline)
    return 0


def ingest(args: argparse.Namespace) -> int:
    """Take WARC files in."""
    from udfs.source import list_files

    for path in args.paths:
        list_files(path)  # a wrong path is said before Spark starts
    from etl.cli.say import say_ingest
    from etl.jobs.ingest import IngestOptions
    from etl.jobs.ingest import ingest as job
    from etl.progress import bar

    options = IngestOptions(args.crawl, args.root, args.extractor, args.files_per_batch, args.split_bytes, args.again)
    with lent_lake(args, create=True) as lake:
        result = job(lake, args.paths, options, progress=bar)
    return say_ingest(result, args.crawl)


def annotate(args: argparse.Namespace) -> int:
    """Annotate the documents of a crawl."""
    from etl.cli.say import say
    from etl.config import find_annotators
    from etl.jobs.annotate import annotate as job
    from etl.progress import bar

    annotators = find_annotators(args.annotators, args.only.split(",") if args.only else None)
    with lent_lake(args) as lake:
        done = job(lake, args.crawl, annotators, progress=bar)
    what = f"{done.n_batches_done:,} of {done.n_batches:,} batches" if done.n_batches_done else "nothing was missing"
    say(f"{args.crawl}: {done.n_documents:,} documents, {', '.join(a.name for a in annotators)}: {what}")
    return 0


def dedup(args: argparse.Namespace) -> int:
    """Rank the documents of a crawl that have the same text."""
    from etl.cli.say import say
    from etl.jobs.dedup import dedup as job
    from etl.progress import bar

    with lent_lake(args) as lake:
        done = job(lake, args.crawl, progress=bar)
    say(f"{args.crawl}: {done.n_documents:,} documents, {done.n_duplicates:,} repeat one of {done.n_clusters:,} texts")
    return 0


def plan(args: argparse.Namespace) -> int:
    """Show the quotas of a spec."""
    from etl.cli.say import say_plan
    from etl.config import find_spec
    from etl.jobs.mix import make_plan

    spec = find_spec(args.spec)
    with lent_lake(args) as lake:
        say_plan(make_plan(lake, spec))
    return 0


def mix(args: argparse.Namespace) -> int:
    """Write the next version of a mixture."""
    from etl.cli.say import say_mixture
    from etl.config import find_spec
    from etl.jobs.mix import mix as job
    from etl.progress import bar

    spec = find_spec(args.spec)
    with lent_lake(args) as lake:
        say_mixture(job(lake, spec, version=args.version, progress=bar))
    return 0


def report(args: argparse.Namespace) -> int:
    """Write the HTML report."""
    from etl.cli.say import say
    from etl.jobs.report import write_report

    with lent_lake(args) as lake:
        path = write_report(lake, Path(args.out), args.mixture, args.version)
    say(f"report: {path}")
    return 0


def train(args: argparse.Namespace) -> int:
    """Train a model folder."""
    from etl.cli.say import say_metrics
    from udfs.train.train import train as job

    with lent_files(args.data, args) as files:
        return say_metrics(job(Path(args.recipe), files, Path(args.out)), args.out)
