"""One study in flat columns: what lists, reports and the store's `study` table show of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from tracker.study import NctId, OpenEnum, PartialDate, Study, StudyDate

SEPARATOR = "|"
"""Between the values of a list column, as in the registry's own CSV download."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StudySummary:
    """A study as it stands. Texts, dates and enumerations are the registry's own; None where it gives none."""

    nct_id: NctId
    brief_title: str | None
    official_title: str | None
    acronym: str | None
    study_type: str | None
    phases: str | None
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
    conditions: str | None
    interventions: str | None
    countries: str | None
    site_count: int | None
    has_results: bool | None
    first_post_date: str | None
    last_update_post_date: str | None
    results_first_submit_date: str | None
    results_first_post_date: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedStudy:
    """A study's summary, and how the tracker holds it. `searches` are those that it is a member of now."""

    summary: StudySummary
    state: str  # StudyState
    searches: tuple[str, ...]
    version: int
    data_date: date | None
    merged_into: NctId | None = None
    watched_until: date | None = None


def summary_of(study: Study) -> StudySummary:
    start, primary, completion = _dated(study.start), _dated(study.primary_completion), _dated(study.completion)
    return StudySummary(
        nct_id=study.nct_id,
        brief_title=study.brief_title,
        official_title=study.official_title,
        acronym=study.acronym,
        study_type=_word(study.study_type),
        phases=_joined(study.phases),
        overall_status=_word(study.overall_status),
        last_known_status=_word(study.last_known_status),
        why_stopped=study.why_stopped,
        start_date=start[0],
        start_date_type=start[1],
        primary_completion_date=primary[0],
        primary_completion_date_type=primary[1],
        completion_date=completion[0],
        completion_date_type=completion[1],
        enrollment=study.enrollment.count if study.enrollment else None,
        enrollment_type=_word(study.enrollment.type) if study.enrollment else None,
        lead_sponsor=study.lead_sponsor.name if study.lead_sponsor else None,
        lead_sponsor_class=study.lead_sponsor.agency_class if study.lead_sponsor else None,
        conditions=_joined(study.conditions),
        interventions=_joined([f"{one.type}: {one.name}" if one.type else one.name for one in study.interventions]),
        countries=_joined(study.countries),
        site_count=len(study.sites),
        has_results=study.has_results,
        first_post_date=_text(study.first_posted),
        last_update_post_date=_text(study.last_update_posted),
        results_first_submit_date=_text(study.results_first_submitted),
        results_first_post_date=_text(study.results_first_posted),
    )


def _dated(milestone: StudyDate | None) -> tuple[str | None, str | None]:
    if milestone is None:
        return None, None
    return milestone.text, _word(milestone.type)


def _word(word: OpenEnum | None) -> str | None:
    return str(word) if word else None  # as plain text; `word.value` says the same, five times as slowly


def _text(day: PartialDate | None) -> str | None:
    return day.text if day else None


def _joined(values: Iterable[str]) -> str | None:
    return SEPARATOR.join(values) or None
