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
from typing import TYPE_CHECKING

from tracker.errors import OutputError, StoreDamaged
from tracker.store.check import check
from tracker.store.copying import copy_store
from tracker.store.engine import open_store
from tracker.store.files import copy_file
from tracker.store.locking import run_lock
from tracker.store.searches import state_counts

if TYPE_CHECKING:
    from tracker.config import Config

_NAME = re.compile(r"tracker-\d{8}T\d{6}Z\.db")


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

    Raises StoreError where the store can't be read, OutputError where the backup can't be written.
    """
    target = folder / f"tracker-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.db"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open_store(url) as store:
            if store.path:
                copy_file(store.path, target)
            else:
                unfinished = Path(f"{target}.unfinished")
                with open_store(f"sqlite:///{unfinished}", create=True) as copy:
                    copy_store(store, copy)
                copy_file(unfinished, target)
                for left in folder.glob(f"{unfinished.name}*"):
                    left.unlink()
        studies = _verified(target)
    except (OSError, sqlite3.Error) as error:
        raise OutputError(
            f"the backup {target} can't be made: {error}",
            subject=str(target),
            advice="Check that the folder is writable and the disk has room.",
        ) from error
    return Backup(path=target, bytes=target.stat().st_size, studies=studies, dropped=_drop_oldest(folder, keep))


def _verified(backup: Path) -> int:
    """Opens a backup and reads all of it. Returns how many studies it holds; a backup is none until this passes."""
    with open_store(f"sqlite:///{backup}") as store:
        if findings := check(store):
            raise StoreDamaged(
                f"the backup {backup} is not sound: {findings[0]}",
                subject=str(backup),
                advice="Run `tracker db check` on the store itself.",
            )
        with store.connect() as connection:
            return sum(state_counts(connection).values())


def _drop_oldest(folder: Path, keep: int) -> tuple[Path, ...]:
    backups = sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))
    dropped = tuple(backups[:-keep]) if keep else ()
    for path in dropped:
        path.unlink()
    return dropped


def copy_to(url: str, target_url: str, *, progress: Callable[[str, int], None]) -> int:
    """Copies the store into another one, made if need be. Returns how many rows both hold."""
    with open_store(url) as source, run_lock(source), open_store(target_url, create=True) as target, run_lock(target):
        return copy_store(source, target, progress=progress).total
