"""`tracker config`: check, show, init."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import IO

import pytest
from click.testing import CliRunner

from jobs.cli import cli
from jobs.first_config import sync_schedule
from tests.commands.command_line import CommandLine
from tracker.config import load_config
from tracker.errors import ConfigError
from tracker.store.files import path_of

ROOT = Path(__file__).parents[2]


def test_check_says_what_the_file_tells_the_tracker_to_do(tracker: CommandLine, folder: Path) -> None:
    ended = tracker("config", "check")
    assert ended.exit_code == 0
    assert ended.out.splitlines() == [
        f"{folder}/config.toml: no mistakes found",
        f"store: sqlite:///{folder}/data/tracker.db",
        f"reports go to: {folder}/data/reports",
        "",
        "search spine: 1 term",
        "  1. condition: Spine tumor",
        "  never: NCT00000009 (spinal anaesthesia)",
        "",
        "report changes: every change, of spine; as html, csv, json",
    ]


def test_check_as_json_shows_what_is_sent(tracker: CommandLine, folder: Path) -> None:
    checked = json.loads(tracker("config", "check", "--json").out)
    [search] = checked["searches"]
    assert search["terms"] == [{"label": "condition: Spine tumor", "sent": {"query.cond": "Spine tumor"}}]
    assert [report["name"] for report in checked["reports"]] == ["changes"]
    assert checked["remarks"] == []


def test_every_mistake_is_a_line_of_its_own(tracker: CommandLine, folder: Path) -> None:
    with (folder / "config.toml").open("a") as file:
        file.write('[stoer]\n[web]\nport = "x"\n')
    ended = tracker("config", "check")
    assert (ended.exit_code, ended.out) == (2, "")
    assert ended.err.splitlines() == [
        f'tracker: {folder}/config.toml: stoer: unknown section; did you mean "store"?',
        f"tracker: {folder}/config.toml: web.port: a whole number is expected, not a text",
    ]


def test_every_command_stops_at_a_wrong_file(tracker: CommandLine, synced: Path) -> None:
    with (synced / "config.toml").open("a") as file:
        file.write("  conditoin = 'x'\n")
    line = f'tracker: {synced}/config.toml: search[1].term[1].conditoin: unknown key; did you mean "condition"?\n'
    for words in (("status",), ("list",), ("show", "NCT00000001"), ("db", "check"), ("sync",), ("run",), ("report",)):
        ended = tracker(*words)
        assert (ended.exit_code, ended.out, ended.err) == (2, "", line), words


def test_without_a_file_the_way_out_is_told(tracker: CommandLine, folder: Path) -> None:
    (folder / "config.toml").unlink()
    ended = tracker("status")
    assert ended.exit_code == 2
    assert ended.err.startswith("tracker: there is no config.toml in ")
    assert '"tracker config init" writes one' in ended.err


def test_show_gives_values_in_force_without_passwords(tracker: CommandLine, folder: Path) -> None:
    with (folder / "config.toml").open("a") as file:
        file.write('[store]\nurl = "postgresql+psycopg://me:hush@db.example/tracker"\n')
    ended = tracker("config", "show")
    assert ended.exit_code == 0
    shown = tomllib.loads(ended.out)
    assert shown["store"]["url"] == "postgresql+psycopg://me:***@db.example/tracker"
    assert shown["registry"]["base_url"] == "https://clinicaltrials.gov/api/v2"
    assert shown["search"][0]["term"] == [{"condition": "Spine tumor"}]
    as_json = tracker("config", "show", "--json")
    assert json.loads(as_json.out)["store"] == shown["store"]
    assert "hush" not in ended.out + as_json.out + tracker("config", "check").out


def test_init_writes_a_file_that_is_ready_to_run(tracker: CommandLine, folder: Path) -> None:
    (folder / "config.toml").unlink()
    ended = tracker("config", "init")
    assert ended.exit_code == 0
    assert ended.out.startswith("config.toml written.")
    checked = tracker("config", "check")
    assert checked.exit_code == 0
    assert "search spine-tumour: 9 terms" in checked.out


def test_init_never_replaces_a_file_unasked(tracker: CommandLine, folder: Path) -> None:
    before = (folder / "config.toml").read_text()
    ended = tracker("config", "init")
    assert ended.exit_code == 2
    assert ended.err == ("tracker: config.toml is there already. Name another PATH, or replace it with --force.\n")
    assert (folder / "config.toml").read_text() == before
    assert tracker("config", "init", "--force").exit_code == 0
    assert (folder / "config.toml").read_text() != before
    assert [path.name for path in folder.iterdir()] == ["config.toml"]


def test_init_into_a_folder_or_nowhere(tracker: CommandLine, folder: Path) -> None:
    (folder / "there").mkdir()
    assert tracker("config", "init", "there").exit_code == 0
    assert (folder / "there/config.toml").exists()
    ended = tracker("config", "init", "nowhere/config.toml")
    assert ended.exit_code == 2
    assert ended.err == "tracker: nowhere/config.toml can't be written: No such file or directory\n"


@pytest.mark.parametrize("name", ["p%20q", "really?", "Ünï côdé"])
def test_init_with_data_in_a_folder_of_any_name(tracker: CommandLine, folder: Path, name: str) -> None:
    (folder / "config.toml").unlink()
    assert tracker("config", "init", "--data", str(folder / name)).exit_code == 0
    config = load_config(folder / "config.toml")
    assert path_of(config.store_url) == folder / name / "tracker.db"
    assert config.output_folder == folder / name / "reports"


def _asked(*answers: str) -> tuple[int, str]:
    ended = CliRunner().invoke(cli, ["config", "init", "--ask"], input="".join(f"{one}\n" for one in answers))
    return ended.exit_code, ended.output


def test_init_asks_what_matters_and_writes_the_answers(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "config.toml").unlink()
    monkeypatch.delenv("HTTPS_PROXY", raising=False)
    exit_code, shown = _asked(
        "/srv/tracker",
        "Europe/Bukarest",  # is asked again
        "Europe/Bucharest",
        "weekly",
        "http://proxy.hospital.example:3128",
        "hospital-ca.pem",
        "y",
        "mail.hospital.example",
        "starttls",
        "",
        "tracker",
        "tracker@hospital.example",
        "board@hospital.example, second@hospital.example",
        "it@hospital.example",
    )
    assert exit_code == 0, shown
    assert 'did you mean "Europe/Bucharest"?' in shown
    assert "TRACKER_SMTP_PASSWORD" in shown
    (folder / "hospital-ca.pem").touch()
    settings = load_config(folder / "config.toml").settings
    assert settings.store.url == "sqlite:////srv/tracker/tracker.db"
    assert (settings.store.backups, settings.output.folder) == ("/srv/tracker/backups", "/srv/tracker/reports")
    assert (settings.schedule.timezone, settings.schedule.sync) == ("Europe/Bucharest", "30 17 * * mon-fri")
    assert settings.schedule.backup == "0 3 * * *"
    assert settings.registry.proxy == "http://proxy.hospital.example:3128"
    assert settings.registry.ca_bundle == "hospital-ca.pem"
    [report] = settings.report
    assert (report.schedule, report.recipients) == ("0 7 * * mon", ("coordinators",))
    assert {one.name: one.mail for one in settings.recipient} == {
        "coordinators": ("board@hospital.example", "second@hospital.example"),
        "admin": ("it@hospital.example",),
    }
    assert settings.smtp is not None
    assert (settings.smtp.port, settings.smtp.security, settings.smtp.username) == (587, "starttls", "tracker")
    assert settings.smtp.password_env == "TRACKER_SMTP_PASSWORD"
    assert settings.alerts.recipients == ("admin",)
    assert len(settings.search[0].term) == 9


def test_a_relay_without_a_login(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "config.toml").unlink()
    monkeypatch.delenv("HTTPS_PROXY", raising=False)
    exit_code, shown = _asked("", "UTC", "daily", "", "y", "relay", "none", "", "", "a@b.example", "c@d.example", "")
    assert exit_code == 0, shown
    smtp = load_config(folder / "config.toml").settings.smtp
    assert smtp is not None
    assert (smtp.host, smtp.port, smtp.security, smtp.username, smtp.password_env) == ("relay", 25, "none", None, None)


def test_enter_all_the_way_schedules_a_weekly_report(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "config.toml").unlink()
    monkeypatch.setenv("TZ", "America/New_York")
    monkeypatch.delenv("HTTPS_PROXY", raising=False)
    exit_code, shown = _asked("", "", "", "", "")
    assert exit_code == 0, shown
    settings = load_config(folder / "config.toml").settings
    assert (settings.schedule.timezone, settings.schedule.sync) == ("America/New_York", "30 10 * * mon-fri")
    assert [report.schedule for report in settings.report] == ["0 7 * * mon"]
    assert (settings.smtp, settings.recipient, settings.registry.proxy) == (None, (), None)


def test_by_hand_only_the_zone_is_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "config.toml").unlink()
    monkeypatch.delenv("HTTPS_PROXY", raising=False)
    assert _asked("", "Asia/Tokyo", "by-hand", "", "n")[0] == 0
    settings = load_config(folder / "config.toml").settings
    assert (settings.schedule.timezone, settings.schedule.sync, settings.report) == ("Asia/Tokyo", None, ())


def test_the_folder_of_the_data_can_be_given(tracker: CommandLine, folder: Path) -> None:
    (folder / "config.toml").unlink()
    assert tracker("config", "init", "--data", "/var/lib/tracker").exit_code == 0
    settings = load_config(folder / "config.toml").settings
    assert settings.store.url == "sqlite:////var/lib/tracker/tracker.db"
    assert (settings.store.backups, settings.output.folder) == ("/var/lib/tracker/backups", "/var/lib/tracker/reports")
    assert (settings.schedule.sync, len(settings.search[0].term)) == (None, 9)
    ended = tracker("config", "init", "--force", "--data", "")
    assert (ended.exit_code, ended.err) == (2, 'tracker: --data: is empty. See "tracker config init --help".\n')


@pytest.mark.skipif(sys.platform == "win32", reason="opens a pseudo-terminal")
def test_questions_are_asked_on_a_terminal_only(folder: Path) -> None:
    import pty

    def init(standard_input: IO[bytes] | int) -> subprocess.CompletedProcess[str]:
        program = "import sys; from jobs.cli import main; sys.exit(main())"
        return subprocess.run(
            [sys.executable, "-c", program, "config", "init", "--force"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=standard_input,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    unasked = init(subprocess.DEVNULL)
    assert (unasked.returncode, unasked.stdout.count("\n"), unasked.stderr) == (0, 1, "")
    keyboard, terminal = pty.openpty()
    with os.fdopen(keyboard, "wb", buffering=0) as typing, os.fdopen(terminal, "rb", buffering=0) as shown:
        typing.write(b"\n" * 5)
        asked = init(shown)
    assert asked.returncode == 0, asked.stderr
    assert "Enter takes what stands in brackets" in asked.stdout


def test_a_file_that_is_there_is_seen_before_anything_is_asked(folder: Path) -> None:
    ended = CliRunner().invoke(cli, ["config", "init", "--ask"])
    assert isinstance(ended.exception, ConfigError)
    assert ended.output == ""


@pytest.mark.parametrize(
    ("zone", "schedule"),
    [
        ("UTC", "30 14 * * mon-fri"),
        ("Asia/Kolkata", "0 20 * * mon-fri"),
        ("Pacific/Auckland", "30 3 * * tue-sat"),
    ],
)
def test_syncs_follow_the_registrys_refresh_wherever_the_clock_stands(zone: str, schedule: str) -> None:
    assert sync_schedule(zone) == schedule
