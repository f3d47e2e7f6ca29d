"""What a run writes while it sweeps: studies, their versions and their changes, a page in one transaction."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, insert, select, update

from tracker.changes import RULES_VERSION, Change
from tracker.comparison import FirstPlan, FirstPlans
from tracker.store.codec import unpack
from tracker.store.encoding import encode_value
from tracker.store.schema import change as change_table
from tracker.store.schema import study, study_version
from tracker.study import DateType, NctId, PartialDate, StudyDate
from tracker.summary import StudySummary

_SUMMARY = tuple(column.name for column in dataclasses.fields(StudySummary))
_IDS_A_QUERY = 1000  # as many as a page has; SQLite takes 32,766 parameters, PostgreSQL 65,535

# Asked for every changed study: built once, because building takes longer than asking.
_NEWEST_BODY = (
    select(study_version.c.body)
    .where(study_version.c.nct_id == bindparam("of_study"))
    .order_by(study_version.c.version.desc())
    .limit(1)
)
_FIRST_PLANS = select(study.c.first_plans).where(study.c.nct_id == bindparam("of_study"))


class HeldStudy(NamedTuple):
    """What a run needs to know of a study that the store holds. `data_date` is that of its newest version."""

    nct_id: NctId
    raw_digest: bytes
    version: int
    state: str
    data_date: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVersion:
    """A version to be written. `number` 1 makes the study; `packed`, `body_size` and `body_digest` are of the record's
    own bytes, less the results; `raw_digest` is that of the bytes as they came, less the stamp."""

    number: int
    packed: bytes
    body_size: int
    body_digest: bytes
    raw_digest: bytes
    summary: StudySummary
    first_plans: FirstPlans
    data_date: date | None
    last_update_submitted: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundChange:
    """A change to be recorded, with its id; `search` on membership changes, versions on content changes."""

    change_id: str
    change: Change
    search: str | None = None
    before_version: int | None = None
    after_version: int | None = None


def held_studies(connection: Connection, nct_ids: Iterable[NctId]) -> dict[NctId, HeldStudy]:
    query = select(study.c.nct_id, study.c.raw_digest, study.c.version, study.c.state, study.c.data_date)
    wanted = list(nct_ids)
    rows = chain.from_iterable(
        connection.execute(query.where(study.c.nct_id.in_(wanted[start : start + _IDS_A_QUERY]))).all()
        for start in range(0, len(wanted), _IDS_A_QUERY)
    )
    return {row.nct_id: row for row in map(HeldStudy._make, rows)}


def posting_days(connection: Connection) -> dict[NctId, PartialDate | None]:
    """When each study that the store holds was first posted; None where its record does not say."""
    query = select(study.c.nct_id, study.c.first_post_date)
    rows = connection.execute(query, execution_options={"yield_per": 1000})
    days: dict[str, PartialDate] = {}  # many studies were posted on the same one
    return {nct_id: days.setdefault(day, PartialDate(day)) if day else None for nct_id, day in rows}


def newest_body(connection: Connection, nct_id: NctId) -> bytes:
    """The bytes of the newest version. Raises StoreDamaged where they can't be unpacked."""
    return unpack(connection.execute(_NEWEST_BODY, {"of_study": nct_id}).scalar_one())


def first_plans(connection: Connection, nct_id: NctId) -> dict[str, FirstPlan]:
    row = connection.execute(_FIRST_PLANS, {"of_study": nct_id})
    stored: Mapping[str, Sequence[str | None]] = row.scalar_one()
    return {
        field: FirstPlan(
            StudyDate(PartialDate(text or ""), DateType(type_) if type_ else None),
            date.fromisoformat(since) if since else None,
        )
        for field, (text, type_, since) in stored.items()
    }


def write_versions(
    connection: Connection, versions: Sequence[NewVersion], *, run: int, seen_at: datetime, new_state: str
) -> None:
    """Appends versions and brings the flat columns of their studies up to date. `new_state` is for new studies."""
    new = [_study_row(one, run) | {"first_seen_run": run, "state": new_state} for one in versions if one.number == 1]
    known = [_study_row(one, run) for one in versions if one.number > 1]
    if new:
        connection.execute(insert(study), new)
    if known:
        statement = update(study).where(study.c.nct_id == bindparam("of_study"))
        connection.execute(statement, [row | {"of_study": row.pop("nct_id")} for row in known])
    if versions:
        connection.execute(insert(study_version), [_version_row(one, run, seen_at) for one in versions])


def note_digests(connection: Connection, digests: Mapping[NctId, bytes]) -> None:
    """Remembers bytes that differ from those held only by noise, so that they need no second look."""
    if digests:
        statement = update(study).where(study.c.nct_id == bindparam("of_study")).values(raw_digest=bindparam("seen"))
        connection.execute(statement, [{"of_study": one, "seen": seen} for one, seen in digests.items()])


def write_changes(
    connection: Connection, changes: Sequence[FoundChange], *, run: int, detected_at: datetime, data_date: date | None
) -> None:
    if not changes:
        return
    rows = [
        {
            "change_id": found.change_id,
            **change_columns(found.change),
            "search": found.search,
            "before_version": found.before_version,
            "after_version": found.after_version,
            "run": run,
            "detected_at": detected_at,
            "data_date": data_date,
            "rules_version": RULES_VERSION,
        }
        for found in changes
    ]
    connection.execute(insert(change_table), rows)


def change_columns(change: Change) -> dict[str, object]:
    """What a change itself says, as the columns of its row."""
    return {
        "nct_id": change.nct_id,
        "kind": change.kind.value,
        "field": change.field,
        "weight": change.weight.value,
        "before": encode_value(change.before),
        "after": encode_value(change.after),
        "days": change.days,
        "days_at_least": change.days_at_least,
        "why": change.why,
        "detail": dict(change.detail),
    }


def study_columns(summary: StudySummary, first_plans: FirstPlans) -> dict[str, object]:
    """What the newest version says of a study, as the columns of its row."""
    return {
        **{column: getattr(summary, column) for column in _SUMMARY},
        "first_plans": {
            field: [first.plan.text, first.plan.type, first.since and first.since.isoformat()]
            for field, first in first_plans.items()
        },
    }


def _study_row(version: NewVersion, run: int) -> dict[str, object]:
    return {
        **study_columns(version.summary, version.first_plans),
        "version": version.number,
        "raw_digest": version.raw_digest,
        "data_date": version.data_date,
        "last_seen_run": run,
    }


def _version_row(version: NewVersion, run: int, seen_at: datetime) -> dict[str, object]:
    return {
        "nct_id": version.summary.nct_id,
        "version": version.number,
        "run": run,
        "seen_at": seen_at,
        "data_date": version.data_date,
        "last_update_submit_date": version.last_update_submitted,
        "last_update_post_date": version.summary.last_update_post_date,
        "body_digest": version.body_digest,
        "body_size": version.body_size,
        "body": version.packed,
    }
