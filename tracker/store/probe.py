"""Whether the store can be written just now: tried, and undone."""

from __future__ import annotations

from sqlalchemy import delete

from tracker.store.connections import Store
from tracker.store.schema import attempt


class _Undo(Exception):
    pass


def check_writable(store: Store) -> None:
    """Raises StoreUnusable or StoreBusy where it can't be. Leaves nothing behind."""
    try:
        with store.begin() as connection:
            connection.execute(delete(attempt).where(attempt.c.id < 0))  # none: but the database has to be ready to
            raise _Undo
    except _Undo:
        pass
