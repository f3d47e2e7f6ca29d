"""The calendar: expected completions, and the days on which results may be due, as iCalendar (RFC 5545).

Each entry has an id of its own that never changes. One whose date moves is moved; one that lapses is cancelled under
its id with a higher sequence, so that a program that has taken it over strikes it out rather than keeps it. The same
state of the store gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from icalendar import Calendar, Event

from reports.feeds import feed_line, feed_text
from tracker.changes import RecordedChange
from tracker.diff import ENDED, STOPPED
from tracker.estimates import Answer
from tracker.results_due import MARGIN, results_clock, results_due
from tracker.study import DateType, NctId, Study, StudyDate, study_url
from tracker.words import NOT_GIVEN, milestone_in_words, status_in_words

NAME = "Trials: expected completions"
ASKED_AGAIN_AFTER = timedelta(days=1)

LAPSED_FOR = timedelta(days=90)
"""So long a lapsed entry is told to be cancelled: whoever takes the file over does so more often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarTrial:
    """A trial as it stands, and as it stood before changes of not long ago, oldest first. `tracked`: it is a member."""

    study: Study
    tracked: bool = True
    before: tuple[Study, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One day to expect something on. `what` is the part of its id, `lapsed` its summary once it is cancelled."""

    what: str
    day: date
    summary: str
    lapsed: str
    text: str


def calendar(
    trials: Iterable[CalendarTrial], changes: Iterable[RecordedChange], *, identity: str, since: datetime
) -> bytes:
    """Expected completions of trials that go on, and the days on which results may be due (estimates).

    Whole days. A date that gives only its month or year stands on its last day, and says so. `since` (aware) is when
    an entry that never changed was last modified; `identity` is the store's.
    """
    found = Calendar()
    found.add("prodid", "-//spine-trial-tracker//completions//EN")
    found.add("version", "2.0")
    found.add("method", "PUBLISH")
    found.add("name", NAME)
    found.add("x-wr-calname", NAME)
    found.add("refresh-interval", ASKED_AGAIN_AFTER, {"VALUE": "DURATION"})
    moved: dict[NctId, list[RecordedChange]] = {}
    for change in changes:
        moved.setdefault(change.change.nct_id, []).append(change)
    for trial in sorted(trials, key=lambda one: one.study.nct_id):
        history = moved.get(trial.study.nct_id, [])
        for event in _events(trial, identity=identity):
            # Programs take over an entry that they know only if it is newer than theirs.
            modified = max((one.detected_at for one in history), default=since)
            event.add("dtstamp", modified)
            event.add("last-modified", modified)
            event.add("sequence", len(history))
            found.add_component(event)
    content: bytes = found.to_ical()
    return content


def _events(trial: CalendarTrial, *, identity: str) -> list[Event]:
    now = _entries(trial.study)
    standing = now if trial.tracked else []
    expected = {entry.what for entry in standing}
    lapsed = {
        entry.what: entry
        for entry in (*(entry for study in trial.before for entry in _entries(study)), *now)
        if entry.what not in expected
    }
    return [
        *(_event(trial.study, entry, entry.summary, entry.text, identity) for entry in standing),
        *(_cancelled(trial, entry, identity) for entry in lapsed.values()),
    ]


def _entries(study: Study) -> list[_Entry]:
    return [*_planned_ends(study), *_results_due(study)]


def _planned_ends(study: Study) -> Sequence[_Entry]:
    if study.overall_status in ENDED or study.overall_status in STOPPED:
        return ()
    ends = (("Primary completion", study.primary_completion), ("Completion", study.completion))
    return [
        _planned(study, name, milestone, milestone.date.last)
        for name, milestone in ends
        if milestone and milestone.type == DateType.ESTIMATED and milestone.date.last
    ]


def _planned(study: Study, name: str, milestone: StudyDate, day: date) -> _Entry:
    text = f"{name}: {_said(milestone)}. Status: {_status(study)}."
    if milestone.date.first != day:
        text += " The record gives no day; the entry stands on the last that it can mean."
    return _Entry(
        what=name.lower().replace(" ", "-"),
        day=day,
        summary=f"{name} expected: {_named(study)}",
        lapsed=f"{name} no longer expected: {_named(study)}",
        text=text,
    )


def _results_due(study: Study) -> Sequence[_Entry]:
    clock = results_clock(study)
    if clock is None or clock.stopped is not None:
        return ()
    estimate = results_due(study, now=clock.due + MARGIN + timedelta(days=1))
    if estimate.answer is not Answer.YES:
        return ()
    trace = "\n".join(map(str, estimate.trace[:-1]))
    return [
        _Entry(
            what="results-due",
            day=clock.due,
            summary=f"Results may be due (estimate): {_named(study)}",
            lapsed=f"Results no longer waited for: {_named(study)}",
            text=f"Primary completion {_said(study.primary_completion)}. Not a finding of non-compliance.\n{trace}",
        )
    ]


def _cancelled(trial: CalendarTrial, entry: _Entry, identity: str) -> Event:
    study = trial.study
    now = f"Primary completion: {_said(study.primary_completion)}. Completion: {_said(study.completion)}."
    text = f"The record now: {_status(study)}. {now}"
    if not trial.tracked:
        text = f"The trial is no longer tracked. {text}"
    event = _event(study, entry, entry.lapsed, text, identity)
    event.add("status", "CANCELLED")
    return event


def _event(study: Study, entry: _Entry, summary: str, text: str, identity: str) -> Event:
    event = Event()
    event.add("uid", f"{study.nct_id}-{entry.what}-{identity[:12]}@spine-trial-tracker")
    event.add("dtstart", entry.day)
    event.add("dtend", entry.day + timedelta(days=1))
    event.add("summary", feed_line(summary))
    event.add("description", feed_text(text))
    event.add("url", study_url(study.nct_id))
    event.add("transp", "TRANSPARENT")
    return event


def _named(study: Study) -> str:
    return f"{study.nct_id} {study.brief_title or study.official_title or ''}"


def _status(study: Study) -> str:
    return status_in_words(study.overall_status, study.last_known_status)


def _said(milestone: StudyDate | None) -> str:
    return milestone_in_words(milestone.text, milestone.type) if milestone else NOT_GIVEN
