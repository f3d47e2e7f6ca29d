"""Makes reports: gathers what the store holds, has it rendered, records the bytes, and writes copies of them.

A report is recorded before a file of it is written, in one transaction with the step of its definition. Copies of what
is recorded are `jobs.replaying`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.evidence import evidence, past_statuses
from jobs.outbox import dispatches, mail_files
from jobs.remarks import remarks
from jobs.replaying import Written, confirm
from reports.copies import check_folder, report_folder, write_copies
from reports.parts import Window
from reports.render import render
from reports.standing import data_date_of
from reports.trust import Earlier
from reports.view import ReportView, build_view, to_json_bytes
from tracker import __version__
from tracker.definitions import WRITABLE_FORMATS, ReportDefinition
from tracker.errors import UsageError
from tracker.runs import Run, TermCoverage
from tracker.store.changes import changes
from tracker.store.deliveries import record_deliveries, store_identity
from tracker.store.reports import DefinitionProgress, record_report
from tracker.store.reports import definition as definition_progress
from tracker.store.runs import last_finished_run, runs
from tracker.store.searches import searches
from tracker.store.studies import tracked_studies

if TYPE_CHECKING:
    from jobs.recipients import Addressee
    from tracker.store.engine import Store
    from tracker.store.transactions import Connection
    from tracker.summary import TrackedStudy
    from tracker.taxonomy import Taxonomy


def next_report(
    store: Store,
    definition: ReportDefinition,
    *,
    titles: Mapping[str, str],
    now: datetime,
    output: Path,
    out: Path | None = None,
    recipients: Sequence[Addressee] = (),
    timezone: str = "UTC",
    classes: Callable[[], Taxonomy] | None = None,
    also: Callable[[Connection], None] | None = None,
) -> Written:
    """The definition's next report: rendered, recorded, and copied into its folder (or into `out`).

    What `recipients` are to get is recorded with it, and sent by `jobs.deliver`; `also` is done in the transaction that
    records both. `titles` are the descriptions of the searches; `timezone` is that of the last day of a mute; `classes`
    gives the taxonomy of the labels, else it is the shipped one. Raises OutputError before anything is recorded where
    the folder can't be written, StoreBusy where another process has just made this report.
    """
    with store.connect() as connection:
        progress = _progress(connection, definition.name)
        newest = last_finished_run(connection)
        window = Window(after_run=progress.covered_run, until_run=max(newest.id if newest else 0, progress.covered_run))
        number = progress.reports + 1
        view = _view(
            connection,
            definition,
            window,
            titles=titles,
            number=number,
            now=now,
            timezone=timezone,
            formats=definition.formats,
            classes=classes,
        )
    folder = out or report_folder(output, name=definition.name, number=number)
    check_folder(folder)
    files = render(view, _formats(definition.formats))
    subject = ""
    if recipients:
        subject, mail = mail_files(view)
        files |= mail
    with store.begin() as connection:
        record_report(
            connection,
            name=definition.name,
            after_run=window.after_run,
            until_run=window.until_run,
            created_at=now,
            folder=str(folder.absolute()),
            view=to_json_bytes(view),
            files=files,
            number=number,
        )
        to_send = dispatches(
            recipients,
            identity=store_identity(connection),
            name=definition.name,
            number=number,
            created_at=now,
            subject=subject,
        )
        record_deliveries(connection, name=definition.name, number=number, dispatches=to_send, created_at=now)
        if also:
            also(connection)
    written = write_copies(folder, files)
    confirm(store, definition.name, number, files)
    return Written(name=definition.name, number=number, headline=view.headline, folder=folder, files=written)


def ad_hoc_report(
    store: Store,
    definition: ReportDefinition,
    *,
    titles: Mapping[str, str],
    since: datetime | None,
    until: datetime | None,
    days: tuple[date | None, date | None],
    formats: Collection[str],
    now: datetime,
    folder: Path,
    timezone: str = "UTC",
    classes: Callable[[], Taxonomy] | None = None,
) -> Written:
    """A report on the changes detected from `since` on and before `until` (aware), recorded nowhere.

    `days` are the first and last day as they were asked for.
    """
    with store.connect() as connection:
        found = [one for one in runs(connection) if _within(one, since, until)]
        window = Window(
            after_run=found[0].id - 1 if found else 0,
            until_run=found[-1].id if found else 0,
            since=days[0],
            until=days[1],
        )
        view = _view(
            connection,
            definition,
            window,
            titles=titles,
            number=None,
            now=now,
            timezone=timezone,
            formats=formats or definition.formats,
            classes=classes,
            runs_of=found,
            since=since,
            until=until,
        )
    files = render(view, formats or _formats(definition.formats))
    written = write_copies(folder, files)
    return Written(name=definition.name, number=None, headline=view.headline, folder=folder, files=written)


def _formats(configured: Collection[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*WRITABLE_FORMATS[:3], *configured)))


def _progress(connection: Connection, name: str) -> DefinitionProgress:
    progress = definition_progress(connection, name)
    if progress is None:
        raise UsageError(f'no report is called "{name}"', subject=name, advice="`tracker config check` lists them.")
    return progress


def _within(run: Run, since: datetime | None, until: datetime | None) -> bool:
    return (since is None or run.started_at >= since) and (until is None or run.started_at < until)


def _view(
    connection: Connection,
    definition: ReportDefinition,
    window: Window,
    *,
    titles: Mapping[str, str],
    number: int | None,
    now: datetime,
    timezone: str,
    formats: Collection[str],
    classes: Callable[[], Taxonomy] | None,
    runs_of: Sequence[Run] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> ReportView:
    if runs_of is None:
        found = changes(connection, after_run=window.after_run, until_run=window.until_run)
        runs_of = runs(connection, after=window.after_run, until=window.until_run)
    else:
        found = changes(connection, since=since, until=until)
    known = searches(connection)
    studies = {study.summary.nct_id: study for study in tracked_studies(connection)}
    earlier = _earlier(connection, window.after_run)
    told = evidence(
        connection,
        _of_searches(studies.values(), definition.searches),
        on=data_date_of(runs_of, earlier) or now.date(),
        changes=found,
        classify_all=not _CLASSES_OF_ALL.isdisjoint(formats),
        classes=classes,
    )
    marked = remarks(connection, found, now=now, timezone=timezone)
    return build_view(
        definition=definition,
        title=_title(definition, titles),
        number=number,
        now=now,
        program_version=__version__,
        window=window,
        runs=runs_of,
        changes=found,
        studies=studies,
        earlier=earlier,
        baselines={
            one.name: one.members
            for one in known
            if one.baseline_run is not None and window.after_run < one.baseline_run <= window.until_run
        },
        estimates=told.estimates,
        labels=told.labels,
        remarks=marked.told,
        muted=marked.muted,
        status_history=past_statuses(connection, studies, told=definition.searches, until_run=window.until_run),
    )


_CLASSES_OF_ALL = frozenset({"studies", "xlsx"})
"""Formats that show the classes of every tracked study."""


def _of_searches(studies: Iterable[TrackedStudy], names: Collection[str]) -> list[TrackedStudy]:
    """The members of any of these searches; of any at all where none is named."""
    return [one for one in studies if not names or set(one.searches) & set(names)]


def _title(definition: ReportDefinition, titles: Mapping[str, str]) -> str:
    """The description of the only search it tells of; otherwise the report's own name."""
    if len(definition.searches) == 1 and (title := titles.get(definition.searches[0])):
        return title
    return definition.name


def _earlier(connection: Connection, after_run: int) -> Earlier:
    """What was known when the window began."""
    before = runs(connection, until=after_run) if after_run else []
    succeeded = [run for run in before if run.outcome and run.outcome.successful]
    return Earlier(
        data_date=next((run.data_date for run in reversed(succeeded) if run.data_date), None),
        success_at=succeeded[-1].finished_at if succeeded else None,
        coverage=_newest_coverage(before),
    )


def _newest_coverage(before: Sequence[Run]) -> tuple[TermCoverage, ...]:
    """Of each search that of the last run that swept it: a run may leave out what was not due."""
    newest: dict[str, tuple[TermCoverage, ...]] = {}
    for run in before:
        for search in dict.fromkeys(term.search for term in run.coverage):
            newest[search] = tuple(term for term in run.coverage if term.search == search)
    return tuple(term for terms in newest.values() for term in terms)
