"""The command `tracker`: which commands there are, and how each ends. What they do is in `jobs.commands`.

Only the command that is called is imported: `tracker --help` reads the table below and nothing else.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import NamedTuple

import click

from jobs.commands.options import Invocation, common_options, example
from jobs.ending import DONE, FAILED, INTERRUPTED, told
from tracker import __version__


class Listed(NamedTuple):
    module: str
    help: str


COMMANDS = {
    "run": Listed("run", "Sync, then write the next report of every definition."),
    "sync": Listed("sync", "Ask the registry what changed, and remember it."),
    "report": Listed("report", "Write the next report, an ad-hoc one, or an earlier one again."),
    "show": Listed("show", "Show a trial as it stands, and what changed when."),
    "list": Listed("list", "List the tracked trials, filtered."),
    "search": Listed("search", "Tune the searches: what each term brings, and why."),
    "schedule": Listed("schedule", "Do everything at its time, for years."),
    "mute": Listed("mute", "Keep a trial's routine lines off the reports."),
    "note": Listed("note", "Put a remark beside a trial."),
    "ack": Listed("ack", "Say that a trial's news has been seen to."),
    "deliver": Listed("deliver", "Send what is in the outbox, and show it."),
    "doctor": Listed("doctor", "Look for what is wrong, and say what to do."),
    "status": Listed("status", "Say how the tracker is: last success, coverage, problems."),
    "import": Listed("importing", "Read studies saved from the registry's website or API."),
    "export": Listed("export", "Write feeds and a calendar, or the store's tables."),
    "demo": Listed("demo", "Play the bundled history of the review's trials; no network."),
    "landscape": Listed("landscape", "Regenerate the tables that reviews make by hand."),
    "config": Listed("config", "Check, show or write config.toml."),
    "db": Listed("db", "Look after the store: upgrade, check, back up, restore, move."),
}
"""Every command: its module in `jobs.commands`, which holds it as `command`, and its line in the list of commands."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            near = get_close_matches(cmd_name, COMMANDS, n=1)
            hint = f'Did you mean "{near[0]}"?' if near else f"Commands: {', '.join(COMMANDS)}."
            raise click.UsageError(f'There is no command "{cmd_name}". {hint}', ctx)
        command: click.Command = import_module(f"jobs.commands.{COMMANDS[cmd_name].module}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, listed.help) for name, listed in COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=example(
        "tracker demo",
        "tracker config init",
        "tracker run",
        after="Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 done with problems.",
    ),
)
@click.version_option(__version__, message="tracker %(version)s")
@common_options
def cli() -> None:
    """Watch ClinicalTrials.gov for trials of tumours of the spine, and tell what changed."""


def main(args: Sequence[str] | None = None) -> int:
    """Runs one command line and gives its exit code; whatever goes wrong is told in one line on standard error."""
    # Records are trees, freed as soon as nobody holds them: looking for cycles in them takes a twentieth of a sync.
    gc.set_threshold(50_000)
    invocation = Invocation()
    for stream in (sys.stdout, sys.stderr):
        # A terminal or pipe that can't show a letter of a title must not stop the command.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        result = cli.main(args, prog_name="tracker", obj=invocation, standalone_mode=False)
        sys.stdout.flush()
    except click.Abort:
        return INTERRUPTED
    except BrokenPipeError:
        _silence_standard_output()
        return FAILED
    except Exception as error:
        if invocation.debug:
            import traceback

            traceback.print_exc()
        lines, exit_code = told(error)
        for line in lines:
            click.echo(line, err=True)
        return exit_code
    return result if isinstance(result, int) else DONE


def _silence_standard_output() -> None:
    """Whoever read our output has gone; the interpreter's own last flush must not complain about it."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
