"""The verb that says how good a model is: evaluate."""

import argparse
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from etl.cli.tables import lent_files
from etl.cli.verb import add_verb
from udfs.errors import UsageError

_EPILOG = """\
DATA is JSONL (may be .gz), a Parquet file or a folder of such, the folder or URI of a Delta table,
or table:NAME; of a lake, export pages first:
  webstrata sql "SELECT url, text, topic.label FROM corpus" --format jsonl --limit 100000 > pages.jsonl

  webstrata evaluate "package:web#topic" --data pages.jsonl.gz --label topic_id --confidence topic_confidence
  webstrata evaluate /models/mine --data pages.jsonl.gz --label topic --against topic --out evaluation
  webstrata evaluate /models/not_refitted --data pages.jsonl.gz --label topic --held-out 5 --group domain
"""


def add_verbs(subparsers: Any) -> None:
    """Add the verb of this file."""
    p = add_verb(
        subparsers,
        "evaluate",
        evaluate,
        "say how good, how honest and how fast a model is on labelled pages",
        lake=False,
    )
    p.epilog, p.formatter_class = _EPILOG, argparse.RawDescriptionHelpFormatter
    p.add_argument("model", metavar="MODEL", help="a model folder, package:NAME, or an annotator of the config")
    p.add_argument("--annotators", metavar="FILE", help="YAML that lists the annotators (default: the one shipped)")
    p.add_argument("--against", metavar="MODEL", help="another one, to compare with on the same pages")
    p.add_argument("--out", metavar="DIR", help="folder for evaluation.json and evaluation.html")
    p.add_argument("--pages", action="store_true", help="write pages.jsonl too: of each page what was said, no text")
    _data(p.add_argument_group("labelled pages"))
    _scores(p.add_argument_group("scores"))


def evaluate(args: argparse.Namespace) -> int:
    """Evaluate a model, print the figures, and write them if a folder is named."""
    from etl.platform import conf_folder  # without Spark, `main` says what to install

    try:
        from rich.console import Console

        from etl.report.evaluation_terminal import print_evaluation
        from udfs.evaluate.evaluate import Ask, evaluate
        from udfs.evaluate.judged import judge_pages
        from udfs.evaluate.judges import open_judge
        from udfs.evaluate.table import Keys, read_pages
    except ImportError as error:
        raise UsageError(f"evaluating needs more packages ({error}): pip install 'webstrata[train]'") from error
    if args.pages and not args.out:
        raise UsageError("--pages writes a file: name the folder by --out")
    part = _part(args.held_out) if args.held_out else None
    annotators = Path(args.annotators) if args.annotators else conf_folder() / "annotators.yaml"
    judge = open_judge(args.model, annotators)
    against = open_judge(args.against, annotators) if args.against else None
    keys = Keys(args.label, args.text, args.url, args.group, args.confidence, args.language)
    with lent_files(args.data, args) as files:
        data = read_pages(files, keys)
    judged = judge_pages(judge, data.held_out(*part, args.seed) if part else data, args.threshold)
    ask = Ask(args.sure, args.threshold, Path(args.priors) if args.priors else None, args.estimate_priors, args.seed)
    found = evaluate(judge, judged, ask, against)
    console = Console()
    print_evaluation(found, console if console.is_terminal else Console(width=160))
    if args.out:
        _write(Path(args.out), found, judged.rows() if args.pages else None)
    return 0


def _write(folder: Path, found: Any, pages: Iterable[dict[str, object]] | None) -> None:
    from etl.cli.say import say
    from etl.jobs.report import write_html
    from etl.report.evaluation import render_evaluation

    html = write_html(render_evaluation(found), folder / "evaluation.html")
    text = json.dumps(found.as_json(), ensure_ascii=False, indent=1, allow_nan=False)
    (folder / "evaluation.json").write_text(text + "\n", encoding="utf-8")
    if pages is not None:
        with (folder / "pages.jsonl").open("w", encoding="utf-8") as lines:
            lines.writelines(json.dumps(page, ensure_ascii=False, default=str) + "\n" for page in pages)
    say(f"written: {html} and the same as evaluation.json")


def _part(held_out: str) -> tuple[int, int]:
    """Return the part and the number of parts that `5` or `2/5` mean."""
    found = re.fullmatch(r"(?:(\d{1,9})/)?(\d{1,9})", held_out)
    part, n_parts = (int(found[1] or 0), int(found[2])) if found else (0, 0)
    if n_parts < 2 or part >= n_parts:
        raise UsageError(f"--held-out {held_out}: give the number of parts, such as 5, or a part of them from 0: 2/5")
    return part, n_parts


def _data(p: Any) -> None:
    p.add_argument("--data", nargs="+", required=True, metavar="PLACE", help="JSONL (may be .gz), Parquet or a table")
    p.add_argument("--label", required=True, metavar="KEY", help="holds the label: its name, its id or a number")
    p.add_argument("--text", default="text", metavar="KEY", help="holds the text (%(default)s)")
    p.add_argument("--url", metavar="KEY", help="holds the URL (default: url, where a row has one)")
    p.add_argument("--group", metavar="KEY", help="pages alike share it (default: registered domain of the URL)")
    p.add_argument("--confidence", metavar="KEY", help="holds how sure the label is")
    p.add_argument("--sure", type=float, default=0.75, metavar="X", help="confidence from which it is (%(default)s)")
    p.add_argument("--language", metavar="KEY", help="holds the language (default: lid.176 says it)")
    p.add_argument(
        "--held-out",
        metavar="[K/]N",
        help="only part K (0) of N, by a hash of the group, as `webstrata train` tests on part 0 of 5: for models that "
        "were not refitted on all pages; --group must be the recipe's group key",
    )
    p.add_argument("--seed", default="webstrata", metavar="TEXT", help="of the parts: the recipe's (%(default)s)")


def _scores(p: Any) -> None:
    p.add_argument("--threshold", type=float, metavar="X", help="labels and scores of a regression are a yes from here")
    p.add_argument("--priors", metavar="FILE", help="YAML `label: share`: correct for labels as frequent as this")
    p.add_argument(
        "--estimate-priors",
        action="store_true",
        help="estimate the labels' shares from the scores, and correct",
    )
