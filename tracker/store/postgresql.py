"""The store as a PostgreSQL database, through psycopg 3."""

from __future__ import annotations

from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection

from tracker.errors import StoreUnusable
from tracker.store.json_text import json_text

READING: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
"""Options of a transaction that only reads: like SQLite's, it sees one state throughout and can't write."""

CONNECT_TIMEOUT_S = 10
_SILENT_SERVER = {
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
"""Seconds, seconds, tries, milliseconds: a server whose machine went silent is noticed in a minute, not in hours."""


def engine(url: URL) -> Engine:
    given = dict(url.query)
    given.setdefault("connect_timeout", str(CONNECT_TIMEOUT_S))
    given.setdefault("application_name", "spine-trial-tracker")
    given["client_encoding"] = "utf8"
    given = {**_SILENT_SERVER, **given}
    made = create_engine(url.set(query=given), pool_pre_ping=True, json_serializer=json_text, hide_parameters=True)
    event.listen(made, "connect", _prepare)
    return made


def _prepare(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("SET TIME ZONE 'UTC'")
    cursor.execute("SHOW server_encoding")
    [[encoding]] = cursor.fetchall()
    cursor.close()
    connection.commit()
    if encoding != "UTF8":
        raise StoreUnusable(
            f"The database can't hold every letter: its encoding is {encoding}",
            subject="encoding",
            advice="Make another: createdb --encoding=UTF8 --template=template0 --owner=USER DATABASE.",
        )


def lock_schema(connection: Connection) -> None:
    """Waits until nobody else makes or upgrades this store, and keeps it so until the transaction ends."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:key, hashtext(current_schema()))"), {"key": 1})
