"""Reads and writes reports: how far each definition has told, and the rendered files of every report.

A report is recorded whole, in one transaction with the step of its definition (DESIGN §5.2). Files on disk are copies:
`unconfirmed_files` says which of them may be missing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from tracker import __version__
from tracker.errors import StoreBusy, StoreDamaged
from tracker.runs import RunState
from tracker.store.codec import pack_file, unpack
from tracker.store.schema import report, report_definition, report_file, run


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionProgress:
    """How far a report definition has told: runs up to `covered_run`. New, it starts at `since_run`."""

    name: str
    since_run: int
    covered_run: int
    reports: int  # how many there are: the number of the newest


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedReport:
    """A report as it was recorded. Its window is the finished runs after `after_run`, up to `until_run`.

    `view` is its ReportView as JSON, `folder` where its copies belong, `created_at` aware UTC.
    """

    name: str
    number: int  # from 1
    created_at: datetime
    after_run: int
    until_run: int
    folder: str
    view: bytes
    program_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnconfirmedFile:
    """A file that is recorded, but not known to lie in its folder."""

    name: str
    number: int
    filename: str
    folder: str


def register_definitions(connection: Connection, names: Iterable[str]) -> None:
    """Makes definitions known. A new one starts now: what the finished runs so far have found is no news to it."""
    known = set(connection.execute(select(report_definition.c.name)).scalars())
    newest = connection.execute(
        select(run.c.id).where(run.c.state == RunState.FINISHED).order_by(run.c.id.desc()).limit(1)
    ).scalar()
    new = [
        {"name": name, "since_run": newest or 0, "covered_run": newest or 0, "reports": 0}
        for name in dict.fromkeys(names)
        if name not in known
    ]
    if new:
        from sqlalchemy.dialects import postgresql, sqlite

        # Two processes may meet a new definition at the same moment; the first one says where it starts.
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        connection.execute(dialect.insert(report_definition).on_conflict_do_nothing(), new)


def definition(connection: Connection, name: str) -> DefinitionProgress | None:
    """How far the definition has told; None where it was never registered."""
    row = connection.execute(select(report_definition).where(report_definition.c.name == name)).mappings().first()
    return DefinitionProgress(**row) if row else None


def record_report(
    connection: Connection,
    *,
    name: str,
    after_run: int,
    until_run: int,
    created_at: datetime,
    folder: str,
    view: bytes,
    files: Mapping[str, bytes],
    number: int | None = None,
) -> int:
    """Records the definition's next report with its files, and that it covers the runs up to `until_run`.

    `number` is the one that stands in the rendered files. Returns the report's number, from 1. Raises StoreBusy, and
    records nothing, where the definition is no longer where it was when the report was rendered: at `after_run`, the
    next report being `number`.
    """
    progress = report_definition.c
    expected = (progress.name == name) & (progress.covered_run == after_run)
    if number is not None:
        expected &= progress.reports == number - 1
    moved = connection.execute(
        update(report_definition).where(expected).values(covered_run=until_run, reports=progress.reports + 1)
    )
    if moved.rowcount != 1:
        raise StoreBusy(
            f"Another process has just made a report of {name}", subject=name, advice="Run the command again."
        )
    number = connection.execute(select(progress.reports).where(progress.name == name)).scalar_one()
    connection.execute(
        insert(report).values(
            name=name,
            number=number,
            created_at=created_at,
            after_run=after_run,
            until_run=until_run,
            folder=folder,
            view=pack_file(view),
            program_version=__version__,
        )
    )
    rows = [_file_row(name, number, filename, content) for filename, content in files.items()]
    if rows:
        connection.execute(insert(report_file), rows)
    return number


def _file_row(name: str, number: int, filename: str, content: bytes) -> dict[str, object]:
    return {
        "name": name,
        "number": number,
        "filename": filename,
        "digest": hashlib.sha256(content).digest(),
        "size": len(content),
        "body": pack_file(content),
        "confirmed": False,
    }


def recorded_report(connection: Connection, name: str, number: int) -> RecordedReport | None:
    """Report `number` of a definition; None where there is none."""
    query = select(report).where(report.c.name == name, report.c.number == number)
    row = connection.execute(query).mappings().first()
    return _recorded(row) if row else None


def recorded_reports(connection: Connection, name: str) -> list[RecordedReport]:
    """All reports of a definition, oldest first."""
    query = select(report).where(report.c.name == name).order_by(report.c.number)
    return [_recorded(row) for row in connection.execute(query).mappings()]


def _recorded(row: RowMapping) -> RecordedReport:
    return RecordedReport(**{**row, "view": unpack(bytes(row["view"]))})


def report_files(connection: Connection, name: str, number: int) -> dict[str, bytes]:
    """The rendered files of a report, by file name. Raises StoreDamaged where one is not what was recorded."""
    query = (
        select(report_file)
        .where(report_file.c.name == name, report_file.c.number == number)
        .order_by(report_file.c.filename)
    )
    return {row["filename"]: _content(row) for row in connection.execute(query).mappings()}


def report_content(connection: Connection, file: UnconfirmedFile) -> bytes:
    """One file's recorded bytes. Raises StoreDamaged where they are not what was recorded."""
    columns = report_file.c
    of_report = (columns.name == file.name) & (columns.number == file.number)
    query = select(report_file).where(of_report, columns.filename == file.filename)
    return _content(connection.execute(query).mappings().one())


def _content(row: RowMapping) -> bytes:
    content = unpack(bytes(row["body"]))
    if hashlib.sha256(content).digest() != bytes(row["digest"]):
        raise StoreDamaged(
            f"{row['filename']} of report {row['name']} {row['number']} is not what was recorded",
            subject=row["name"],
            advice="Run `tracker db check`, and restore a backup.",
        )
    return content


def unconfirmed_files(connection: Connection) -> list[UnconfirmedFile]:
    """Recorded files whose copy is not known to be on disk, oldest report first."""
    of_report = (report.c.name == report_file.c.name) & (report.c.number == report_file.c.number)
    query = (
        select(report_file.c.name, report_file.c.number, report_file.c.filename, report.c.folder)
        .join(report, of_report)
        .where(report_file.c.confirmed.is_(False))
        .order_by(report_file.c.name, report_file.c.number, report_file.c.filename)
    )
    return [UnconfirmedFile(**row) for row in connection.execute(query).mappings()]


def newest_report_at(connection: Connection) -> datetime | None:
    """When the newest report of any definition was made; None before the first."""
    made: datetime | None = connection.execute(select(func.max(report.c.created_at))).scalar()
    return made


def newest_not_on_disk(connection: Connection) -> datetime | None:
    """When the first of those definitions' newest reports was made that has a file not known to be on disk.

    Of older reports the next one sees to it: to look through all files takes long.
    """
    newest = (report_definition.c.name == report.c.name) & (report_definition.c.reports == report.c.number)
    files = (report_file.c.name == report.c.name) & (report_file.c.number == report.c.number)
    query = (
        select(report.c.created_at)
        .join(report_definition, newest)
        .join(report_file, files)
        .where(report_file.c.confirmed.is_(False))
        .order_by(report.c.created_at)
        .limit(1)
    )
    made: datetime | None = connection.execute(query).scalar()
    return made


def confirm_file(connection: Connection, *, name: str, number: int, filename: str) -> None:
    """Remembers that the copy is on disk."""
    connection.execute(
        update(report_file)
        .where(report_file.c.name == name, report_file.c.number == number, report_file.c.filename == filename)
        .values(confirmed=True)
    )
