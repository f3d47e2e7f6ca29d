"""A tracker in a corner, on the Monday before its first look. On SQLite, unless a test module asks for both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.delivery.mail_server import MailServer, mail_server
from tests.registry.standin import StandIn
from tests.runs.tracking import A, B, C, E, Tracking, a_registry, trials
from tests.scheduler.unattended import Unattended, utc
from tracker.store.engine import Store

MONDAY_NOON = utc("2026-03-02T12:00")


@pytest.fixture
def store_kind() -> str:
    return "sqlite"


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def corner(mail: MailServer, tmp_path: Path) -> Iterator[Unattended]:
    """Switched on."""
    with StandIn(a_registry(trials(6))) as registry:
        tracker = Unattended(tmp_path, registry, mail, start=MONDAY_NOON)
        tracker.switch_on()
        yield tracker
        tracker.switch_off()


@pytest.fixture
def registry() -> Iterator[StandIn]:
    with StandIn(a_registry([A, B, C, E])) as registry:
        yield registry


@pytest.fixture
def undisturbed(store: Store, registry: StandIn) -> Tracking:
    """Another tracker of the same registry, to which nothing happens."""
    return Tracking(store, registry)
