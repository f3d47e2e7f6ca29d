"""When a job is due: pure, from its cron expression, its zone and what the store says was done (`JobState`).

Cron expressions are read by APScheduler's own parser, on the wall clock; what the wall clock does on the days on which
it is changed is decided here. Every time of the day happens once: one that the clock skips in spring is the moment at
which it skips, one that comes twice in autumn is the first.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from tracker.store.job_log import JobState

FIRST_RETRY = timedelta(minutes=5)
LONGEST_RETRY = timedelta(hours=1)
BUSY_RETRY = timedelta(minutes=1)
CLOCK_TOLERANCE = timedelta(hours=1)
"""A job done this far in the future waits for the clock; beyond that the clock was wrong then, and is believed now."""

MOST_PATIENCE = LONGEST_RETRY + CLOCK_TOLERANCE
"""So long a next try may lie ahead, even where whoever refused asked for more."""

_ON_THE_HOUR = timedelta(minutes=1)


def next_firing(cron: str, zone: ZoneInfo, *, after: datetime) -> datetime | None:
    """The first firing later than `after` (aware), in UTC. None where there will never be one (30 February).

    Raises ValueError for an expression that the parser refuses.
    """
    trigger = _trigger(cron)
    wall = after.astimezone(zone).replace(tzinfo=None, fold=0, microsecond=0)
    while True:
        found = trigger.get_next_fire_time(None, wall.replace(tzinfo=UTC))
        if found is None:
            return None
        wall = found.replace(tzinfo=None)
        firing = _instant(wall, zone)
        if firing > after:
            return firing
        wall += timedelta(minutes=1)


@lru_cache(maxsize=64)
def _trigger(cron: str) -> Any:
    from apscheduler.triggers.cron import CronTrigger  # type: ignore[import-untyped]  # it ships no types

    # Its zone is UTC, in which no time is skipped or comes twice: it only counts the wall clock's minutes.
    return CronTrigger.from_crontab(cron, timezone="UTC")


def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """The moment at which a clock in `zone` shows `wall`; where it skips that, the moment at which it skips."""
    instant = wall.replace(tzinfo=zone).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall:
        return instant
    # In a gap the later reading of a wall time (fold 1) is the earlier instant; the skip lies between the two.
    low, high = wall.replace(tzinfo=zone, fold=1).astimezone(UTC), instant
    offset = low.astimezone(zone).utcoffset()
    while high - low > _ON_THE_HOUR:
        middle = low + (high - low) / 2
        low, high = (middle, high) if middle.astimezone(zone).utcoffset() == offset else (low, middle)
    return high.replace(second=0, microsecond=0)


def jitter(firing: datetime, *, most: timedelta, seed: str) -> timedelta:
    """How much later than its firing a job begins: less than `most`, the same for the same firing and seed."""
    if not most:
        return timedelta()
    digest = hashlib.sha256(f"{seed}|{firing.timestamp():.0f}".encode()).digest()
    return most * (int.from_bytes(digest[:4]) / 2**32)


def when_due(
    cron: str, zone: ZoneInfo, state: JobState, *, most_jitter: timedelta = timedelta(), seed: str = ""
) -> datetime | None:
    """When the job is to begin next: in the past where it is overdue, None where it never is.

    However many firings were missed, they are one. What has failed is tried again at `retry_at`.
    """
    if state.retry_at is not None:
        return state.retry_at
    firing = next_firing(cron, zone, after=state.covered)
    return None if firing is None else firing + jitter(firing, most=most_jitter, seed=seed)


def retry_after(failures: int, *, asked: timedelta = timedelta()) -> timedelta:
    """How long to wait after so many failures in a row: 5 minutes, then doubled up to an hour.

    Longer where whoever refused asked for it, up to MOST_PATIENCE.
    """
    doubled: timedelta = FIRST_RETRY * 2 ** min(failures - 1, 10)
    return max(min(doubled, LONGEST_RETRY), min(asked, MOST_PATIENCE))


def was_done_in_the_future(state: JobState, *, now: datetime) -> bool:
    """Whether the clock must have been set back since: the job, or its next try, lies further ahead than it can."""
    ahead = state.covered - now > CLOCK_TOLERANCE
    return ahead or (state.retry_at is not None and state.retry_at - now > MOST_PATIENCE)
