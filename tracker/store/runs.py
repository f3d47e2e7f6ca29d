"""Reads the run log."""

from __future__ import annotations

from sqlalchemy import Connection, RowMapping, Select, select

from tracker.runs import Outcome, Run, RunState
from tracker.store.encoding import decode_coverage, decode_guards, decode_problems
from tracker.store.schema import run

_SUCCESSFUL = [outcome for outcome in Outcome if outcome.successful]


def runs(
    connection: Connection, *, after: int | None = None, until: int | None = None, finished_only: bool = True
) -> list[Run]:
    """The runs with ids greater than `after`, up to and including `until`, oldest first."""
    query = select(run).order_by(run.c.id)
    if after is not None:
        query = query.where(run.c.id > after)
    if until is not None:
        query = query.where(run.c.id <= until)
    if finished_only:
        query = query.where(run.c.state == RunState.FINISHED)
    return [_run(row) for row in connection.execute(query).mappings()]


def last_run(connection: Connection) -> Run | None:
    """The newest run, finished or not."""
    return _newest(connection, select(run))


def last_finished_run(connection: Connection) -> Run | None:
    return _newest(connection, select(run).where(run.c.state == RunState.FINISHED))


def last_successful_run(connection: Connection) -> Run | None:
    """The newest run that read all it was to read, or found that there was nothing new."""
    return _newest(connection, select(run).where(run.c.outcome.in_(_SUCCESSFUL)))


def _newest(connection: Connection, query: Select[tuple[object, ...]]) -> Run | None:
    row = connection.execute(query.order_by(run.c.id.desc()).limit(1)).mappings().first()
    return _run(row) if row else None


def _run(row: RowMapping) -> Run:
    return Run(
        id=row["id"],
        source=row["source"],
        state=RunState(row["state"]),
        outcome=Outcome(row["outcome"]) if row["outcome"] else None,
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        data_timestamp=row["data_timestamp"],
        data_date=row["data_date"],
        searches=tuple(row["searches"]),
        full=row["full"],
        requests=row["requests"],
        bytes=row["bytes"],
        rounds=row["rounds"],
        studies_read=row["studies_read"],
        versions_written=row["versions_written"],
        changes_written=row["changes_written"],
        coverage=decode_coverage(row["coverage"]),
        guards=decode_guards(row["guards"]),
        problems=decode_problems(row["problems"]),
        error=row["error"],
        rules_version=row["rules_version"],
        program_version=row["program_version"],
    )
