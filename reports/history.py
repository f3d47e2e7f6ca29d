"""How many tracked trials had which status on earlier days: today's, walked back through the changes. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from reports.figures import StatusCounts
from reports.nets import STATUS_FIELD
from tracker.changes import MEMBERSHIP_FIELD, Kind, RecordedChange
from tracker.study import NctId
from tracker.summary import TrackedStudy

COLUMNS = 24
"""A figure of more days is harder to read, not easier."""

HISTORY_FIELDS = (STATUS_FIELD, MEMBERSHIP_FIELD)
"""The changes that `status_history` needs."""


def status_history(
    studies: Mapping[NctId, TrackedStudy],
    changes: Iterable[RecordedChange],
    *,
    baselines: Mapping[str, date],
    days: Sequence[date],
) -> tuple[StatusCounts, ...]:
    """The counts on each of `days` (data dates, ascending).

    `changes` are those of status and membership since the beginning. `baselines` gives for each search that is told
    the data date of its first complete sweep: before it nobody was a member.
    """
    statuses, stays = _timelines(changes, baselines)
    return tuple(StatusCounts(day, dict(_counts(day, studies, statuses, stays, baselines))) for day in days)


Timeline = list[tuple[date, RecordedChange]]


def _timelines(
    changes: Iterable[RecordedChange], searches: Iterable[str]
) -> tuple[dict[NctId, Timeline], dict[tuple[NctId, str], Timeline]]:
    told = set(searches)
    statuses: dict[NctId, Timeline] = {}
    stays: dict[tuple[NctId, str], Timeline] = {}
    for one in sorted(changes, key=lambda one: one.number):
        day = one.data_date or one.detected_at.date()
        if one.change.field == STATUS_FIELD:
            statuses.setdefault(one.change.nct_id, []).append((day, one))
        elif one.search in told:
            stays.setdefault((one.change.nct_id, one.search), []).append((day, one))
    return statuses, stays


def _counts(
    day: date,
    studies: Mapping[NctId, TrackedStudy],
    statuses: Mapping[NctId, Timeline],
    stays: Mapping[tuple[NctId, str], Timeline],
    baselines: Mapping[str, date],
) -> Counter[str]:
    counts: Counter[str] = Counter()
    for nct_id, study in studies.items():
        if any(
            since <= day and _was_member(stays.get((nct_id, search), []), day, now=search in study.searches)
            for search, since in baselines.items()
        ):
            counts[_status(statuses.get(nct_id, []), day, now=study.summary.overall_status)] += 1
    return counts


def _next(timeline: Timeline, day: date) -> RecordedChange | None:
    """The first change after the day."""
    place = bisect_right(timeline, day, key=lambda step: step[0])
    return timeline[place][1] if place < len(timeline) else None


def _was_member(timeline: Timeline, day: date, *, now: bool) -> bool:
    following = _next(timeline, day)
    return now if following is None else following.change.kind is Kind.LEFT


def _status(timeline: Timeline, day: date, *, now: str | None) -> str:
    following = _next(timeline, day)
    status = now if following is None else following.change.before
    return str(status or "")


def days_shown(dates: Iterable[date]) -> tuple[date, ...]:
    """Of the data dates of all runs the last of each month, and of more than `COLUMNS` months evenly spread ones."""
    by_month = {(day.year, day.month): day for day in sorted(dates)}
    days = list(by_month.values())
    if len(days) <= COLUMNS:
        return tuple(days)
    step = (len(days) - 1) / (COLUMNS - 1)
    return tuple(days[round(place * step)] for place in range(COLUMNS))
