"""Does what is due: one look at the store, one attempt at each job that is due, one word to the admins where needed.

What is due follows from the store alone (`work`, `timetable`), so that it doesn't matter who looks, how often, or what
was killed in between: the scheduler's own loop (`timer`), `tracker schedule --once` from cron, or a test. A job is done
under its lock; of several schedulers on one PostgreSQL one does it, and the others find it done.
"""

from __future__ import annotations

import logging
import platform
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from jobs.alerts import AlertRules, Tell, Word, alert_of, word_due
from jobs.logs import bound
from jobs.stopping import Stopped
from jobs.timetable import BUSY_RETRY, retry_after, was_done_in_the_future
from jobs.work import Claim, Done, Job, later
from tracker.errors import StoreBusy, StoreError, TrackerError
from tracker.store.job_log import (
    Ended,
    JobState,
    busy_since,
    end_attempt,
    job_states,
    note_alert,
    note_failure,
    note_success,
    pull_back,
    put_off,
    register_jobs,
    retire_jobs,
    start_attempt,
)
from tracker.store.locking import job_lock
from tracker.store.reports import register_definitions

if TYPE_CHECKING:
    from tracker.store.engine import Store

CONFIG_JOB = "config"
"""Under this name the store keeps how config.toml is: a wrong edit is told like a job that fails, but at once."""
STORE_PATIENCE = timedelta(minutes=10)
"""A database may restart; only when it is away for longer are the admins told."""
BUSY_PATIENCE = timedelta(hours=1)
"""So long another process may keep a job from being done before that counts as a failure."""
_ALERT_RETRY = timedelta(minutes=10)

_log = logging.getLogger("tracker.schedule")

Ping = Callable[[str], None]
"""Tells a watchdog that a job went well. Never raises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What config.toml asks for. `jobs` in the order in which those due at the same time are done."""

    jobs: tuple[Job, ...]
    reports: tuple[str, ...]
    zone: ZoneInfo
    rules: AlertRules
    tell: Tell | None = None
    ping: Ping = lambda _: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempted:
    """What one look did about one job."""

    job: str
    due_at: datetime
    outcome: Ended
    said: str


Reread = Callable[[], Plan | None]
"""The plan of a config.toml that has changed; None where it has not. Raises TrackerError where it is wrong now."""


class Scheduler:
    """One scheduler on one store; `clock` gives aware UTC. Several may work on one PostgreSQL."""

    def __init__(
        self, store: Store, plan: Plan, *, clock: Callable[[], datetime], reread: Reread = lambda: None
    ) -> None:
        self._store = store
        self._clock = clock
        self._reread = reread
        self._host = platform.node()
        self._registered = False
        self._config_error: str | None = None
        self._config_well_since_start = False
        self._silent_until: datetime | None = None
        self._away = JobState(name="store", covered=clock())
        self.plan = plan

    def step(self) -> list[Attempted]:
        """One look: every job that is due is tried once. Returns what was done, in that order.

        A store that can't be reached is noted, and asked again at the next look. Raises Stopped, and nothing else.
        """
        self._take_new_plan()
        done: list[Attempted] = []
        try:
            self._register()
            self._note_config()
            names = self._due_names()
            for job in self.plan.jobs:
                # What waits in the store may have come to wait only now: a report's mails.
                if (job.waiting or job.name in names) and not self._comes_after_another(job):
                    done += filter(None, [self._look_at(job)])
            self._alert_where_due()
        except StoreError as error:
            self._store_is_away(error)
        else:
            self._store_is_there()
        return done

    def timetable(self) -> Iterator[tuple[Job, JobState, datetime | None]]:
        """Each job, how it stands, and when it is due next. Raises StoreError."""
        self._register()
        with self._store.connect() as connection:
            states = job_states(connection)
            for job in self.plan.jobs:
                yield job, states[job.name], job.due(states[job.name], connection)

    # --- config ---------------------------------------------------------------------------------------------

    def _take_new_plan(self) -> None:
        try:
            plan = self._reread()
        except TrackerError as error:
            self._config_error = error.told
            _log.error("config.toml is wrong, the one read before stays in force: %s", error.told)
            return
        if plan is not None:
            self.plan, self._registered, self._config_error = plan, False, None
            self._config_well_since_start = False
            _log.warning("config.toml was read anew: %s", ", ".join(job.name for job in plan.jobs))

    def _register(self) -> None:
        if self._registered:
            return
        names = [*(job.name for job in self.plan.jobs), CONFIG_JOB]
        at_once = [job.name for job in self.plan.jobs if job.at_once]
        with self._store.begin() as connection:
            register_jobs(connection, names, now=self._clock(), at_once=at_once)
            retire_jobs(connection, planned=names)
            register_definitions(connection, self.plan.reports)
        self._registered = True

    def _note_config(self) -> None:
        """Has the store say how config.toml is, where that changed."""
        if self._config_error is None and self._config_well_since_start:
            return
        now = self._clock()
        with self._store.begin() as connection:
            known = job_states(connection)[CONFIG_JOB]
            if self._config_error is None:
                note_success(connection, CONFIG_JOB, at=now)
            elif known.error != self._config_error:
                note_failure(connection, CONFIG_JOB, at=now, error=self._config_error, retry_at=None)
        self._config_well_since_start = self._config_error is None

    # --- one job --------------------------------------------------------------------------------------------

    def _due_names(self) -> set[str]:
        """Those of the jobs that may be due, by one read; the lock's holder looks again."""
        now = self._clock()
        with self._store.connect() as connection:
            states = job_states(connection)
            due = {job.name: job.due(states[job.name], connection) for job in self.plan.jobs}
        healed = {name for name, state in states.items() if was_done_in_the_future(state, now=now)}
        return healed | {name for name, at in due.items() if at is not None and at <= now}

    def _comes_after_another(self, job: Job) -> bool:
        """Whether a job that goes first is still to be done, or being done: by another scheduler, or a command.

        One that has failed holds nobody up: the report says so.
        """
        if not job.follows:
            return False
        now = self._clock()
        with self._store.connect() as connection:
            states = job_states(connection)
            first = [one for one in self.plan.jobs if one.name in job.follows and not states[one.name].failures]
            due = [one.due(states[one.name], connection) for one in first]
            put_off = any(states[one.name].retry_at for one in first)
        return put_off or any(at is not None and at <= now for at in due)

    def _look_at(self, job: Job) -> Attempted | None:
        if self._due(job) is None:
            return None
        try:
            with job_lock(self._store, job.name):
                due_at = self._due(job)  # another may have done it in between
                return self._attempt(job, due_at) if due_at else None
        except StoreBusy:
            _log.debug("%s is being done by another scheduler", job.name)
            return None

    def _due(self, job: Job) -> datetime | None:
        """When the job was to begin, if that is now or past."""
        now = self._clock()
        with self._store.connect() as connection:
            state = job_states(connection)[job.name]
            if was_done_in_the_future(state, now=now):
                healed = True
            else:
                due_at = job.due(state, connection)
                healed = False
        if healed:
            _log.warning(
                "the clock was set back: %s was done at %s, which is still to come; it goes on from now",
                job.name,
                state.covered,
            )
            with self._store.begin() as connection:
                pull_back(connection, job.name, covered=now)
            return None
        return due_at if due_at is not None and due_at <= now else None

    def _attempt(self, job: Job, due_at: datetime) -> Attempted:
        now = self._clock()
        with self._store.begin() as connection:
            state = job_states(connection)[job.name]
            number = start_attempt(connection, job.name, due_at=due_at, at=now)
        claim = Claim(store=self._store, job=job.name, since=state.covered, until=later(now, state.covered))
        with bound(job=job.name, attempt=number):
            _log.info("begins, due %s", due_at)
            try:
                outcome, said = _ended(job.work(claim))
            except Stopped:
                with self._store.begin() as connection:
                    end_attempt(connection, number, outcome=Ended.STOPPED, at=self._clock(), said=None)
                raise
            except StoreBusy as busy:
                outcome, said = Ended.BUSY, busy.told
            except TrackerError as error:
                outcome, said = Ended.FAILED, error.told
            except Exception as error:
                _log.exception("failed unexpectedly")
                outcome, said = Ended.FAILED, f"unexpected: {error!r}"
            outcome = self._record(claim, number, outcome, said)
            _log.log(_LEVELS[outcome], "%s%s", outcome, f": {said}" if said else "")
        if outcome is Ended.DONE:
            self.plan.ping(job.name)
        return Attempted(job=job.name, due_at=due_at, outcome=outcome, said=said)

    def _record(self, claim: Claim, number: int, outcome: Ended, said: str) -> Ended:
        """Writes how an attempt ended. What had covered itself before it failed is done: nobody tries it again."""
        now = self._clock()
        with self._store.begin() as connection:
            state = job_states(connection)[claim.job]
            covered = state.covered == claim.until
            if not covered and state.covered != claim.since:
                # Its lock was lost on the way, with the connection, and another did it.
                end_attempt(connection, number, outcome=Ended.BUSY, at=now, said="another scheduler did it meanwhile")
                return Ended.BUSY
            since = busy_since(connection, claim.job) if outcome is Ended.BUSY else None
            if since is not None and now - since > BUSY_PATIENCE:
                outcome = Ended.FAILED
            if covered and outcome in (Ended.FAILED, Ended.BUSY):
                outcome = Ended.TROUBLED
            if outcome in (Ended.DONE, Ended.TROUBLED) and not covered:
                claim.cover(connection)
            if outcome is Ended.DONE:
                note_success(connection, claim.job, at=now)
            elif outcome is Ended.BUSY:
                put_off(connection, claim.job, until=now + BUSY_RETRY)
            else:
                again = now + retry_after(state.failures + 1) if outcome is Ended.FAILED else None
                note_failure(connection, claim.job, at=now, error=said, retry_at=again)
            end_attempt(connection, number, outcome=outcome, at=now, said=said or None)
        return outcome

    # --- alerts ---------------------------------------------------------------------------------------------

    def _alert_where_due(self) -> None:
        now = self._clock()
        if self._silent_until is not None and now < self._silent_until <= now + _ALERT_RETRY:
            return
        with self._store.connect() as connection:
            states = job_states(connection)
        planned = {job.name for job in self.plan.jobs} | {CONFIG_JOB}
        for name, state in states.items():
            if name in planned and word_due(state, self._rules(name), now=now):
                self._alert(name)

    def _alert(self, name: str) -> None:
        try:
            with job_lock(self._store, name):
                with self._store.connect() as connection:
                    state = job_states(connection)[name]  # another may have told it in between
                word = word_due(state, self._rules(name), now=self._clock())
                if word and self._told(word, state):
                    with self._store.begin() as connection:
                        note_alert(connection, name, at=None if word is Word.RECOVERED else self._clock())
        except StoreBusy:
            return  # being done just now: it is looked at again

    def _rules(self, name: str) -> AlertRules:
        return replace(self.plan.rules, after_failures=1) if name == CONFIG_JOB else self.plan.rules

    def _told(self, word: Word, state: JobState) -> bool:
        """Whether the admins know now. Where they can't be reached, it is tried again in a while."""
        now = self._clock()
        alert = alert_of(word, state, zone=self.plan.zone, now=now, host=self._host)
        _log.log(logging.WARNING if word is Word.RECOVERED else logging.ERROR, "alert: %s", alert.subject)
        if self.plan.tell is None:
            return True
        try:
            self.plan.tell(alert)
        except TrackerError as error:
            _log.error("the admins could not be told: %s", error.told)
            self._silent_until = now + _ALERT_RETRY
            return False
        self._silent_until = None
        return True

    # --- the store itself -----------------------------------------------------------------------------------

    def _store_is_away(self, error: StoreError) -> None:
        """A store that can't be reached can't remember that the admins were told: this process does."""
        now = self._clock()
        _log.error("the store can't be used: %s", error.told)
        since = self._away.failing_since or now
        self._away = replace(
            self._away, failures=self._away.failures + 1, failing_since=since, error=error.told, retry_at=None
        )
        if abs(now - since) < STORE_PATIENCE or (self._silent_until and now < self._silent_until):
            return
        word = word_due(self._away, replace(self.plan.rules, after_failures=1), now=now)
        if word and self._told(word, self._away):
            self._away = replace(self._away, alerted_at=now)

    def _store_is_there(self) -> None:
        now = self._clock()
        if self._away.failures:
            _log.warning("the store can be used again")
        self._away = replace(self._away, failures=0, failing_since=None, succeeded_at=now)
        word = word_due(self._away, self.plan.rules, now=now)
        if word and self._told(word, self._away):
            self._away = replace(self._away, alerted_at=None)


_LEVELS: Mapping[Ended, int] = {
    Ended.DONE: logging.INFO,
    Ended.BUSY: logging.INFO,
    Ended.TROUBLED: logging.WARNING,
    Ended.FAILED: logging.ERROR,
}


def _ended(done: Done) -> tuple[Ended, str]:
    if done.trouble is not None:
        return Ended.TROUBLED, done.trouble
    return Ended.DONE, done.said
