"""The rows of the data files: a change, and a study as it stands."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from tracker.changes import RecordedChange, Value
from tracker.study import NctId, study_url
from tracker.summary import SEPARATOR, StudySummary, TrackedStudy


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


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyRow:
    """One tracked study as it stands; the fields are the columns of studies.csv, in their order.

    Dates, enumerations and texts are the registry's own; a partial date stays one. Lists are tuples.
    """

    nct_id: NctId
    brief_title: str | None
    official_title: str | None
    acronym: str | None
    study_type: str | None
    phases: tuple[str, ...]
    overall_status: str | None
    last_known_status: str | None
    why_stopped: str | None
    start_date: str | None
    start_date_type: str | None
    primary_completion_date: str | None
    primary_completion_date_type: str | None
    completion_date: str | None
    completion_date_type: str | None
    enrollment: int | None
    enrollment_type: str | None
    lead_sponsor: str | None
    lead_sponsor_class: str | None
    conditions: tuple[str, ...]
    interventions: tuple[str, ...]
    countries: tuple[str, ...]
    site_count: int | None
    has_results: bool | None
    first_post_date: str | None
    last_update_post_date: str | None
    results_first_submit_date: str | None
    results_first_post_date: str | None
    searches: tuple[str, ...]
    labels: tuple[str, ...]
    version: int
    data_date: date | None
    url: str


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


def study_row(tracked: TrackedStudy, labels: tuple[str, ...]) -> StudyRow:
    summary: dict[str, Any] = {name: getattr(tracked.summary, name) for name in _SUMMARY}
    return StudyRow(
        **summary | {name: _several(summary[name]) for name in _LISTS},
        searches=tracked.searches,
        labels=labels,
        version=tracked.version,
        data_date=tracked.data_date,
        url=study_url(tracked.summary.nct_id),
    )


def _several(joined: str | None) -> tuple[str, ...]:
    return tuple(joined.split(SEPARATOR)) if joined else ()


_LISTS = ("phases", "conditions", "interventions", "countries")
_SUMMARY = tuple(field.name for field in fields(StudySummary))
