"""Shows how far a row of short questions is, to whoever watches."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tracker.untrusted import plain_line

Advance = Callable[[int], object]
"""Tells that so many more are done."""


@contextmanager
def steps(label: str, *, total: int) -> Iterator[Advance]:
    """A bar on a terminal, nothing elsewhere: the cost was stated before."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    look = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*look, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(plain_line(label), total=total)
        yield lambda more: bars.advance(task, more)
