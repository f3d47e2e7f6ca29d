"""When a job is due: each time of the day once, whatever the clock does."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.timetable import jitter, next_firing, retry_after, was_done_in_the_future, when_due
from tests.scheduler.unattended import utc
from tracker.store.job_log import JobState

BERLIN = ZoneInfo("Europe/Berlin")


def firings(cron: str, zone: ZoneInfo, *, after: datetime, until: datetime) -> list[datetime]:
    found = []
    while (firing := next_firing(cron, zone, after=after)) and firing < until:
        found.append(firing)
        after = firing
    return found


@pytest.mark.parametrize(
    ("day", "instant"),
    [
        (date(2026, 3, 29), "2026-03-29T01:00"),  # 02:30 is skipped: the moment of the skip
        (date(2026, 10, 25), "2026-10-25T00:30"),  # 02:30 comes twice: the first
        (date(2026, 10, 26), "2026-10-26T01:30"),
    ],
)
def test_a_job_at_half_past_two_runs_once_on_each_day_of_change(day: date, instant: str) -> None:
    midnight = datetime(day.year, day.month, day.day, tzinfo=BERLIN)
    tomorrow = (midnight + timedelta(days=1)).astimezone(UTC)
    assert firings("30 2 * * *", BERLIN, after=midnight - timedelta(seconds=1), until=tomorrow) == [utc(instant)]


@settings(deadline=None, max_examples=40)
@given(
    st.integers(0, 730 * 24 * 60).map(lambda minutes: utc("2026-01-01T00:00") + timedelta(minutes=minutes)),
    st.sampled_from(["Europe/Bucharest", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]),
    st.integers(0, 59),
    st.integers(0, 23),
)
def test_a_daily_job_runs_once_a_day_in_every_zone(start: datetime, zone: str, minute: int, hour: int) -> None:
    home = ZoneInfo(zone)
    days = [
        one.astimezone(home).date()
        for one in firings(f"{minute} {hour} * * *", home, after=start, until=start + timedelta(days=400))
    ]
    assert days == [days[0] + timedelta(days=number) for number in range(len(days))]
    assert len(days) in (399, 400, 401)


def test_many_missed_firings_are_one() -> None:
    state = JobState(name="sync", covered=utc("2026-03-02T14:31"))
    assert when_due("30 16 * * mon-fri", BERLIN, state) == utc("2026-03-02T15:30")
    assert when_due("30 16 * * mon-fri", BERLIN, JobState(name="sync", covered=utc("2026-04-02T12:00"))) == utc(
        "2026-04-02T14:30"
    )


def test_a_day_that_no_month_has_is_never_due() -> None:
    assert when_due("0 0 30 2 *", BERLIN, JobState(name="sync", covered=utc("2026-03-02T12:00"))) is None


def test_jitter_is_the_same_for_the_same_firing_and_differs_between_houses() -> None:
    firing, most = utc("2026-03-02T14:30"), timedelta(minutes=10)
    spread = {jitter(firing, most=most, seed=str(house)) for house in range(50)}
    assert len(spread) == 50
    assert all(timedelta() <= one < most for one in spread)
    assert jitter(firing, most=most, seed="a") == jitter(firing, most=most, seed="a")
    assert jitter(firing, most=timedelta(), seed="a") == timedelta()


def test_what_failed_is_tried_again_after_ever_longer_waits() -> None:
    assert [retry_after(number) / timedelta(minutes=1) for number in (1, 2, 3, 4, 5, 50)] == [5, 10, 20, 40, 60, 60]


@pytest.mark.parametrize(("asked", "minutes"), [(1, 5), (30, 30), (24 * 60, 120)])
def test_whoever_asks_for_patience_gets_it_within_bounds(asked: int, minutes: int) -> None:
    waits = retry_after(1, asked=timedelta(minutes=asked))
    assert waits == timedelta(minutes=minutes)
    now = utc("2026-03-02T12:00")
    state = JobState(name="sync", covered=now, retry_at=now + waits)
    assert not was_done_in_the_future(state, now=now)


@pytest.mark.parametrize(
    ("covered", "retry", "wrong"),
    [
        ("2026-03-02T12:30", None, False),  # seconds and minutes: the job waits for the clock
        ("2026-03-03T12:00", None, True),
        ("2026-03-02T11:00", "2026-03-02T13:00", False),
        ("2026-03-02T11:00", "2026-03-03T12:00", True),
    ],
)
def test_a_clock_that_was_set_back_is_noticed(covered: str, retry: str | None, wrong: bool) -> None:
    state = JobState(name="sync", covered=utc(covered), retry_at=utc(retry) if retry else None)
    assert was_done_in_the_future(state, now=utc("2026-03-02T12:00")) is wrong
