"""A real `tracker schedule`: what signals, an edited config.toml and a wrong clock do to it."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from jobs import timer
from tests.delivery.mail_server import MailServer
from tests.registry.standin import StandIn, faults, situations
from tests.runs.tracking import A
from tests.scheduler.conftest import MONDAY_NOON
from tests.scheduler.service import SYNC_TIME, TUESDAY, alerts, eventually, running, told_by_reports, write_config
from tests.scheduler.unattended import utc
from tracker.runs import Outcome
from tracker.store.deliveries import deliveries
from tracker.store.engine import open_store
from tracker.store.job_log import Ended, attempts
from tracker.store.runs import runs

NO_ANSWER = faults.drip(pause_s=3600)


@pytest.fixture
def config(tmp_path: Path, registry: StandIn, mail: MailServer) -> Path:
    return write_config(tmp_path, registry, mail)


def store_of(config: Path) -> str:
    return f"sqlite:///{config.parent / 'tracker.db'}"


def how_it_went(config: Path, job: str) -> list[Ended | None]:
    with open_store(store_of(config)) as store, store.connect() as connection:
        return [one.outcome for one in attempts(connection, name=job)]


def outcomes_of_runs(config: Path) -> list[Outcome | None]:
    with open_store(store_of(config)) as store, store.connect() as connection:
        return [run.outcome for run in runs(connection)]


class TestEnding:
    def test_the_time_given_to_the_work_in_hand_is_less_than_ten_seconds(self) -> None:
        assert timer.PATIENCE_S + timer.WAIT_S < 10

    def test_a_wait_is_left_at_once_and_the_run_closed(self, config: Path, registry: StandIn) -> None:
        registry.fail(faults.server_error(503, retry_after="50"), times=None)
        with running(config, now=MONDAY_NOON) as service:
            eventually(lambda: len(registry.requests) > 0, what="a request")
            assert service.stop() == 0
            assert service.logs("the work in hand was left")
        assert how_it_went(config, "sync") == [Ended.STOPPED]
        assert outcomes_of_runs(config) == [Outcome.INTERRUPTED]

    def test_a_registry_that_never_answers_is_abandoned_and_asked_at_the_next_start(
        self, config: Path, registry: StandIn
    ) -> None:
        registry.fail(NO_ANSWER, path="/studies", times=None)
        with running(config, now=MONDAY_NOON) as service:
            eventually(lambda: len(registry.requests_to("/studies")) > 0, what="a request")
            assert service.stop() == 0
            assert service.logs("is abandoned: nothing is lost by it")
        registry.heal()
        with running(config, now=MONDAY_NOON) as service:
            service.done("sync")
            assert service.stop() == 0
        assert how_it_went(config, "sync") == [Ended.KILLED, Ended.DONE]
        assert outcomes_of_runs(config) == [Outcome.INTERRUPTED, Outcome.OK]

    def test_a_store_that_is_locked_by_another_program_is_given_up_waiting_for(
        self, config: Path, registry: StandIn
    ) -> None:
        with running(config, now=MONDAY_NOON) as service:
            service.done("sync")
            registry.world.refresh()
            with another_program(config) as other:
                registry.in_the_middle(lambda: other.execute("BEGIN IMMEDIATE"), after=2)
                service.set_clock(SYNC_TIME)
                eventually(lambda: other.in_transaction, what="the lock")
                assert service.stop() == 0
                assert service.logs("is abandoned: nothing is lost by it")
        with running(config, now=SYNC_TIME) as service:
            service.done("sync")
            assert service.stop() == 0
        assert how_it_went(config, "sync") == [Ended.DONE, Ended.KILLED, Ended.DONE]
        assert outcomes_of_runs(config) == [Outcome.OK, Outcome.INTERRUPTED, Outcome.OK]

    def test_a_mail_server_that_never_answers_is_abandoned_and_the_mail_sent_once(
        self, config: Path, mail: MailServer
    ) -> None:
        mail.silent = True
        with running(config, now=MONDAY_NOON) as service:
            service.done("sync")
            service.set_clock(TUESDAY)
            service.done("report weekly")
            eventually(lambda: mail.connections > 0, what="a connection")
            assert service.stop() == 0
            assert service.logs("is abandoned: nothing is lost by it")
        mail.silent = False
        with running(config, now=TUESDAY.replace(minute=5)) as service:
            service.logged("begins on")
            service.set_clock(TUESDAY.replace(minute=11))
            assert "1 sent" in service.done("deliver")
            assert service.stop() == 0
        assert mail.addressed() == ["board@hospital.example"]
        assert how_it_went(config, "report weekly") == [Ended.DONE]
        with open_store(store_of(config)) as store, store.connect() as connection:
            assert [one.attempts for one in deliveries(connection)] == [2]

    def test_a_second_signal_changes_nothing(self, config: Path, registry: StandIn) -> None:
        registry.fail(NO_ANSWER, path="/studies", times=None)
        with running(config, now=MONDAY_NOON) as service:
            eventually(lambda: len(registry.requests_to("/studies")) > 0, what="a request")
            for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGINT):
                service.tell(number)
            assert service.ended() == 0
            assert len(service.logs("is abandoned")) == 1


class TestConfig:
    def test_a_hangup_has_it_read_again(self, config: Path) -> None:
        with running(config, now=MONDAY_NOON) as service:
            service.done("sync")
            service.tell(signal.SIGHUP)
            service.logged("config.toml was read anew: full sync, sync, report weekly")
            assert service.stop() == 0

    def test_an_edit_is_noticed_without_a_hangup(self, config: Path) -> None:
        with running(config, now=MONDAY_NOON) as service:
            service.done("sync")
            edit(config, "0 15 * * mon-fri", "0 13 * * mon-fri")
            service.logged("config.toml was read anew")
            service.set_clock(utc("2026-03-02T13:00:01"))
            service.done("sync")
            assert service.stop() == 0

    @pytest.mark.parametrize(
        ("right", "wrong", "said"),
        [
            ("0 15 * *", "0 25 * *", "25"),
            ('timezone = "UTC"', 'timezone = "Europe/Bucarest"', "is no time zone"),
            ('name = "weekly"', 'name = "weekly', "line "),
        ],
    )
    def test_a_wrong_edit_leaves_the_old_in_force_loudly(
        self, config: Path, mail: MailServer, right: str, wrong: str, said: str
    ) -> None:
        with running(config, now=MONDAY_NOON) as service:
            service.done("sync")
            edit(config, right, wrong)
            line = service.logged("config.toml is wrong, the one read before stays in force", said)
            assert line["level"] == "error"
            service.logged("alert: config fails")
            service.set_clock(SYNC_TIME)
            service.done("sync")
            service.tell(signal.SIGHUP)
            service.logged("config.toml is wrong, the one read before stays in force", said)
            edit(config, wrong, right)
            service.logged("alert: config is well again")
            assert service.stop() == 0
        assert alerts(mail) == ["config fails", "config is well again"]

    @pytest.mark.parametrize(
        ("right", "wrong", "said"),
        [
            ("0 15 * * mon-fri", "0 15 * * mon-fri 2026", "schedule.sync"),
            ("0 7 * * tue", "every tuesday", "schedule"),
            ('timezone = "UTC"', 'timezone = "Europe/Bucarest"', "Europe/Bucharest"),
        ],
    )
    def test_it_does_not_begin_on_a_wrong_one(self, config: Path, right: str, wrong: str, said: str) -> None:
        edit(config, right, wrong)
        with running(config, now=MONDAY_NOON) as service:
            assert service.ended() == 2
        [line] = [one["message"] for one in service.lines]
        assert line.startswith("tracker: ")
        assert str(config) in line
        assert said in line

    def test_a_secret_that_an_edit_names_is_hidden_from_then_on(
        self, config: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("NEW_PASSWORD", "hunter-2-secret")
        with running(config, now=MONDAY_NOON) as service:
            service.done("sync")
            edit(config, "sender", 'username = "tracker"\npassword_env = "NEW_PASSWORD"\nsender')
            service.logged("config.toml was read anew")
            edit(config, 'timezone = "UTC"', 'timezone = "hunter-2-secret"')
            service.logged("config.toml is wrong", '"***" is no time zone')
            assert service.stop() == 0
        assert service.logs("hunter-2-secret") == []


class TestClock:
    def test_set_back_by_a_day_it_goes_on_from_now_and_tells_nothing_twice(
        self, config: Path, registry: StandIn, mail: MailServer
    ) -> None:
        with running(config, now=MONDAY_NOON) as service:
            service.done("sync")
            situations.enrollment_changes(registry.world, A, 77)
            registry.world.refresh()
            service.set_clock(TUESDAY)
            service.done("sync")
            service.done("report weekly")
            service.done("deliver")
            service.set_clock(MONDAY_NOON)
            service.logged("the clock was set back: sync stands at 2026-03-03")
            service.looks()
            service.set_clock(SYNC_TIME)
            service.done("sync")
            service.set_clock(TUESDAY)
            service.done("deliver")
            assert service.stop() == 0
        assert told_by_reports(store_of(config)) == [["enrollment"], []]
        assert len(set(mail.message_ids())) == len(mail.received) == 2

    def test_put_right_by_years_it_does_everything_once(self, config: Path) -> None:
        """As on a machine whose clock has no battery, when the network comes up."""
        with running(config, now=utc("2000-01-01T00:00")) as service:
            service.done("sync")
            service.set_clock(TUESDAY)
            service.done("deliver")
            assert service.stop() == 0
        assert outcomes_of_runs(config) == [Outcome.OK, Outcome.OK, Outcome.NOTHING_NEW]
        assert how_it_went(config, "report weekly") == [Ended.DONE]


def edit(config: Path, old: str, new: str) -> None:
    """As an editor saves it: beside, and then moved into place."""
    text = config.read_text()
    assert old in text
    beside = config.with_suffix(".new")
    beside.write_text(text.replace(old, new))
    beside.replace(config)


@contextmanager
def another_program(config: Path) -> Iterator[sqlite3.Connection]:
    """A connection of somebody else's to the store; what it locks is free at the end."""
    path = config.parent / "tracker.db"
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        yield other
