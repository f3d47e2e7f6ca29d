"""One run per store, one scheduler per SQLite store, one doer per job: across processes and machines.

Beside an SQLite file lies a lock file that the operating system holds for the process and frees at its death: that the
file is there means nothing. On PostgreSQL a session of its own holds an advisory lock.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from tracker.errors import StoreBusy, StoreError, StoreUnusable
from tracker.runs import RunState
from tracker.store import schema
from tracker.store.connections import Store, failures
from tracker.store.sqlite import lock_path

_CREATION_TIMEOUT_S = 30.0
_ADVICE = "Wait until it has finished, then run the command again."
_RUN_KEY = 2
_JOB_KEY = 3
"""The first halves of the advisory locks' keys; the second is made of the schema, and each database has its own locks.
(1 is `postgresql.lock_schema`.)"""
_DEAD_CLIENT = {"tcp_keepalives_idle": 15, "tcp_keepalives_interval": 5, "tcp_keepalives_count": 3}
"""Seconds, seconds, tries: the server drops a session, and frees its lock, where the machine behind it went silent."""


def this_process() -> str:
    """Host and process id, as `run.process` and the lock file name them."""
    return f"{platform.node()} (process {os.getpid()})"


@contextmanager
def run_lock(store: Store) -> Iterator[None]:
    """Held for the length of a run. Raises StoreBusy at once where another process, or thread, holds it."""
    if store.path:
        path = lock_path(store.path)
        with _file_lock(store, path=path, busy=lambda: _busy(store, holder=_running_run(store) or _written_in(path))):
            yield
    elif store.is_sqlite:  # in memory: nobody else can see it
        yield
    else:
        with _advisory_lock(store, _RUN_KEY, busy=lambda: _busy(store, holder=_running_run(store))):
            yield


def is_run_going_on(store: Store) -> bool:
    """Whether a process holds the run's lock: a row that says "running" may be of one that was killed."""
    try:
        with run_lock(store):
            return False
    except StoreError:
        return True


@contextmanager
def scheduler_lock(store: Store) -> Iterator[None]:
    """Held for the life of a scheduler on an SQLite store. Raises StoreBusy at once where there is one already.

    On PostgreSQL there may be several: they share the jobs out by `job_lock`.
    """
    if store.path is None:
        yield
        return
    path = scheduler_lock_path(store.path)

    def busy() -> StoreBusy:
        return StoreBusy(
            f"Another scheduler works on the store: {_written_in(path) or 'its name is not known'}, on {store.url}",
            subject=store.url,
            advice="One is enough; stop it first, or move to PostgreSQL for several machines.",
        )

    with _file_lock(store, path=path, busy=busy):
        yield


@contextmanager
def job_lock(store: Store, name: str) -> Iterator[None]:
    """Held while a job is done. Raises StoreBusy at once where another scheduler does it; a dead one's lock is free."""
    if store.is_sqlite:  # its one scheduler does one job at a time
        yield
        return

    def busy() -> StoreBusy:
        return StoreBusy(f"Another scheduler does {name} just now", subject=name, advice="Nothing has to be done.")

    with _advisory_lock(store, _JOB_KEY, busy=busy, name=name):
        yield


def scheduler_lock_path(path: Path) -> Path:
    return Path(f"{path}.scheduler.lock")


@contextmanager
def _file_lock(store: Store, *, path: Path, busy: Callable[[], StoreBusy]) -> Iterator[None]:
    lock = _lock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise busy() from None
    except OSError as error:
        raise _unusable(path, error, subject=store.url) from error
    try:
        with suppress(OSError):  # Windows does not let even the holder write a locked file by its name
            path.write_text(f"{this_process()}\n", encoding="utf-8")
        yield
    finally:
        lock.release()


@contextmanager
def creation_lock(path: Path, *, subject: str) -> Iterator[None]:
    """Held while the SQLite file at `path` is made: the run's lock, waited for. Leaves no holder in it."""
    lock = _lock(lock_path(path))
    try:
        lock.acquire(timeout=_CREATION_TIMEOUT_S)
    except Timeout:
        raise StoreBusy(
            f"Another process ({_written_in(lock_path(path))}) works on the store: {path}",
            subject=subject,
            advice=_ADVICE,
        ) from None
    except OSError as error:
        raise _unusable(lock_path(path), error, subject=subject) from error
    try:
        yield
    finally:
        lock.release()


def _lock(path: Path) -> FileLock:
    # Without the fallback: a "soft" lock is a file's mere existence, which outlives a killed process.
    return FileLock(path, mode=0o600, thread_local=False, fallback_to_soft=False)


def _unusable(path: Path, error: OSError, *, subject: str) -> StoreUnusable:
    return StoreUnusable(
        f"The store can't be locked: {path} ({error.strerror})",
        subject=subject,
        advice="Give this user the right to write in the store's folder; it must be on a local disk.",
    )


@contextmanager
def _advisory_lock(store: Store, key: int, *, busy: Callable[[], StoreBusy], name: str = "") -> Iterator[None]:
    with failures(store.url):
        # Autocommit: a run takes long, and an open transaction would hold back the server's clean-up.
        connection = store.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    with connection:
        with failures(store.url):
            for setting, value in _DEAD_CLIENT.items():
                connection.execute(text(f"SET {setting} = {value}"))
            taken = connection.execute(
                text("SELECT pg_try_advisory_lock(:key, hashtext(current_schema() || CAST(:name AS text)))"),
                {"key": key, "name": f"/{name}" if name else ""},
            ).scalar_one()
        if not taken:
            raise busy()
        try:
            yield
        finally:
            # A server may take a moment to notice that a session is gone: the next run must not find it locked.
            with suppress(SQLAlchemyError):
                connection.execute(text("SELECT pg_advisory_unlock_all()"))
            # The lock belongs to the session: closing it frees the lock, even if the server can't be asked any more.
            connection.invalidate()


def _busy(store: Store, *, holder: str) -> StoreBusy:
    return StoreBusy(
        f"Another run is going on{f': {holder}' if holder else ''}, on {store.url}", subject=store.url, advice=_ADVICE
    )


def _running_run(store: Store) -> str:
    """Which process runs, and since when, as the run log has it; empty where that can't be told."""
    run = schema.run
    query = select(run.c.process, run.c.started_at).where(run.c.state == RunState.RUNNING).order_by(run.c.id.desc())
    try:
        with store.connect() as connection:
            row = connection.execute(query).first()
    except StoreError:
        return ""
    return f"{row.process}, since {row.started_at:%Y-%m-%d %H:%M} UTC" if row else ""


def _written_in(path: Path) -> str:
    with suppress(OSError):
        return path.read_text(encoding="utf-8", errors="replace").strip()[:200]
    return ""
