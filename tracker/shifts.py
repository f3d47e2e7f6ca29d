"""How far one partial date lies from another. A partial date is an interval, so some distances are lower bounds."""

from __future__ import annotations

from dataclasses import dataclass

from tracker.study import PartialDate, Precision

_FINENESS = {Precision.YEAR: 0, Precision.MONTH: 1, Precision.DAY: 2}


@dataclass(frozen=True, slots=True)
class Shift:
    """`days` is positive when later; None where the new date is coarser than the old one, or unreadable.

    `at_least`: the dates differ in precision, so that `days` is the smallest distance they allow.
    `stayed`: the same day, month or year, or a finer date within the coarser one.
    """

    days: int | None
    at_least: bool = False
    stayed: bool = False


def shift_between(before: PartialDate, after: PartialDate) -> Shift:
    if before == after:
        return Shift(0, stayed=True)
    if before.first is None or before.last is None or after.first is None or after.last is None:
        return Shift(None)
    if before.precision is after.precision:
        return Shift((after.first - before.first).days)
    if after.first > before.last:
        return Shift((after.first - before.last).days, at_least=True)
    if after.last < before.first:
        return Shift((after.last - before.first).days, at_least=True)
    if _FINENESS[after.precision] > _FINENESS[before.precision]:
        return Shift(0, stayed=True)
    return Shift(None)
