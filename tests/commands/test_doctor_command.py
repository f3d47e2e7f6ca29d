"""`tracker doctor`: each thing that can be wrong is named, with the way out."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jobs.doctor import Level, _clock, exit_code
from tests.commands.command_line import CommandLine
from tests.commands.test_schedule_command import CONFIG
from tests.delivery.mail_server import MailServer, mail_server
from tests.registry.standin import StandIn, faults
from tests.runs.tracking import a_registry
from tests.scheduler.unattended import utc
from tracker.store.engine import open_store
from tracker.store.locking import run_lock
from tracker.store.run_log import start_run

MAIL = """
[[recipient]]
name = "admin"
mail = ["admin@hospital.example"]
[smtp]
host = "127.0.0.1"
port = {port}
security = "none"
sender = "tracker@hospital.example"
[alerts]
recipients = ["admin"]
"""


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def registry(folder: Path, mail: MailServer) -> Iterator[StandIn]:
    with StandIn(a_registry()) as registry:
        (folder / "config.toml").write_text(CONFIG.format(url=registry.url) + MAIL.format(port=mail.port))
        yield registry


def levels(tracker: CommandLine) -> dict[str, Any]:
    return {one["about"]: one for one in json.loads(tracker("doctor", "--json").out)}


def test_all_is_well_but_for_a_store_that_is_not_there_yet(
    tracker: CommandLine, registry: StandIn, mail: MailServer
) -> None:
    found = levels(tracker)
    assert {about: one["level"] for about, one in found.items() if one["level"] != "ok"} == {"store": "warn"}
    tracker("sync")
    found = levels(tracker)
    assert {about: one["level"] for about, one in found.items() if one["level"] != "ok"} == {"scheduler": "warn"}
    tracker("schedule", "--once")
    ended = tracker("doctor")
    assert ended.exit_code == 0, ended.out
    assert mail.connections == 3
    assert mail.received == []


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (faults.blocked(), "refuses this address or client (HTTP 403)"),
        (faults.server_error(503), "HTTP 503"),
        (faults.html_instead(), "not an answer of the API"),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_how_the_registry_refuses(tracker: CommandLine, registry: StandIn, fault: faults.Fault, said: str) -> None:
    registry.fail(fault, times=None)
    found = levels(tracker)["registry"]
    assert found["level"] == "fail"
    assert said in found["said"]
    assert found["advice"]
    assert tracker("doctor").exit_code == 1


def test_certificates_that_are_not_there(tracker: CommandLine, registry: StandIn, folder: Path) -> None:
    text = (folder / "config.toml").read_text()
    (folder / "config.toml").write_text(text.replace("[registry]", "[registry]\nca_bundle = 'hospital-ca.pem'"))
    found = levels(tracker)["registry"]
    assert found["level"] == "fail"
    assert f"{folder / 'hospital-ca.pem'} can't be read as a file of certificates" in found["said"]
    assert "leave the key out" in found["advice"]


def test_a_damaged_store(tracker: CommandLine, registry: StandIn, folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "tracker.db").write_bytes(b"not a database" * 1000)
    found = levels(tracker)["store"]
    assert (found["level"], "no SQLite database" in found["said"]) == ("fail", True)
    assert found["advice"]


def test_a_folder_that_is_a_file(tracker: CommandLine, registry: StandIn, folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "reports").write_text("")
    found = levels(tracker)["output folder"]
    assert (found["level"], bool(found["advice"])) == ("fail", True)


def test_a_mail_server_that_is_down(tracker: CommandLine, registry: StandIn, folder: Path, mail: MailServer) -> None:
    text = (folder / "config.toml").read_text()
    (folder / "config.toml").write_text(text.replace(f"port = {mail.port}", "port = 1"))
    found = levels(tracker)["mail"]
    assert found["level"] == "fail"
    assert "127.0.0.1:1 can't be used" in found["said"]


@pytest.mark.parametrize(
    ("now", "level"),
    [("2026-03-02T12:00:30", Level.OK), ("2026-03-03T12:00", Level.FAIL), ("2026-03-01T12:00", Level.FAIL)],
)
def test_the_clock_is_held_against_the_registrys(now: str, level: Level) -> None:
    found = _clock(utc("2026-03-02T12:00"), utc(now))
    assert found.level is level
    assert exit_code([found]) == (0 if level is Level.OK else 1)


def test_a_scheduler_that_stands_still_is_noticed(tracker: CommandLine, registry: StandIn, folder: Path) -> None:
    tracker("schedule", "--once")
    set_back_jobs(folder / "data/tracker.db", "2020-07-28 03:00:00.000000")
    ended = tracker("doctor")
    assert "FAIL  scheduler: sync was due at 2020-07-28 16:30 EEST, and nothing has done it" in ended.out
    assert "FAIL  scheduler: report weekly was due at 2020-08-03 07:00 EEST, and nothing has done it" in ended.out
    assert ended.exit_code == 1
    status = tracker("status")
    assert "sync was due at 2020-07-28 16:30 EEST, and nothing has done it. Start `tracker schedule`" in status.out
    assert status.exit_code == 3
    tracker("schedule", "--once")
    assert json.loads(tracker("status", "--json").out)["problems"] == []


def test_a_run_that_takes_long_is_no_scheduler_that_stands_still(
    tracker: CommandLine, registry: StandIn, folder: Path
) -> None:
    tracker("schedule", "--once")
    set_back_jobs(folder / "data/tracker.db", "2020-07-28 03:00:00.000000")
    with open_store(f"sqlite:///{folder / 'data/tracker.db'}") as store, run_lock(store):
        with store.begin() as connection:
            start_run(connection, source="registry", searches=["spine"], full=True, started_at=utc("2026-03-02T12:00"))
        found = levels(tracker)["scheduler"]
    assert (found["level"], "is going on" in found["said"]) == ("ok", True)
    assert levels(tracker)["scheduler"]["level"] == "fail"  # its process is gone


def set_back_jobs(store: Path, covered: str) -> None:
    """As if nothing had been done since."""
    with sqlite3.connect(store) as connection:
        connection.execute("UPDATE job SET covered = ?", (covered,))
    connection.close()


def test_the_backup_folder_is_looked_at_where_backups_are_made(
    tracker: CommandLine, registry: StandIn, folder: Path
) -> None:
    assert "backup folder" not in levels(tracker)
    config = folder / "config.toml"
    config.write_text(config.read_text().replace("[schedule]", '[schedule]\nbackup = "0 3 * * *"'))
    assert levels(tracker)["backup folder"]["level"] == "ok"


def test_a_store_that_was_lost_is_no_new_beginning(tracker: CommandLine, registry: StandIn, folder: Path) -> None:
    tracker("sync")
    (folder / "data/tracker.db").unlink()
    found = levels(tracker)["store"]
    assert found["level"] == "fail"
    assert "tracker db restore" in found["advice"]
    for command in (("status",), ("db", "check"), ("sync",), ("schedule", "--once")):
        ended = tracker(*command)
        assert ended.exit_code == 1
        assert "tracker db restore" in ended.err
