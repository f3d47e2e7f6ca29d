"""The scheduler as a process: APScheduler looks at the clock, signals end it or have config.toml read again.

APScheduler is the timer only: one job in its memory, which takes one look at what is due (`scheduler`). Looks never
overlap, and one that came late still happens.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import FrameType
from typing import Any

from jobs.stopping import Stop, Stopped

LOOK_EVERY_S = 15
"""So long a dead scheduler's work waits to be taken over: its lock is free at once."""
PATIENCE_S = 8.0
"""The time the work in hand has to come to an end. After that the process ends as if it were killed, which the store
bears at any moment."""

_log = logging.getLogger("tracker.schedule")


def run(look: Callable[[], object], stop: Stop, *, reread: Callable[[], None], every_s: float = LOOK_EVERY_S) -> None:
    """Looks again and again until a signal asks `stop`. Returns once the work in hand has ended."""
    from apscheduler.executors.pool import ThreadPoolExecutor  # type: ignore[import-untyped]  # it ships no types
    from apscheduler.schedulers.background import BackgroundScheduler  # type: ignore[import-untyped]

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
    timer.add_listener(_tell_trouble, _troubles())
    timer.add_job(
        once,
        "interval",
        seconds=every_s,
        id="look",
        next_run_time=datetime.now(UTC),
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
    )
    with _signals(stop, reread):
        timer.start()
        _wait(stop)
        timer.shutdown(wait=False)
        if not idle.wait(PATIENCE_S):
            _log.warning(
                "the work in hand did not end within %g s, and is abandoned: nothing is lost by it", PATIENCE_S
            )
            _abandon()


def _wait(stop: Stop) -> None:
    """Until it is asked. In short waits: on Windows a long one would not be interrupted by Ctrl-C."""
    while not stop.asked:
        try:
            stop.sleep(1.0)
        except Stopped:
            return


def _abandon() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


@contextmanager
def _signals(stop: Stop, reread: Callable[[], None]) -> Iterator[None]:
    def end(_number: int, _frame: FrameType | None) -> None:
        stop.ask()

    def read_again(_number: int, _frame: FrameType | None) -> None:
        reread()

    handlers = {signal.SIGTERM: end, signal.SIGINT: end}
    if hangup := getattr(signal, "SIGHUP", None):  # Windows has none
        handlers[hangup] = read_again
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _troubles() -> int:
    from apscheduler import events  # type: ignore[import-untyped]

    return int(events.EVENT_JOB_ERROR | events.EVENT_JOB_MISSED | events.EVENT_JOB_MAX_INSTANCES)


def _tell_trouble(event: Any) -> None:
    """A look that raised is a fault of the program; the next one is taken all the same."""
    if getattr(event, "exception", None) is not None:
        _log.critical("a look failed unexpectedly: %r\n%s", event.exception, event.traceback)
    else:
        _log.debug("the look at %s was left out: the one before is not over", getattr(event, "scheduled_run_time", ""))
