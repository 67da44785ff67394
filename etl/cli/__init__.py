"""A command line -> a job, and its exit code: 0 done, 1 failed, 2 asked for wrongly."""

import logging
import os
import sys
import time
import traceback
from collections.abc import Sequence

from etl.cli.parser import build_parser
from etl.faults import translated
from udfs.errors import UsageError, WebstrataError

FAILED, WRONGLY_ASKED, INTERRUPTED = 1, 2, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the verb that `argv` names; say in one message what went wrong, if something did."""
    args = build_parser().parse_args(argv)
    _print_times_in_utc()
    # PySpark logs what it raises, with a page of Java: we say it in a line.
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    try:
        with translated(args.verb):
            return int(args.run(args))
    except WebstrataError as error:
        return _say(str(error), WRONGLY_ASKED if isinstance(error, UsageError) else FAILED)
    except KeyboardInterrupt:
        return _say("interrupted; what was published stays, run it again to go on", INTERRUPTED)
    except ModuleNotFoundError as error:
        if error.name not in ("pyspark", "delta"):
            raise
        return _say("Spark is not installed: pip install 'webstrata[spark]'", WRONGLY_ASKED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001 the last resort of a command: it says what it knows and exits with 1
        if args.debug:
            traceback.print_exc()
        return _say(f"unexpected {type(error).__name__}: {_gist(str(error))} (--debug shows it all)", FAILED)


def _print_times_in_utc() -> None:
    """Make PySpark return times as the tables hold them, not in the zone of this machine."""
    os.environ["TZ"] = "UTC"
    if hasattr(time, "tzset"):
        time.tzset()


def _gist(text: str) -> str:
    """Return the line of an error that says what happened: the last cause, or the last line of a worker's traceback."""
    lines = [line.strip() for line in text.splitlines() if line.strip()] or ["no message"]
    causes = [line for line in lines if line.startswith("Caused by:")]
    if causes:
        return causes[-1][:500]
    if "Python worker" in lines[0]:
        return lines[-1][:500]
    # Py4J says which call failed, and only then, in a line of its own, with what.
    return " ".join(lines[: 2 if lines[0].startswith("An error occurred while calling") else 1])[:500]


def _say(message: str, code: int) -> int:
    print(f"webstrata: {message}", file=sys.stderr)
    return code
