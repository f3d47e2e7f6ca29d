"""Opening the store at this program's version.

Alembic, and what locks, is imported only where a store is made or brought up to date: commands that read start fast.
"""

from __future__ import annotations

from sqlalchemy import URL

from tracker.store import sqlite
from tracker.store.connections import Store, file_of, open_any_version, parse_url, shown
from tracker.store.revisions import REVISIONS
from tracker.store.version import check_current, stored_version

__all__ = ["Store", "open_store"]


def open_store(url: str, *, create: bool = False) -> Store:
    """The store at `url`: `sqlite:///FILE`, `sqlite://` (in memory) or `postgresql+psycopg://…`.

    `create` is for commands that write. A store that is not there is made, though never where traces show that one
    was lost; an older one is brought up to date, its SQLite file copied first; one that can't be written is an error
    now rather than after the work. Without `create`, a missing or an older store is an error.

    Raises StoreMissing, StoreTooNew, StoreDamaged, StoreUnusable, StoreBusy.
    """
    parsed = parse_url(url)
    if create:
        _ready_to_write(parsed)
    store = open_any_version(parsed)
    try:
        with store.connect() as connection:
            version = stored_version(connection)
        if create and version != REVISIONS[-1]:
            _bring_up_to_date(store, version=version)
        else:
            check_current(version, subject=store.url, is_file=store.path is not None)
    except BaseException:
        store.close()
        raise
    return store


def _ready_to_write(url: URL) -> None:
    path = file_of(url)
    if path is None:
        return
    if path.exists():
        sqlite.check_writable(path, subject=shown(url))
    else:
        from tracker.store.upgrade import make_file

        make_file(path, subject=shown(url))


def _bring_up_to_date(store: Store, *, version: str | None) -> None:
    from tracker.store.upgrade import make_schema, upgrade

    if version is None and store.path is None:
        make_schema(store)
    else:
        upgrade(store)
