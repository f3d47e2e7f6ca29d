"""The store as a PostgreSQL database, through psycopg 3."""

from __future__ import annotations

from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection

from tracker.store.json_text import json_text

READING: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
"""Options of a transaction that only reads: like SQLite's, it sees one state throughout and can't write."""

CONNECT_TIMEOUT_S = 10


def engine(url: URL) -> Engine:
    given = dict(url.query)
    given.setdefault("connect_timeout", str(CONNECT_TIMEOUT_S))
    given.setdefault("application_name", "spine-trial-tracker")
    made = create_engine(url.set(query=given), pool_pre_ping=True, json_serializer=json_text, hide_parameters=True)
    event.listen(made, "connect", _prepare)
    return made


def _prepare(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("SET TIME ZONE 'UTC'")
    cursor.close()
    connection.commit()


def lock_schema(connection: Connection) -> None:
    """Waits until nobody else makes or upgrades this store, and keeps it so until the transaction ends."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:key, hashtext(current_schema()))"), {"key": 1})
