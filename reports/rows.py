"""The rows of the data files: a change, and a study as it stands."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from reports.parts import ChangeRow, StudyRow
from tracker.changes import RecordedChange
from tracker.study import study_url
from tracker.summary import SEPARATOR, StudySummary, TrackedStudy


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
