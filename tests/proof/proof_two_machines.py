"""A year of weeks of two machines on one PostgreSQL, somebody killed in each (`make proof`)."""

from __future__ import annotations

from tests.scheduler.test_two_machines import live_through_kills, owner, store_kind
from tests.scheduler.unattended import Unattended
from tracker.store.engine import Store

__all__ = ["owner", "store_kind"]


def test_fifty_five_rounds(owner: Unattended, store: Store) -> None:
    live_through_kills(owner, store, rounds=55, seed=2)
