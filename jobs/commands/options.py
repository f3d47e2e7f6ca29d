"""What every command takes: --config, --debug, -v and -q; and the options that several share."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from jobs.terminal import say
from tracker.errors import InvalidNctId
from tracker.study import NctId, nct_id
from tracker.untrusted import plain_line

if TYPE_CHECKING:
    from tracker.config import Config, Glance

_Command = TypeVar("_Command", bound=Callable[..., Any])


@dataclass(slots=True)
class Invocation:
    """One command line's common options, wherever on it they stood."""

    config: Path | None = None
    debug: bool = False
    verbosity: int = 0


def common_options(command: _Command) -> _Command:
    """Adds --config, --debug, --verbose and --quiet. They reach the command through `current_config`, not as values."""
    for option in (
        click.option("-q", "--quiet", is_flag=True, expose_value=False, callback=_quiet, help="Tell errors only."),
        click.option(
            "-v", "--verbose", count=True, expose_value=False, callback=_verbose, help="Tell more; twice: everything."
        ),
        click.option("--debug", is_flag=True, expose_value=False, callback=_debug, help="Show where an error arose."),
        click.option(
            "--config",
            type=click.Path(path_type=Path, dir_okay=False),
            metavar="PATH",
            expose_value=False,
            callback=_config,
            help="The configuration; default ./config.toml, then $TRACKER_CONFIG.",
        ),
    ):
        command = option(command)
    return command


def json_option(command: _Command) -> _Command:
    """Adds --json, given to the command as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def example(*lines: str, after: str = "") -> str:
    """The end of a command's help: command lines that work, one each."""
    shown = "\n".join(("\b", "Example:" if len(lines) == 1 else "Examples:", *(f"  {line}" for line in lines)))
    return f"{shown}\n\n{after}" if after else shown


class NctIdType(click.ParamType[NctId]):
    """An argument that is an NCT ID; anything else ends the command with exit code 2."""

    name = "NCT ID"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> NctId:  # noqa: ARG002
        try:
            return nct_id(value)
        except InvalidNctId as invalid:
            raise click.UsageError(f"{invalid.message}. {invalid.advice}", ctx) from None


NCT_ID = NctIdType()


def config_path() -> Path:
    """The config file that this command line means. Raises ConfigError where there is none."""
    import os

    from tracker.config import find_config

    return find_config(_invocation().config, folder=Path(), environ=os.environ)


def current_config(*, full: bool = True) -> Config:
    """The configuration of this command line. Raises ConfigError, with every problem in the file.

    Without `full` (for commands that schedule nothing) the schedules are not held against the timer's own parser.
    """
    from tracker.config import load_config

    return load_config(config_path(), full=full)


def config_at_a_glance() -> Glance:
    """What commands that only look into the store need of it. Raises ConfigError where it sees something wrong."""
    from tracker.config import glance_at

    return glance_at(config_path())


def is_quiet() -> bool:
    """Whether --quiet was given."""
    return _invocation().verbosity < 0


def say_done(text: str = "", *, well: bool = True) -> None:
    """Prints what was done, which --quiet does not want to hear if all is `well`. Data that was asked for: `say`."""
    if not (well and is_quiet()):
        say(text)


def verbosity() -> int:
    """The level of a command that logs what it does: INFO, unless the command line says -q or -v."""
    asked = _invocation().verbosity
    return logging.ERROR if asked < 0 else logging.DEBUG if asked > 0 else logging.INFO


def _invocation() -> Invocation:
    return click.get_current_context().ensure_object(Invocation)


def _config(ctx: click.Context, _param: click.Parameter, value: Path | None) -> None:
    if value is not None:
        ctx.ensure_object(Invocation).config = value


def _debug(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value:
        ctx.ensure_object(Invocation).debug = True


def _verbose(ctx: click.Context, _param: click.Parameter, value: int) -> None:
    if value:
        ctx.ensure_object(Invocation).verbosity = value
    _set_logging(ctx.ensure_object(Invocation).verbosity)


def _quiet(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value:
        ctx.ensure_object(Invocation).verbosity = -1
        _set_logging(-1)


class _PlainLines(logging.Formatter):
    """One line per record, whatever the registry's text in it holds; a traceback keeps its lines."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (the name is logging's)
        return plain_line(super().formatMessage(record))


def _set_logging(verbosity: int) -> None:
    level = {-1: logging.ERROR, 0: logging.WARNING, 1: logging.INFO}.get(verbosity, logging.DEBUG)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_PlainLines("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers = [one for one in root.handlers if not isinstance(one.formatter, _PlainLines)] + [handler]
    root.setLevel(level)
