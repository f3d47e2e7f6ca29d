"""How each scheduled job stands, and what it did when: what the scheduler knows after any restart.

A job's `covered` instant only ever moves forward by compare and set, so that of two schedulers that did the same, one
learns that it was late; where the work is itself recorded in the store, both happen in one transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, delete, func, insert, select, update

from tracker.errors import StoreBusy
from tracker.store.schema import attempt, job


class Ended(StrEnum):
    """How an attempt at a job ended."""

    DONE = "done"
    TROUBLED = "troubled"  # done as far as it can be: there is something to look at, but nothing to try again
    FAILED = "failed"  # tried again
    BUSY = "busy"  # another process was at it: tried again, and no failure
    STOPPED = "stopped"  # the scheduler was told to stop: due again at its start
    KILLED = "killed"  # the process ended before the attempt did


@dataclass(frozen=True, slots=True, kw_only=True)
class JobState:
    """How a job stands. Instants are aware UTC; `covered`: what was due up to then is done.

    `failures` count in a row, `failing_since` is when the first of them began. `retry_at` is set while what is due has
    failed. `alerted_at`: when the admins were last told of these failures; still set after a success, it means that
    they were not yet told of that.
    """

    name: str
    covered: datetime
    started_at: datetime | None = None
    succeeded_at: datetime | None = None
    failures: int = 0
    failing_since: datetime | None = None
    retry_at: datetime | None = None
    error: str | None = None
    alerted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try at a job: `due_at` is when it was to begin. `outcome` is None while it is going on."""

    id: int
    job: str
    due_at: datetime
    started_at: datetime
    finished_at: datetime | None
    outcome: Ended | None
    said: str | None
    process: str


def register_jobs(
    connection: Connection, names: Iterable[str], *, now: datetime, at_once: Collection[str] = ()
) -> None:
    """Makes jobs known that are new. Each begins at its next firing, those `at_once` before that."""
    known = set(connection.execute(select(job.c.name)).scalars())
    new = [
        {"name": name, "covered": now, "failures": 0, "retry_at": now if name in at_once else None}
        for name in dict.fromkeys(names)
        if name not in known
    ]
    if new:
        from sqlalchemy.dialects import postgresql, sqlite

        # Two schedulers may meet a new job at the same moment.
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        connection.execute(dialect.insert(job).on_conflict_do_nothing(), new)


def retire_jobs(connection: Connection, *, planned: Collection[str]) -> None:
    """What config no longer asks for neither fails any more nor waits to be tried again."""
    gone = job.c.name.not_in(list(planned)) & (job.c.failures > 0)
    well = {"failures": 0, "failing_since": None, "retry_at": None, "error": None, "alerted_at": None}
    connection.execute(update(job).where(gone).values(well))


def job_states(connection: Connection) -> dict[str, JobState]:
    """Every job that the store knows, by name; also those that config no longer has."""
    rows = connection.execute(select(job).order_by(job.c.name)).mappings()
    return {row["name"]: JobState(**row) for row in rows}


def attempts(connection: Connection, *, after: int = 0, name: str | None = None) -> list[Attempt]:
    """The attempts with ids greater than `after`, oldest first; of one job, if it is named."""
    query = select(attempt).where(attempt.c.id > after).order_by(attempt.c.id)
    if name is not None:
        query = query.where(attempt.c.job == name)
    rows = connection.execute(query).mappings()
    return [Attempt(**{**row, "outcome": Ended(row["outcome"]) if row["outcome"] else None}) for row in rows]


def busy_since(connection: Connection, name: str) -> datetime | None:
    """When the first of the last attempts in a row began that found the job kept by another process."""
    of_job = attempt.c.job == name
    other = select(func.max(attempt.c.id)).where(of_job, attempt.c.outcome != Ended.BUSY.value).scalar_subquery()
    busy = of_job & (attempt.c.outcome == Ended.BUSY.value) & (attempt.c.id > func.coalesce(other, 0))
    query = select(attempt.c.started_at).where(busy).order_by(attempt.c.id).limit(1)
    since: datetime | None = connection.execute(query).scalar()
    return since


def start_attempt(connection: Connection, name: str, *, due_at: datetime, at: datetime) -> int:
    """Opens an attempt and returns its id. The caller holds the job's lock: one still open was killed."""
    from tracker.store.locking import this_process

    connection.execute(
        update(attempt)
        .where(attempt.c.job == name, attempt.c.outcome.is_(None))
        .values(outcome=Ended.KILLED.value, finished_at=at)
    )
    connection.execute(update(job).where(job.c.name == name).values(started_at=at))
    opened = insert(attempt).values(job=name, due_at=due_at, started_at=at, process=this_process())
    number: int = connection.execute(opened.returning(attempt.c.id)).scalar_one()
    return number


def cover(connection: Connection, name: str, *, since: datetime, until: datetime) -> None:
    """What was due after `since`, up to `until`, is done.

    Raises StoreBusy, so that the transaction is undone, where it was done already: the job no longer stands at `since`.
    """
    moved = connection.execute(update(job).where(job.c.name == name, job.c.covered == since).values(covered=until))
    if moved.rowcount != 1:
        raise StoreBusy(f"Another scheduler has just done {name}", subject=name, advice="Nothing was done twice.")


def end_attempt(connection: Connection, number: int, *, outcome: Ended, at: datetime, said: str | None) -> None:
    connection.execute(
        # Whatever it says already: of a killed process the last commit may still be under way when another takes over.
        update(attempt).where(attempt.c.id == number).values(outcome=outcome.value, finished_at=at, said=said)
    )


def note_success(connection: Connection, name: str, *, at: datetime) -> None:
    connection.execute(
        update(job)
        .where(job.c.name == name)
        .values(succeeded_at=at, failures=0, failing_since=None, retry_at=None, error=None)
    )


def note_failure(connection: Connection, name: str, *, at: datetime, error: str, retry_at: datetime | None) -> None:
    """One more failure in a row; `retry_at` is None where only the next regular firing tries again."""
    known = connection.execute(select(job.c.failing_since).where(job.c.name == name)).scalar_one()
    connection.execute(
        update(job)
        .where(job.c.name == name)
        .values(failures=job.c.failures + 1, failing_since=known or at, retry_at=retry_at, error=error)
    )


def put_off(connection: Connection, name: str, *, until: datetime) -> None:
    """Tries again at `until`, without a failure."""
    connection.execute(update(job).where(job.c.name == name).values(retry_at=until))


def pull_back(connection: Connection, name: str, *, covered: datetime) -> None:
    """After the clock was set back: otherwise the job would wait until the clock is where it was."""
    connection.execute(update(job).where(job.c.name == name).values(covered=covered, retry_at=None))


def note_alert(connection: Connection, name: str, *, at: datetime | None) -> None:
    """When the admins were told that the job fails; None once they were told that it is well again."""
    connection.execute(update(job).where(job.c.name == name).values(alerted_at=at))


def forget_attempts(connection: Connection, *, before: datetime) -> int:
    """Deletes the attempts that ended before; returns how many."""
    gone = connection.execute(delete(attempt).where(attempt.c.finished_at < before))
    return int(gone.rowcount)
