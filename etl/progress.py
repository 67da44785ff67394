"""A long job -> a bar on the terminal, or nothing."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichProgress

Advance = Callable[[int], None]
Progress = Callable[[str, int], AbstractContextManager[Advance]]


@contextmanager
def silent(what: str, total: int) -> Iterator[Advance]:
    """Show nothing."""
    del what, total
    yield _ignore


@contextmanager
def bar(what: str, total: int) -> Iterator[Advance]:
    """Show a bar of `total` steps on standard error, or a line where that is no terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        print(f"{what}: {total:,}", file=sys.stderr)
        yield _ignore
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with RichProgress(*columns, console=console, transient=True) as shown:
        task = shown.add_task(what, total=total)
        yield lambda n: shown.advance(task, n)


def _ignore(n: int) -> None:
    """Count a step that nobody sees."""
    del n
