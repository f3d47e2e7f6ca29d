"""The store as one SQLite file: where it may lie, how it is made, opened, checkpointed and copied.

WAL with `synchronous=FULL`: a committed transaction survives a power cut. Every checkout opens a connection of its
own, so that none is ever shared by two threads or inherited by a forked process.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool, StaticPool

from tracker.errors import StoreDamaged, StoreLost, StoreMissing, StoreUnusable
from tracker.store.failures import KEEP_THE_FILE
from tracker.store.json_text import json_text

BUSY_TIMEOUT_S = 30.0
PAGE_SIZE = 32_768
"""Bytes. Packed records are 2 to 15 kB: in SQLite's usual pages of 4 kB a fifth of the file would be left empty."""

_MAGIC = b"SQLite format 3\x00"
_NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "fuse.sshfs", "fuse.glusterfs"}
)


def file_engine(path: Path) -> Engine:
    """An engine on an existing file; it never makes one."""
    return _engine(lambda: _connect(path), poolclass=NullPool)


def memory_engine() -> Engine:
    """An engine on a database in memory: one connection, gone when it is disposed of."""
    return _engine(lambda: sqlite3.connect(":memory:", check_same_thread=False), poolclass=StaticPool)


def anchor(path: Path, *, subject: str) -> sqlite3.Connection:
    """A connection that keeps the file open, and in WAL mode (a backup put in place is not).

    Without it every commit would close the file's last connection, and pay for a checkpoint of the WAL.
    """
    connection = _connect(path, shared=True)
    try:
        _switch_to_wal(connection, subject=subject)
    except BaseException:
        connection.close()
        raise
    return connection


def _switch_to_wal(connection: sqlite3.Connection, *, subject: str) -> None:
    if connection.execute("PRAGMA journal_mode = WAL").fetchone() != ("wal",):
        raise StoreUnusable(
            f"SQLite can't keep a write-ahead log: {subject}",
            subject=subject,
            advice="Use a local disk, or PostgreSQL.",
        )


def _connect(path: Path, *, shared: bool = False) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=rw", uri=True, timeout=BUSY_TIMEOUT_S, check_same_thread=not shared
    )


def _engine(creator: Callable[[], sqlite3.Connection], *, poolclass: type[NullPool | StaticPool]) -> Engine:
    engine = create_engine(
        "sqlite://",
        creator=creator,
        poolclass=poolclass,
        json_serializer=json_text,
        hide_parameters=True,  # a statement's error would otherwise quote registry text by the page
    )
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    # sqlite3 must not begin transactions by itself: it would leave DDL and reads outside of them.
    connection.isolation_level = None
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql(f"PRAGMA query_only = {'OFF' if writes else 'ON'}")
    # A transaction that first reads and then writes can't wait for another writer; one that begins as a writer can.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def check_place(path: Path, *, subject: str) -> None:
    """Raises StoreUnusable where a store at `path` can't work: a folder, a network share."""
    if path.is_dir():
        raise StoreUnusable(
            f"The store is a folder: {path}", subject=subject, advice="Name a file in [store] url, not a folder."
        )
    kind = _file_system(path)
    if kind in _NETWORK_FILE_SYSTEMS:
        raise StoreUnusable(
            f"The store lies on a network share ({kind}): {path}",
            subject=subject,
            advice="SQLite can lose data there: use a local disk, or PostgreSQL.",
        )


def check_file(path: Path, *, subject: str) -> None:
    """Raises StoreMissing, StoreDamaged or StoreUnusable where `path` is no SQLite file that can be read."""
    try:
        with path.open("rb") as file:
            start = file.read(len(_MAGIC))
    except FileNotFoundError:
        raise _missing(path, subject=subject) from None
    except OSError as error:
        raise StoreUnusable(
            f"The store can't be read: {path} ({error.strerror})",
            subject=subject,
            advice="Give this user the right to read and write the file.",
        ) from error
    if not start:
        raise StoreDamaged(f"The store is empty (0 bytes): {path}", subject=subject, advice=KEEP_THE_FILE)
    if start != _MAGIC:
        raise StoreDamaged(f"The store is no SQLite database: {path}", subject=subject, advice=KEEP_THE_FILE)


def check_writable(path: Path, *, subject: str) -> None:
    """Raises StoreUnusable where the file or its folder can't be written: before any work is done, not after."""
    for place in (path, path.parent):
        if not os.access(place, os.W_OK):
            raise StoreUnusable(
                f"The store can't be written: {place}",
                subject=subject,
                advice="Give this user the right to write the file and its folder.",
            )


def _missing(path: Path, *, subject: str) -> StoreMissing | StoreLost:
    if left_behind := traces(path):
        # A copy by hand would meet the old WAL, and be damaged by it.
        return StoreLost(
            f"The store is gone: {path} is missing, but {left_behind[0].name} shows that there was one",
            subject=subject,
            advice="`tracker db restore BACKUP` puts a backup there; or, to start anew, delete "
            f"{' and '.join(map(str, left_behind))}.",
        )
    return StoreMissing(f"There is no store yet: {path}", subject=subject, advice="Run `tracker run` first.")


def traces(path: Path) -> list[Path]:
    """What a store leaves beside its file and nobody else makes: a WAL, a lock that a run has held."""
    beside = (Path(f"{path}-wal"), lock_path(path))
    return [trace for trace in beside if trace.is_file() and trace.stat().st_size]


def lock_path(path: Path) -> Path:
    return Path(f"{path}.lock")


def make_folder(path: Path, *, subject: str) -> None:
    """Makes the store's folder, for this user only."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StoreUnusable(
            f"The store's folder can't be made: {path.parent} ({error.strerror})",
            subject=subject,
            advice="Make it, or name another place in [store] url.",
        ) from error


def make_file(path: Path, fill: Callable[[Engine], None], *, subject: str) -> None:
    """Makes the store at `path`, all or nothing: `fill` builds it under another name, which is moved into place.

    The caller holds the store's lock. A store that was there before is never replaced: StoreLost where traces of one
    are found. Raises StoreUnusable where the disk won't have it; nothing is left then.
    """
    if traces(path):
        raise _missing(path, subject=subject)
    unfinished = Path(f"{path}.new")
    try:
        _remove(unfinished)
        os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with closing(sqlite3.connect(unfinished)) as connection:
            connection.execute(f"PRAGMA page_size = {PAGE_SIZE}")
            _switch_to_wal(connection, subject=subject)
        engine = file_engine(unfinished)
        fill(engine)
        engine.dispose()
        with closing(sqlite3.connect(unfinished)) as connection:
            # Closing does the same, and says nothing where the disk is full: the file alone would be half a store.
            busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if busy:
                raise sqlite3.OperationalError("another program reads it")
        unfinished.replace(path)
    except (OSError, sqlite3.Error) as error:
        raise StoreUnusable(
            f"The store can't be made: {path} ({getattr(error, 'strerror', None) or error})",
            subject=subject,
            advice="Check that this user may write in its folder and that the disk is not full.",
        ) from error
    finally:
        _remove(unfinished)
    sync_folder(path.parent)


def checkpoint(engine: Engine) -> None:
    """Moves the WAL into the database and cuts it to nothing. Readers in between may keep part of it: no error."""
    connection = engine.raw_connection()
    try:
        connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()


def copy(path: Path, target: Path) -> None:
    """A backup of a store that may be in use: copied, synced, checked, and only then given its name.

    Raises sqlite3.Error or OSError; `target` is not there then.
    """
    unfinished = Path(f"{target}.new")
    _remove(unfinished)
    try:
        _copy_whole(path, unfinished)
        unfinished.replace(target)
    except BaseException:
        _remove(unfinished)
        raise
    sync_folder(target.parent)


def _copy_whole(path: Path, target: Path) -> None:
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with closing(_connect(path)) as source, closing(sqlite3.connect(target)) as destination:
        source.backup(destination)
        destination.execute("PRAGMA journal_mode = DELETE")  # one file, without a WAL of its own
        found = destination.execute("PRAGMA quick_check").fetchone()[0]
    if found != "ok":
        raise sqlite3.DatabaseError(f"the copy is damaged: {found}")
    with target.open("rb") as file:
        os.fsync(file.fileno())


def _remove(unfinished: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        Path(f"{unfinished}{suffix}").unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Makes what was moved in the folder durable."""
    if os.name == "nt":  # Windows can't open a folder
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _file_system(path: Path) -> str:
    """The kind of file system that `path` lies on, as Linux names it; empty where that can't be told."""
    try:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    absolute = path.absolute()
    best, kind = "", ""
    for line in mounts.splitlines():
        _device, mounted, found, *_rest = line.split(" ")
        mounted = mounted.replace("\\040", " ")
        if len(mounted) >= len(best) and absolute.is_relative_to(mounted):
            best, kind = mounted, found
    return kind
