"""A store of the first version keeps its marks and its outbox, and gets an identity of its own."""

from __future__ import annotations

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url

from tracker.store.deliveries import deliveries, store_identity
from tracker.store.engine import open_store
from tracker.store.notes import notes
from tracker.store.upgrade import SCRIPTS, upgrade_store


@pytest.fixture(params=["sqlite", "postgresql"])
def store_kind(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


def make_first_version(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    command.upgrade(config, "0001")
    for statement in (
        "INSERT INTO note (nct_id, mark, text, author, made_at) "
        "VALUES ('NCT00000001', 'note', 'seen', 'Ana', '2026-03-02 07:00:00+00:00')",
        "INSERT INTO report_definition (name, since_run, covered_run, reports) VALUES ('weekly', 0, 0, 1)",
        "INSERT INTO report (name, number, created_at, after_run, until_run, folder, view, program_version) "
        "VALUES ('weekly', 1, '2026-03-02 07:00:00+00:00', 0, 0, 'out', '', '0')",
        "INSERT INTO delivery (name, number, recipient, address, message_id, state, attempts, created_at) "
        "VALUES ('weekly', 1, 'board', 'a@b.example', '<1@b>', 'pending', 0, '2026-03-02 07:00:00+00:00')",
    ):
        connection.execute(text(statement))


def test_what_the_first_version_held_is_kept(new_store_url: str) -> None:
    engine = create_engine(make_url(new_store_url))
    with engine.begin() as connection:
        make_first_version(connection)
    engine.dispose()
    assert upgrade_store(new_store_url).before == "0001"
    with open_store(new_store_url) as store, store.connect() as connection:
        [note] = notes(connection)
        assert (note.text, note.withdrawn_by) == ("seen", None)
        [delivery] = deliveries(connection)
        assert (delivery.address, delivery.subject, delivery.attachments) == ("a@b.example", "", ())
        assert len(store_identity(connection)) == 32
