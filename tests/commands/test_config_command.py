"""`tracker config`: check, show, init."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from tests.commands.command_line import CommandLine


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
