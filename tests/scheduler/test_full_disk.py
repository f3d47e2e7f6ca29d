"""A real `tracker schedule` whose disks fill up, or can't be written: nothing is lost, the admins know, and it goes on
by itself once there is room."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.delivery.mail_server import MailServer
from tests.faults.places import Place, a_day_with_news, told
from tests.registry.standin import StandIn, faults
from tests.runs.tracking import Tracking
from tests.scheduler.conftest import MONDAY_NOON
from tests.scheduler.disks import Disk, read_only, small_disk
from tests.scheduler.service import (
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
from tests.scheduler.unattended import utc
from tracker.store.check import check
from tracker.store.engine import open_store

NIGHT = utc("2026-03-03T03:00:01")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with small_disk(tmp_path / "disk") as disk:
        yield disk


def every_quarter(service: Service, start: datetime, *, quarters: int) -> None:
    """The time goes on; after each quarter of an hour the service looks at what is due."""
    for number in range(1, quarters + 1):
        service.set_clock(start + timedelta(minutes=15 * number))
        service.looks()


class TestTheStore:
    @pytest.mark.parametrize("room", [0, 600_000])
    def test_a_full_disk(
        self, tmp_path: Path, disk: Disk, registry: StandIn, mail: MailServer, undisturbed: Tracking, room: int
    ) -> None:
        """`room` is what is left: nothing at all, or enough for the log of jobs, but not for a run."""
        path = disk.folder / "tracker.db"
        url = f"sqlite:///{path}"
        with running(write_config(tmp_path, registry, mail, store=url), now=MONDAY_NOON) as service:
            service.done("sync")
            undisturbed.sync()
            a_day_with_news(registry.world)
            disk.fill(leave=room)
            service.set_clock(SYNC_TIME)
            assert service.logged(str(path), "Free some space")["level"] == "error"
            every_quarter(service, SYNC_TIME, quarters=5)
            assert alerts(mail) in (["store fails"], ["sync fails"])
            [ill] = texts_of_alerts(mail)
            assert str(path) in ill
            assert "The disk is full" in ill
            assert "Free some space" in ill
            disk.free()
            service.set_clock(SYNC_TIME + timedelta(hours=3))
            service.done("sync")
            eventually(lambda: len(alerts(mail)) == 2, what="a word that it is well again")
            undisturbed.sync()
            assert told(Place(tmp_path, url)) == told(Place(tmp_path, undisturbed.store.url))
            service.set_clock(TUESDAY)
            service.done("deliver")
            assert service.stop() == 0
        assert alerts(mail)[1] == alerts(mail)[0].replace("fails", "is well again")
        assert [len(report) for report in told_by_reports(url)] == [len(undisturbed.all_news())]
        assert mail.addressed().count("board@hospital.example") == 1
        assert sound(url)

    def test_files_that_can_not_grow(
        self, tmp_path: Path, registry: StandIn, mail: MailServer, undisturbed: Tracking
    ) -> None:
        """As far as a full disk can be had without mounting one: every write of more fails."""
        with running(write_config(tmp_path, registry, mail), now=MONDAY_NOON) as service:
            service.done("sync")
            undisturbed.sync()
            a_day_with_news(registry.world)
            before = resource.prlimit(service.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(service.pid, resource.RLIMIT_FSIZE, (0, before[1]))
            service.set_clock(SYNC_TIME)
            assert service.logged(str(tmp_path / "tracker.db"), "Check its free space")["level"] == "error"
            every_quarter(service, SYNC_TIME, quarters=2)
            assert alerts(mail) == ["store fails"]
            resource.prlimit(service.pid, resource.RLIMIT_FSIZE, before)
            service.done("sync")
            eventually(lambda: alerts(mail)[1:] == ["store is well again"], what="a word that it is well again")
            assert service.stop() == 0
        undisturbed.sync()
        assert told(Place(tmp_path, store_in(tmp_path))) == told(Place(tmp_path, undisturbed.store.url))
        assert sound(store_in(tmp_path))

    def test_a_word_that_can_not_be_noted_is_not_said_again_at_every_look(
        self, tmp_path: Path, disk: Disk, registry: StandIn, mail: MailServer
    ) -> None:
        url = f"sqlite:///{disk.folder / 'tracker.db'}"
        with running(write_config(tmp_path, registry, mail, store=url), now=MONDAY_NOON) as service:
            service.done("sync")
            registry.fail(faults.blocked(), times=None)
            mail.on_data = disk.fill
            service.set_clock(SYNC_TIME)
            every_quarter(service, SYNC_TIME, quarters=4)
            eventually(lambda: alerts(mail)[:1] == ["sync fails"], what="an alert")
            service.logged("the store can't be used", "The disk is full")
            for _ in range(5):
                service.looks()
            assert alerts(mail).count("sync fails") == 1
            mail.on_data = lambda: None
            disk.free()
            service.logged("the store can be used again")
            for _ in range(5):
                service.looks()
            assert service.stop() == 0
        assert alerts(mail).count("sync fails") == 1

    def test_a_folder_that_can_not_be_written_any_more(
        self, tmp_path: Path, registry: StandIn, mail: MailServer, undisturbed: Tracking
    ) -> None:
        folder = tmp_path / "store"
        folder.mkdir()
        url = f"sqlite:///{folder / 'tracker.db'}"
        with running(write_config(tmp_path, registry, mail, store=url), now=MONDAY_NOON) as service:
            service.done("sync")
            undisturbed.sync()
            a_day_with_news(registry.world)
            with read_only(folder):
                service.set_clock(SYNC_TIME)
                assert service.logged("The store can't be written", str(folder))["level"] == "error"
                every_quarter(service, SYNC_TIME, quarters=2)
                assert alerts(mail) == ["store fails"]
            service.done("sync")
            eventually(lambda: alerts(mail)[1:] == ["store is well again"], what="a word that it is well again")
            undisturbed.sync()
            assert told(Place(tmp_path, url)) == told(Place(tmp_path, undisturbed.store.url))
            assert service.stop() == 0
        assert sound(url)

    def test_it_does_not_begin_where_the_store_can_not_be_written(
        self, tmp_path: Path, registry: StandIn, mail: MailServer
    ) -> None:
        folder = tmp_path / "store"
        folder.mkdir()
        config = write_config(tmp_path, registry, mail, store=f"sqlite:///{folder / 'tracker.db'}")
        for _ in ("no store yet", "a store that was there before"):
            with read_only(folder), running(config, now=MONDAY_NOON) as service:
                assert service.ended() == 1
            [line] = [one["message"] for one in service.lines]
            assert line.startswith("tracker: The store can't be ")
            assert str(folder) in line
            with running(config, now=MONDAY_NOON) as service:
                service.looks()
                assert service.stop() == 0


class TestReports:
    def test_a_full_disk(self, tmp_path: Path, disk: Disk, registry: StandIn, mail: MailServer) -> None:
        """The report is recorded and mailed at its time; its files follow when there is room."""
        config = write_config(tmp_path, registry, mail, output=disk.folder / "reports")
        with running(config, now=MONDAY_NOON) as service:
            service.done("sync")
            disk.fill()
            service.set_clock(TUESDAY)
            assert "recorded; its files follow" in service.done("report weekly")
            service.done("deliver")
            every_quarter(service, TUESDAY, quarters=6)
            assert alerts(mail) == ["report files fails"]
            [ill] = texts_of_alerts(mail)
            assert str(disk.folder / "reports" / "weekly" / "1") in ill
            assert "No space left on device" in ill
            assert "has room" in ill
            assert files_in(disk.folder / "reports") == []
            disk.free()
            service.set_clock(TUESDAY + timedelta(hours=4))
            service.done("report files")
            eventually(lambda: alerts(mail)[1:] == ["report files is well again"], what="a word that it is well again")
            assert service.stop() == 0
        assert missing_files(store_in(tmp_path)) == []
        assert len(told_by_reports(store_in(tmp_path))) == 1
        assert mail.addressed().count("board@hospital.example") == 1

    def test_a_folder_that_can_not_be_written(self, tmp_path: Path, registry: StandIn, mail: MailServer) -> None:
        """The report is made when it can be, for then it tells what is known then."""
        folder = tmp_path / "reports"
        folder.mkdir()
        with running(write_config(tmp_path, registry, mail), now=MONDAY_NOON) as service:
            service.done("sync")
            with read_only(folder):
                service.set_clock(TUESDAY)
                assert str(folder) in service.logged("failed", "can't be written", job="report weekly")["message"]
                every_quarter(service, TUESDAY, quarters=4)
                assert alerts(mail) == ["report weekly fails"]
            service.set_clock(TUESDAY + timedelta(hours=4))
            service.done("report weekly")
            eventually(lambda: alerts(mail)[1:] == ["report weekly is well again"], what="a word that it is well again")
            service.done("deliver")
            assert service.stop() == 0
        assert missing_files(store_in(tmp_path)) == []
        assert len(told_by_reports(store_in(tmp_path))) == 1


class TestBackups:
    @pytest.mark.parametrize("room", [0, 300_000])
    def test_a_full_disk(self, tmp_path: Path, disk: Disk, registry: StandIn, mail: MailServer, room: int) -> None:
        backups = disk.folder / "backups"
        config = write_config(tmp_path, registry, mail, backups=backups, backup="0 3 * * *")
        with running(config, now=MONDAY_NOON) as service:
            service.done("sync")
            disk.fill(leave=room)
            service.set_clock(NIGHT)
            line = service.logged("failed", job="backup")["message"]
            assert str(backups) in line
            assert "the disk has room" in line
            every_quarter(service, NIGHT, quarters=4)
            assert alerts(mail) == ["backup fails"]
            assert files_in(backups) == []
            disk.free()
            service.set_clock(NIGHT + timedelta(hours=3))
            service.done("backup")
            eventually(lambda: alerts(mail)[1:] == ["backup is well again"], what="a word that it is well again")
            assert service.stop() == 0
        [backup] = files_in(backups)
        assert sound(f"sqlite:///{backup}")

    def test_a_folder_that_can_not_be_written(self, tmp_path: Path, registry: StandIn, mail: MailServer) -> None:
        backups = tmp_path / "backups"
        backups.mkdir()
        config = write_config(tmp_path, registry, mail, backup="0 3 * * *")
        with running(config, now=MONDAY_NOON) as service:
            service.done("sync")
            with read_only(backups):
                service.set_clock(NIGHT)
                assert str(backups) in service.logged("failed", job="backup")["message"]
            service.set_clock(NIGHT + timedelta(hours=1))
            service.done("backup")
            assert service.stop() == 0
        assert len(files_in(backups)) == 1


def store_in(folder: Path) -> str:
    return f"sqlite:///{folder / 'tracker.db'}"


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def sound(url: str) -> bool:
    with open_store(url) as store:
        return check(store) == []
