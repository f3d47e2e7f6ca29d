"""Faults are tried on SQLite, unless a module asks for both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.runs.tracking import Tracking, a_registry, following
from tracker.store.engine import Store


@pytest.fixture(params=["sqlite"])
def store_kind(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture
def tracking(store: Store) -> Iterator[Tracking]:
    """Nothing is synced yet; the registry has the trials A, B and C, and SPINE returns them all."""
    with following(store, a_registry()) as tracking:
        yield tracking
