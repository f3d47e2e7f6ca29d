"""An open store, and the two kinds of transaction that the rest of this package works in.

Both turn the database's own failures into StoreErrors. Which version a store has, and what to do about it, is decided
in `tracker.store.engine`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self

from sqlalchemy import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from tracker.errors import StoreUnusable
from tracker.store import postgresql, sqlite
from tracker.store.failures import store_error

_EXAMPLES = "Write sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/DATABASE."


class Store:
    """An open store. `url` carries no password; `path` is the SQLite file, None on PostgreSQL and in memory.

    A context manager that closes it. It may be used by several threads; the connections that it gives may not.
    """

    def __init__(self, engine: Engine, *, url: str, path: Path | None = None) -> None:
        self.engine = engine
        self.url = url
        self.path = path
        self._reading = engine.execution_options(**(postgresql.READING if not self.is_sqlite else {}))
        self._writing = engine.execution_options(writes=True)
        self._anchor: sqlite3.Connection | None = None
        self._holding = Lock()

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A transaction that only reads, and sees one state of the store throughout."""
        with failures(self.url), self._reading.begin() as connection:
            yield connection

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction that writes: committed at the end, rolled back where an exception leaves it."""
        with failures(self.url):
            self._hold()
            with self._writing.begin() as connection:
                yield connection

    def _hold(self) -> None:
        with self._holding:
            if self.path and not self._anchor:
                self._anchor = sqlite.anchor(self.path, subject=self.url)

    def checkpoint(self) -> None:
        """At the close of a run: gives back the space of SQLite's write-ahead log. Does nothing on PostgreSQL."""
        if self.path:
            with failures(self.url):
                sqlite.checkpoint(self.engine)

    def close(self) -> None:
        self.engine.dispose()
        if self._anchor:
            self._anchor.close()
            self._anchor = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def open_any_version(url: URL) -> Store:
    """The store at `url`, whatever its version; a file must be there.

    Raises StoreMissing, StoreDamaged, StoreUnusable.
    """
    subject = shown(url)
    if url.get_backend_name() == "postgresql":
        return Store(postgresql.engine(url), url=subject)
    path = file_of(url)
    if path is None:
        return Store(sqlite.memory_engine(), url=subject)
    sqlite.check_place(path, subject=subject)
    sqlite.check_file(path, subject=subject)
    return Store(sqlite.file_engine(path), url=subject, path=path)


def parse_url(url: str) -> URL:
    """The URL of a store; `postgresql://` and `postgres://` are read as psycopg's. Raises StoreUnusable."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # The text may hold a password, and stands in no message.
        raise StoreUnusable("[store] url is no database URL", subject="[store] url", advice=_EXAMPLES) from None
    if "@" in (parsed.host or ""):
        raise StoreUnusable(
            "[store] url has a password with an @ in it", subject="[store] url", advice="Write the @ as %40."
        )
    backend, _, driver = parsed.drivername.partition("+")
    if backend in ("postgresql", "postgres") and driver in ("", "psycopg"):
        return parsed.set(drivername="postgresql+psycopg")
    if backend == "sqlite" and driver in ("", "pysqlite"):
        if "?" in url or parsed.host or (parsed.database or "").startswith("file:"):
            raise StoreUnusable(
                f"[store] url can't be used: {shown(parsed)}",
                subject=shown(parsed),
                advice="Write sqlite:/// and the path of a file, without options.",
            )
        return parsed
    raise StoreUnusable(
        f"[store] url names a database that the tracker does not know: {parsed.drivername}",
        subject=shown(parsed),
        advice=_EXAMPLES,
    )


def shown(url: URL) -> str:
    """The URL as it may be printed: without its password, wherever that stands."""
    secret = [name for name in url.query if "password" in name]
    return url.difference_update_query(secret).render_as_string(hide_password=True)


def file_of(url: URL) -> Path | None:
    """The SQLite file that `url` names; None on PostgreSQL and in memory."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    return Path(url.database)


@contextmanager
def failures(subject: str) -> Iterator[None]:
    """Turns what the database says about disk, network, rights and damage into StoreErrors about `subject`."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        if meant := store_error(cause, subject=subject):
            raise meant from error
        raise
