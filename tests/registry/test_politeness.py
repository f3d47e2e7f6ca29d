"""How often the registry is asked, and how long the client waits."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.registry.fake_time import FakeTime
from tracker.registry.politeness import LONGEST_SPACING_S, Pace, back_off_s, retry_after_s

_NOW = datetime(2026, 3, 2, 12, 0, 0, tzinfo=UTC)


def test_requests_start_a_second_apart() -> None:
    time = FakeTime()
    pace = Pace(1, clock=time.clock, sleep=time.sleep)
    pace.wait_for_turn()
    time.seconds += 0.25  # the first answer took so long
    pace.wait_for_turn()
    time.seconds += 5  # a slow page: nothing to wait for
    pace.wait_for_turn()
    pace.wait_for_turn()
    assert time.slept == [0.75, 1.0]


def test_slower_after_each_complaint_but_not_without_end() -> None:
    time = FakeTime()
    pace = Pace(2, clock=time.clock, sleep=time.sleep)
    pace.slow_down()
    assert pace.spacing_s == 1.0
    for _ in range(20):
        pace.slow_down()
    assert pace.spacing_s == LONGEST_SPACING_S


def test_who_is_slower_by_choice_stays_so() -> None:
    pace = Pace(0.001, clock=FakeTime().clock, sleep=FakeTime().sleep)
    pace.slow_down()
    assert pace.spacing_s == 1000


def test_back_off_doubles_up_to_a_minute_and_half_is_chance() -> None:
    assert [back_off_s(attempt, chance=1) for attempt in range(1, 8)] == [2, 4, 8, 16, 32, 60, 60]
    assert back_off_s(3, chance=0) == 4


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 7 ", 7),
        ("86400", 86_400),
        ("9" * 400, 999_999_999_999),
        ("Mon, 02 Mar 2026 12:00:30 GMT", 30),
        ("Mon, 02 Mar 2026 12:00:30 -0000", 30),
        ("Mon, 02 Mar 2026 13:01:00 +0100", 60),
        ("Mon, 02 Mar 2026 11:59:00 GMT", None),
        (None, None),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("abc", None),
        ("²", None),
        ("Mon, 99 Mar 2026 12:00:30 GMT", None),
    ],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert retry_after_s(header, now=_NOW) == seconds
