"""Reads the changes that runs have recorded."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, RowMapping, select

from tracker.changes import Change, Kind, RecordedChange, Weight
from tracker.store.encoding import decode_value
from tracker.store.schema import change
from tracker.study import NctId


def changes(
    connection: Connection,
    *,
    after_run: int | None = None,
    until_run: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    nct_id: NctId | None = None,
    fields: Collection[str] | None = None,
) -> list[RecordedChange]:
    """Changes in the order in which they were recorded, narrowed by whatever is given.

    By run: ids greater than `after_run`, up to and including `until_run`. By `detected_at`, aware: from `since` on,
    before `until`. Changes of a run that is still going on are among them unless `until_run` leaves them out.
    """
    conditions = [
        change.c.run > after_run if after_run is not None else None,
        change.c.run <= until_run if until_run is not None else None,
        change.c.detected_at >= since if since is not None else None,
        change.c.detected_at < until if until is not None else None,
        change.c.nct_id == nct_id if nct_id is not None else None,
        change.c.field.in_(list(fields)) if fields is not None else None,
    ]
    query = select(change).where(*(one for one in conditions if one is not None)).order_by(change.c.number)
    return [recorded_change(row) for row in connection.execute(query).mappings()]


def recorded_change(row: RowMapping) -> RecordedChange:
    """One row of the table `change`."""
    return RecordedChange(
        number=row["number"],
        change_id=row["change_id"],
        change=Change(
            nct_id=row["nct_id"],
            kind=Kind(row["kind"]),
            field=row["field"],
            weight=Weight(row["weight"]),
            before=decode_value(row["before"]),
            after=decode_value(row["after"]),
            days=row["days"],
            days_at_least=row["days_at_least"],
            why=row["why"],
            detail=row["detail"],
        ),
        run=row["run"],
        detected_at=row["detected_at"],
        data_date=row["data_date"],
        search=row["search"],
        before_version=row["before_version"],
        after_version=row["after_version"],
    )
