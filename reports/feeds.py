"""Feeds and a calendar: the news as Atom, the reports as Atom, expected completions as iCalendar.

Each entry has an id of its own that never changes, so that a reader shows it once, and a date that moves moves its
entry in the calendar. The same state of the store gives the same bytes. All text is plain; what XML forbids is left
out, and a feed never holds markup.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from feedgen.feed import FeedGenerator  # type: ignore[import-untyped]  # it ships no types
from icalendar import Calendar, Event

from reports.facts import fact_of, membership_fact
from reports.nets import nets_of
from reports.parts import Fact
from reports.words import clipped
from tracker.changes import Kind, RecordedChange
from tracker.diff import ENDED, STOPPED
from tracker.estimates import Answer
from tracker.results_due import MARGIN, results_clock, results_due
from tracker.study import DateType, NctId, Study, StudyDate, study_url
from tracker.summary import TrackedStudy
from tracker.untrusted import plain_line, plain_text
from tracker.words import date_in_words, kind_in_words, milestone_in_words, status_in_words

CHANGES_LISTED = 500
REPORTS_LISTED = 50
"""A feed holds the newest: readers keep what they have seen."""

_AUTHOR = "spine-trial-tracker"
_TITLE_LENGTH, _TEXT_LENGTH = 300, 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportEntry:
    """A recorded report. `created_at` is aware UTC, `link` leads to its page."""

    name: str
    number: int
    created_at: datetime
    headline: str
    link: str


def changes_feed(
    changes: Iterable[RecordedChange], studies: Mapping[NctId, TrackedStudy], *, identity: str, since: datetime
) -> bytes:
    """The newest changes, newest first. `identity` is the store's; `since` stands for an empty feed's last change."""
    newest = sorted(changes, key=lambda one: one.number, reverse=True)[:CHANGES_LISTED]
    feed = _feed("changes", "Changes of the tracked trials", identity)
    feed.updated(max((one.detected_at for one in newest), default=since))
    for one in newest:
        tracked = studies.get(one.change.nct_id)
        title = tracked.summary.brief_title if tracked else None
        kind = kind_in_words(one.change.kind)
        entry = feed.add_entry(order="append")
        entry.id(_urn(identity, "change", one.change_id))
        entry.title(_line(f"{kind}: {one.change.nct_id} {title or ''}"))
        entry.updated(one.detected_at)
        entry.published(one.detected_at)
        entry.link(href=study_url(one.change.nct_id), rel="alternate")
        entry.category(term=one.change.kind.value, label=kind)
        entry.category(term=one.change.weight.value)
        entry.content(_text(_fact_words(_fact(one, tracked), one)), type="text")
    return _bytes(feed)


def reports_feed(reports: Iterable[ReportEntry], *, identity: str, since: datetime) -> bytes:
    """The newest reports, newest first; each leads to its page."""
    newest = sorted(reports, key=lambda one: (one.created_at, one.name, one.number), reverse=True)[:REPORTS_LISTED]
    feed = _feed("reports", "Reports of the trial tracker", identity)
    feed.updated(max((one.created_at for one in newest), default=since))
    for one in newest:
        entry = feed.add_entry(order="append")
        entry.id(_urn(identity, "report", one.name, str(one.number), one.created_at.isoformat()))
        entry.title(_line(f"{one.name} {one.number}: {one.headline}"))
        entry.updated(one.created_at)
        entry.published(one.created_at)
        entry.link(href=one.link, rel="alternate", type="text/html")
        entry.content(_text(one.headline), type="text")
    return _bytes(feed)


def _feed(name: str, title: str, identity: str) -> FeedGenerator:
    feed = FeedGenerator()
    feed.id(_urn(identity, "feed", name))
    feed.title(title)
    feed.author(name=_AUTHOR)
    feed.language("en")
    return feed


def _bytes(feed: FeedGenerator) -> bytes:
    content: bytes = feed.atom_str(pretty=True)
    return content


def _urn(identity: str, *parts: str) -> str:
    return uuid.uuid5(uuid.UUID(identity), "\x1f".join(parts)).urn


def _line(text: str) -> str:
    return clipped(" ".join(_allowed(plain_line(text)).split()), _TITLE_LENGTH)


def _text(text: str) -> str:
    return clipped(_allowed(plain_text(text)), _TEXT_LENGTH)


def _allowed(text: str) -> str:
    """XML has no place for these two, which are no letters."""
    return text.replace("\ufffe", "").replace("\uffff", "")


def _fact(recorded: RecordedChange, tracked: TrackedStudy | None) -> Fact:
    [net] = nets_of([recorded], bulk_fields=frozenset())
    return membership_fact([net], tracked) if net.kind in (Kind.ENTERED, Kind.LEFT) else fact_of(net, tracked)


def _fact_words(fact: Fact, recorded: RecordedChange) -> str:
    moved = " → ".join(part for part in (fact.before, fact.after) if part)
    beside = [part for part in (fact.slip, f"“{fact.quote}”" if fact.quote else None, *fact.notes) if part]
    day = recorded.data_date or recorded.detected_at.date()
    lines = [f"{fact.label}: {moved}" + (f" ({'; '.join(beside)})" if beside else "")]
    lines += [f"− {one}" for one in fact.dropped] + [f"+ {one}" for one in fact.added]
    return "\n".join([*lines, f"Data of {date_in_words(day.isoformat())}"])


# The calendar


def calendar(studies: Iterable[Study], changes: Iterable[RecordedChange], *, identity: str, since: datetime) -> bytes:
    """Expected completions of trials that go on, and the days on which results may be due (estimates).

    Whole days. A date that gives only its month or year stands on its last day, and says so. `since` (aware) is when
    an entry that never changed was last modified.
    """
    found = Calendar()
    found.add("prodid", "-//spine-trial-tracker//completions//EN")
    found.add("version", "2.0")
    found.add("method", "PUBLISH")
    found.add("x-wr-calname", "Trials: expected completions")
    moved: dict[NctId, list[RecordedChange]] = {}
    for change in changes:
        moved.setdefault(change.change.nct_id, []).append(change)
    for study in sorted(studies, key=lambda one: one.nct_id):
        history = moved.get(study.nct_id, [])
        for event in _events(study, identity=identity):
            # Programs take over an entry that they know only if it is newer than theirs.
            modified = max((one.detected_at for one in history), default=since)
            event.add("dtstamp", modified)
            event.add("last-modified", modified)
            event.add("sequence", len(history))
            found.add_component(event)
    content: bytes = found.to_ical()
    return content


def _events(study: Study, *, identity: str) -> list[Event]:
    title = study.brief_title or study.official_title or ""
    events = []
    if study.overall_status not in ENDED and study.overall_status not in STOPPED:
        for name, milestone in (("Primary completion", study.primary_completion), ("Completion", study.completion)):
            if milestone and milestone.type == DateType.ESTIMATED and milestone.date.last:
                events.append(_planned(study, name, milestone, milestone.date.last, title, identity))
    clock = results_clock(study)
    if clock and clock.stopped is None:
        estimate = results_due(study, now=clock.due + MARGIN + timedelta(days=1))
        if estimate.answer is Answer.YES:
            summary = f"Results may be due (estimate): {study.nct_id} {title}"
            trace = "\n".join(map(str, estimate.trace[:-1]))
            text = f"Primary completion {_said(study.primary_completion)}. Not a finding of non-compliance.\n{trace}"
            events.append(_event(study, "results-due", clock.due, summary, text, identity))
    return events


def _planned(study: Study, name: str, milestone: StudyDate, day: date, title: str, identity: str) -> Event:
    status = status_in_words(study.overall_status, study.last_known_status)
    text = f"{name}: {_said(milestone)}. Status: {status}."
    if milestone.date.first != day:
        text += " The record gives no day; the entry stands on the last that it can mean."
    summary = f"{name} expected: {study.nct_id} {title}"
    return _event(study, name.lower().replace(" ", "-"), day, summary, text, identity)


def _said(milestone: StudyDate | None) -> str:
    return milestone_in_words(milestone.text, milestone.type) if milestone else ""


def _event(study: Study, what: str, day: date, summary: str, text: str, identity: str) -> Event:
    event = Event()
    event.add("uid", f"{study.nct_id}-{what}-{identity[:12]}@spine-trial-tracker")
    event.add("dtstart", day)
    event.add("dtend", day + timedelta(days=1))
    event.add("summary", _line(summary))
    event.add("description", _text(text))
    event.add("url", study_url(study.nct_id))
    event.add("transp", "TRANSPARENT")
    return event
