"""The scheduler as a process: APScheduler looks at the clock, signals end it or have config.toml read again.

APScheduler is the timer only: one job in its memory, which takes one look at what is due (`scheduler`). Looks never
overlap, one that came late still happens, and a clock that is set back does not stop them.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from apscheduler import events  # type: ignore[import-untyped]  # it ships no types
from apscheduler.executors.pool import ThreadPoolExecutor  # type: ignore[import-untyped]
from apscheduler.schedulers.background import BackgroundScheduler  # type: ignore[import-untyped]
from apscheduler.triggers.base import BaseTrigger  # type: ignore[import-untyped]

from jobs.stopping import Stop, Stopped

if TYPE_CHECKING:
    from types import FrameType

LOOK_EVERY_S = 15.0
"""So long a dead scheduler's work waits to be taken over: its lock is free at once."""
PATIENCE_S = 8.0
"""The time the work in hand has to come to an end. After that the process ends as if it were killed, which the store
bears at any moment."""
WAIT_S = 1.0
"""So often the signals and the clock are looked at."""
_LOOK = "look"

_log = logging.getLogger("tracker.schedule")


class _Again(BaseTrigger):  # type: ignore[misc]  # of a class without types
    """So long after now, whenever the look before was: the library's own interval counts every one that was missed,
    and a clock that was put right by years would take it minutes and gigabytes."""

    def get_next_fire_time(self, _previous: datetime | None, now: datetime) -> datetime:
        return now + timedelta(seconds=LOOK_EVERY_S)


def run(look: Callable[[], object], stop: Stop) -> None:
    """Looks again and again until SIGTERM or SIGINT asks `stop`. Returns once the work in hand has ended.

    Further signals change nothing: it ends within ten seconds anyway.
    """
    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)  # what it has to say comes by its events
    idle = threading.Event()
    idle.set()

    def once() -> None:
        idle.clear()
        try:
            if not stop.asked:
                look()
        except Stopped:
            _log.warning("the work in hand was left: it is due again at the next start")
        finally:
            idle.set()

    timer = BackgroundScheduler(timezone=UTC, executors={"default": ThreadPoolExecutor(1)})
    timer.add_listener(_tell_trouble, events.EVENT_JOB_ERROR | events.EVENT_JOB_MISSED)
    timer.add_job(
        once,
        _Again(),
        id=_LOOK,
        next_run_time=datetime.now(UTC),
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        _heed(number, stop.ask)
    timer.start()
    _wait(stop, timer)
    timer.shutdown(wait=False)
    if not idle.wait(PATIENCE_S):
        _log.warning("the work in hand did not end within %g s, and is abandoned: nothing is lost by it", PATIENCE_S)
        _abandon()


def heed_hangup(reread: Callable[[], None]) -> None:
    """Has SIGHUP call `reread`; until this was called, one would end the process."""
    if hangup := getattr(signal, "SIGHUP", None):  # Windows has none
        _heed(hangup, reread)


def _heed(number: signal.Signals, act: Callable[[], None]) -> None:
    def handler(_number: int, _frame: FrameType | None) -> None:
        act()

    signal.signal(number, handler)


def _wait(stop: Stop, timer: Any) -> None:
    """Until it is asked. In short waits: on Windows a long one would not be interrupted by Ctrl-C."""
    while not stop.asked:
        _go_on_after_a_clock_set_back(timer)
        try:
            stop.sleep(WAIT_S)
        except Stopped:
            return


def _go_on_after_a_clock_set_back(timer: Any) -> None:
    """APScheduler plans the next look by the clock on the wall, and would wait until that is where it was."""
    now = datetime.now(UTC)
    planned = timer.get_job(_LOOK).next_run_time
    if planned - now > timedelta(seconds=LOOK_EVERY_S + WAIT_S):
        timer.modify_job(_LOOK, next_run_time=now)


def _abandon() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _tell_trouble(event: Any) -> None:
    """A look that raised is a fault of the program; the next one is taken all the same."""
    if event.exception is not None:
        _log.critical("a look failed unexpectedly: %r\n%s", event.exception, event.traceback)
    else:
        _log.warning("the look at %s was missed", event.scheduled_run_time)
