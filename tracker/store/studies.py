"""Reads studies as they stand, and their versions."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, select

from tracker.errors import StoreDamaged
from tracker.store.codec import digest, unpack
from tracker.store.memberships import StudyState
from tracker.store.schema import member, study, study_version
from tracker.study import NctId
from tracker.summary import StudySummary, TrackedStudy

_IDS_A_QUERY = 10_000  # SQLite takes 32,766 parameters, PostgreSQL 65,535
_BODIES_A_QUERY = 500
_SUMMARY = tuple(field.name for field in dataclasses.fields(StudySummary))


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What the store knows of one version of a study, without its body. `seen_at` is aware UTC, `size` in bytes."""

    nct_id: NctId
    number: int  # from 1
    run: int
    seen_at: datetime
    data_date: date | None
    last_update_submit_date: str | None
    last_update_post_date: str | None
    size: int
    digest: bytes


def tracked_study(connection: Connection, nct_id: NctId) -> TrackedStudy | None:
    """The study as it stands; None where the store has never seen it."""
    return next(iter(tracked_studies(connection, ids=[nct_id])), None)


def tracked_studies(
    connection: Connection,
    *,
    ids: Collection[NctId] | None = None,
    search: str | None = None,
    states: Iterable[StudyState] | None = None,
) -> list[TrackedStudy]:
    """Studies in the order of their NCT IDs, narrowed by whatever is given; `search` gives its members of now."""
    conditions: list[ColumnElement[bool]] = []
    if states is not None:
        conditions.append(study.c.state.in_([state.value for state in states]))
    if search is not None:
        members = select(member.c.nct_id).where(member.c.search == search, member.c.until_run.is_(None))
        conditions.append(study.c.nct_id.in_(members))
    if ids is None:
        return _tracked(connection, conditions)
    wanted = sorted(set(ids))
    return [
        one
        for start in range(0, len(wanted), _IDS_A_QUERY)
        for one in _tracked(connection, [*conditions, study.c.nct_id.in_(wanted[start : start + _IDS_A_QUERY])])
    ]


def _tracked(connection: Connection, conditions: list[ColumnElement[bool]]) -> list[TrackedStudy]:
    found = select(study).where(*conditions).order_by(study.c.nct_id)
    stays = (
        select(member.c.nct_id, member.c.search)
        .join(study, study.c.nct_id == member.c.nct_id)
        .where(member.c.until_run.is_(None), *conditions)
        .order_by(member.c.search)
    )
    searches: dict[str, list[str]] = {}
    for nct_id, name in connection.execute(stays):
        searches.setdefault(nct_id, []).append(name)
    return [_tracked_study(row, searches.get(row["nct_id"], ())) for row in connection.execute(found).mappings()]


def _tracked_study(row: RowMapping, searches: Iterable[str]) -> TrackedStudy:
    return TrackedStudy(
        summary=StudySummary(**{name: row[name] for name in _SUMMARY}),
        state=row["state"],
        searches=tuple(searches),
        version=row["version"],
        data_date=row["data_date"],
        merged_into=row["merged_into"],
        watched_until=row["watched_until"],
    )


def versions(connection: Connection, nct_id: NctId) -> list[Version]:
    """The versions of a study, oldest first; none where the store has never seen it."""
    columns = [column for column in study_version.c if column.name != "body"]
    query = select(*columns).where(study_version.c.nct_id == nct_id).order_by(study_version.c.version)
    return [_version(row) for row in connection.execute(query).mappings()]


def _version(row: RowMapping) -> Version:
    return Version(
        nct_id=row["nct_id"],
        number=row["version"],
        run=row["run"],
        seen_at=row["seen_at"],
        data_date=row["data_date"],
        last_update_submit_date=row["last_update_submit_date"],
        last_update_post_date=row["last_update_post_date"],
        size=row["body_size"],
        digest=bytes(row["body_digest"]),
    )


def version_body(connection: Connection, nct_id: NctId, version: int) -> bytes | None:
    """The record's own bytes, as the registry gave them; None where there is no such version.

    Raises StoreDamaged where they are not those that were stored.
    """
    query = select(study_version.c.body, study_version.c.body_digest).where(
        study_version.c.nct_id == nct_id, study_version.c.version == version
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    body = unpack(bytes(row.body))
    if digest(body) != bytes(row.body_digest):
        raise StoreDamaged(
            f"Version {version} of {nct_id} is not what was stored",
            subject=nct_id,
            advice="Run `tracker db check`, and restore a backup.",
        )
    return body


def newest_bodies(connection: Connection, ids: Iterable[NctId]) -> Iterator[tuple[NctId, bytes]]:
    """Each study's record as it stands, a few hundred at a time, so that memory stays small. Raises StoreDamaged."""
    wanted = sorted(set(ids))
    for start in range(0, len(wanted), _BODIES_A_QUERY):
        query = (
            select(study_version.c.nct_id, study_version.c.body)
            .join(study, (study.c.nct_id == study_version.c.nct_id) & (study.c.version == study_version.c.version))
            .where(study.c.nct_id.in_(wanted[start : start + _BODIES_A_QUERY]))
            .order_by(study_version.c.nct_id)
        )
        for row in connection.execute(query).all():
            yield row.nct_id, unpack(bytes(row.body))


def data_dates(connection: Connection) -> tuple[date, date] | None:
    """The registry's data dates of the oldest and of the newest version held; None in an empty store."""
    days = [
        connection.execute(
            select(study_version.c.data_date)
            .where(study_version.c.data_date.is_not(None))
            .order_by(order, study_version.c.version)
            .limit(1)
        ).scalar()
        for order in (study_version.c.data_date.asc(), study_version.c.data_date.desc())
    ]
    oldest, newest = days
    return (oldest, newest) if oldest and newest else None
