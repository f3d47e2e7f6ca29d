"""Gathers what feeds and calendar are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from os.path import relpath
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import orjson

from jobs.remarks import remarks
from reports.feeds import REPORTS_LISTED, ReportEntry, calendar, changes_feed, reports_feed
from tracker.parse import parse
from tracker.record import Unreadable
from tracker.store.changes import changes
from tracker.store.deliveries import store_identity
from tracker.store.reports import definition, recorded_report
from tracker.store.runs import runs
from tracker.store.studies import newest_bodies, tracked_studies

if TYPE_CHECKING:
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
        first = next(iter(runs(connection)), None)
        since = first.started_at if first else datetime(1970, 1, 1, tzinfo=UTC)
        members = [nct_id for nct_id, one in studies.items() if one.searches]
        told = [one for one in found if one.change_id not in muted]
        reports = list(_reports(connection, report_names, folder))
        records = list(_records(connection, members))
    return {
        "changes.atom": changes_feed(told, studies, identity=identity, since=since),
        "reports.atom": reports_feed(reports, identity=identity, since=since),
        "completions.ics": calendar(records, found, identity=identity, since=since),
    }


def _records(connection: Connection, members: Iterable[NctId]) -> Iterator[Study]:
    for _, body in newest_bodies(connection, members):
        try:
            yield parse(body)
        except Unreadable:
            continue  # its run has told the problem


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
