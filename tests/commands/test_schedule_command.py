"""`tracker schedule` as a process: lists, does once what is due, and ends within seconds of a signal."""

from __future__ import annotations

import json
import logging
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.commands.command_line import CommandLine
from tests.registry.standin import StandIn, faults
from tests.runs.tracking import a_registry
from tracker.errors import StoreUnusable
from tracker.store.engine import open_store
from tracker.store.job_log import job_states

ROOT = Path(__file__).resolve().parents[2]
CONFIG = """
[registry]
base_url = "{url}"
requests_per_second = 1000
[[search]]
name = "spine"
  [[search.term]]
  condition = 'Spine tumor'
[schedule]
timezone = "Europe/Bucharest"
sync = "30 16 * * mon-fri"
[[report]]
name = "weekly"
schedule = "0 7 * * mon"
"""
MAIL = """
[[recipient]]
name = "board"
mail = ["board@hospital.example"]
[smtp]
host = "127.0.0.1"
port = 9
security = "none"
sender = "tracker@hospital.example"
"""


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("tracker")
    before = root.handlers, root.level, ours.level
    yield
    root.handlers = before[0]
    root.setLevel(before[1])
    ours.setLevel(before[2])


@pytest.fixture
def registry(folder: Path) -> Iterator[StandIn]:
    with StandIn(a_registry()) as registry:
        (folder / "config.toml").write_text(CONFIG.format(url=registry.url))
        yield registry


@contextmanager
def a_scheduler(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """The process, and its log line by line as JSON."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from jobs.cli import main; sys.exit(main())",
            "schedule",
            "--log-format",
            "json",
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def read_until(process: subprocess.Popen[str], text: str) -> dict[str, object]:
    assert process.stderr
    for line in process.stderr:
        if text in line:
            found: dict[str, object] = json.loads(line)
            return found
    raise AssertionError(f"{text!r} was never logged")


def test_once_does_what_is_due_and_then_nothing(tracker: CommandLine, registry: StandIn) -> None:
    done = tracker("schedule", "--once", "--json")
    assert done.exit_code == 0
    assert [(one["job"], one["outcome"]) for one in json.loads(done.out)] == [("sync", "done")]
    assert tracker("schedule", "--once").out == "Nothing is due.\n"


def test_list_says_when_each_job_is_due_and_does_none(tracker: CommandLine, registry: StandIn) -> None:
    listed = tracker("schedule", "--list", "--json")
    jobs = ["full sync", "sync", "report weekly", "report files", "clean up"]
    assert [one["job"] for one in json.loads(listed.out)] == jobs
    assert "30 16 * * mon-fri" in tracker("schedule", "--list").out
    assert registry.requests == []


def test_list_makes_no_store(tracker: CommandLine, registry: StandIn, folder: Path) -> None:
    listed = tracker("schedule", "--list")
    assert listed.exit_code == 0
    assert "There is no store yet" in listed.err
    assert not (folder / "data").exists()


def test_list_knows_jobs_that_the_store_does_not_know_yet(
    tracker: CommandLine, registry: StandIn, folder: Path
) -> None:
    tracker("schedule", "--once")
    config = folder / "config.toml"
    config.write_text(config.read_text().replace("[schedule]", '[schedule]\nbackup = "0 3 * * *"') + MAIL)
    listed = {one["job"]: one["due"] for one in json.loads(tracker("schedule", "--list", "--json").out)}
    assert listed["deliver"] is None
    assert listed["backup"]


def test_list_leaves_the_store_as_it_is(tracker: CommandLine, registry: StandIn, folder: Path) -> None:
    tracker("sync")
    tracker("schedule", "--list")
    with open_store(f"sqlite:///{folder / 'data' / 'tracker.db'}") as store, store.connect() as connection:
        assert job_states(connection) == {}
    with sqlite3.connect(folder / "data" / "tracker.db") as older:
        older.execute("UPDATE alembic_version SET version_num = '0002'")
    older.close()
    refused = tracker("schedule", "--list")
    assert (refused.exit_code, "older version" in refused.err) == (1, True)
    with sqlite3.connect(folder / "data" / "tracker.db") as still:
        assert still.execute("SELECT version_num FROM alembic_version").fetchall() == [("0002",)]
    still.close()


def test_quietly_only_errors_are_told(tracker: CommandLine, registry: StandIn, folder: Path) -> None:
    for words in (
        ("schedule", "--once"),
        ("schedule", "--once"),
        ("sync",),
        ("report",),
        ("run",),
        ("deliver",),
        ("status",),
        ("config", "check"),
        ("db", "check"),
        ("db", "backup"),
    ):
        ended = tracker(*words, "--quiet")
        assert (ended.out, ended.err) == ("", ""), words
    amiss = [line for line in tracker("doctor", "--quiet").out.splitlines() if not line.startswith(" ")]
    assert amiss == ["WARN  alerts: nobody is told when a job fails"]
    assert json.loads(tracker("status", "--quiet", "--json").out)["exit_code"] == 0
    assert "NCT" in tracker("list", "--quiet").out
    registry.fail(faults.blocked(), times=None)
    assert "HTTP 403" in tracker("sync", "--full", "--quiet").out


def test_once_says_that_a_job_failed(tracker: CommandLine, registry: StandIn) -> None:
    registry.fail(faults.blocked(), times=None)
    failed = tracker("schedule", "--once")
    assert failed.exit_code == 1
    assert "HTTP 403" in failed.out
    assert "sync has failed 1 time in a row: run 1: " in tracker("status").out


def test_once_says_that_the_store_could_not_be_used(
    tracker: CommandLine, registry: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StoreUnusable("The disk is full: tracker.db", advice="Free some space.")

    monkeypatch.setattr("jobs.attempting.start_attempt", full)
    failed = tracker("schedule", "--once")
    assert (failed.exit_code, failed.out) == (1, "")
    assert failed.err.endswith("tracker: The disk is full: tracker.db. Free some space.\n")


def test_a_wrong_schedule_ends_it_before_it_begins(tracker: CommandLine, folder: Path, registry: StandIn) -> None:
    text = (folder / "config.toml").read_text()
    for wrong, said in (("0 0 31 feb *", "names a day that no month has"), ("90 16 * * *", "is no schedule")):
        (folder / "config.toml").write_text(text.replace("30 16 * * mon-fri", wrong))
        ended = tracker("schedule")
        assert (ended.exit_code, said in ended.err) == (2, True)
    assert not (folder / "data").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_peace(folder: Path, registry: StandIn, number: signal.Signals) -> None:
    with a_scheduler(folder) as process:
        assert read_until(process, '"job": "sync"')["level"] == "info"
        read_until(process, '"message": "done')
        process.send_signal(number)
        read_until(process, "ended")
        assert process.wait(timeout=10) == 0


def test_a_signal_ends_a_sync_that_waits(folder: Path, registry: StandIn, tracker: CommandLine) -> None:
    registry.fail(faults.too_many_requests("300"), times=None)
    with a_scheduler(folder) as process:
        read_until(process, "begins, due")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
    registry.heal()
    assert "sync: done" in tracker("schedule", "--once").out


def test_a_second_one_is_refused_and_told_who_works(folder: Path, registry: StandIn, tracker: CommandLine) -> None:
    with a_scheduler(folder) as process:
        read_until(process, '"message": "done')
        refused = tracker("schedule")
        assert refused.exit_code == 1
        assert f"(process {process.pid})" in refused.err


def test_once_beside_a_running_one_does_no_harm(folder: Path, registry: StandIn, tracker: CommandLine) -> None:
    with a_scheduler(folder) as process:
        read_until(process, '"message": "done')
        beside = tracker("schedule", "--once")
        assert beside.exit_code == 0
        assert f"(process {process.pid})" in beside.out
        quietly = tracker("schedule", "--once", "--quiet")
        assert (quietly.exit_code, quietly.out, quietly.err) == (0, "", "")
        assert tracker("schedule", "--once", "--json").out == "[]\n"


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has no SIGHUP")
def test_a_hangup_does_not_end_it(folder: Path, registry: StandIn) -> None:
    with a_scheduler(folder) as process:
        read_until(process, '"message": "done')
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
