"""A mail server, and an outbox that delivers to it. On SQLite, unless a test module asks for both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.delivery.mail_server import MailServer, mail_server
from tests.delivery.outbox import Outbox, config_text
from tracker.store.engine import Store


@pytest.fixture(params=["sqlite"])
def store_kind(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as served:
        yield served


@pytest.fixture
def outbox(store: Store, server: MailServer, tmp_path: Path) -> Outbox:
    return Outbox(store, tmp_path, config_text(server.port))
