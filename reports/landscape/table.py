"""A table as every format shows it."""

from __future__ import annotations

from dataclasses import dataclass

Cell = str | int | float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """`name` is what it is asked for by, `columns` the headings. `note` says what the table counts and what not."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


def cell_text(value: Cell) -> str:
    return "" if value is None else str(value)
