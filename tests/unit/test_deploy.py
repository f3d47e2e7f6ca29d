"""What lies in deploy/: units that systemd accepts, and a compose file that names what is there."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from jobs.cli import COMMANDS

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted([*DEPLOY.glob("*.service"), *DEPLOY.glob("*.timer")])
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]


class Unit(configparser.ConfigParser):
    """A unit file; its keys keep their letters."""

    def __init__(self, file: Path) -> None:
        super().__init__(interpolation=None, strict=True, delimiters=("=",), comment_prefixes=("#", ";"))
        self.read_string(file.read_text(encoding="utf-8"))

    def optionxform(self, optionstr: str) -> str:
        return optionstr


def test_there_is_a_scheduler_and_a_timer_as_its_equal() -> None:
    assert {unit.name for unit in UNITS} == {
        "tracker-scheduler.service",
        "tracker-once.service",
        "tracker-once.timer",
    }


@pytest.mark.parametrize("file", SERVICES, ids=lambda file: file.name)
def test_a_service_runs_a_command_that_exists_and_is_shut_in(file: Path) -> None:
    service = Unit(file)["Service"]
    program, command, *_ = service["ExecStart"].split()
    assert Path(program).name == "tracker"
    assert command in COMMANDS
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


def test_the_timer_starts_the_service_of_its_name_and_catches_up() -> None:
    timer = Unit(DEPLOY / "tracker-once.timer")
    assert timer["Timer"]["Persistent"] == "true"
    once = Unit(DEPLOY / "tracker-once.service")["Service"]
    assert once["Type"] == "oneshot"
    assert " schedule --once " in once["ExecStart"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed here")
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


def test_the_compose_file_names_what_is_there() -> None:
    yaml = pytest.importorskip("yaml", reason="no YAML parser is installed")
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    services = compose["services"]
    scheduler, database = services["scheduler"], services["database"]
    assert (DEPLOY / scheduler["build"]["context"] / scheduler["build"]["dockerfile"]).is_file()
    assert set(scheduler["depends_on"]) <= set(services)
    assert scheduler["command"][0] in COMMANDS
    assert {*scheduler["secrets"], *database["secrets"]} == set(compose["secrets"])
    named = {mount.partition(":")[0] for one in (scheduler, database) for mount in one["volumes"]}
    assert {name for name in named if not name.startswith(".")} == set(compose["volumes"])
    # The one address that stands in the file holds no password.
    assert scheduler["environment"]["TRACKER_STORE_URL"].count(":") == 1


def test_the_secret_of_the_compose_file_is_kept_out_of_version_control() -> None:
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    assert any(line.endswith("db-password.txt") for line in ignored)


def test_the_container_file_copies_what_is_there() -> None:
    lines = (DEPLOY / "Containerfile").read_text(encoding="utf-8").splitlines()
    copied = [line.split()[1:-1] for line in lines if line.startswith("COPY ") and "--from" not in line]
    assert copied
    for name in (name for names in copied for name in names):
        assert (ROOT / name).exists(), name
    packages = {"tracker", "reports", "jobs"}
    assert packages <= {name for names in copied for name in names}


def test_every_locked_package_has_its_hashes() -> None:
    lock = (DEPLOY / "requirements.lock").read_text(encoding="utf-8")
    pinned = re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE)[1:]
    assert len(pinned) > 20
    assert [one.split()[0] for one in pinned if "--hash=sha256:" not in one] == []
