"""Scheduled jobs that nobody does: where no scheduler runs, nobody else can say so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from jobs.timetable import when_due

if TYPE_CHECKING:
    from tracker.store.job_log import JobState

GRACE = timedelta(hours=2)
"""A job may wait for another that takes long, and `tracker schedule --once` may be called every hour."""

ADVICE = "Start `tracker schedule`, or call `tracker schedule --once` from cron or a timer."


def late_jobs(
    states: Mapping[str, JobState],
    crons: Mapping[str, str],
    *,
    timezone: str,
    jitter: timedelta,
    now: datetime,
) -> Iterator[str]:
    """A line for each job that was due longer ago than is usual, and that nobody has tried.

    `crons` are config's expressions by the job's name, `jitter` is the most that any of them begins later; `now` is
    aware. What fails is told elsewhere.
    """
    zone = ZoneInfo(timezone)
    for name, cron in crons.items():
        state = states.get(name)
        if state is None or state.failures:
            continue
        try:
            due = when_due(cron, zone, state)
        except ValueError:
            yield f'{name}: "{cron}" is no schedule; see `tracker config check`'
            continue
        if due is not None and now - due > GRACE + jitter:
            local = due.astimezone(zone)
            yield f"{name} was due at {local:%Y-%m-%d %H:%M} {local.tzname()}, and nothing has done it"
