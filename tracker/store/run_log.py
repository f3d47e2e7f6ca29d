"""The run row: opened at the start of a sync, touched by every batch, closed once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, insert, update

from tracker import __version__
from tracker.changes import RULES_VERSION
from tracker.errors import RunAborted
from tracker.runs import Guard, Outcome, RunState, TermCoverage
from tracker.store.encoding import encode_coverage, encode_guards, encode_problems
from tracker.store.locking import this_process
from tracker.store.schema import run
from tracker.study import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """What a run has to say at its close. `data_timestamp` is aware UTC, None where the source gave none."""

    outcome: Outcome
    data_timestamp: datetime | None = None
    data_date: date | None = None
    rounds: int = 0
    coverage: Sequence[TermCoverage] = ()
    guards: Sequence[Guard] = ()
    problems: Sequence[Problem] = ()
    error: str | None = None


def start_run(connection: Connection, *, source: str, searches: Sequence[str], full: bool, started_at: datetime) -> int:
    """Opens a run and returns its id. The caller holds the lock: a run still open was interrupted, and is closed."""
    connection.execute(
        update(run)
        .where(run.c.state == RunState.RUNNING)
        .values(
            state=RunState.FINISHED.value,
            outcome=Outcome.INTERRUPTED.value,
            finished_at=started_at,
            error="the process ended before the run did; what it had written stays, the next run goes on from there",
        )
    )
    opened = insert(run).values(
        state=RunState.RUNNING.value,
        source=source,
        searches=list(searches),
        full=full,
        started_at=started_at,
        rules_version=RULES_VERSION,
        program_version=__version__,
        process=this_process(),
    )
    run_id: int = connection.execute(opened.returning(run.c.id)).scalar_one()
    return run_id


def keep_running(
    connection: Connection,
    run_id: int,
    *,
    requests: int,
    bytes_read: int,
    studies_read: int,
    versions_written: int,
    changes_written: int,
) -> None:
    """Notes how far the run is. Raises RunAborted if it is not the running one any more: another holder closed it."""
    touched = connection.execute(
        update(run)
        .where(run.c.id == run_id, run.c.state == RunState.RUNNING)
        .values(
            requests=requests,
            bytes=bytes_read,
            studies_read=studies_read,
            versions_written=versions_written,
            changes_written=changes_written,
        )
    )
    if touched.rowcount != 1:
        raise RunAborted(
            f"Run {run_id} was closed by another process, which took it for dead",
            advice="Nothing is lost: the next run goes on from what is written.",
        )


def note_data(connection: Connection, run_id: int, *, data_timestamp: datetime | None, data_date: date | None) -> None:
    """Before anything is taken: a run that is killed has written records of this data, too."""
    connection.execute(update(run).where(run.c.id == run_id).values(data_timestamp=data_timestamp, data_date=data_date))


def note_traffic(connection: Connection, run_id: int, *, requests: int, bytes_read: int) -> None:
    connection.execute(update(run).where(run.c.id == run_id).values(requests=requests, bytes=bytes_read))


def finish_run(connection: Connection, run_id: int, result: RunResult, *, finished_at: datetime) -> None:
    connection.execute(
        update(run)
        .where(run.c.id == run_id, run.c.state == RunState.RUNNING)
        .values(
            state=RunState.FINISHED.value,
            outcome=result.outcome.value,
            finished_at=finished_at,
            data_timestamp=result.data_timestamp,
            data_date=result.data_date,
            rounds=result.rounds,
            coverage=encode_coverage(result.coverage),
            guards=encode_guards(result.guards),
            problems=encode_problems(result.problems),
            error=result.error,
        )
    )
