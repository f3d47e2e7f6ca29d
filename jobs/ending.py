"""How a command ends: its exit code, and the one line that says what went wrong and what to do."""

from __future__ import annotations

from collections.abc import Iterator

import click

from tracker.errors import TrackerError
from tracker.untrusted import plain_line

DONE = 0
FAILED = 1
USAGE = 2
DONE_WITH_PROBLEMS = 3
INTERRUPTED = 130
"""As a shell gives it to a command that Ctrl-C ended."""


def told(error: Exception) -> tuple[tuple[str, ...], int]:
    """The lines for standard error, and the exit code. A config file's problems take a line each."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return (error.format_message(),), USAGE
    if isinstance(error, TrackerError):
        return tuple(f"tracker: {line}" for line in _lines(error)), error.exit_code
    if isinstance(error, click.ClickException):
        return (f"tracker: {plain_line(_click_line(error))}",), error.exit_code
    unexpected = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return (f"tracker: unexpected: {plain_line(unexpected)}; run again with --debug for the details",), FAILED


def _lines(error: TrackerError) -> Iterator[str]:
    advice = f" {error.advice}" if error.advice else ""
    for line in getattr(error, "lines", None) or (error.message,):
        yield plain_line(f"{_sentence(line) if advice else line}{advice}")


def _click_line(error: click.ClickException) -> str:
    message = error.format_message().replace("\n", " ")
    context = getattr(error, "ctx", None)
    if not isinstance(error, click.UsageError) or context is None:
        return message
    return f'{_sentence(message)} See "{context.command_path} --help".'


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
