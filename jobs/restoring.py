"""Puts a backup in the store's place: read whole before it counts, of this program's version, and the old one kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from tracker.config.store_url import file_url
from tracker.errors import OutputError, StoreDamaged, UsageError
from tracker.store.check import check
from tracker.store.connections import open_any_version, parse_url
from tracker.store.copying import copy_store, open_target
from tracker.store.engine import open_store
from tracker.store.files import copy_file, out_of_use, path_of, put_aside, put_in_place, remove_abandoned
from tracker.store.locking import run_lock
from tracker.store.version import stored_version

_RESTORING = "restoring-"


def restore(backup: Path, url: str, *, replace: bool, now: datetime) -> Path | None:
    """Makes the store at `url` what it was at the time of `backup`. `now` is aware.

    Returns where the store that was there went; None where there was none. It may be damaged, or of another version.

    Raises UsageError where a store is there and `replace` is not given, StoreBusy where a run or a scheduler uses it,
    StoreDamaged or StoreTooNew for a backup that can't be used, StoreUnusable for a PostgreSQL store that isn't empty,
    OutputError where the disk won't have it.
    """
    if not backup.is_file():
        raise UsageError(f"there is no backup at {backup}", subject=str(backup))
    path = path_of(url)
    if path and path.exists() and not replace:
        raise UsageError(
            f"a store is there: {path}",
            subject=str(path),
            advice="--replace puts the backup in its place, and keeps the old file beside it.",
        )
    try:
        with _up_to_date(backup, beside=path) as source:
            if path:
                return _put_in_place(source, path, now)
            _fill(source, url)
            return None
    except (OSError, sqlite3.Error) as error:
        raise OutputError(
            f"the backup {backup} can't be restored: {error}",
            subject=str(backup),
            advice="Check that the store's folder is writable and its disk, and the temporary folder's, have room.",
        ) from error


def _fill(source: Path, url: str) -> None:
    """Copies the store at `source` into the database at `url`, which must hold none."""
    with open_store(file_url(source)) as old, open_target(url) as target, run_lock(target):
        copy_store(old, target)


@contextmanager
def _up_to_date(backup: Path, *, beside: Path | None) -> Iterator[Path]:
    """A copy of `backup` that was found sound, of this program's version: the backup itself stays as it is."""
    if beside:
        beside.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        remove_abandoned(beside.parent, prefix=_RESTORING)
    with TemporaryDirectory(prefix=_RESTORING, dir=beside.parent if beside else None) as folder:
        copy = Path(folder) / "tracker.db"
        try:
            copy_file(backup, copy)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            raise _unsound(backup, str(error)) from error
        with open_any_version(parse_url(file_url(copy))) as store, store.connect() as connection:
            if stored_version(connection) is None:
                raise _unsound(backup, "it holds no store")
        with open_store(file_url(copy), create=True) as store:
            if findings := check(store):
                raise _unsound(backup, findings[0])
        yield copy


def _unsound(backup: Path, finding: str) -> StoreDamaged:
    return StoreDamaged(
        f"the backup {backup} is not sound: {finding}",
        subject=str(backup),
        advice="Take an older one; nothing was changed.",
    )


def _put_in_place(source: Path, path: Path, now: datetime) -> Path | None:
    with out_of_use(path):
        kept = path.with_name(f"{path.name}.before-restore-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}")
        if was_there := path.exists():
            put_aside(path, kept)
        put_in_place(source, path)
    return kept if was_there else None
