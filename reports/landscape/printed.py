"""Days as a paper prints them."""

from __future__ import annotations

from datetime import date

from tracker.study import PartialDate, Precision

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def printed_date(day: PartialDate) -> str:
    """ "27 July 2018", "March 2010", "2010"; an unreadable text as it is."""
    if day.first is None or day.precision is Precision.YEAR:
        return day.text
    month = f"{_MONTHS[day.first.month - 1]} {day.first.year}"
    return f"{day.first.day} {month}" if day.precision is Precision.DAY else month


def printed_day(day: date) -> str:
    return printed_date(PartialDate(day.isoformat()))
