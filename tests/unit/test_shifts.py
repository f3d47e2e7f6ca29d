"""How far one date lies from another, where either may be a day, a month or a year."""

from __future__ import annotations

import pytest

from tracker.shifts import Shift, shift_between
from tracker.study import PartialDate

STAYED = Shift(0, stayed=True)
UNSURE = Shift(None)


@pytest.mark.parametrize(
    ("before", "after", "shift"),
    [
        # the same precision: the difference of the first days
        ("2026-05-31", "2026-05-31", STAYED),
        ("2026-05-31", "2026-06-01", Shift(1)),
        ("2026-05-31", "2026-05-01", Shift(-30)),
        ("2024-02-28", "2024-03-01", Shift(2)),  # a leap year
        ("2026-07", "2027-09", Shift(427)),
        ("2019-06", "2021-06", Shift(731)),
        ("2027-09", "2026-07", Shift(-427)),
        ("2025", "2026", Shift(365)),
        ("2026", "2025", Shift(-365)),
        # the finer date lies in the coarser one: said more precisely
        ("2026-05", "2026-05-01", STAYED),
        ("2026-05", "2026-05-31", STAYED),
        ("2024-02", "2024-02-29", STAYED),
        ("2026", "2026-12", STAYED),
        ("2026", "2026-01-01", STAYED),
        # the finer date lies outside: to the nearest edge, at least
        ("2026-05", "2026-06-01", Shift(1, at_least=True)),
        ("2026-05", "2026-04-30", Shift(-1, at_least=True)),
        ("2020-03", "2022-11-30", Shift(974, at_least=True)),
        ("2020-11", "2020-10-30", Shift(-2, at_least=True)),
        ("2026", "2027-01", Shift(1, at_least=True)),
        ("2026", "2025-11", Shift(-32, at_least=True)),
        # coarser, and it may be the same day: nobody can say
        ("2026-05-31", "2026-05", UNSURE),
        ("2026-05-31", "2026", UNSURE),
        ("2026-05", "2026", UNSURE),
        # coarser, and surely another day: to the nearest edge, at least
        ("2026-05-31", "2026-06", Shift(1, at_least=True)),
        ("2026-05-31", "2026-04", Shift(-31, at_least=True)),
        ("2026-05", "2028", Shift(580, at_least=True)),
        # no date
        ("2023-02-30", "2023-03-01", UNSURE),
        ("2023-03-01", "2023-02-30", UNSURE),
        ("2023-02-30", "2023-02-31", UNSURE),
        ("2023-02-30", "2023-02-30", STAYED),
        ("soon", "2023", UNSURE),
        # the ends of the calendar
        ("0001-01-01", "9999-12", Shift(3652028, at_least=True)),
        ("9999-12-31", "9999-12-30", Shift(-1)),
        ("0000-01-01", "2023-01-01", UNSURE),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_the_distance_of_two_dates(before: str, after: str, shift: Shift) -> None:
    assert shift_between(PartialDate(before), PartialDate(after)) == shift
