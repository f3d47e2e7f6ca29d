"""Copies of what was recorded: a report again, byte for byte, and files that never reached the disk.

Files are copies, and any that is missing is written by the next reporting command (DESIGN §5.2). Making a report is
`jobs.reporting`'s.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reports.copies import write_copies
from reports.render import FILENAMES
from tracker.errors import OutputError, StoreDamaged, UsageError
from tracker.store.reports import (
    confirm_file,
    definition,
    recorded_report,
    report_content,
    report_files,
    unconfirmed_files,
)

if TYPE_CHECKING:
    from tracker.store.engine import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A report and where its copies lie. `number` is None for an ad-hoc report."""

    name: str
    number: int | None
    headline: str
    folder: Path
    files: tuple[Path, ...]


def replayed(store: Store, name: str, number: int, *, formats: Collection[str], out: Path | None) -> Written:
    """Report `number` again: its recorded bytes, into `out` or the folder that it was made for."""
    with store.connect() as connection:
        report = recorded_report(connection, name, number)
        progress = definition(connection, name)
        if report is None:
            made = f"reports 1 to {progress.reports} exist" if progress and progress.reports else "it has none yet"
            raise UsageError(f'there is no report {number} of "{name}": {made}', subject=name)
        files = report_files(connection, name, number)
    wanted = {FILENAMES[one] for one in formats} if formats else set(files)
    if missing := wanted - files.keys():
        raise UsageError(f"report {number} of {name} was made without {', '.join(sorted(missing))}", subject=name)
    folder = out or Path(report.folder)
    chosen = {filename: files[filename] for filename in sorted(wanted)}
    written = write_copies(folder, chosen)
    if folder == Path(report.folder):
        confirm(store, name, number, chosen)
    return Written(name=name, number=number, headline="", folder=folder, files=written)


def write_missing_copies(store: Store) -> list[str]:
    """Writes recorded files that are not known to be on disk; returns what could not be written, a line each.

    A folder that is gone for good, or a file that is damaged, must not stop the next report: it is told, and tried
    again next time.
    """
    with store.connect() as connection:
        missing = unconfirmed_files(connection)
    failures = []
    for file in missing:
        try:
            with store.connect() as connection:
                content = report_content(connection, file)
            write_copies(Path(file.folder), {file.filename: content})
        except (OutputError, StoreDamaged) as error:
            failures.append(f"report {file.number} of {file.name} is recorded, but {error.message}")
            continue
        confirm(store, file.name, file.number, [file.filename])
    return failures


def confirm(store: Store, name: str, number: int, filenames: Iterable[str]) -> None:
    """Remembers that these copies are on disk."""
    with store.begin() as connection:
        for filename in filenames:
            confirm_file(connection, name=name, number=number, filename=filename)
