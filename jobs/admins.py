"""The admins, as a scheduler knows them: what they were told, what the store has still to remember of it, and since
when they can't be reached."""

from __future__ import annotations

import logging
import platform
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from jobs.alerts import Alert, AlertRules, Word, alert_of, given_up_alert, word_due
from tracker.errors import StoreBusy, TrackerError
from tracker.store.deliveries import Delivery, given_up_untold, note_told
from tracker.store.job_log import JobState, job_states, note_alert
from tracker.store.locking import job_lock

if TYPE_CHECKING:
    from jobs.work import Plan
    from tracker.store.engine import Store

_RETRY = timedelta(minutes=10)
_GIVEN_UP = "given up"
"""The lock under which one of several schedulers tells it."""

_log = logging.getLogger("tracker.schedule")


class Admins:
    """Tells them what is due to be told. `clock` gives aware UTC."""

    def __init__(self, *, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._host = platform.node()
        self._silent_until: datetime | None = None
        self._told_at: dict[str, datetime | None] = {}  # what the store has still to remember (`note_alert`)
        self._told_of: list[Delivery] = []  # the same of what was given up

    @property
    def silent(self) -> bool:
        """Whether they could not be reached a moment ago."""
        now = self._clock()
        return self._silent_until is not None and now < self._silent_until <= now + _RETRY

    def told(self, word: Word, state: JobState, plan: Plan, *, again: str = "when it is next due") -> bool:
        """Whether they know now. Where they can't be reached, it is tried again in a while.

        `again`: when the job is tried again, where its state does not say.
        """
        alert = alert_of(word, state, zone=plan.zone, now=self._clock(), host=self._host, again=again)
        return self._reached(alert, plan)

    def _reached(self, alert: Alert, plan: Plan) -> bool:
        now = self._clock()
        _log.log(logging.WARNING if alert.word is Word.RECOVERED else logging.ERROR, "alert: %s", alert.subject)
        if plan.tell is None:
            return True
        try:
            plan.tell(alert)
        except Exception as error:  # what nobody foresaw must not end the look: it is told at the next try
            reason = error.told if isinstance(error, TrackerError) else repr(error)
            _log.error("the admins could not be told: %s", reason)
            self._silent_until = now + _RETRY
            return False
        self._silent_until = None
        return True

    def tell_of_jobs(self, store: Store, plan: Plan, *, rules: Mapping[str, AlertRules]) -> None:
        """Tells what is due about each of the jobs that have `rules`. Raises StoreError."""
        self._note(store)
        if self.silent:
            return
        with store.connect() as connection:
            states = job_states(connection)
        for name, state in states.items():
            if name in rules and word_due(state, rules[name], now=self._clock()):
                self._tell(name, store, plan, rules[name])

    def _tell(self, name: str, store: Store, plan: Plan, rules: AlertRules) -> None:
        try:
            with job_lock(store, name):
                with store.connect() as connection:
                    state = job_states(connection)[name]  # another may have told it in between
                word = word_due(state, rules, now=self._clock())
                if word and self.told(word, state, plan):
                    self._told_at[name] = None if word is Word.RECOVERED else self._clock()
                    self._note(store)
        except StoreBusy:
            return  # being done just now: it is looked at again

    def tell_of_given_up(self, store: Store, plan: Plan) -> None:
        """Tells of every delivery that was given up, once. Raises StoreError."""
        self._note(store)
        if self.silent or not _untold(store):
            return
        try:
            with job_lock(store, _GIVEN_UP):
                untold = _untold(store)  # another may have told it in between
                if untold and self._reached(given_up_alert(untold, host=self._host), plan):
                    self._told_of = untold
                    self._note(store)
        except StoreBusy:
            return

    def _note(self, store: Store) -> None:
        """Has the store remember what was told. One that can't be written then must not have it told at every look."""
        if self._told_of:
            with store.begin() as connection:
                note_told(connection, self._told_of)
            self._told_of = []
        for name, at in list(self._told_at.items()):
            with store.begin() as connection:
                note_alert(connection, name, at=at)
            del self._told_at[name]


def _untold(store: Store) -> list[Delivery]:
    with store.connect() as connection:
        return given_up_untold(connection)
