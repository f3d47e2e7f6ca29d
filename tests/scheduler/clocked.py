"""A `tracker` command in a process whose clock is a test's: it begins at the instant given first, and goes on from
each that comes in. Whatever it does at a look, it says when the look is over.

A scheduler looks more often than it does in earnest, and gives hanging work the time that is given second when it is
to end.
"""

from __future__ import annotations

import logging
import sys
import threading
from datetime import UTC, datetime

import time_machine

from jobs import timer
from jobs.attempting import Attempted
from jobs.cli import main
from jobs.scheduler import Scheduler

LOOK_EVERY_S = 0.05

_log = logging.getLogger("tracker.schedule")


def _run(start: str, patience_s: str, *arguments: str) -> int:
    timer.LOOK_EVERY_S = LOOK_EVERY_S
    timer.PATIENCE_S = float(patience_s)
    step = Scheduler.step

    def step_and_say_so(self: Scheduler) -> list[Attempted]:
        done = step(self)
        _log.debug("looked")
        return done

    Scheduler.step = step_and_say_so  # type: ignore[method-assign]
    clock = time_machine.travel(_instant(start), tick=True).start()

    def obey() -> None:
        for line in sys.stdin:
            clock.move_to(_instant(line))
            _log.debug("the clock shows %s", line.strip())

    threading.Thread(target=obey, daemon=True).start()
    return main(arguments)


def _instant(line: str) -> datetime:
    return datetime.fromisoformat(line.strip()).astimezone(UTC)


if __name__ == "__main__":
    sys.exit(_run(*sys.argv[1:]))
