"""The systemd units: accepted by systemd, shut in, and calling what the command line knows."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import click
import pytest

from jobs.cli import COMMANDS
from tests.deploy.unit_file import DEPLOY, ROOT, SERVICES, UNITS, UnitFile

_OF_ONE_KIND_ONLY = {"Type", "ExecStart", "ExecReload", "Restart", "RestartSec", "TimeoutStopSec", "TimeoutStartSec"}
_OF_ONE_KIND_ONLY |= {"SuccessExitStatus"}
NEEDS_SYSTEMD = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed here")


def known_to_the_command_line(words: Sequence[str]) -> bool:
    """Whether `words`, which follow `tracker`, name a command and options that it has."""
    name, *rest = words
    command: click.Command = import_module(f"jobs.commands.{COMMANDS[name].module}").command
    options = {option for parameter in command.params for option in parameter.opts}
    return {word for word in rest if word.startswith("-")} <= options


def test_there_is_a_scheduler_and_a_timer_as_its_equal() -> None:
    assert {unit.name for unit in UNITS} == {
        "tracker-scheduler.service",
        "tracker-once.service",
        "tracker-once.timer",
    }


@pytest.mark.parametrize("file", SERVICES, ids=lambda file: file.name)
def test_a_service_runs_a_command_that_exists_and_is_shut_in(file: Path) -> None:
    service = UnitFile(file)["Service"]
    program, *words = service["ExecStart"].split()
    assert program == "/opt/tracker/venv/bin/tracker"
    assert known_to_the_command_line(words)
    assert service["User"] != "root"
    for key, value in {
        "NoNewPrivileges": "yes",
        "ProtectSystem": "strict",
        "ProtectHome": "yes",
        "CapabilityBoundingSet": "",
        "UMask": "0027",
    }.items():
        assert service[key] == value, key
    assert service["WorkingDirectory"] == f"/var/lib/{service['StateDirectory']}"
    assert "PASSWORD" not in file.read_text().replace("TRACKER_SMTP_PASSWORD=...", "")


def test_both_services_are_shut_in_alike() -> None:
    scheduler, once = (
        {key: value for key, value in UnitFile(DEPLOY / name)["Service"].items() if key not in _OF_ONE_KIND_ONLY}
        for name in ("tracker-scheduler.service", "tracker-once.service")
    )
    assert scheduler == once
    assert len(scheduler) > 30


def test_the_timer_starts_the_service_of_its_name_and_catches_up() -> None:
    timer = UnitFile(DEPLOY / "tracker-once.timer")
    assert timer["Timer"]["Persistent"] == "true"
    once = UnitFile(DEPLOY / "tracker-once.service")["Service"]
    assert once["Type"] == "oneshot"
    assert " schedule --once " in once["ExecStart"]
    assert once["SuccessExitStatus"] == "3"


def test_the_command_of_the_admin_runs_as_the_services_do() -> None:
    script = (DEPLOY / "tracker").read_text(encoding="utf-8")
    subprocess.run(["sh", "-n", DEPLOY / "tracker"], check=True)
    assert (DEPLOY / "tracker").stat().st_mode & 0o111
    service = UnitFile(DEPLOY / "tracker-scheduler.service")["Service"]
    program, _command, option, config = service["ExecStart"].split()
    assert option == "--config"
    for said in (
        f'{program} "$@"',
        f"--uid={service['User']} --gid={service['Group']}",
        f"--working-directory={service['WorkingDirectory']}",
        f"UMask={service['UMask']}",
        f"EnvironmentFile={service['EnvironmentFile']}",
        f"TRACKER_CONFIG={config}",
    ):
        assert said in script, said


@NEEDS_SYSTEMD
def test_systemd_finds_nothing_but_the_missing_program(tmp_path: Path) -> None:
    for unit in UNITS:
        shutil.copy(unit, tmp_path)
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / unit.name) for unit in UNITS)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    missing = re.compile(r".*: Command /opt/tracker/venv/bin/tracker is not executable: No such file or directory")
    ours = [line for line in checked.stderr.splitlines() if "tracker" in line]
    assert [line for line in ours if not missing.fullmatch(line)] == []


@NEEDS_SYSTEMD
@pytest.mark.parametrize("file", SERVICES, ids=lambda file: file.name)
def test_systemd_finds_little_exposed(file: Path) -> None:
    """Its scale goes from 0 to 10; up to 2 is what it calls OK."""
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--no-pager", "--threshold=20", str(file)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if "Overall exposure" not in judged.stdout:
        pytest.skip("this systemd judges only what runs")
    assert judged.returncode == 0, judged.stdout.splitlines()[-1]


def test_the_document_and_the_services_agree_on_the_places() -> None:
    told = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    service = UnitFile(DEPLOY / "tracker-scheduler.service")["Service"]
    user, folder = service["User"], service["WorkingDirectory"]
    assert f"useradd --system --home-dir {folder} --shell /usr/sbin/nologin {user}" in told
    assert f"--owner={user} --group={service['Group']} --mode={service['StateDirectoryMode']} {folder}" in told
    assert f"config init {service['ExecStart'].split()[-1]} --data {folder}" in told
    assert service["EnvironmentFile"].removeprefix("-") in told
