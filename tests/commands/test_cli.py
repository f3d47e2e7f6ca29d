"""The manners of the command line: help, versions, exit codes, one line for whatever goes wrong."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest

from jobs import ending
from jobs.cli import COMMANDS, cli
from tests.commands.command_line import CommandLine
from tracker import __version__
from tracker.errors import ConfigError, RegistryRefused, StoreBusy, TrackerError, UsageError


def _all_commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    ctx = click.Context(group)
    for name in group.list_commands(ctx):
        here = (*path, name)
        yield here
        command = group.get_command(ctx, name)
        if isinstance(command, click.Group):
            yield from _all_commands(command, here)


EVERY_COMMAND = list(_all_commands(cli))


def run(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "import sys; from jobs.cli import main; sys.exit(main())", *words]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)


@pytest.mark.parametrize("words", EVERY_COMMAND, ids=" ".join)
def test_every_command_explains_itself_with_an_example(tracker: CommandLine, words: tuple[str, ...]) -> None:
    ended = tracker(*words, "--help")
    assert ended.exit_code == 0
    assert f"Usage: tracker {' '.join(words)}" in ended.out
    assert "Example" in ended.out
    assert f"  tracker {words[0]}" in ended.out
    for option in ("--config PATH", "--debug", "--verbose", "--quiet"):
        assert option in ended.out


def test_the_list_of_commands_is_that_of_the_design(tracker: CommandLine) -> None:
    assert list(COMMANDS) == [
        "run",
        "sync",
        "report",
        "show",
        "list",
        "search",
        "schedule",
        "mute",
        "note",
        "ack",
        "deliver",
        "doctor",
        "status",
        "import",
        "export",
        "demo",
        "landscape",
        "config",
        "db",
    ]
    ended = tracker("--help")
    for name, listed in COMMANDS.items():
        assert f"  {name} " in ended.out
        assert listed.help in ended.out


@pytest.mark.parametrize("name", COMMANDS)
def test_each_module_holds_its_command(name: str) -> None:
    assert isinstance(import_module(f"jobs.commands.{COMMANDS[name].module}").command, click.Command)


def test_help_imports_no_library_that_it_does_not_use() -> None:
    source = "import sys; from jobs.cli import main; main(['--help']); print(sorted(sys.modules))"
    printed = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True).stdout
    for module in ("pydantic", "sqlalchemy", "requests", "pandas", "jinja2", "rich", "apscheduler", "orjson"):
        assert f"'{module}'" not in printed


@pytest.mark.parametrize("words", [("show", "NCT00000001"), ("status",), ("list",)], ids=" ".join)
def test_looking_into_the_store_imports_what_it_needs(synced: Path, words: tuple[str, ...]) -> None:
    source = f"import sys; from jobs.cli import main; main({list(words)!r}); print(sorted(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True, cwd=synced)
    assert "'sqlalchemy'" in ran.stdout
    for module in ("pydantic", "sqlalchemy.orm", "alembic", "requests", "pandas", "jinja2", "rich", "apscheduler"):
        assert f"'{module}'" not in ran.stdout


def test_version(tracker: CommandLine) -> None:
    assert tracker("--version").out == f"tracker {__version__}\n"


def test_without_a_command_the_help_is_shown(tracker: CommandLine) -> None:
    ended = tracker()
    assert ended.exit_code == 2
    assert ended.err.startswith("Usage: tracker")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("statsu",), 'tracker: There is no command "statsu". Did you mean "status"? See "tracker --help".\n'),
        (
            ("status", "--jsno"),
            "tracker: No such option '--jsno'. Did you mean '--json'? See \"tracker status --help\".\n",
        ),
        (("show",), "tracker: Missing argument 'NCT…'. See \"tracker show --help\".\n"),
        (
            ("show", "NCT12"),
            "tracker: 'NCT12' is no NCT ID. An NCT ID is NCT and eight digits, for example NCT00508443. "
            'See "tracker show --help".\n',
        ),
    ],
)
def test_what_was_mistyped_is_told_in_one_line(tracker: CommandLine, words: tuple[str, ...], line: str) -> None:
    ended = tracker(*words)
    assert (ended.exit_code, ended.out, ended.err) == (2, "", line)


@pytest.mark.parametrize(
    ("error", "line", "exit_code"),
    [
        (TrackerError("a fact", advice="Do this."), "tracker: a fact. Do this.", 1),
        (TrackerError("A fact."), "tracker: A fact.", 1),
        (StoreBusy("busy"), "tracker: busy", 1),
        (RegistryRefused("refused\nby \x1b[31mit"), "tracker: refused by [31mit", 1),
        (UsageError("what?"), "tracker: what?", 2),
        (ConfigError("wrong"), "tracker: wrong", 2),
        (click.UsageError("odd"), "tracker: odd", 2),
        (KeyError("x"), "tracker: unexpected: KeyError: 'x'; run again with --debug for the details", 1),
        (ValueError(), "tracker: unexpected: ValueError; run again with --debug for the details", 1),
    ],
)
def test_every_error_ends_in_one_line_and_its_exit_code(error: Exception, line: str, exit_code: int) -> None:
    assert ending.told(error) == ((line,), exit_code)


def _status_that(raises: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise raises

    monkeypatch.setattr("jobs.commands.status._health", broken)


def test_a_traceback_is_shown_only_when_asked_for(
    tracker: CommandLine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _status_that(ZeroDivisionError("oh"), monkeypatch)
    ended = tracker("status")
    assert ended.exit_code == 1
    assert ended.err == "tracker: unexpected: ZeroDivisionError: oh; run again with --debug for the details\n"
    assert "Traceback" in tracker("status", "--debug").err
    assert "Traceback" in tracker("--debug", "status").err


def test_ctrl_c(tracker: CommandLine, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _status_that(KeyboardInterrupt(), monkeypatch)
    ended = tracker("status")
    assert (ended.exit_code, ended.out, ended.err) == (130, "", "\n")


def test_a_reader_that_went_away_is_no_error(synced: Path) -> None:
    command = f"{sys.executable} -c 'from jobs.cli import main; main()' list --json | true"
    ran = subprocess.run(["sh", "-c", command], capture_output=True, text=True, cwd=synced, check=True)
    assert ran.stderr == ""


def test_a_terminal_without_the_letters_still_gets_its_answer(synced: Path) -> None:
    command = [sys.executable, "-c", "import sys; from jobs.cli import main; sys.exit(main())", "show", "NCT00000001"]
    environ = {"PYTHONIOENCODING": "latin-1", "PATH": "/usr/bin"}
    ran = subprocess.run(command, capture_output=True, text=True, cwd=synced, env=environ, check=True)
    assert "Aug 2020 (estimated) \\u2192 Aug 2021" in ran.stdout


def test_common_options_stand_before_or_after_the_command(tracker: CommandLine, folder: Path) -> None:
    (folder / "other.toml").write_text((folder / "config.toml").read_text().replace('"spine"', '"sacrum"'))
    for words in (("--config", "other.toml", "config", "check"), ("config", "check", "--config", "other.toml")):
        assert "search sacrum" in tracker(*words).out


def test_exit_codes_reach_the_shell(folder: Path) -> None:
    assert run("--version").returncode == 0
    assert run("status", cwd=folder).returncode == 1
    assert run("nonsense").returncode == 2


@pytest.mark.parametrize(
    ("words", "level"),
    [((), logging.WARNING), (("-v",), logging.INFO), (("-vv",), logging.DEBUG), (("-q",), logging.ERROR)],
)
def test_how_much_is_logged(tracker: CommandLine, folder: Path, words: tuple[str, ...], level: int) -> None:
    tracker("config", "check", *words)
    assert logging.getLogger().level == level


def test_a_log_line_stays_one_line(tracker: CommandLine, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def noisy(*_: object) -> None:
        logging.getLogger("tracker.test").warning("title: %s", "evil\n2026 ERROR forged\x1b[2J")
        raise TrackerError("enough")

    monkeypatch.setattr("jobs.commands.status._health", noisy)
    first, second = tracker("status").err.splitlines()
    assert first.endswith("WARNING tracker.test: title: evil 2026 ERROR forged[2J")
    assert second == "tracker: enough"
