"""Faults are tried on SQLite, unless a module asks for both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.mortal import Commands
from tests.registry.standin import StandIn, situations
from tests.runs.tracking import A, B, C, E, Tracking, a_registry, following
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


@pytest.fixture(scope="module")
def commands() -> Iterator[Commands]:
    with Commands() as commands:
        yield commands


@pytest.fixture
def registry() -> Iterator[StandIn]:
    """Four trials, one of them by the include list."""
    world = a_registry([A, B, C])
    situations.a_trial_is_registered(world, E, posted="2019-05-06")
    with StandIn(world) as registry:
        yield registry
