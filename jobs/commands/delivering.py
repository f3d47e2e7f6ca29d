"""Telling what became of deliveries, for every command that sends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from jobs.commands.options import say_done
from jobs.terminal import note

if TYPE_CHECKING:
    from jobs.outbox import Attempt


def tell_attempts(attempts: Sequence[Attempt], *, as_json: bool = False) -> None:
    """What was sent on standard output (unless that is JSON, or --quiet); what was not, loudly, on standard error."""
    from jobs.outbox import attempt_line

    for one in attempts:
        if one.error is not None:
            note(attempt_line(one))
        elif not as_json:
            say_done(attempt_line(one))
