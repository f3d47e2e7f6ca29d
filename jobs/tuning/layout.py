"""Lines for a terminal as wide as it is: tables with numbers on the right, text that hangs under its beginning."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Collection, Iterable, Sequence

from tracker.untrusted import plain_line

_NARROWEST = 60
_NO_TERMINAL = 120


def width() -> int:
    """How many letters a line may have: the terminal's, or $COLUMNS, or 120 where nobody watches."""
    if not sys.stdout.isatty() and not os.environ.get("COLUMNS"):
        return _NO_TERMINAL
    return max(shutil.get_terminal_size((_NO_TERMINAL, 24)).columns, _NARROWEST)


def cut(text: str, longest: int) -> str:
    text = plain_line(text)
    return text if len(text) <= longest else f"{text[: max(longest - 1, 1)]}…"


def hanging(prefix: str, text: str) -> list[str]:
    """`text` behind `prefix`, its further lines under its first letter."""
    room = max(width() - len(prefix), 20)
    first, *more = textwrap.wrap(plain_line(text), room, break_on_hyphens=False) or [""]
    return [f"{prefix}{first}".rstrip(), *(f"{'':<{len(prefix)}}{line}" for line in more)]


def table(header: Sequence[str], rows: Iterable[Sequence[str]], *, right: Collection[int] = ()) -> list[str]:
    """Rows as lines, columns in `right` flush right; the last column is cut where the line would be too long."""
    cells = [list(header), *([plain_line(cell) for cell in row] for row in rows)]
    last = len(header) - 1
    widths = [max(len(row[column]) for row in cells) for column in range(last)]
    room = max(width() - sum(widths) - 2 * last, 10)
    lines = []
    for row in cells:
        parts = [
            cell.rjust(size) if column in right else cell.ljust(size)
            for column, (cell, size) in enumerate(zip(row, widths, strict=False))
        ]
        lines.append("  ".join([*parts, cut(row[last], room)]).rstrip())
    return lines


def counted(count: int, word: str, plural: str | None = None) -> str:
    return f"{count:,} {word if count == 1 else plural or f'{word}s'}"


def percent(part: int, of: int) -> str:
    """A share as a person reads it: never 0 % of something, nor 100 % of nearly all."""
    if not of:
        return "–"
    if 0 < part < of:
        return f"{min(max(round(100 * part / of), 1), 99)} %"
    return f"{100 * part // of} %"
