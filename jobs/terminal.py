"""What a command prints: answers on standard output, remarks on standard error, each harmless to the terminal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import click

from tracker.untrusted import plain_line, plain_text


def say(text: str = "") -> None:
    """Prints an answer. Its line breaks stay; what could steer a terminal goes."""
    click.echo(plain_text(text))


def note(text: str) -> None:
    """Prints one line beside the answer, on standard error."""
    click.echo(plain_line(text), err=True)


def say_whole(text: str) -> None:
    """Prints a rendered document; one that has its own line ends keeps them."""
    click.echo(text, nl=not text.endswith("\n"))


def say_json(value: Any) -> None:
    """Prints a value as JSON. Letters beyond ASCII are escaped, so that no terminal or pipe can stumble over one."""
    click.echo(json.dumps(value, indent=2, default=_plain_value))


def _plain_value(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return str(value)


def facts(rows: Iterable[tuple[str, str]]) -> list[str]:
    """Lines of a name and its value, the values under each other; further lines of a value are indented."""
    listed = list(rows)
    width = max((len(name) for name, _ in listed), default=0)
    lines = []
    for name, value in listed:
        first, *more = value.split("\n")
        lines.append(f"{name:<{width}}  {plain_line(first)}".rstrip())
        lines += [f"{'':<{width}}  {plain_line(line)}" for line in more]
    return lines


def columns(header: Sequence[str], rows: Iterable[Sequence[str]], *, widest: int = 60) -> list[str]:
    """A table as lines: one per row, each column as wide as its longest value, none wider than `widest`."""
    table = [list(header), *([_cut(plain_line(cell), widest) for cell in row] for row in rows)]
    widths = [max(len(row[number]) for row in table) for number in range(len(header))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]


def _cut(text: str, widest: int) -> str:
    return text if len(text) <= widest else f"{text[: widest - 1]}…"
