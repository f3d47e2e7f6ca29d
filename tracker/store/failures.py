"""What a database's own error means to the person who runs the tracker."""

from __future__ import annotations

import sqlite3

from tracker.errors import StoreBusy, StoreDamaged, StoreError, StoreUnusable

KEEP_THE_FILE = (
    "Keep the file: `tracker db restore BACKUP --replace` puts a backup in its place, and keeps this one beside it."
)
_SAFE = "then run the command again: what was committed is safe."
_RIGHTS = "Give this user the right to read and write the file and its folder."
_WAIT = "Wait until it has finished, then run the command again."

_SQLITE: tuple[tuple[str, type[StoreError], str, str], ...] = (
    ("SQLITE_NOTADB", StoreDamaged, "The store is no SQLite database", KEEP_THE_FILE),
    ("SQLITE_CORRUPT", StoreDamaged, "The store's file is damaged", KEEP_THE_FILE),
    ("SQLITE_FULL", StoreUnusable, "The disk is full", f"Free some space, {_SAFE}"),
    ("SQLITE_IOERR", StoreUnusable, "The disk gave an error", f"Check its free space and its health, {_SAFE}"),
    ("SQLITE_READONLY", StoreUnusable, "The store can't be written", _RIGHTS),
    ("SQLITE_PERM", StoreUnusable, "The store can't be opened", _RIGHTS),
    ("SQLITE_AUTH", StoreUnusable, "The store can't be opened", _RIGHTS),
    ("SQLITE_CANTOPEN", StoreUnusable, "The store can't be opened", _RIGHTS),
    (
        "SQLITE_PROTOCOL",
        StoreUnusable,
        "The store's file can't be locked",
        "SQLite needs a local disk: move the store off the network share, or use PostgreSQL.",
    ),
    ("SQLITE_BUSY", StoreBusy, "Another process is writing the store", _WAIT),
    ("SQLITE_LOCKED", StoreBusy, "Another process is writing the store", _WAIT),
)
"""By the beginning of SQLite's name for the error."""

_POSTGRESQL: tuple[tuple[str, type[StoreError], str, str], ...] = (
    ("53100", StoreUnusable, "The database server's disk is full", f"Free some space there, {_SAFE}"),
    ("53", StoreUnusable, "The database server is short of resources", f"Ask its administrator, {_SAFE}"),
    ("58", StoreUnusable, "The database server's disk gave an error", f"Ask its administrator, {_SAFE}"),
    ("42501", StoreUnusable, "The database refuses this user", "Grant it the right to make and use tables."),
    ("25006", StoreUnusable, "The database is read-only", "Point [store] url at the primary server."),
    ("XX001", StoreDamaged, "The database is damaged", "Restore the database from its backup."),
    ("XX002", StoreDamaged, "The database is damaged", "Restore the database from its backup."),
    ("40", StoreBusy, "Another process is writing the store", _WAIT),
    ("55P03", StoreBusy, "Another process is writing the store", _WAIT),
)
"""By the beginning of the SQLSTATE."""

_NO_CONNECTION = ("OperationalError", "InterfaceError")
"""psycopg's classes, by name: it is imported only where it is used."""


def store_error(cause: BaseException | None, *, subject: str) -> StoreError | None:
    """The error to raise instead of the driver's own, about the store `subject` (a URL without its password).

    None where `cause` is no matter of disk, network, rights or damage, but a fault of the program.
    """
    table, code = _SQLITE, getattr(cause, "sqlite_errorname", "")
    if not isinstance(cause, sqlite3.Error):
        table, code = _POSTGRESQL, getattr(cause, "sqlstate", None) or ""
    text = str(cause).strip().partition("\n")[0]
    for prefix, kind, said, advice in table:
        if code.startswith(prefix):
            return kind(f"{said}: {subject} ({text})", subject=subject, advice=advice)
    if table is _POSTGRESQL and any(base.__name__ in _NO_CONNECTION for base in type(cause).__mro__):
        return _no_connection(text, subject=subject)
    return None


def _no_connection(text: str, *, subject: str) -> StoreUnusable:
    advice = "Check that the server runs and that host, port, database and user in [store] url are right."
    if "password" in text:
        advice = "Check user and password in [store] url."
    elif "database" in text and "does not exist" in text:
        advice = "Create the database (`createdb`), or correct its name in [store] url."
    return StoreUnusable(f"No connection to the database: {subject} ({text})", subject=subject, advice=advice)
