"""Making a store, and bringing an older one up to date: through Alembic, in one transaction, after a backup."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect

from tracker.errors import StoreUnusable
from tracker.store import postgresql, sqlite
from tracker.store.connections import Store, open_any_version, parse_url
from tracker.store.locking import creation_lock, run_lock
from tracker.store.revisions import HEAD
from tracker.store.schema import metadata
from tracker.store.version import check_known, mark_unfinished, nothing_there, stored_version

SCRIPTS = Path(__file__).parent / "migrations"

Migrate = Callable[[Connection], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrade:
    """What an upgrade did: `before` equals `after` where there was nothing to do. `backup` is SQLite's only."""

    before: str
    after: str
    backup: Path | None = None


def migrate(connection: Connection, *, scripts: Path = SCRIPTS) -> None:
    """Brings the schema from wherever it is to the newest version, inside the caller's transaction."""
    from alembic import command
    from alembic.config import Config

    # Alembic tells each step at INFO; what a user needs to know of it is in `Upgrade`.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def make_file(path: Path, *, subject: str, unfinished: bool = False) -> None:
    """Makes the SQLite store at `path` unless it is there: all or nothing, and never in place of one that was lost.

    `unfinished`: to be filled by a copy, and closed to everybody else until then.
    """
    sqlite.make_folder(path, subject=subject)
    sqlite.check_place(path, subject=subject)
    with creation_lock(path, subject=subject):
        if not path.exists():
            fill = partial(_fill, subject=subject, unfinished=unfinished)
            sqlite.make_file(path, fill, subject=subject)


def _fill(engine: Engine, *, subject: str, unfinished: bool) -> None:
    with Store(engine, url=subject).begin() as connection:
        migrate(connection)
        if unfinished:
            mark_unfinished(connection)


def make_schema(store: Store, *, unfinished: bool = False) -> None:
    """Makes the tables in an empty database, once, whoever else tries at the same time. `unfinished` as in a file."""
    with store.begin() as connection:
        if not store.is_sqlite:
            postgresql.lock_schema(connection)
        if stored_version(connection) is not None:
            return
        if foreign := sorted(set(inspect(connection).get_table_names()) & set(metadata.tables)):
            raise StoreUnusable(
                f"The database holds tables of another program ({', '.join(foreign)}): {store.url}",
                subject=store.url,
                advice="Give the tracker a database, or a schema, of its own.",
            )
        migrate(connection)
        if unfinished:
            mark_unfinished(connection)


def upgrade_store(url: str) -> Upgrade:
    """What `tracker db upgrade` does. Raises StoreMissing, StoreTooNew, StoreBusy, StoreUnusable, StoreDamaged."""
    with open_any_version(parse_url(url)) as store:
        return upgrade(store)


def upgrade(store: Store, *, migrate: Migrate = migrate, head: str = HEAD) -> Upgrade:
    """Brings an open store to version `head`. Nobody else may be syncing; an SQLite file is copied first."""
    with store.connect() as connection:
        before = stored_version(connection)
    if before is None:
        raise nothing_there(subject=store.url, is_file=store.path is not None)
    if before == head:
        return Upgrade(before=before, after=before)
    check_known(before, subject=store.url)
    with run_lock(store):
        backup = _back_up(store.path, version=before, subject=store.url) if store.path else None
        with store.begin() as connection:
            if not store.is_sqlite:
                postgresql.lock_schema(connection)
            migrate(connection)
    return Upgrade(before=before, after=head, backup=backup)


def _back_up(path: Path, *, version: str, subject: str) -> Path:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    target = path.with_name(f"{path.name}.{version}.{stamp}.backup")
    try:
        sqlite.copy(path, target)
    except (OSError, sqlite3.Error) as error:
        raise StoreUnusable(
            f"The store can't be backed up before its upgrade: {target} ({error})",
            subject=subject,
            advice="Nothing was changed. Free some space beside it, then run the command again.",
        ) from error
    return target
