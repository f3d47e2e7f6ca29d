"""A measured figure, what it is held against, and the table of all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure, measured in several rounds together with its floor.

    `allowance` is what may be used beyond `most` times the floor. `most` None: told, but held against nothing.
    """

    name: str
    unit: str
    values: Sequence[float]
    floors: Sequence[float]
    most: float | None = None
    allowance: float = 0.0
    note: str = ""

    @property
    def value(self) -> float:
        return median(self.values)

    @property
    def floor(self) -> float:
        return median(self.floors)

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios: a busy machine slows a round's figure and its floor alike."""
        pairs = zip(self.values, self.floors, strict=True)
        return median((value - self.allowance) / floor for value, floor in pairs)

    @property
    def met(self) -> bool | None:
        return None if self.most is None else self.ratio <= self.most


@dataclass(frozen=True, slots=True)
class Skipped:
    name: str
    why: str


def as_data(figures: Iterable[Figure | Skipped]) -> list[dict[str, Any]]:
    return [
        {"name": one.name, "skipped": one.why}
        if isinstance(one, Skipped)
        else {
            "name": one.name,
            "unit": one.unit,
            "value": one.value,
            "floor": one.floor,
            "allowance": one.allowance,
            "ratio": one.ratio,
            "most": one.most,
            "met": one.met,
            "note": one.note,
            "values": list(one.values),
            "floors": list(one.floors),
        }
        for one in figures
    ]


def table(figures: Iterable[Figure | Skipped]) -> str:
    """A line for each figure, then those that were skipped, and why."""
    figures = list(figures)
    rows = [_HEADINGS, *(_row(one) for one in figures if isinstance(one, Figure))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [_aligned(row, widths) for row in rows]
    return "\n".join([*lines, *(f"skipped: {one.name}: {one.why}" for one in figures if isinstance(one, Skipped))])


_HEADINGS = ("figure", "value", "floor", "ratio", "target", "met")


def _row(figure: Figure) -> tuple[str, ...]:
    return (
        f"{figure.name} ({figure.note})" if figure.note else figure.name,
        _shown(figure.value, figure.unit),
        _shown(figure.floor, figure.unit),
        f"{figure.ratio:.2f}",
        "-" if figure.most is None else f"<= {figure.most:g}",
        {True: "yes", False: "NO", None: "-"}[figure.met],
    )


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
    return "  ".join([row[0].ljust(widths[0]), *cells])


def _shown(value: float, unit: str) -> str:
    return f"{value:.3f} s" if unit == "s" else f"{value / 1e6:.2f} MB"
