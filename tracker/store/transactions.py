"""How a run opens its transactions; the types that a caller of this package may need to name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from sqlalchemy import Connection

from tracker.store.connections import Store

__all__ = ["Connection", "Transaction", "writing"]

Transaction = Callable[[], AbstractContextManager[Connection]]


@contextmanager
def writing(store: Store, *, dry_run: bool) -> Iterator[Transaction]:
    """Transactions that stand each on its own; in a dry run, savepoints of one that is rolled back at the end."""
    if not dry_run:
        yield store.begin
        store.checkpoint()
        return
    try:
        with store.begin() as connection:

            @contextmanager
            def savepoint() -> Iterator[Connection]:
                with connection.begin_nested():
                    yield connection

            yield savepoint
            raise _Rollback
    except _Rollback:
        pass


class _Rollback(Exception):
    pass
