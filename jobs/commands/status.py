"""`tracker status`: how the tracker is, from its store alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from jobs.commands.opening import open_for_reading
from jobs.commands.options import common_options, config_at_a_glance, example, json_option, say_done
from jobs.terminal import say_json

if TYPE_CHECKING:
    from jobs.health import Health
    from tracker.config import Glance
    from tracker.store.engine import Store
    from tracker.store.job_log import JobState


@click.command(
    epilog=example(
        "tracker status",
        "tracker status --json",
        after="Exit codes: 0 all is well; 1 no run has succeeded yet, or the last one failed; 3 the last run was "
        "incomplete, a search is not believed or has problems, a job fails or is late, or a delivery was given up. "
        "When each job is due next: tracker schedule --list.",
    )
)
@common_options
@json_option
def command(as_json: bool) -> int:
    """Say how the tracker is: age of the last success, data date, members, coverage, outbox, problems, store.

    Nothing is asked of the registry.
    """
    from jobs.health import health_as_data, health_lines

    config = config_at_a_glance()
    health = _health(config)
    if as_json:
        say_json(health_as_data(health))
    else:
        for line in health_lines(health, timezone=config.timezone):
            say_done(line)
    return health.exit_code


def _health(config: Glance) -> Health:
    from jobs.health import Health, died, problems_of, problems_of_jobs, problems_of_outbox
    from tracker.store.deliveries import outbox_counts
    from tracker.store.job_log import job_states
    from tracker.store.runs import last_finished_run, last_run, last_successful_run, runs
    from tracker.store.searches import searches
    from tracker.store.version import stored_version

    with open_for_reading(config) as store, store.connect() as connection:
        known = [one for one in searches(connection) if one.active]
        swept = {one.complete_run for one in known if one.complete_run is not None}
        last = last_finished_run(connection)
        # A run that found nothing new swept nothing: what is covered was said by the last that did.
        telling = last if last and last.coverage else None
        for number in sorted(swept, reverse=True)[:1] if telling is None else ():
            telling = next(iter(runs(connection, after=number - 1, until=number)), None)
        newest = last_run(connection)
        unfinished = newest if newest and newest.outcome is None else None
        dead = unfinished is not None and not _goes_on(store)
        jobs, outbox = job_states(connection), outbox_counts(connection)
        now = datetime.now(UTC)
        return Health(
            now=now,
            last_success=last_successful_run(connection),
            last_finished=last,
            running=None if dead else unfinished,
            coverage=telling.coverage if telling else (),
            searches=tuple(known),
            unsynced=tuple(sorted(set(config.search_names) - {one.name for one in known})),
            problems=(
                *((died(unfinished),) if dead and unfinished else ()),
                *problems_of(last, known),
                *problems_of_jobs(jobs.values()),
                *(_late(jobs, config, now) if unfinished is None or dead else ()),
                *problems_of_outbox(outbox, now=now),
            ),
            outbox=outbox,
            jobs=tuple(jobs.values()),
            store=store.url,
            store_version=stored_version(connection) or "",
            store_bytes=store.path.stat().st_size if store.path else None,
        )


def _late(jobs: Mapping[str, JobState], config: Glance, now: datetime) -> Iterator[str]:
    """Asked only where there was a scheduler once: what reads cron expressions takes a moment to import."""
    if not jobs:
        return
    from jobs.lateness import ADVICE, late_jobs

    jitter = timedelta(seconds=config.jitter_s)
    for line in late_jobs(jobs, config.crons, timezone=config.timezone, jitter=jitter, now=now):
        yield f"{line}. {ADVICE}"


def _goes_on(store: Store) -> bool:
    """Asked only where a row says so: what locks takes a moment to import."""
    from tracker.store.locking import is_run_going_on

    return is_run_going_on(store)
