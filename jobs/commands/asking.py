"""What the commands of `tracker search` share: the store where there is one, the cost of asking, lines to print."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from jobs.commands.opening import open_for_reading
from jobs.commands.options import is_quiet
from jobs.terminal import note, say
from tracker.errors import StoreMissing

if TYPE_CHECKING:
    from tracker.config import Config
    from tracker.store.transactions import Connection


@contextmanager
def stored(config: Config, *, needed: bool = False) -> Iterator[Connection | None]:
    """A look into the store; None where there is none yet. Raises StoreMissing there if it is `needed`."""
    try:
        store = open_for_reading(config)
    except StoreMissing:
        if needed:
            raise
        yield None
        return
    with store, store.connect() as connection:
        yield connection


def state_cost(config: Config, what: str, requests: int) -> None:
    rate = config.registry.requests_per_second
    seconds = max(round(requests / rate), 1)
    took = f"{seconds} s" if seconds < 120 else f"{round(seconds / 60)} min"
    counted = f"{requests:,} request{'' if requests == 1 else 's'}"
    if not is_quiet():
        note(f"{what}: at least {counted}, about {took} at {rate:g} a second")


def say_lines(lines: Sequence[str]) -> None:
    for line in lines:
        say(line)
