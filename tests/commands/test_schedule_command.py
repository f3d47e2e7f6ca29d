"""`tracker schedule` as a process: lists, does once what is due, and ends within seconds of a signal."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.commands.command_line import CommandLine
from tests.registry.standin import StandIn, faults
from tests.runs.tracking import a_registry

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
    assert [one["job"] for one in json.loads(listed.out)] == ["full sync", "sync", "report weekly", "clean up"]
    assert "30 16 * * mon-fri" in tracker("schedule", "--list").out
    assert registry.requests == []


def test_once_says_that_a_job_failed(tracker: CommandLine, registry: StandIn) -> None:
    registry.fail(faults.blocked(), times=None)
    failed = tracker("schedule", "--once")
    assert failed.exit_code == 1
    assert "HTTP 403" in failed.out
    assert "sync has failed 1 time in a row: run 1: " in tracker("status").out


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
        refused = tracker("schedule", "--once")
        assert refused.exit_code == 1
        assert f"(process {process.pid})" in refused.err


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has no SIGHUP")
def test_a_hangup_does_not_end_it(folder: Path, registry: StandIn) -> None:
    with a_scheduler(folder) as process:
        read_until(process, '"message": "done')
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
