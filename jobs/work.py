"""What a scheduled job is: when it is due, and what it does; and the plan of all that config.toml asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from jobs.alerts import AlertRules, Tell
from jobs.timetable import when_due
from tracker.store.job_log import JobState, cover, job_states

if TYPE_CHECKING:
    from tracker.store.engine import Store
    from tracker.store.transactions import Connection

Waiting = Callable[["Connection"], datetime | None]
"""When the first of what waits in the store is to be done; None where nothing waits."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a job has to say. `trouble`: it is done, but somebody should look; trying again would not help.

    `told_apart`: the admins are told of the trouble by itself, so that it makes the job neither fail nor well.
    """

    said: str = ""
    trouble: str | None = None
    told_apart: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One attempt at a job, whose lock is held. What was due after `since`, up to `until` (aware), is done by it."""

    store: Store
    job: str
    since: datetime
    until: datetime

    def cover(self, connection: Connection) -> None:
        """Records the job as done in the transaction that records what it did. Raises StoreBusy if it was already.

        Work that never calls it is recorded afterwards; so it must be harmless to do it twice.
        """
        cover(connection, self.job, since=self.since, until=self.until)

    def is_covered(self) -> bool:
        """Whether it is recorded as done by this attempt. Raises StoreError."""
        with self.store.connect() as connection:
            return job_states(connection)[self.job].covered == self.until


Work = Callable[[Claim], Done]
"""Does a job. Raises what went wrong: it is tried again later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job is due by its cron expression in `zone`, or (`waiting`) when something in the store waits for it; by
    whichever comes first."""

    name: str
    work: Work = field(repr=False)
    cron: str | None = None
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    jitter: timedelta = timedelta()
    seed: str = ""
    waiting: Waiting | None = field(default=None, repr=False)
    at_once: bool = False
    """To be done as soon as it is known for the first time."""
    follows: frozenset[str] = frozenset()
    """Jobs that go first: while one of them is due and has not failed, this one waits."""

    def due(self, state: JobState, connection: Connection) -> datetime | None:
        """When it is to begin next, in the past where it is overdue; None where it never is."""
        waiting = self.waiting(connection) if self.waiting else None
        if waiting is not None and state.retry_at is not None:
            waiting = max(waiting, state.retry_at)
        return min(filter(None, (waiting, self.due_by_cron(state))), default=None)

    def due_by_cron(self, state: JobState) -> datetime | None:
        """The same where there is no store in which anything could wait."""
        if self.cron is None:
            return None
        return when_due(self.cron, self.zone, state, most_jitter=self.jitter, seed=self.seed)

    @property
    def schedule(self) -> str:
        """As a person reads it."""
        return self.cron if self.cron is not None else "as needed"


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


def later(instant: datetime, than: datetime) -> datetime:
    """`instant`, or the first one after `than`."""
    return max(instant.astimezone(UTC), than + timedelta(microseconds=1))
