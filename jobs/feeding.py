"""Gathers what feeds and calendar are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from datetime import UTC, datetime
from os.path import relpath
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import orjson

from jobs.remarks import remarks
from reports.calendar import LAPSED_FOR, CalendarTrial, calendar
from reports.feeds import REPORTS_LISTED, ReportEntry, changes_feed, reports_feed
from tracker.changes import Kind
from tracker.parse import parse
from tracker.record import Unreadable
from tracker.store.changes import changes
from tracker.store.deliveries import store_identity
from tracker.store.reports import definition, recorded_report
from tracker.store.runs import runs
from tracker.store.studies import newest_bodies, tracked_studies, version_body

if TYPE_CHECKING:
    from tracker.changes import RecordedChange
    from tracker.store.engine import Store
    from tracker.store.transactions import Connection
    from tracker.study import NctId, Study


def feed_files(
    store: Store, *, report_names: Iterable[str], folder: Path, now: datetime, timezone: str
) -> dict[str, bytes]:
    """changes.atom, reports.atom and completions.ics, by name. `folder` is where they go: links are relative to it.

    Muted changes are left out. `now` (aware) only decides which mutes are in force.
    """
    with store.connect() as connection:
        identity = store_identity(connection)
        studies = {one.summary.nct_id: one for one in tracked_studies(connection)}
        found = changes(connection)
        muted = remarks(connection, found, now=now, timezone=timezone).muted
        made = [one.started_at for one in runs(connection)] or [datetime(1970, 1, 1, tzinfo=UTC)]
        told = [one for one in found if one.change_id not in muted]
        reports = list(_reports(connection, report_names, folder))
        members = {nct_id for nct_id, one in studies.items() if one.searches}
        recent = [one for one in found if one.detected_at >= made[-1] - LAPSED_FOR]
        trials = list(_trials(connection, members, recent))
    return {
        "changes.atom": changes_feed(told, studies, identity=identity, since=made[0]),
        "reports.atom": reports_feed(reports, identity=identity, since=made[0]),
        "completions.ics": calendar(trials, found, identity=identity, since=made[0]),
    }


def _trials(connection: Connection, members: Set[NctId], recent: Sequence[RecordedChange]) -> Iterator[CalendarTrial]:
    """The members, and who has left not long ago; with the versions before `recent` changes. Whatever the change is of:
    whether results may be due follows from a dozen fields."""
    left = {one.change.nct_id for one in recent if one.change.kind is Kind.LEFT} - members
    before: dict[NctId, set[int]] = {}
    for one in recent:
        if one.before_version is not None:
            before.setdefault(one.change.nct_id, set()).add(one.before_version)
    for nct_id, body in newest_bodies(connection, members | left):
        if (study := _read(body)) is not None:
            bodies = (version_body(connection, nct_id, number) for number in sorted(before.get(nct_id, ())))
            earlier = tuple(filter(None, map(_read, bodies)))
            yield CalendarTrial(study=study, tracked=nct_id in members, before=earlier)


def _read(body: bytes | None) -> Study | None:
    """None where the record can't be read: its run has told the problem."""
    try:
        return parse(body) if body is not None else None
    except Unreadable:
        return None


def _reports(connection: Connection, names: Iterable[str], folder: Path) -> Iterator[ReportEntry]:
    for name in names:
        progress = definition(connection, name)
        newest = progress.reports if progress else 0
        for number in range(newest, max(newest - REPORTS_LISTED, 0), -1):
            report = recorded_report(connection, name, number)
            if report is not None:
                yield ReportEntry(
                    name=name,
                    number=number,
                    created_at=report.created_at,
                    headline=orjson.loads(report.view)["headline"],
                    link=_link(Path(report.folder) / "report.html", folder),
                )


def _link(page: Path, folder: Path) -> str:
    """Relative where the page lies in the folder above the feeds, so that the whole may be moved or served."""
    if page.is_relative_to(folder.parent):
        return quote(Path(relpath(page, folder)).as_posix())
    return page.as_uri()
