"""The rows of the data files: a change, and a study as it stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from reports.columns import STUDY_COLUMNS, Type
from tracker.changes import RecordedChange, Value
from tracker.study import NctId, study_url
from tracker.summary import SEPARATOR, TrackedStudy


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRow:
    """One change as data; the fields are the columns of changes.csv, in their order (DESIGN §4).

    `muted`: a coordinator's mute keeps it off the page.
    """

    change_id: str
    nct_id: NctId
    kind: str
    field: str
    before: Value
    after: Value
    days: int | None
    days_at_least: bool
    why: str | None
    weight: str
    search: str | None
    run: int
    detected_at: datetime
    data_date: date | None
    brief_title: str | None
    overall_status: str | None
    lead_sponsor: str | None
    url: str
    muted: bool = False

    def value(self, column: str) -> Value | date:
        """What stands in a column of changes.csv."""
        value: Value | date = getattr(self, column)
        return value


@dataclass(frozen=True, slots=True)
class StudyRow:
    """One tracked study as it stands, with its classes in words."""

    tracked: TrackedStudy
    labels: tuple[str, ...] = ()

    def value(self, column: str) -> Value | date:
        """What stands in a column of studies.csv. A list is a tuple; all else is the registry's own, dates included."""
        match column:
            case "searches" | "version" | "data_date":
                of_study: Value | date = getattr(self.tracked, column)
                return of_study
            case "labels":
                return self.labels
            case "url":
                return study_url(self.tracked.summary.nct_id)
        value: Value = getattr(self.tracked.summary, column)
        if column in _LISTS:
            return tuple(str(value).split(SEPARATOR)) if value else ()
        return value


_LISTS = frozenset(column.name for column in STUDY_COLUMNS if column.type is Type.LIST)


def change_row(recorded: RecordedChange, study: TrackedStudy | None, *, muted: bool = False) -> ChangeRow:
    change = recorded.change
    return ChangeRow(
        change_id=recorded.change_id,
        nct_id=change.nct_id,
        kind=change.kind.value,
        field=change.field,
        before=change.before,
        after=change.after,
        days=change.days,
        days_at_least=change.days_at_least,
        why=change.why,
        weight=change.weight.value,
        search=recorded.search,
        run=recorded.run,
        detected_at=recorded.detected_at,
        data_date=recorded.data_date,
        brief_title=study.summary.brief_title if study else None,
        overall_status=study.summary.overall_status if study else None,
        lead_sponsor=study.summary.lead_sponsor if study else None,
        url=study_url(change.nct_id),
        muted=muted,
    )
