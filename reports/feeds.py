"""Feeds: the news as Atom, and the reports as Atom.

Each entry has an id of its own that never changes, so that a reader shows it once. The same state of the store gives
the same bytes. All text is plain; what XML forbids is left out, and a feed never holds markup.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from feedgen.feed import FeedGenerator  # type: ignore[import-untyped]  # it ships no types

from reports.facts import fact_of, membership_fact
from reports.nets import nets_of
from reports.parts import Fact
from reports.words import clipped
from tracker.changes import Kind, RecordedChange
from tracker.study import NctId, study_url
from tracker.summary import TrackedStudy
from tracker.untrusted import plain_line, plain_text
from tracker.words import date_in_words, kind_in_words

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
        entry.title(feed_line(f"{kind}: {one.change.nct_id} {title or ''}"))
        entry.updated(one.detected_at)
        entry.published(one.detected_at)
        entry.link(href=study_url(one.change.nct_id), rel="alternate")
        entry.category(term=one.change.kind.value, label=kind)
        entry.category(term=one.change.weight.value)
        entry.content(feed_text(_fact_words(_fact(one, tracked), one)), type="text")
    return _bytes(feed)


def reports_feed(reports: Iterable[ReportEntry], *, identity: str, since: datetime) -> bytes:
    """The newest reports, newest first; each leads to its page."""
    newest = sorted(reports, key=lambda one: (one.created_at, one.name, one.number), reverse=True)[:REPORTS_LISTED]
    feed = _feed("reports", "Reports of the trial tracker", identity)
    feed.updated(max((one.created_at for one in newest), default=since))
    for one in newest:
        entry = feed.add_entry(order="append")
        entry.id(_urn(identity, "report", one.name, str(one.number), one.created_at.isoformat()))
        entry.title(feed_line(f"{one.name} {one.number}: {one.headline}"))
        entry.updated(one.created_at)
        entry.published(one.created_at)
        entry.link(href=one.link, rel="alternate", type="text/html")
        entry.content(feed_text(one.headline), type="text")
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


def feed_line(text: str) -> str:
    """`text` on one line, without what XML forbids, and cut where it is long."""
    return clipped(" ".join(_allowed(plain_line(text)).split()), _TITLE_LENGTH)


def feed_text(text: str) -> str:
    """The same of a text of several lines."""
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
