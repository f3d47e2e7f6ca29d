"""A real `tracker schedule` on a real PostgreSQL that is restarted, or away, in the middle of the work."""

from __future__ import annotations

import signal
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests import postgresql
from tests.delivery.mail_server import MailServer
from tests.faults.places import Place, a_day_with_news, told
from tests.registry.standin import StandIn
from tests.runs.tracking import Tracking
from tests.scheduler.conftest import MONDAY_NOON
from tests.scheduler.service import (
    DEADLINE_S,
    SYNC_TIME,
    TUESDAY,
    Service,
    alerts,
    eventually,
    missing_files,
    running,
    texts_of_alerts,
    told_by_reports,
    write_config,
)
from tracker.store.check import check
from tracker.store.engine import open_store
from tracker.store.job_log import Ended, attempts

RETRIED = timedelta(minutes=6)
MODES = ("immediate", "fast")


@pytest.fixture(scope="module")
def server() -> Iterator[postgresql.Server]:
    """A server of this module's own, which keeps what it has committed (the session's is others', and in a hurry)."""
    folder = postgresql.new_folder()
    try:
        server = postgresql.shared_server(folder)
        with server.connect() as connection:
            connection.execute("ALTER SYSTEM SET synchronous_commit = on")
            connection.execute("SELECT pg_reload_conf()")
        yield server
    finally:
        postgresql.stop(folder)


@pytest.fixture
def database(server: postgresql.Server) -> Iterator[str]:
    name = f"tracker_{uuid.uuid4().hex[:12]}"
    yield server.make_database(name)
    if not server.runs:  # a failed test has left it so
        server.resume()
    server.drop_database(name)


@pytest.fixture
def config(tmp_path: Path, registry: StandIn, mail: MailServer, database: str) -> Path:
    return write_config(tmp_path, registry, mail, store=database)


@pytest.mark.parametrize("mode", MODES)
def test_restarted_while_a_sync_writes(
    mode: str,
    config: Path,
    registry: StandIn,
    mail: MailServer,
    server: postgresql.Server,
    database: str,
    undisturbed: Tracking,
    tmp_path: Path,
) -> None:
    with running(config, now=MONDAY_NOON) as service:
        service.done("sync")
        undisturbed.sync()
        news(registry)
        with somebody_waits_for(server, database, "study_version"):
            service.set_clock(SYNC_TIME)
            eventually(lambda: blocked(server), what="a blocked transaction")
            server.restart(mode=mode)
        assert service.logged("No connection to the database")["level"] == "error"
        service.set_clock(SYNC_TIME + RETRIED)
        service.done("sync")
        undisturbed.sync()
        assert told(Place(tmp_path, database)) == told(Place(tmp_path, undisturbed.store.url))
        service.set_clock(TUESDAY)
        service.done("deliver")
        assert service.stop() == 0
    [report] = told_by_reports(database)
    assert len(report) == len(undisturbed.all_news())
    assert mail.addressed() == ["board@hospital.example"]
    assert sound(database)


@pytest.mark.parametrize("mode", MODES)
def test_restarted_while_a_report_is_recorded(
    mode: str, config: Path, registry: StandIn, mail: MailServer, server: postgresql.Server, database: str
) -> None:
    with running(config, now=MONDAY_NOON) as service:
        service.done("sync")
        news(registry)
        service.set_clock(SYNC_TIME)
        service.done("sync")
        with somebody_waits_for(server, database, "report_file"):
            service.set_clock(TUESDAY)
            eventually(lambda: blocked(server), what="a blocked transaction")
            server.restart(mode=mode)
        assert service.logged("No connection to the database")["level"] == "error"
        service.set_clock(TUESDAY + RETRIED)
        service.done("report weekly")
        service.done("deliver")
        service.set_clock(TUESDAY + timedelta(days=7))
        service.done("deliver")
        assert service.stop() == 0
    first, second = told_by_reports(database)
    assert first
    assert second == []
    assert missing_files(database) == []
    assert len(mail.received) == len(set(mail.message_ids())) == 2
    assert sound(database)


def test_restarted_between_two_answers_of_the_registry(
    config: Path, registry: StandIn, server: postgresql.Server, database: str, undisturbed: Tracking, tmp_path: Path
) -> None:
    """Nothing is being written just then: the run goes on over a new connection."""
    with running(config, now=MONDAY_NOON) as service:
        service.done("sync")
        undisturbed.sync()
        news(registry)
        registry.in_the_middle(server.restart, after=2)
        service.set_clock(SYNC_TIME)
        service.done("sync")
        undisturbed.sync()
        assert told(Place(tmp_path, database)) == told(Place(tmp_path, undisturbed.store.url))
        assert service.stop() == 0
    assert registry.crashes == []


def test_away_for_longer_than_patience_the_admins_are_told_once_and_of_its_end(
    config: Path, registry: StandIn, mail: MailServer, server: postgresql.Server, database: str
) -> None:
    with running(config, now=MONDAY_NOON) as service:
        service.done("sync")
        news(registry)
        registry.in_the_middle(server.halt, after=2)
        service.set_clock(SYNC_TIME)
        line = service.logged("the store can't be used: No connection to the database")
        assert line["level"] == "error"
        for minutes in (5, 9, 11, 30, 59):
            service.set_clock(SYNC_TIME + timedelta(minutes=minutes))
            service.logged("the store can't be used")
            told = alerts(mail)
            assert told == (["store fails"] if minutes > 11 else told[:1])
            assert minutes > 10 or not told
        assert len(service.logs("the store can't be used", level="error")) == 1
        server.resume()
        service.done("sync")
        service.logged("the store can be used again")
        service.logged("alert: store is well again")
        service.set_clock(TUESDAY)
        service.done("deliver")
        assert service.stop() == 0
    assert alerts(mail) == ["store fails", "store is well again"]
    ill, well = texts_of_alerts(mail)
    assert "No connection to the database" in ill
    assert name_of(database) in ill
    assert "It is tried again every few seconds" in ill
    assert "since 2026-03-02 15:00" in ill
    assert "well again since 2026-03-02 15:59" in well
    [report] = told_by_reports(database)
    assert report
    assert sound(database)


def test_a_short_absence_is_nobodys_business(
    config: Path, registry: StandIn, mail: MailServer, server: postgresql.Server
) -> None:
    with running(config, now=MONDAY_NOON) as service:
        service.done("sync")
        server.halt()
        service.logged("the store can't be used")
        service.set_clock(MONDAY_NOON + timedelta(minutes=8))
        service.logged("the store can't be used")
        server.resume()
        service.logged("the store can be used again")
        service.set_clock(SYNC_TIME)
        service.done("sync")
        assert service.stop() == 0
    assert mail.received == []


def test_a_signal_ends_it_while_a_transaction_waits_for_a_lock(
    config: Path, registry: StandIn, server: postgresql.Server, database: str
) -> None:
    with running(config, now=MONDAY_NOON) as service:
        service.done("sync")
        news(registry)
        with somebody_waits_for(server, database, "study_version"):
            service.set_clock(SYNC_TIME)
            eventually(lambda: blocked(server), what="a blocked transaction")
            service.tell(signal.SIGTERM)
            assert service.ended() == 0
            assert service.logs("is abandoned: nothing is lost by it")
    with running(config, now=SYNC_TIME) as service:
        service.done("sync")
        assert service.stop() == 0
    assert ends(database, "sync") == [Ended.DONE, Ended.KILLED, Ended.DONE]
    assert sound(database)


def test_after_a_signal_the_work_in_hand_may_end_but_no_other_begins(
    config: Path, mail: MailServer, server: postgresql.Server, database: str
) -> None:
    with running(config, now=MONDAY_NOON, patience_s=DEADLINE_S) as service:
        service.done("sync")
        with somebody_waits_for(server, database, "report_file"):
            service.set_clock(TUESDAY)
            eventually(lambda: blocked(server), what="a blocked transaction")
            service.tell(signal.SIGTERM)
        assert service.ended() == 0
        assert service.logs("is abandoned") == []
    assert ends(database, "report weekly") == [Ended.DONE]
    assert ends(database, "deliver") == []
    with running(config, now=TUESDAY) as service:
        service.done("deliver")
        assert service.stop() == 0
    assert mail.addressed() == ["board@hospital.example"]


def test_a_signal_ends_it_while_the_database_is_away(config: Path, server: postgresql.Server) -> None:
    with running(config, now=MONDAY_NOON) as service:
        service.done("sync")
        server.halt()
        try:
            service.logged("the store can't be used")
            assert service.stop() == 0
        finally:
            server.resume()


def test_a_server_whose_machine_went_silent_is_noticed_within_minutes(database: str) -> None:
    """Nobody would ever say that the connection is gone: the system has to ask for it."""
    with open_store(database, create=True) as store, store.connect() as connection:
        used = connection.connection.driver_connection
        assert isinstance(used, psycopg.Connection)
        asked = used.info.get_parameters()
    idle, every, tries = (int(asked[f"keepalives_{name}"]) for name in ("idle", "interval", "count"))
    assert idle + every * tries <= 120
    assert int(asked["tcp_user_timeout"]) <= 120_000


def test_it_does_not_begin_without_its_database(config: Path, server: postgresql.Server) -> None:
    server.halt()
    try:
        service = Service(config, now=MONDAY_NOON)
        assert service.ended() == 1
    finally:
        server.resume()
    [line] = [one["message"] for one in service.lines]
    assert line.startswith("tracker: No connection to the database")
    assert "Check that the server runs" in line


def news(registry: StandIn) -> None:
    """All that can happen, on another day."""
    a_day_with_news(registry.world)


@contextmanager
def somebody_waits_for(server: postgresql.Server, database: str, table: str) -> Iterator[None]:
    """Another program keeps a table to itself, so that the tracker's transaction stops in its middle."""
    administrator = postgresql.ADMINISTRATOR
    with psycopg.connect(host=str(server.folder), user=administrator, dbname=name_of(database)) as other:
        other.execute(sql.SQL("LOCK TABLE {} IN EXCLUSIVE MODE").format(sql.Identifier(table)))
        try:
            yield
        finally:
            with suppress(psycopg.OperationalError):  # the server may have been restarted
                other.rollback()
            other.close()


def name_of(database: str) -> str:
    return database.partition("@/")[2].partition("?")[0]


def blocked(server: postgresql.Server) -> bool:
    with server.connect() as connection:
        waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        return connection.execute(waits).fetchone() is not None


def ends(database: str, job: str) -> list[Ended | None]:
    with open_store(database) as store, store.connect() as connection:
        return [one.outcome for one in attempts(connection, name=job)]


def sound(database: str) -> bool:
    with open_store(database) as store:
        return check(store) == []
