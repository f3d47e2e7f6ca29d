"""What keeps a scheduler from looking: a store that can't be used, or a fault of the program. No store can remember
that, so the process does."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from jobs.alerts import word_due
from tracker.errors import StoreError
from tracker.store.job_log import JobState

if TYPE_CHECKING:
    from jobs.admins import Admins
    from jobs.work import Plan
    from tracker.errors import TrackerError

PATIENCE = timedelta(minutes=10)
"""A database may restart; only when it is away for longer are the admins told."""

_log = logging.getLogger("tracker.schedule")


class Outage:
    """How `name` stands, which the admins know it by. `clock` gives aware UTC."""

    def __init__(self, name: str, admins: Admins, *, clock: Callable[[], datetime]) -> None:
        self._admins = admins
        self._clock = clock
        self._state = JobState(name=name, covered=clock())
        self.error: TrackerError | None = None
        """What is wrong with it now."""

    def lasts(self, error: TrackerError, plan: Plan) -> None:
        """It is wrong now. Each reason is logged once, with the place where a fault of the program arose."""
        now = self._clock()
        known = self.error is not None and self.error.told == error.told
        level = logging.DEBUG if known else logging.ERROR
        fault = error.__cause__ if not isinstance(error, StoreError) else None
        _log.log(level, "the %s can't be used: %s", self._state.name, error.told, exc_info=fault)
        since = self._state.failing_since or now
        self.error = error
        self._state = replace(
            self._state, failures=self._state.failures + 1, failing_since=since, error=error.told, retry_at=None
        )
        if abs(now - since) < PATIENCE or self._admins.silent:
            return
        word = word_due(self._state, replace(plan.rules, after_failures=1), now=now)
        if word and self._admins.told(word, self._state, plan, again="every few seconds"):
            self._state = replace(self._state, alerted_at=now)

    def is_over(self, plan: Plan) -> None:
        """Nothing is wrong with it now, whether ever something was or not."""
        now = self._clock()
        if self.error:
            _log.warning("the %s can be used again", self._state.name)
        self.error = None
        self._state = replace(self._state, failures=0, failing_since=None, succeeded_at=now)
        word = word_due(self._state, plan.rules, now=now)
        if word and not self._admins.silent and self._admins.told(word, self._state, plan):
            self._state = replace(self._state, alerted_at=None)
