"""The container and compose files: what they copy, call and name is there, and their shell lines do what they say."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from jobs.cli import COMMANDS
from tests.deploy.unit_file import DEPLOY, ROOT
from tracker.config import load_config

PASSWORD_FILE = "/run/secrets/db-password"
CONTAINERFILE = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
NEEDS_SH = pytest.mark.skipif(shutil.which("sh") is None, reason="there is no POSIX shell here")


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    yaml = pytest.importorskip("yaml", reason="no YAML parser is installed")
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    assert {*found["services"]["scheduler"]["secrets"], *found["services"]["database"]["secrets"]} == set(
        found["secrets"]
    )
    mounts = {mount.partition(":")[0] for one in found["services"].values() for mount in one["volumes"]}
    assert {name for name in mounts if not name.startswith(".")} == set(found["volumes"])
    services: dict[str, Any] = found["services"]
    return services


def in_shell(script: str, *arguments: str, folder: Path, exit_code: int = 0) -> subprocess.CompletedProcess[str]:
    """Runs a line of the files where `tracker` is a stand-in that tells its password and arguments."""
    stand_in = folder / "bin" / "tracker"
    stand_in.parent.mkdir(exist_ok=True)
    stand_in.write_text(f'#!/bin/sh\necho "$PGPASSWORD|$*"\nexit {exit_code}\n')
    stand_in.chmod(0o755)
    (folder / "password").write_text("geheim $1\n")
    return subprocess.run(
        ["sh", "-c", script.replace(PASSWORD_FILE, str(folder / "password")), *arguments],
        env={"PATH": f"{stand_in.parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_compose_file_names_what_is_there(services: dict[str, Any]) -> None:
    scheduler, database = services["scheduler"], services["database"]
    assert (DEPLOY / scheduler["build"]["context"] / scheduler["build"]["dockerfile"]).is_file()
    assert set(scheduler["depends_on"]) <= set(services)
    assert scheduler["command"][0] in COMMANDS
    assert database["environment"]["POSTGRES_PASSWORD_FILE"] == PASSWORD_FILE
    address = scheduler["environment"]["TRACKER_STORE_URL"]
    user, base = (database["environment"][f"POSTGRES_{name}"] for name in ("USER", "DB"))
    assert address == f"postgresql+psycopg://{user}@database/{base}"


@NEEDS_SH
def test_the_scheduler_gets_the_password_and_its_command(services: dict[str, Any], tmp_path: Path) -> None:
    scheduler = services["scheduler"]
    shell, option, script, name = scheduler["entrypoint"]
    assert (shell, option) == ("sh", "-c")
    ran = in_shell(script.replace("$$", "$"), name, *scheduler["command"], "two words", folder=tmp_path)
    assert ran.stdout == "geheim $1|schedule two words\n"


@NEEDS_SH
@pytest.mark.parametrize(("status", "healthy"), [(0, True), (1, False), (2, False), (3, True)])
def test_health_is_what_status_says_and_a_problem_is_no_illness(
    services: dict[str, Any], tmp_path: Path, status: int, healthy: bool
) -> None:
    kind, script = services["scheduler"]["healthcheck"]["test"]
    assert kind == "CMD-SHELL"
    found = re.search(r"^HEALTHCHECK .*?CMD (\[[^\n]+\])$", CONTAINERFILE, re.MULTILINE | re.DOTALL)
    assert found
    _, _, of_the_image = json.loads(found[1])
    for line, password in ((script.replace("$$", "$"), "geheim $1"), (of_the_image, "")):
        ran = in_shell(line, folder=tmp_path, exit_code=status)
        assert ran.returncode == (0 if healthy else 1)  # Docker knows these two
        assert ran.stdout == f"{password}|status --quiet\n"


def test_the_configuration_that_the_document_tells_of_is_valid(tmp_path: Path) -> None:
    text = (ROOT / "config.toml").read_text(encoding="utf-8")
    for key, value in (("url", 'url_env = "TRACKER_STORE_URL"'), ("folder", 'folder = "/var/lib/tracker/reports"')):
        text, changed = re.subn(rf"^{key} = .*$", value, text, flags=re.MULTILINE)
        assert changed == 1
    (tmp_path / "config.toml").write_text(text)
    url = "postgresql+psycopg://tracker@database/tracker"
    config = load_config(tmp_path / "config.toml", environ={"TRACKER_STORE_URL": url})
    assert config.store_url == url


def test_what_the_reader_adds_stays_out_of_version_control_and_of_the_image() -> None:
    for name in (".gitignore", ".dockerignore"):
        left_out = (ROOT / name).read_text(encoding="utf-8").split()
        assert {"deploy/db-password.txt", "deploy/secrets.env", "deploy/config.toml"} <= set(left_out), name


def test_the_container_file_copies_what_is_there() -> None:
    lines = CONTAINERFILE.splitlines()
    copied = [line.split()[1:-1] for line in lines if line.startswith("COPY ") and "--from" not in line]
    assert copied
    for name in (name for names in copied for name in names):
        assert (ROOT / name).exists(), name
    assert {"tracker", "reports", "jobs", "pyproject.toml"} <= {name for names in copied for name in names}


def test_the_container_runs_as_a_user_by_number_and_begins_with_the_scheduler() -> None:
    said = dict(
        line.split(maxsplit=1) for line in CONTAINERFILE.splitlines() if line.startswith(("USER", "CMD", "ENTRYPOINT"))
    )
    number, _, group = said["USER"].partition(":")
    assert f"--uid {number} " in CONTAINERFILE
    assert f"groupadd --system --gid {group} " in CONTAINERFILE
    assert json.loads(said["ENTRYPOINT"]) == ["tracker"]
    assert json.loads(said["CMD"])[0] in COMMANDS
    told = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert f"chown {number} deploy/db-password.txt" in told


@NEEDS_SH
def test_the_shell_lines_of_the_container_file_parse() -> None:
    joined = CONTAINERFILE.replace("\\\n", " ")
    runs = [line.removeprefix("RUN ") for line in joined.splitlines() if line.startswith("RUN ")]
    assert len(runs) == 3
    for line in runs:
        subprocess.run(["sh", "-n", "-c", line], check=True)
        assert shlex.split(line)
