"""`tracker schedule`: does everything at its time, for years."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from jobs.commands.opening import open_for_reading, open_for_writing
from jobs.commands.options import common_options, current_config, example, json_option, say_done, verbosity
from jobs.terminal import columns, note, say, say_json
from tracker.errors import StoreBusy, StoreMissing

if TYPE_CHECKING:
    from datetime import datetime

    from jobs.attempting import Attempted
    from jobs.planning import World
    from jobs.work import Job, Plan
    from tracker.config import Config
    from tracker.store.job_log import JobState


@click.command(
    epilog=example(
        "tracker schedule",
        "tracker schedule --once",
        "tracker schedule --list",
        after="Exit codes: 0 done, or stopped by a signal; 1 a job failed (--once), or the scheduler could not begin; "
        "2 config.toml is wrong; 3 done with problems (--once).",
    )
)
@common_options
@click.option("--once", is_flag=True, help="Do what is due now, and end: for cron and systemd timers.")
@click.option("--list", "list_them", is_flag=True, help="Say when each job is due, and do nothing.")
@click.option("--log-format", type=click.Choice(["console", "json"]), help="Instead of [log] format in config.toml.")
@json_option
def command(once: bool, list_them: bool, log_format: str | None, as_json: bool) -> int:
    """Sync, report, deliver and back up at the times that config.toml gives, until a signal ends it.

    What was missed while nothing ran is made up for once, at the start. "--once" every few minutes from cron or a
    systemd timer is the same as leaving it running.
    """
    if once and list_them:
        raise click.UsageError("--once and --list exclude each other")
    config = current_config()
    level = verbosity()

    secrets: set[str] = set()

    def set_up_logs(config: Config) -> None:
        from jobs import logs

        form = log_format or config.settings.log.format
        secrets.update(logs.secrets_of(config, os.environ))  # those of the file before, too: it may stay in force
        logs.set_up(form, secrets=secrets, level=level)

    set_up_logs(config)
    if list_them:
        return _list(config, as_json=as_json)
    return _once(config, as_json=as_json) if once else _keep_running(config, set_up_logs)


def _world() -> World:
    from jobs.planning import World
    from jobs.syncing import utc_now

    return World(clock=utc_now, environ=os.environ)


def _list(config: Config, *, as_json: bool) -> int:
    from jobs.ending import DONE
    from jobs.planning import plan_of

    world = _world()
    plan = plan_of(config, world)
    rows = list(_timetable(config, plan, now=world.clock()))
    if as_json:
        say_json([_as_data(*row) for row in rows])
        return DONE
    for line in columns(("job", "schedule", "next", "last success", "failures"), [_row(plan, *row) for row in rows]):
        say(line)
    return DONE


def _timetable(config: Config, plan: Plan, *, now: datetime) -> Iterator[tuple[Job, JobState, datetime | None]]:
    """Each job, how it stands, and when it is due next. The store is read only, or told of where there is none."""
    from tracker.store.job_log import JobState, job_states

    def unknown(job: Job) -> JobState:
        """As a scheduler that starts now would make it known."""
        return JobState(name=job.name, covered=now, retry_at=now if job.at_once else None)

    try:
        store = open_for_reading(config)
    except StoreMissing as missing:
        note(f"{missing.message}. So far everything is as at a first start.")
        for job in plan.jobs:
            yield job, unknown(job), job.due_by_cron(unknown(job))
        return
    with store, store.connect() as connection:
        states = job_states(connection)
        for job in plan.jobs:
            state = states.get(job.name) or unknown(job)
            yield job, state, job.due(state, connection)


def _as_data(job: Job, state: JobState, due: datetime | None) -> dict[str, object]:
    return {
        "job": job.name,
        "schedule": job.schedule,
        "due": due,
        "last_success": state.succeeded_at,
        "failures": state.failures,
        "error": state.error,
    }


def _row(plan: Plan, job: Job, state: JobState, due: datetime | None) -> tuple[str, ...]:
    def moment(instant: datetime | None, otherwise: str) -> str:
        if instant is None:
            return otherwise
        local = instant.astimezone(plan.zone)
        return f"{local:%a %Y-%m-%d %H:%M} {local.tzname()}"

    never = "never" if job.cron else "nothing waits"
    return job.name, job.schedule, moment(due, never), moment(state.succeeded_at, "none yet"), str(state.failures)


def _once(config: Config, *, as_json: bool) -> int:
    from jobs.ending import DONE
    from jobs.planning import plan_of
    from jobs.scheduler import Scheduler
    from tracker.store.locking import scheduler_lock

    world = _world()
    with open_for_writing(config) as store, ExitStack() as held:
        try:
            held.enter_context(scheduler_lock(store))
        except StoreBusy as busy:
            if as_json:
                say_json([])
            else:
                say_done(f"Nothing to do here: {busy.message}")
            return DONE
        scheduler = Scheduler(store, plan_of(config, world), clock=world.clock)
        attempted = scheduler.step()
    if as_json:
        say_json(
            [{"job": one.job, "due": one.due_at, "outcome": one.outcome.value, "said": one.said} for one in attempted]
        )
    else:
        for one in attempted:
            say_done(f"{one.job}: {one.outcome}{f': {one.said}' if one.said else ''}")
        if not attempted and not scheduler.error:
            say_done("Nothing is due.")
    if scheduler.error:
        raise scheduler.error
    return _exit_code(attempted)


def _exit_code(attempted: Sequence[Attempted]) -> int:
    from jobs.ending import DONE, DONE_WITH_PROBLEMS, FAILED
    from tracker.store.job_log import Ended

    outcomes = {one.outcome for one in attempted}
    if Ended.FAILED in outcomes:
        return FAILED
    return DONE_WITH_PROBLEMS if outcomes - {Ended.DONE} else DONE


def _keep_running(config: Config, set_up_logs: Callable[[Config], None]) -> int:
    import logging

    from jobs import timer
    from jobs.ending import DONE
    from jobs.planning import plan_of
    from jobs.rereading import ConfigFile
    from jobs.scheduler import Scheduler
    from tracker.store.locking import scheduler_lock, this_process

    log = logging.getLogger("tracker.schedule")
    world, file = _world(), ConfigFile(config)
    timer.heed_hangup(file.ask)

    def reread() -> Plan | None:
        changed = file.changed()
        if changed is None:
            return None
        set_up_logs(changed)  # it may name another secret
        return plan_of(changed, world)

    with open_for_writing(config) as store, scheduler_lock(store):
        scheduler = Scheduler(store, plan_of(config, world), clock=world.clock, reread=reread, stop=world.stop)
        log.info("%s begins on %s: %s", this_process(), store.url, ", ".join(job.name for job in scheduler.plan.jobs))
        timer.run(scheduler.step, world.stop)
    log.info("ended")
    return DONE
