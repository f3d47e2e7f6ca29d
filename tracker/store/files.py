"""A store's SQLite file as a file: copied while in use, and put in another's place."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tracker.store import sqlite


def copy_file(path: Path, target: Path) -> None:
    """A consistent copy of a store that may be in use. Raises sqlite3.Error or OSError; then `target` is not there."""
    sqlite.copy(path, target)


def put_in_place(backup: Path, path: Path) -> None:
    """Makes `path` a copy of `backup`, at once and whole. Nobody may have a store open there."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    for suffix in ("-wal", "-shm"):  # of the file that was there before: the new one must never meet them
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    sqlite.copy(backup, path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
