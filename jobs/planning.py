"""The jobs that config.toml asks for, and what each does: where the scheduler is put together with the rest."""

from __future__ import annotations

import logging
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from jobs.alerts import AlertRules, teller
from jobs.logs import bind, bound
from jobs.pings import pinger
from jobs.stopping import Stop
from jobs.syncing import registry_client
from jobs.timetable import MOST_PATIENCE
from jobs.work import Claim, Done, Job, Plan
from tracker.config.crons import BACKUP, CLEAN_UP, FULL_SYNC, SYNC, report_job
from tracker.errors import TrackerError
from tracker.runs import Outcome, Run
from tracker.store.job_log import forget_attempts, job_states
from tracker.store.reports import newest_not_on_disk, newest_report_at

if TYPE_CHECKING:
    from tracker.config import Config
    from tracker.definitions import ReportDefinition
    from tracker.registry.client import RegistryClient
    from tracker.store.transactions import Connection

DELIVER, REPORT_FILES = "deliver", "report files"
FILES_AFTER = timedelta(minutes=5)
"""So long whoever made a report has to write its files; then another scheduler may, or the next start."""
BACKUP_AFTER = timedelta(minutes=10)
"""By then a report's mails have gone out, unless their server is away."""

BackUp = Callable[["Config", datetime], str]
"""Backs the store up, and says where to. `now` is aware. Raises TrackerError."""

_log = logging.getLogger("tracker.schedule")


class JobFailed(TrackerError):
    """A job that came to its end, and not to its aim."""


def _backed_up(config: Config, now: datetime) -> str:
    from jobs.backup import back_up

    return back_up(config, now)


@dataclass(slots=True)
class LeftAlone:
    """Until when the registry asks to be left alone (aware), by whichever job it said so; None where it doesn't."""

    until: datetime | None = None

    def check(self, now: datetime) -> None:
        """Raises JobFailed where the registry is not to be asked yet. What lies too far ahead is no longer believed."""
        if self.until and now < self.until <= now + MOST_PATIENCE:
            failed = JobFailed(
                f"the registry asks to be left alone until {self.until:%Y-%m-%d %H:%M} UTC", subject=SYNC
            )
            failed.retry_at = self.until
            raise failed


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What jobs are done with. `clock` gives aware UTC; `connect` makes the client of one run."""

    clock: Callable[[], datetime]
    environ: Mapping[str, str] = field(repr=False)
    stop: Stop = field(default_factory=Stop)
    connect: Callable[[Config, Stop], RegistryClient] = lambda config, stop: registry_client(config, sleep=stop.sleep)
    back_up: BackUp = _backed_up
    left_alone: LeftAlone = field(default_factory=LeftAlone)


def plan_of(config: Config, world: World) -> Plan:
    """What config asks for. What is due at the same time is done in this order: reports follow what was read.

    Secrets that are missing are logged: reports are made all the same, and wait in the outbox.
    """
    from jobs.recipients import Recipients

    for trouble in Recipients(config, world.environ).troubles():
        _log.warning("what goes there will wait: %s", trouble)
    schedule, alerts = config.settings.schedule, config.settings.alerts
    zone = ZoneInfo(config.timezone)
    jobs: list[Job] = []
    if schedule.sync:
        # The full one first: it leaves the other one nothing to ask for.
        seed = f"{platform.node()} {config.path}"
        for name, cron in ((FULL_SYNC, schedule.full_sync), (SYNC, schedule.sync)):
            work = partial(_sync, config, world, full=name == FULL_SYNC)
            jobs.append(
                Job(
                    name=name,
                    work=work,
                    cron=cron,
                    zone=zone,
                    jitter=timedelta(seconds=schedule.sync_jitter_s),
                    seed=seed,
                    at_once=name == SYNC,
                )
            )
    for definition in config.reports:
        if definition.schedule:
            work = partial(_report, config, world, definition)
            jobs.append(
                Job(
                    name=report_job(definition.name),
                    work=work,
                    cron=definition.schedule,
                    zone=zone,
                    follows=frozenset((SYNC, FULL_SYNC)),
                )
            )
    if config.reports:
        jobs.append(Job(name=REPORT_FILES, work=_write_files, waiting=_next_files))
    if config.settings.recipient:
        jobs.append(Job(name=DELIVER, work=partial(_deliver, config, world), waiting=partial(_next_delivery, world)))
    if schedule.backup:
        work = partial(_back_up, config, world)
        jobs.append(Job(name=BACKUP, work=work, cron=schedule.backup, zone=zone, waiting=_next_backup))
    work = partial(_clean_up, world, timedelta(days=schedule.keep_attempts_days))
    jobs.append(Job(name=CLEAN_UP, work=work, cron=schedule.clean_up, zone=zone))
    return Plan(
        jobs=tuple(jobs),
        reports=tuple(report.name for report in config.reports),
        zone=zone,
        rules=AlertRules(after_failures=alerts.after_failures, remind_after=timedelta(hours=alerts.remind_after_h)),
        tell=teller(config, environ=world.environ, now=world.clock) if alerts.recipients else None,
        ping=pinger(config, environ=world.environ),
    )


def _sync(config: Config, world: World, claim: Claim, *, full: bool) -> Done:
    """Reads the registry. Twice does no harm: a second run finds nothing new."""
    from tracker.sync import Request, sync

    def go_on(_label: str, _done: int, _total: int | None) -> None:
        world.stop.check()

    world.left_alone.check(world.clock())
    request = Request(searches=config.searches, full=full)
    with world.connect(config, world.stop) as client:
        synced = sync(claim.store, client, request, now=world.clock, progress=go_on, begun=lambda run: bind(run=run))
    run = synced.run
    _log_run(run)
    if run.outcome in (Outcome.FAILED, Outcome.INTERRUPTED):
        failed = JobFailed(f"run {run.id}: {run.error}", subject=SYNC)
        failed.retry_at = world.left_alone.until = synced.retry_at
        raise failed
    if run.outcome is Outcome.INCOMPLETE:
        return Done(trouble=f"run {run.id} was incomplete: {run.error or _incomplete_terms(run)}")
    return Done(f"run {run.id}: {run.outcome}, {run.changes_written} changes")


def _incomplete_terms(run: Run) -> str:
    lines = [f"{term.label}: {term.note or 'not read to its end'}" for term in run.coverage if not term.complete]
    return "; ".join(lines) or "some term could not be read to its end"


def _log_run(run: Run) -> None:
    for guard in run.guards:
        _log.warning("guard %s: %s", guard.kind, guard.reason)
    for problem in run.problems:
        with bound(nct_id=problem.nct_id or "unknown"):
            _log.warning("%s: %s", problem.path, problem.reason)


def _report(config: Config, world: World, definition: ReportDefinition, claim: Claim) -> Done:
    """The definition's next report. It and its being done are one transaction.

    What goes wrong after that concerns its files alone, which `_write_files` sees to.
    """
    from jobs.recipients import Recipients
    from jobs.replaying import write_missing_copies
    from jobs.reporting import next_report

    missing = write_missing_copies(claim.store)
    try:
        written = next_report(
            claim.store,
            definition,
            titles={search.name: search.description for search in config.searches},
            now=world.clock(),
            output=config.output_folder,
            recipients=Recipients(config, world.environ).of_report(definition),
            timezone=config.timezone,
            classes=config.classes,
            also=claim.cover,
        )
    except TrackerError as error:
        if not claim.is_covered():
            raise
        return Done(f"recorded; its files follow: {error.message}")
    return Done(f"report {written.number}: {written.headline}", trouble="; ".join(missing) or None)


def _next_files(connection: Connection) -> datetime | None:
    made = newest_not_on_disk(connection)
    return made + FILES_AFTER if made else None


def _write_files(claim: Claim) -> Done:
    """Writes recorded files that could not be written when their report was made."""
    from jobs.replaying import write_missing_copies
    from reports.copies import ADVICE

    if missing := write_missing_copies(claim.store):
        more = f" (and {len(missing) - 1} more)" if missing[1:] else ""
        raise JobFailed(f"{missing[0]}{more}", subject=REPORT_FILES, advice=ADVICE)
    return Done("all are written")


def _next_delivery(world: World, connection: Connection) -> datetime | None:
    from jobs.outbox import is_well_again
    from tracker.store.deliveries import next_due

    # Whoever asks has read the clock before: what is due now must not lie after that.
    now = world.clock() - timedelta(seconds=1)
    waiting, known = next_due(connection, now=now), job_states(connection).get(DELIVER)
    if waiting is None and known and is_well_again(connection, known, now=now):
        return now  # the look that finds nothing to send says so
    return waiting


def _deliver(config: Config, world: World, claim: Claim) -> Done:
    """Sends what is due. The outbox knows by itself what is to be tried again, and when."""
    from jobs.deliver import deliver_due
    from jobs.outbox import attempt_line
    from jobs.recipients import Recipients
    from tracker.store.deliveries import DeliveryState

    attempts = deliver_due(claim.store, Recipients(config, world.environ), now=world.clock, go_on=world.stop.check)
    failed = [one for one in attempts if one.error is not None]
    return Done(
        f"{len(attempts) - len(failed)} sent",
        trouble="; ".join(map(attempt_line, failed)) or None,
        told_apart=all(one.delivery.state is DeliveryState.GIVEN_UP for one in failed),
    )


def _next_backup(connection: Connection) -> datetime | None:
    """After a report, so that the newest backup knows of it: one restored makes no report a second time."""
    made = newest_report_at(connection)
    return made + BACKUP_AFTER if made and not _backed_up_since(connection, made) else None


def _backed_up_since(connection: Connection, instant: datetime) -> bool:
    known = job_states(connection).get(BACKUP)
    if known is None or known.started_at is None or known.succeeded_at is None:
        return False
    return instant <= known.started_at <= known.succeeded_at


def _back_up(config: Config, world: World, _claim: Claim) -> Done:
    return Done(world.back_up(config, world.clock()))


def _clean_up(world: World, keep: timedelta, claim: Claim) -> Done:
    """What may go: the log of attempts. Versions, changes, runs and reports never do."""
    with claim.store.begin() as connection:
        gone = forget_attempts(connection, before=world.clock() - keep)
    claim.store.checkpoint()
    return Done(f"{gone} old attempts forgotten")
