"""Backups: made while the store is in use, opened and read before they count, and only so many kept.

A backup is one SQLite file, whatever the store is: of SQLite a copy of the file, of PostgreSQL all its rows as one
transaction sees them.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tracker.config.store_url import file_url
from tracker.errors import OutputError, StoreDamaged, UsageError
from tracker.store.check import check
from tracker.store.connections import parse_url
from tracker.store.copying import copy_store, open_target
from tracker.store.engine import open_store
from tracker.store.files import copy_file, give_name, remove_abandoned
from tracker.store.locking import run_lock, scheduler_lock
from tracker.store.searches import state_counts

if TYPE_CHECKING:
    from tracker.config import Config

_NAME = re.compile(r"tracker-\d{8}T\d{6}Z\.db")
_UNFINISHED = ".unfinished-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A backup that was opened and read: how many studies it holds, and which older ones made room for it."""

    path: Path
    bytes: int
    studies: int
    dropped: tuple[Path, ...]


def back_up(config: Config, now: datetime) -> str:
    """What the scheduler calls: makes a backup and says so in a line."""
    made = make_backup(config.store_url, folder=config.backup_folder, keep=config.backups_kept, now=now)
    return f"{made.path} ({made.bytes / 1e6:.1f} MB, {made.studies} studies)"


def make_backup(url: str, *, folder: Path, keep: int, now: datetime) -> Backup:
    """Makes a verified backup of the store at `url`, and drops the oldest beyond `keep`. `now` is aware.

    Raises StoreError where the store can't be read, StoreDamaged where it is not sound, OutputError where the backup
    can't be written; then nothing of it is left. OutputError, too, where it is made, but an old one can't be removed.
    """
    target = folder / f"tracker-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.db"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        remove_abandoned(folder, prefix=_UNFINISHED)
        with TemporaryDirectory(prefix=_UNFINISHED, dir=folder) as beside:
            unfinished = Path(beside) / target.name
            _copy(url, unfinished)
            studies = _verified(unfinished)
            give_name(unfinished, target)
    except (OSError, sqlite3.OperationalError) as error:
        raise OutputError(
            f"the backup {target} can't be made: {getattr(error, 'strerror', None) or error}",
            subject=str(target),
            advice="Check that the folder is writable and the disk has room.",
        ) from error
    except sqlite3.DatabaseError as error:
        raise _unsound(str(error)) from error
    return Backup(
        path=target, bytes=target.stat().st_size, studies=studies, dropped=_make_room(folder, keep, beside=target)
    )


def _copy(url: str, target: Path) -> None:
    with open_store(url) as store:
        if store.path:
            copy_file(store.path, target)
            return
        filled = target.with_suffix(".filled")
        with open_target(file_url(filled)) as copy:
            copy_store(store, copy)
        copy_file(filled, target)  # which leaves one file, without a log beside it


def _verified(unfinished: Path) -> int:
    """Opens a backup and reads all of it. Returns how many studies it holds; a backup is none until this passes."""
    with open_store(file_url(unfinished)) as store:
        if findings := check(store):
            raise _unsound(findings[0])
        with store.connect() as connection:
            return sum(state_counts(connection).values())


def _unsound(finding: str) -> StoreDamaged:
    return StoreDamaged(
        f"the backup was not sound, and is not kept: {finding}",
        subject="backup",
        advice="Run `tracker db check` on the store itself; the older backups stay.",
    )


def _make_room(folder: Path, keep: int, *, beside: Path) -> tuple[Path, ...]:
    """Removes the oldest backups, so that `keep` are there. One whose name is of a day to come is none of the newest:
    it was made while the clock was wrong."""
    others = [path for path in folder.iterdir() if _NAME.fullmatch(path.name) and path != beside]
    oldest_first = sorted(others, key=lambda path: (path.name < beside.name, path.name))
    dropped = tuple(oldest_first[: max(len(others) + 1 - keep, 0)])
    for path in dropped:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(
                f"the backup {beside} is made, but the old {path} can't be removed: {error.strerror or error}",
                subject=str(path),
                advice="Remove it by hand, and give this user the right to: the folder would fill up.",
            ) from error
    return dropped


def copy_to(url: str, target_url: str, *, progress: Callable[[str, int], None]) -> int:
    """Copies the store into another one, made if need be. Returns how many rows both hold.

    Raises UsageError where both are the same, StoreBusy where a run, or SQLite's scheduler, uses either.
    """
    if parse_url(url) == parse_url(target_url):
        raise UsageError("the store can't be copied onto itself", subject="--to", advice="Name another one.")
    with (
        open_store(url) as source,
        scheduler_lock(source),
        run_lock(source),
        open_target(target_url) as target,
        scheduler_lock(target),
        run_lock(target),
    ):
        return copy_store(source, target, progress=progress).total
