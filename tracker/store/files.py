"""A store's SQLite file as a file: copied while in use, and put in another's place, even where it can't be opened."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from tracker.store import sqlite
from tracker.store.connections import Store, file_of, parse_url
from tracker.store.locking import run_lock, scheduler_lock

_ABANDONED_S = 24 * 3600


def path_of(url: str) -> Path | None:
    """The file that the store at `url` is, or would be; None for PostgreSQL. Raises StoreUnusable: no store's URL."""
    return file_of(parse_url(url))


def copy_file(path: Path, target: Path) -> None:
    """A consistent copy of a store that may be in use. Raises sqlite3.Error or OSError; then `target` is not there."""
    sqlite.copy(path, target)


def give_name(finished: Path, path: Path) -> None:
    """Moves a finished copy to its name, so that a power cut can't undo it. Both in one file system. Raises OSError."""
    finished.replace(path)
    sqlite.sync_folder(path.parent)


def remove_abandoned(folder: Path, *, prefix: str) -> None:
    """Removes the folders of that prefix which a process that was killed has left; younger ones may be in use."""
    for left in folder.glob(f"{prefix}*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > _ABANDONED_S:
                shutil.rmtree(left)


@contextmanager
def out_of_use(path: Path) -> Iterator[None]:
    """Keeps runs and the scheduler from the store at `path`, which need not be sound. Raises StoreBusy where one is."""
    with (
        closing(Store(sqlite.file_engine(path), url=f"sqlite:///{path}", path=path)) as store,
        scheduler_lock(store),
        run_lock(store),
    ):
        yield


def put_aside(path: Path, target: Path) -> None:
    """Copies a store that is out of use to `target`: a damaged one byte by byte, with its `-wal`. Raises OSError."""
    try:
        copy_file(path, target)
    except sqlite3.Error:
        for suffix in ("", "-wal"):
            if (part := Path(f"{path}{suffix}")).exists():
                shutil.copy(part, f"{target}{suffix}")


def put_in_place(backup: Path, path: Path) -> None:
    """Makes `path` a copy of `backup`, at once and whole. Nobody may have a store open there."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    for suffix in ("-wal", "-shm"):  # of the file that was there before: the new one must never meet them
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    sqlite.copy(backup, path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
