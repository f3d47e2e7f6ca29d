"""Attempts at jobs: which are due, which go first, and one try at one job under its lock, written down as it ends."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from jobs.logs import bound
from jobs.stopping import Stopped
from jobs.timetable import BUSY_RETRY, retry_after, was_done_in_the_future
from jobs.work import Claim, Job, later
from tracker.errors import StoreBusy, StoreTooNew, TrackerError
from tracker.store.job_log import (
    Ended,
    busy_since,
    end_attempt,
    job_states,
    note_failure,
    note_success,
    pull_back,
    put_off,
    start_attempt,
)
from tracker.store.locking import job_lock
from tracker.store.version import check_current, stored_version

if TYPE_CHECKING:
    from tracker.store.engine import Store
    from tracker.store.transactions import Connection

BUSY_PATIENCE = timedelta(hours=1)
"""So long another process may keep a job from being done before that counts as a failure."""

_log = logging.getLogger("tracker.schedule")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempted:
    """What one look did about one job."""

    job: str
    due_at: datetime
    outcome: Ended
    said: str


class Attempts:
    """One scheduler's attempts on one store; `clock` gives aware UTC. Every method raises StoreError."""

    def __init__(self, store: Store, *, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def check_version(self) -> None:
        """Raises StoreError where another program has upgraded the store, or put one of another version in its place:
        this one must not write into what it does not know."""
        with self._store.connect() as connection:
            self._check_version(connection)

    def _check_version(self, connection: Connection) -> None:
        is_file = self._store.path is not None
        try:
            check_current(stored_version(connection), subject=self._store.url, is_file=is_file)
        except StoreTooNew as newer:
            newer.advice = "Restart the scheduler with the newer program; until then it does nothing."
            raise

    def perhaps_due(self, jobs: Collection[Job]) -> set[str]:
        """The names of those that may be due, by one read; whoever has the lock looks again."""
        now = self._clock()
        with self._store.connect() as connection:
            states = job_states(connection)
            due = {job.name: job.due(states[job.name], connection) for job in jobs}
        healed = {name for name, state in states.items() if was_done_in_the_future(state, now=now)}
        return healed | {name for name, at in due.items() if at is not None and at <= now}

    def comes_after_another(self, job: Job, jobs: Collection[Job]) -> bool:
        """Whether a job that goes first is still to be done, or being done: by another scheduler, or a command.

        One that has failed holds nobody up: the report says so.
        """
        if not job.follows:
            return False
        now = self._clock()
        with self._store.connect() as connection:
            states = job_states(connection)
            first = [one for one in jobs if one.name in job.follows and not states[one.name].failures]
            due = [one.due(states[one.name], connection) for one in first]
            waits_to_retry = any(states[one.name].retry_at for one in first)
        return waits_to_retry or any(at is not None and at <= now for at in due)

    def attempt(self, job: Job) -> Attempted | None:
        """Tries the job, if it is due and nobody else is at it. Raises Stopped where the process is to end."""
        if self._due(job) is None:
            return None
        with ExitStack() as held:
            try:
                held.enter_context(job_lock(self._store, job.name))
            except StoreBusy:
                _log.debug("%s is being done by another scheduler", job.name)
                return None
            # From here on StoreBusy says that the store can't be written, which must not pass for the same.
            due_at = self._due(job)  # another may have done it in between
            return self._attempt(job, due_at) if due_at else None

    def _due(self, job: Job) -> datetime | None:
        """When the job was to begin, if that is now or past."""
        now = self._clock()
        with self._store.connect() as connection:
            self._check_version(connection)
            state = job_states(connection)[job.name]
            healed = was_done_in_the_future(state, now=now)
            due_at = None if healed else job.due(state, connection)
        if healed:
            _log.warning(
                "the clock was set back: %s stands at %s, which is still to come; it goes on from now",
                job.name,
                max(filter(None, (state.covered, state.retry_at))),
            )
            with self._store.begin() as connection:
                # Where only its next try lies too far ahead, what was due is still to be done.
                pull_back(connection, job.name, covered=min(now, state.covered))
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
                result = _tried(job, claim)
            except Stopped:
                with self._store.begin() as connection:
                    end_attempt(connection, number, outcome=Ended.STOPPED, at=self._clock(), said=None)
                raise
            outcome, said = self._record(claim, number, result), result.said
            _log.log(_LEVELS[outcome], "%s%s", outcome, f": {said}" if said else "")
        return Attempted(job=job.name, due_at=due_at, outcome=outcome, said=said)

    def _record(self, claim: Claim, number: int, result: _Result) -> Ended:
        """Writes how an attempt ended. What had covered itself before it failed is done: nobody tries it again."""
        now, outcome = self._clock(), result.outcome
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
            elif not result.told_apart:
                asked = result.retry_at - now if result.retry_at else timedelta()
                again = now + retry_after(state.failures + 1, asked=asked) if outcome is Ended.FAILED else None
                note_failure(connection, claim.job, at=now, error=result.said, retry_at=again)
            end_attempt(connection, number, outcome=outcome, at=now, said=result.said or None)
        return outcome


_LEVELS: Mapping[Ended, int] = {
    Ended.DONE: logging.INFO,
    Ended.BUSY: logging.INFO,
    Ended.TROUBLED: logging.WARNING,
    Ended.FAILED: logging.ERROR,
}


@dataclass(frozen=True, slots=True)
class _Result:
    """How the work ended, what there is to say, and when (aware) whoever refused it wants to be asked again."""

    outcome: Ended
    said: str
    retry_at: datetime | None = None
    told_apart: bool = False


def _tried(job: Job, claim: Claim) -> _Result:
    """Does the work. Raises Stopped, and nothing else."""
    try:
        done = job.work(claim)
    except StoreBusy as busy:
        return _Result(Ended.BUSY, busy.told)
    except TrackerError as error:
        return _Result(Ended.FAILED, error.told, error.retry_at)
    except Exception as error:
        _log.exception("failed unexpectedly")
        return _Result(Ended.FAILED, f"unexpected: {error!r}")
    if done.trouble is not None:
        return _Result(Ended.TROUBLED, done.trouble, told_apart=done.told_apart)
    return _Result(Ended.DONE, done.said)
