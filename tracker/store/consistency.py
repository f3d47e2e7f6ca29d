"""Whether the store's tables agree with each other: what one transaction wrote can't have gone apart by itself."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from sqlalchemy import Connection, func, select

from tracker.changes import Change, EnteredWhy, Kind, Weight, membership_change_id
from tracker.store.deliveries import DeliveryState
from tracker.store.memberships import StudyState
from tracker.store.schema import change, delivery, identity, member, report, report_definition, report_file, run, study
from tracker.store.schema import study_version as version
from tracker.study import NctId


def disagreements(connection: Connection) -> Iterator[str]:
    """A line for each."""
    yield from _tallies(connection)
    yield from _newest_versions(connection)
    yield from _stays(connection)
    yield from _states(connection)
    yield from _windows(connection)
    yield from _deliveries(connection)
    yield from _identity(connection)


def _tallies(connection: Connection) -> Iterator[str]:
    changes = select(func.count()).where(change.c.run == run.c.id).scalar_subquery()
    versions = select(func.count()).where(version.c.run == run.c.id).scalar_subquery()
    query = select(run.c.id, run.c.changes_written, changes, run.c.versions_written, versions).order_by(run.c.id)
    for number, *tallies in connection.execute(query):
        for what, written, there in (("changes", *tallies[:2]), ("versions", *tallies[2:])):
            if written != there:
                yield f"run {number} wrote {written} {what}, and {there} of it are there"


def _newest_versions(connection: Connection) -> Iterator[str]:
    of_study = version.c.nct_id == study.c.nct_id
    newest = select(func.max(version.c.version)).where(of_study).scalar_subquery()
    query = select(study.c.nct_id, study.c.version, newest).order_by(study.c.nct_id)
    for nct_id, taken, there in connection.execute(query):
        if there is None or there < taken:
            yield f"{nct_id}: its version {taken} is missing"
        elif there > taken:
            yield f"{nct_id}: its newest version is {there}, and the store takes {taken} for it"


def _stays(connection: Connection) -> Iterator[str]:
    """Every stay but one of a baseline was told when it began, every one that ended then; and nothing else was."""
    expected: dict[str, tuple[str, int]] = {}
    for stay in connection.execute(select(member)):
        news = [(Kind.ENTERED, stay.since_run)] if stay.entered_why != EnteredWhy.BASELINE else []
        news += [(Kind.LEFT, stay.until_run)] if stay.until_run is not None else []
        for kind, number in news:
            one = Change(nct_id=NctId(stay.nct_id), kind=kind, field="membership", weight=Weight.MINOR)
            change_id = membership_change_id(one, search=stay.search, stay=stay.stay)
            expected[change_id] = f"{stay.nct_id} {kind} {stay.search}", number
    query = select(change.c.change_id, change.c.nct_id, change.c.kind, change.c.search, change.c.run)
    stored = {
        row.change_id: (f"{row.nct_id} {row.kind} {row.search}", row.run)
        for row in connection.execute(query.where(change.c.kind.in_([Kind.ENTERED, Kind.LEFT])))
    }
    for what, number in sorted(expected[change_id] for change_id in expected.keys() - stored.keys()):
        yield f"{what} in run {number}, and no such change is stored"
    for what, number in sorted(stored[change_id] for change_id in stored.keys() - expected.keys()):
        yield f"a change of run {number} says that {what}, and no such stay is stored"
    for change_id in sorted(expected.keys() & stored.keys()):
        if expected[change_id] != stored[change_id]:
            (what, number), (told, told_by) = expected[change_id], stored[change_id]
            yield f"{what} in run {number}, and the change says: {told} in run {told_by}"


def _states(connection: Connection) -> Iterator[str]:
    current = select(member.c.nct_id).where(member.c.until_run.is_(None))
    tracked = study.c.state == StudyState.TRACKED
    query = select(study.c.nct_id, study.c.state).order_by(study.c.nct_id)
    for nct_id, _ in connection.execute(query.where(tracked, study.c.nct_id.not_in(current))):
        yield f"{nct_id} is tracked, and a member of no search"
    for nct_id, state in connection.execute(query.where(~tracked, study.c.nct_id.in_(current))):
        yield f"{nct_id} is a member of a search, and held as {state}"


def _windows(connection: Connection) -> Iterator[str]:
    """A definition's reports are numbered from 1, and each begins where the one before it ended."""
    query = select(report.c.name, report.c.number, report.c.after_run, report.c.until_run)
    rows = connection.execute(query.order_by(report.c.name, report.c.number))
    reports = {name: list(group) for name, group in groupby(rows, key=lambda row: row.name)}
    for one in connection.execute(select(report_definition).order_by(report_definition.c.name)):
        number, covered = 0, one.since_run
        for row in reports.get(one.name, []):
            if (row.number, row.after_run) != (number + 1, covered):
                yield (
                    f"report {one.name} {row.number} begins after run {row.after_run}; "
                    f"after report {number}, which ended with run {covered}, comes report {number + 1}"
                )
            number, covered = row.number, row.until_run
        if (one.reports, one.covered_run) != (number, covered):
            yield (
                f"report {one.name} {number} is the newest and ends with run {covered}; "
                f"the store takes {one.reports} for it, ending with run {one.covered_run}"
            )


def _deliveries(connection: Connection) -> Iterator[str]:
    files: dict[tuple[str, int], set[str]] = {}
    for name, number, filename in connection.execute(
        select(report_file.c.name, report_file.c.number, report_file.c.filename)
    ):
        files.setdefault((name, number), set()).add(filename)
    for row in connection.execute(select(delivery).order_by(delivery.c.id)):
        what = f"delivery {row.id} (report {row.name} {row.number} to {row.recipient})"
        if (row.state == DeliveryState.SENT) != (row.sent_at is not None):
            yield f"{what} is {row.state}, and was sent {f'at {row.sent_at}' if row.sent_at else 'never'}"
        for missing in sorted(set(row.attachments) - files.get((row.name, row.number), set())):
            yield f"{what}: its {missing} is missing"


def _identity(connection: Connection) -> Iterator[str]:
    if not connection.execute(select(func.count()).select_from(identity)).scalar_one():
        yield "the table identity is empty: mails could not be told from another store's"
