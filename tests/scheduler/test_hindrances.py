"""What comes between a report and its reader, or the tracker and the registry: each passes, or is told."""

from __future__ import annotations

import io
import json
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from jobs import reporting
from jobs.alerts import Alert
from jobs.deliver import deliver_due
from jobs.logs import set_up
from jobs.recipients import Recipients
from jobs.stopping import Stop
from tests.delivery.mail_server import MailServer
from tests.registry.standin import faults
from tests.scheduler import unattended
from tests.scheduler.conftest import MONDAY_NOON
from tests.scheduler.service import texts_of_alerts
from tests.scheduler.test_scheduler import alerts
from tests.scheduler.unattended import Unattended, utc
from tracker.config import Config, load_config
from tracker.errors import OutputError
from tracker.registry.client import RegistryClient
from tracker.store import sqlite
from tracker.store.revisions import HEAD

NEXT_MONDAY = utc("2026-03-09T05:01")  # a minute after the report was due
BOARD = "board@hospital.example"


def switched_off_and_on(tracker: Unattended) -> None:
    tracker.switch_off()
    tracker.switch_on()


class TestRetryAfter:
    @pytest.fixture(autouse=True)
    def _a_client_by_the_clock_of_the_corner(self, corner: Unattended, monkeypatch: pytest.MonkeyPatch) -> None:
        def client(config: Config, stop: Stop) -> RegistryClient:
            def sleep(_: float) -> Any:
                stop.check()

            return RegistryClient(config.registry.base_url, requests_per_second=1000, sleep=sleep, now=corner.clock)

        monkeypatch.setattr(unattended, "patient_client", client)
        switched_off_and_on(corner)

    def test_what_it_told_one_job_holds_for_the_other(self, corner: Unattended) -> None:
        corner.look()
        corner.registry.fail(faults.too_many_requests("1800"), times=None)
        sunday = utc("2026-03-08T03:00")  # after a full sync and Friday's sync are due
        corner.registry.requests.clear()
        assert [one.job for one in corner.look_at(sunday) if one.outcome == "failed"] == ["full sync", "sync"]
        assert len(corner.registry.requests) == 1
        corner.look_at(sunday + timedelta(minutes=29))
        assert len(corner.registry.requests) == 1
        corner.registry.heal()
        done = [one.job for one in corner.look_at(sunday + timedelta(minutes=31)) if one.outcome == "done"]
        assert done[:2] == ["full sync", "sync"]

    def test_a_registry_that_asks_to_be_left_alone_is(self, corner: Unattended) -> None:
        corner.registry.fail(faults.too_many_requests("1800"), times=None)
        corner.look()
        asked = len(corner.registry.requests)
        assert "left alone until 2026-03-02 12:30" in (corner.states()["sync"].error or "")
        assert corner.look_at(MONDAY_NOON + timedelta(minutes=29)) == []
        assert len(corner.registry.requests) == asked
        corner.registry.heal()
        assert [one.outcome for one in corner.look_at(MONDAY_NOON + timedelta(minutes=31))] == ["done"]


class TestVersion:
    def test_a_store_that_another_program_has_upgraded_is_left_alone_and_told(
        self, corner: Unattended, mail: MailServer
    ) -> None:
        corner.look()
        set_version(corner, "next")
        before = rows(corner)
        corner.write_config()  # to be read anew, and registered
        corner.registry.requests.clear()
        for minutes in range(30):
            assert corner.look_at(NEXT_MONDAY + timedelta(minutes=minutes)) == []
        assert rows(corner) == before
        assert corner.registry.requests == []
        assert alerts(mail) == ["store fails: 11 times in a row"]
        [text] = texts_of_alerts(mail)
        assert "The store is of a newer version (next) than this program" in text
        assert "Restart the scheduler with the newer program; until then it does nothing." in text
        set_version(corner, HEAD)
        assert ("report weekly", "done") in [(one.job, one.outcome) for one in corner.look()]

    def test_nor_is_it_written_into_between_two_jobs(self, corner: Unattended) -> None:
        corner.look()
        corner.registry.in_the_middle(lambda: set_version(corner, "next"), after=1)
        assert corner.look_at(NEXT_MONDAY)[1:] == []  # the sync was at work
        assert corner.scheduler
        assert "newer version" in str(corner.scheduler.error)
        assert [one.job for one in corner.attempts()][2:] == []


def set_version(tracker: Unattended, version: str) -> None:
    with sqlite3.connect(tracker.folder / "tracker.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (version,))
    connection.close()


def rows(tracker: Unattended) -> list[str]:
    """Everything that the store holds."""
    with sqlite3.connect(tracker.folder / "tracker.db") as connection:
        held = list(connection.iterdump())
    connection.close()
    return held


class TestLog:
    def test_what_is_logged_during_a_run_says_which_even_that_the_registry_was_asked_again(
        self, corner: Unattended
    ) -> None:
        stream = io.StringIO()
        with logging_to(stream):
            corner.registry.fail(faults.server_error(503), times=1)
            corner.look()
            corner.look_at(utc("2026-03-02T14:45"))
        begun, retried, done, *later = [json.loads(line) for line in stream.getvalue().splitlines()]
        assert (begun["job"], "run" in begun) == ("sync", False)
        assert "not available (HTTP 503); asked again in" in retried["message"]
        assert [(line["job"], line["attempt"], line["run"]) for line in (retried, done)] == [("sync", 1, 1)] * 2
        assert ["run" in line for line in later] == [False, True]
        assert later[-1]["run"] == 2


@contextmanager
def logging_to(stream: io.StringIO) -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("tracker")
    before = root.handlers, root.level, ours.level
    set_up("json", secrets=(), stream=stream)
    try:
        yield
    finally:
        root.handlers, root.level = before[0], before[1]
        ours.setLevel(before[2])


class TestGivenUp:
    def test_every_one_is_told_at_once_and_once_whatever_succeeds_in_between(
        self, corner: Unattended, mail: MailServer
    ) -> None:
        both = ('["board@hospital.example"]', '["board@hospital.example", "ben@hospital.example"]')
        corner.write_config(replacing=both)
        corner.look()
        mail.refused[BOARD] = "550 5.1.1 no such mailbox"
        for week in range(1, 5):
            at = NEXT_MONDAY + timedelta(weeks=week)
            looked = {one.job: one.outcome for one in corner.look_at(at)}
            assert looked["deliver"] == "troubled"
            assert len(alerts(mail)) == week
            switched_off_and_on(corner)
            corner.look_at(at + timedelta(hours=30))
        mail.refused.clear()
        corner.look_at(NEXT_MONDAY + timedelta(weeks=5))
        corner.look_at(NEXT_MONDAY + timedelta(weeks=5, hours=30))
        told = [f"GIVEN UP: report {number} of weekly to {BOARD}" for number in range(1, 5)]
        assert alerts(mail) == told  # neither "deliver fails" nor "deliver is well again"
        text = texts_of_alerts(mail)[0]
        assert f"GIVEN UP after 1 attempt: 127.0.0.1:{mail.port} refuses the mail to {BOARD}: 550 5.1.1" in text
        assert "`tracker deliver --retry` sends it after all" in text

    def test_admins_who_are_out_of_reach_are_told_later(self, corner: Unattended, mail: MailServer) -> None:
        corner.look()
        mail.sender_answer = "550 not from you"
        corner.look_at(NEXT_MONDAY)
        mail.sender_answer = "250 OK"
        assert alerts(mail) == []
        corner.look_at(NEXT_MONDAY + timedelta(minutes=11))
        corner.look_at(NEXT_MONDAY + timedelta(minutes=22))
        assert alerts(mail) == [f"GIVEN UP: report 1 of weekly to {BOARD}"]

    def test_what_is_tried_again_by_hand_and_given_up_again_is_told_again(
        self, corner: Unattended, mail: MailServer
    ) -> None:
        corner.look()
        mail.refused[BOARD] = "550 no such mailbox"
        corner.look_at(NEXT_MONDAY)
        retry(corner)
        corner.look_at(NEXT_MONDAY + timedelta(minutes=1))
        assert len(alerts(mail)) == 2
        mail.refused.clear()
        retry(corner)
        corner.look_at(NEXT_MONDAY + timedelta(minutes=2))
        assert len(alerts(mail)) == 2
        assert BOARD in mail.addressed()

    def test_given_up_with_a_server_that_was_down_the_job_is_not_said_to_be_well(
        self, corner: Unattended, mail: MailServer
    ) -> None:
        corner.look()
        mail.refused[BOARD] = "451 later"
        for hours in range(0, 100, 4):
            corner.look_at(NEXT_MONDAY + timedelta(hours=hours))
        first, *others = alerts(mail)
        assert first == "deliver fails: 3 times in a row"
        assert [one for one in others if "well again" in one] == []
        assert [one for one in others if "GIVEN UP" in one] == [f"GIVEN UP: report 1 of weekly to {BOARD}"]
        mail.refused.clear()
        corner.look_at(NEXT_MONDAY + timedelta(weeks=1))
        assert alerts(mail)[-1] == "deliver is well again"
        assert "What was given up meanwhile is not: that was told by itself." in texts_of_alerts(mail)[-1]

    @pytest.mark.parametrize("words", ["451 later", "550 no such mailbox"])
    def test_an_address_that_is_corrected_is_told_no_second_time(
        self, corner: Unattended, mail: MailServer, words: str
    ) -> None:
        corner.look()
        mail.refused[BOARD] = words
        for minutes in (0, 2, 5):
            corner.look_at(NEXT_MONDAY + timedelta(minutes=minutes))
        [told] = alerts(mail)
        corner.write_config(replacing=(BOARD, "bord@hospital.example"))
        retry(corner)
        corner.look_at(NEXT_MONDAY + timedelta(minutes=6))
        corner.look_at(NEXT_MONDAY + timedelta(days=2))
        assert mail.addressed().count("bord@hospital.example") == 1
        well = ["deliver is well again"] if told.startswith("deliver fails") else []
        assert alerts(mail) == [told, *well]
        assert corner.states()["deliver"].failures == 0


class TestByHand:
    def test_what_is_sent_by_hand_makes_the_job_well_again(self, corner: Unattended, mail: MailServer) -> None:
        corner.look()
        mail.refused[BOARD] = "451 later"
        for minutes in (0, 2, 5):
            corner.look_at(NEXT_MONDAY + timedelta(minutes=minutes))
        assert alerts(mail) == ["deliver fails: 3 times in a row"]
        mail.refused.clear()
        retry(corner)
        corner.look_at(NEXT_MONDAY + timedelta(minutes=6))
        assert corner.states()["deliver"].failures == 0
        tried = len(corner.attempts("deliver"))
        corner.look_at(NEXT_MONDAY + timedelta(days=2))
        assert alerts(mail) == ["deliver fails: 3 times in a row", "deliver is well again"]
        assert len(corner.attempts("deliver")) == tried  # there is nothing more to say

    def test_whatever_else_was_given_up(self, corner: Unattended, mail: MailServer) -> None:
        ben = "ben@hospital.example"
        corner.write_config(replacing=(f'["{BOARD}"]', f'["{BOARD}", "{ben}"]'))
        corner.look()
        mail.refused |= {BOARD: "550 no such mailbox", ben: "451 later"}
        for minutes in (0, 2, 5):
            corner.look_at(NEXT_MONDAY + timedelta(minutes=minutes))
        del mail.refused[ben]
        retry(corner)
        corner.look_at(NEXT_MONDAY + timedelta(minutes=6))
        assert corner.states()["deliver"].failures == 0
        assert "deliver is well again" in alerts(mail)

    def test_so_does_a_recipient_whose_address_is_taken_out(self, corner: Unattended, mail: MailServer) -> None:
        corner.look()
        mail.refused[BOARD] = "451 later"
        for minutes in (0, 2, 5):
            corner.look_at(NEXT_MONDAY + timedelta(minutes=minutes))
        corner.write_config(replacing=('recipients = ["coordinators"]', "recipients = []"))
        text = corner.config_path.read_text()
        gone = '[[recipient]]\nname = "coordinators"\nmail = ["board@hospital.example"]\n'
        assert gone in text
        corner.config_path.write_text(text.replace(gone, ""))
        retry(corner)
        corner.look_at(NEXT_MONDAY + timedelta(minutes=6))
        corner.look_at(NEXT_MONDAY + timedelta(days=5))
        assert alerts(mail) == ["deliver fails: 3 times in a row", "deliver is well again"]


def retry(tracker: Unattended) -> None:
    assert tracker.store
    deliver_due(tracker.store, Recipients(load_config(tracker.config_path), {}), now=tracker.clock, retry=True)


class TestSecrets:
    def test_a_password_that_is_missing_after_a_restart_keeps_no_report_from_being_made(
        self, corner: Unattended, mail: MailServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        login = ('security = "none"', 'security = "none"\nusername = "tracker"\npassword_env = "MAIL_PASSWORD"')
        corner.write_config(replacing=login)
        switched_off_and_on(corner)
        [warned] = [line.getMessage() for line in caplog.records if line.levelno == logging.WARNING]
        assert "smtp.password_env: the environment variable MAIL_PASSWORD is not set" in warned
        corner.look()
        looked = {one.job: one.outcome for one in corner.look_at(NEXT_MONDAY)}
        assert (looked["report weekly"], looked["deliver"]) == ("done", "troubled")
        assert mail.connections == 0
        corner.write_config()  # which asks for no password
        corner.look_at(NEXT_MONDAY + timedelta(minutes=2))
        assert mail.addressed() == [BOARD]


class TestClock:
    def test_a_clock_that_was_ahead_strands_no_mail(self, corner: Unattended, mail: MailServer) -> None:
        corner.look()
        mail.refused[BOARD] = "451 later"
        corner.look_at(NEXT_MONDAY + timedelta(days=728))
        assert mail.addressed() == []
        mail.refused.clear()
        corner.look_at(NEXT_MONDAY)
        corner.look_at(NEXT_MONDAY + timedelta(minutes=1))
        assert BOARD in mail.addressed()

    def test_a_clock_that_is_set_back_while_a_report_fails_loses_it_no_week(
        self, corner: Unattended, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """To a moment after the report was due: it is still to be made."""

        def fail(*_: object, **__: object) -> None:
            raise OutputError("the folder is away", subject="reports")

        corner.look()
        with monkeypatch.context() as away:
            away.setattr(reporting, "next_report", fail)
            for hours in range(8):
                corner.look_at(NEXT_MONDAY + timedelta(hours=hours))
        assert (corner.states()["report weekly"].retry_at or NEXT_MONDAY) > NEXT_MONDAY + timedelta(hours=7)
        looked = [*corner.look_at(NEXT_MONDAY + timedelta(hours=5)), *corner.look()]
        assert ("report weekly", "done") in [(one.job, one.outcome) for one in looked]


class TestFaults:
    def test_a_store_that_another_program_keeps_locked_is_told_and_not_taken_for_another_scheduler(
        self, corner: Unattended, mail: MailServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        corner.look()
        monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_S", 0.01)
        with closing(sqlite3.connect(corner.folder / "tracker.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            for minutes in (0, 11):
                assert corner.look_at(NEXT_MONDAY + timedelta(minutes=minutes)) == []
            other.execute("ROLLBACK")
        assert alerts(mail) == ["store fails: 2 times in a row"]
        assert "Another process is writing the store" in texts_of_alerts(mail)[0]
        assert ("report weekly", "done") in [(one.job, one.outcome) for one in corner.look()]
        assert alerts(mail)[1:] == ["store is well again"]

    def test_a_new_config_toml_that_fails_in_an_unforeseen_way_is_told(
        self, corner: Unattended, mail: MailServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(_config: Config, _world: object) -> None:
            raise PermissionError(13, "Permission denied")

        corner.look()
        monkeypatch.setattr(unattended, "plan_of", fail)
        corner.write_config()
        assert ("report weekly", "done") in [(one.job, one.outcome) for one in corner.look_at(NEXT_MONDAY)]
        assert alerts(mail) == ["config fails: 1 time in a row"]
        assert "unexpected: PermissionError" in texts_of_alerts(mail)[0]

    def test_admins_who_can_not_be_told_for_an_unforeseen_reason_are_told_later(
        self, corner: Unattended, mail: MailServer
    ) -> None:
        def fail(_alert: Alert) -> None:
            raise RuntimeError("nobody foresaw this")

        corner.look()
        mail.refused[BOARD] = "550 no such mailbox"
        assert corner.scheduler
        plan = corner.scheduler.plan
        corner.scheduler.plan = replace(plan, tell=fail)
        corner.look_at(NEXT_MONDAY)
        assert corner.scheduler.error is None
        corner.scheduler.plan = plan
        corner.look_at(NEXT_MONDAY + timedelta(minutes=11))
        assert alerts(mail) == [f"GIVEN UP: report 1 of weekly to {BOARD}"]
