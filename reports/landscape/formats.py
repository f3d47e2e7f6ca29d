"""Tables in the formats that people ask for: a terminal's, CSV, Markdown, a workbook, a page."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from reports.landscape.table import Cell, Table
from tracker.untrusted import neutralised, plain_line

FORMATS = ("csv", "xlsx", "md", "html")
"""Formats that make files; `table`, for the terminal, is the command's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Landscape:
    """All that was asked for, on one day of the registry's data."""

    title: str
    tables: tuple[Table, ...]
    methods: str
    data_date: date | None


def rendered(landscape: Landscape, formats: Sequence[str]) -> Mapping[str, bytes]:
    """Files by name: a CSV for each table, and one workbook, Markdown file and page for all."""
    files: dict[str, bytes] = {}
    if "csv" in formats:
        files |= {f"{table.name}.csv": csv_of(table) for table in landscape.tables}
    if "md" in formats:
        files["landscape.md"] = markdown_of(landscape)
    if "xlsx" in formats:
        from reports.landscape.workbook import workbook_of

        files["landscape.xlsx"] = workbook_of(landscape)
    if "html" in formats:
        from reports.landscape.page import page_of

        files["landscape.html"] = page_of(landscape)
    return files


def csv_of(table: Table) -> bytes:
    """UTF-8 with a byte order mark, for Excel; cells that a spreadsheet would run begin with an apostrophe."""
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(table.columns)
    writer.writerows([_cell(value) for value in row] for row in table.rows)
    return written.getvalue().encode("utf-8-sig")


def _cell(value: Cell) -> Cell:
    return neutralised(plain_line(value)) if isinstance(value, str) else value


def markdown_of(landscape: Landscape) -> bytes:
    parts = [f"# {_marked(landscape.title)}", "", _marked(landscape.methods)]
    for table in landscape.tables:
        parts += ["", f"## {_marked(table.title)}", "", *_markdown_rows(table)]
        if table.note:
            parts += ["", f"*{_marked(table.note)}*"]
    return ("\n".join(parts) + "\n").encode()


def _markdown_rows(table: Table) -> list[str]:
    lines = [table.columns, tuple("---" for _ in table.columns), *table.rows]
    return ["| " + " | ".join(_marked(value) for value in line) + " |" for line in lines]


def _marked(value: Cell) -> str:
    """Text that Markdown shows as it stands."""
    text = "" if value is None else plain_line(str(value))
    for mark in "\\`*_[]<>|#":
        text = text.replace(mark, f"\\{mark}") if mark in text and text != "---" else text
    return text
