"""One look at a time: what is done, what is tried again, and who is told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jobs.attempting import Attempted
from jobs.stopping import Stopped
from tests.delivery.mail_server import MailServer
from tests.registry.standin import faults, situations
from tests.scheduler.conftest import MONDAY_NOON
from tests.scheduler.service import missing_files
from tests.scheduler.unattended import Killed, Unattended, utc
from tracker.errors import StoreBusy, StoreUnusable
from tracker.store.deliveries import DeliveryState, deliveries
from tracker.store.engine import open_store
from tracker.store.job_log import Ended
from tracker.store.locking import run_lock
from tracker.store.reports import recorded_reports
from tracker.store.runs import last_run

NEXT_MONDAY = utc("2026-03-09T05:00")  # 07:00 in Bucharest


def outcomes(looked: list[Attempted]) -> list[tuple[str, str]]:
    return [(one.job, one.outcome.value) for one in looked]


def alerts(mail: MailServer) -> list[str]:
    told = [one.message["Subject"] for one in mail.received if one.addresses == ("admin@hospital.example",)]
    return [str(subject).removeprefix("Trial tracker: ") for subject in told]


def reports(tracker: Unattended) -> int:
    assert tracker.store
    with tracker.store.connect() as connection:
        return len(recorded_reports(connection, "weekly"))


class TestDueOnce:
    def test_a_new_tracker_reads_the_registry_at_once_and_waits_for_the_rest(self, corner: Unattended) -> None:
        assert outcomes(corner.look()) == [("sync", "done")]
        assert corner.look() == []

    def test_a_job_is_done_at_its_time_and_not_again(self, corner: Unattended) -> None:
        corner.look()
        assert corner.look_at(utc("2026-03-02T14:29")) == []
        assert outcomes(corner.look_at(utc("2026-03-02T14:41"))) == [("sync", "done")]
        assert corner.look_at(utc("2026-03-02T14:42")) == []

    def test_after_weeks_without_power_each_job_catches_up_once_and_reports_come_last(self, corner: Unattended) -> None:
        corner.look()
        corner.switch_off()
        corner.clock.now = utc("2026-04-15T12:00")
        corner.switch_on()
        assert outcomes(corner.look()) == [
            ("full sync", "done"),
            ("sync", "done"),
            ("report weekly", "done"),
            ("deliver", "done"),
            ("backup", "done"),
            ("clean up", "done"),
        ]
        assert corner.look() == []

    def test_a_second_scheduler_on_sqlite_is_refused_and_told_who_works(self, corner: Unattended) -> None:
        other = Unattended(corner.folder, corner.registry, corner.mail, start=MONDAY_NOON)
        with pytest.raises(StoreBusy) as refused:
            other.switch_on()
        assert "Another scheduler works on the store" in refused.value.message
        assert "(process " in refused.value.message

    def test_work_that_is_told_to_stop_is_closed_and_due_again(self, corner: Unattended) -> None:
        corner.registry.in_the_middle(corner.stop.ask, after=1)
        with pytest.raises(Stopped):
            corner.look()
        [attempt] = corner.attempts("sync")
        assert attempt.outcome is Ended.STOPPED
        assert corner.store
        with corner.store.connect() as connection:
            run = last_run(connection)
        assert run
        assert run.outcome == "interrupted"
        corner.switch_off()
        corner.switch_on()
        assert outcomes(corner.look()) == [("sync", "done")]


class TestTriedAgain:
    def test_a_registry_that_is_down_is_asked_again_and_told_once_daily_and_at_the_end(
        self, corner: Unattended, mail: MailServer
    ) -> None:
        corner.registry.fail(faults.server_error(503), times=None)
        for minutes in range(0, 60 * 26, 5):
            corner.look_at(MONDAY_NOON + timedelta(minutes=minutes))
        first, again = alerts(mail)
        assert (first, again.partition(":")[0]) == ("sync fails: 3 times in a row", "sync still fails")
        corner.registry.heal()
        corner.look_at(MONDAY_NOON + timedelta(hours=28))
        assert alerts(mail)[2:] == ["sync is well again"]
        corner.look_at(MONDAY_NOON + timedelta(hours=29))
        assert len(alerts(mail)) == 3

    def test_what_passes_by_itself_is_never_told(self, corner: Unattended, mail: MailServer) -> None:
        corner.registry.fail(faults.blocked(), times=None)
        corner.look()
        corner.look_at(MONDAY_NOON + timedelta(minutes=6))
        corner.registry.heal()
        assert outcomes(corner.look_at(MONDAY_NOON + timedelta(minutes=30))) == [("sync", "done")]
        assert alerts(mail) == []

    def test_a_report_is_made_even_if_the_registry_is_down_and_what_it_missed_comes_next_week(
        self, corner: Unattended
    ) -> None:
        corner.look()
        situations.enrollment_changes(corner.registry.world, "NCT90000001", 77)
        corner.registry.world.refresh()
        corner.registry.fail(faults.server_error(503), times=None)
        assert ("report weekly", "done") in outcomes(corner.look_at(NEXT_MONDAY + timedelta(minutes=1)))
        assert reports(corner) == 1

    def test_a_report_waits_for_a_sync_that_somebody_does_by_hand(self, corner: Unattended) -> None:
        corner.look()
        assert corner.store
        with run_lock(corner.store):
            looked = outcomes(corner.look_at(NEXT_MONDAY + timedelta(minutes=1)))
            assert looked[:2] == [("full sync", "busy"), ("sync", "busy")]
            assert ("report weekly", "done") not in looked
        assert ("report weekly", "done") in outcomes(corner.look_at(NEXT_MONDAY + timedelta(minutes=3)))
        assert corner.states()["sync"].failures == 0

    def test_a_read_only_output_folder_fails_the_report_until_it_is_put_right(self, corner: Unattended) -> None:
        corner.look()
        (corner.folder / "data").write_text("no folder")
        looked = corner.look_at(NEXT_MONDAY + timedelta(minutes=1))
        [report] = [one for one in looked if one.job == "report weekly"]
        assert report.outcome is Ended.FAILED
        assert str(corner.folder / "data") in report.said
        (corner.folder / "data").unlink()
        assert ("report weekly", "done") in outcomes(corner.look_at(NEXT_MONDAY + timedelta(minutes=10)))
        assert reports(corner) == 1

    def test_a_store_that_vanishes_and_returns(
        self, corner: Unattended, mail: MailServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        corner.look()
        assert corner.store

        def away() -> None:
            raise StoreUnusable("No connection to the database", advice="Check that the server runs.")

        with monkeypatch.context() as patched:
            patched.setattr(corner.store, "connect", away)
            patched.setattr(corner.store, "begin", away)
            for minutes in range(30):
                assert corner.look_at(NEXT_MONDAY + timedelta(minutes=minutes)) == []
        assert alerts(mail) == ["store fails: 11 times in a row"]
        assert ("report weekly", "done") in outcomes(corner.look_at(NEXT_MONDAY + timedelta(minutes=31)))
        assert alerts(mail)[1:] == ["store is well again"]

    def test_a_fault_of_the_program_is_told_like_a_job_that_fails(
        self, corner: Unattended, mail: MailServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        corner.look()

        def broken(*_: object) -> None:
            raise ImportError("the program was replaced while it ran")

        with monkeypatch.context() as patched:
            patched.setattr("jobs.attempting.job_states", broken)
            for minutes in range(30):
                assert corner.look_at(NEXT_MONDAY + timedelta(minutes=minutes)) == []
        assert [one.partition(":")[0] for one in alerts(mail)] == ["scheduler fails"]
        assert len([record for record in caplog.records if record.exc_info]) == 1
        assert ("report weekly", "done") in outcomes(corner.look_at(NEXT_MONDAY + timedelta(minutes=31)))
        assert alerts(mail)[1:] == ["scheduler is well again"]


class TestReportFiles:
    @pytest.mark.parametrize("end", [Killed(), StoreUnusable("No connection to the database")])
    def test_a_report_that_was_recorded_gets_its_files_whatever_happened_then(
        self, corner: Unattended, mail: MailServer, end: BaseException, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        corner.look()

        def fails(*_: object) -> None:
            raise end

        with monkeypatch.context() as patched:
            patched.setattr("jobs.reporting.write_copies", fails)
            patched.setattr("jobs.reporting.check_folder", lambda _: None)
            corner.look_at(NEXT_MONDAY + timedelta(minutes=1))
        assert outcomes(corner.look_at(NEXT_MONDAY + timedelta(minutes=3))) == []
        assert outcomes(corner.look_at(NEXT_MONDAY + timedelta(minutes=7))) == [("report files", "done")]
        assert corner.look_at(NEXT_MONDAY + timedelta(minutes=20)) == []
        assert missing_files(f"sqlite:///{corner.folder / 'tracker.db'}") == []
        assert reports(corner) == 1
        assert corner.states()["report weekly"].failures == 0
        assert mail.addressed() == ["board@hospital.example"]


class TestStopped:
    def test_between_two_mails_the_rest_are_left_for_the_next_start(self, corner: Unattended, mail: MailServer) -> None:
        corner.write_config(
            replacing=('["board@hospital.example"]', '["ana@hospital.example", "ben@hospital.example"]')
        )
        corner.look()
        mail.on_data = corner.stop.ask
        with pytest.raises(Stopped):
            corner.look_at(NEXT_MONDAY + timedelta(minutes=1))
        assert mail.addressed() == ["ana@hospital.example"]
        assert [one.outcome for one in corner.attempts("deliver")] == [Ended.STOPPED]
        mail.on_data = lambda: None
        corner.switch_off()
        corner.switch_on()
        corner.look()
        assert mail.addressed() == ["ana@hospital.example", "ben@hospital.example"]


class TestBackup:
    def test_a_backup_is_made_at_its_time(self, corner: Unattended) -> None:
        corner.look()
        assert ("backup", "done") in outcomes(corner.look_at(utc("2026-03-03T01:31")))
        [backup] = corner.backups()
        assert backup.read_bytes().startswith(b"SQLite format 3")

    def test_a_backup_follows_each_report_and_knows_of_its_mails(self, corner: Unattended) -> None:
        corner.look()
        corner.look_at(utc("2026-03-09T01:31"))
        assert ("report weekly", "done") in outcomes(corner.look_at(utc("2026-03-09T05:01")))
        assert corner.look_at(utc("2026-03-09T05:10")) == []
        assert outcomes(corner.look_at(utc("2026-03-09T05:12"))) == [("backup", "done")]
        with open_store(f"sqlite:///{corner.backups()[-1]}") as backup, backup.connect() as connection:
            assert len(recorded_reports(connection, "weekly")) == 1
            assert [one.state for one in deliveries(connection)] == [DeliveryState.SENT]
        assert corner.look_at(utc("2026-03-09T05:13")) == []


class TestClock:
    def test_a_clock_that_was_a_day_ahead_does_not_silence_the_jobs(self, corner: Unattended) -> None:
        corner.look_at(MONDAY_NOON + timedelta(days=1))
        corner.look_at(utc("2026-03-03T14:45"))
        assert corner.look_at(MONDAY_NOON) == []  # put right: the jobs go on from here
        assert outcomes(corner.look_at(utc("2026-03-02T14:45"))) == [("sync", "done")]

    def test_seconds_that_come_twice_do_nothing_twice(self, corner: Unattended) -> None:
        corner.look()
        corner.look_at(utc("2026-03-02T14:45"))
        for when in (utc("2026-03-02T14:29:59"), utc("2026-03-02T14:44")):
            assert corner.look_at(when) == []


class TestConfig:
    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            (("30 16 * *", "61 16 * *"), "61 16"),
            (("Europe/Bucharest", "Europe/Bucarest"), "is no time zone"),
        ],
    )
    def test_a_wrong_edit_leaves_the_old_in_force_and_is_told_at_once(
        self, corner: Unattended, mail: MailServer, wrong: tuple[str, str], said: str
    ) -> None:
        corner.look()
        corner.write_config(replacing=wrong)
        assert outcomes(corner.look_at(utc("2026-03-02T14:45"))) == [("sync", "done")]
        assert said in (corner.states()["config"].error or "")
        corner.write_config()
        corner.look_at(utc("2026-03-02T14:50"))
        assert [one.partition(":")[0] for one in alerts(mail)] == ["config fails", "config is well again"]

    def test_an_edit_is_in_force_at_the_next_look(self, corner: Unattended) -> None:
        corner.look()
        corner.write_config(replacing=("30 16 * * mon-fri", "0 15 * * mon-fri"))
        assert outcomes(corner.look_at(utc("2026-03-02T13:11"))) == [("sync", "done")]

    def test_another_store_takes_a_restart(self, corner: Unattended) -> None:
        corner.look()
        corner.write_config(replacing=("tracker.db", "other.db"))
        corner.look()
        assert "names another store" in (corner.states()["config"].error or "")
