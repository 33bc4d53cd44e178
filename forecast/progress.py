"""Progress: a bar with the time left on a terminal, one line per result in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Report(Protocol):
    """Called with how much is done, of how much, and what was just done."""

    def __call__(self, done: int, total: int, what: str) -> None: ...


def silent(done: int, total: int, what: str) -> None:
    """Report nothing."""


@contextmanager
def progress(title: str, shown: bool = True) -> Iterator[Report]:
    """A report that draws itself on standard error."""
    if not shown:
        yield silent
    elif not sys.stderr.isatty():

        def line(done: int, total: int, what: str) -> None:
            print(f"{title} {done}/{total}: {what}", file=sys.stderr, flush=True)

        yield line
    else:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        what = TextColumn("{task.fields[what]}", markup=False)  # names may have brackets
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
                   TimeRemainingColumn(), what)  # fmt: skip
        with Progress(*columns, console=Console(stderr=True)) as bars:
            task = bars.add_task(title, total=None, what="")

            def bar(done: int, total: int, what: str) -> None:
                bars.update(task, completed=done, total=total, what=what)

            yield bar
