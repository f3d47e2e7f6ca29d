"""What a scheduled job is: when it is due, and what it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from jobs.timetable import when_due
from tracker.store.job_log import JobState, cover

if TYPE_CHECKING:
    from tracker.store.engine import Store
    from tracker.store.transactions import Connection

Waiting = Callable[["Connection"], datetime | None]
"""When the first of what waits in the store is to be done; None where nothing waits."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a job has to say. `trouble`: it is done, but somebody should look; trying again would not help."""

    said: str = ""
    trouble: str | None = None


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


Work = Callable[[Claim], Done]
"""Does a job. Raises what went wrong: it is tried again later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job is due by its cron expression in `zone`, or (`waiting`) when something in the store waits for it."""

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
        if self.cron is not None:
            return when_due(self.cron, self.zone, state, most_jitter=self.jitter, seed=self.seed)
        waiting = self.waiting(connection) if self.waiting else None
        if waiting is None or state.retry_at is None:
            return waiting
        return max(waiting, state.retry_at)

    @property
    def schedule(self) -> str:
        """As a person reads it."""
        return self.cron if self.cron is not None else "as needed"


def later(instant: datetime, than: datetime) -> datetime:
    """`instant`, or the first one after `than`."""
    return max(instant.astimezone(UTC), than + timedelta(microseconds=1))
