"""How the tracker is: judged from its last runs, and told in lines or as data. Reads nothing itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from jobs.ending import DONE, DONE_WITH_PROBLEMS, FAILED
from jobs.terminal import columns, facts
from tracker.runs import Outcome, Run, TermCoverage, subject_of
from tracker.words import date_in_words

if TYPE_CHECKING:
    from tracker.store.deliveries import OutboxCounts
    from tracker.store.job_log import JobState
    from tracker.store.searches import StoredSearch


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Instants are aware UTC. `coverage` is of the last run that swept; `unsynced` are searches never swept yet.

    `store` is the store's address without its password, `store_bytes` None where it is no file.
    """

    now: datetime
    last_success: Run | None
    last_finished: Run | None
    running: Run | None
    coverage: tuple[TermCoverage, ...]
    searches: tuple[StoredSearch, ...]
    unsynced: tuple[str, ...]
    problems: tuple[str, ...]
    store: str
    store_version: str
    store_bytes: int | None
    outbox: OutboxCounts
    jobs: tuple[JobState, ...]

    @property
    def exit_code(self) -> int:
        """1: no run has succeeded yet, or the last failed; 3: there are problems; otherwise 0."""
        failed = (Outcome.FAILED, Outcome.INTERRUPTED)
        if self.last_success is None or (self.last_finished and self.last_finished.outcome in failed):
            return FAILED
        return DONE_WITH_PROBLEMS if self.problems else DONE


def died(run: Run) -> str:
    return f"run {run.id} was interrupted, its process is gone: the next run goes on from what it had written"


def problems_of(last: Run | None, searches: Iterable[StoredSearch]) -> tuple[str, ...]:
    """What a person should look at, one line each."""
    return tuple(_problems(last, searches))


def _problems(last: Run | None, searches: Iterable[StoredSearch]) -> Iterator[str]:
    if last is not None:
        if last.outcome is Outcome.INCOMPLETE:
            yield f"run {last.id} was incomplete: some term could not be read to its end"
        if last.error:
            yield f"run {last.id}: {last.error}"
        yield from (f"run {last.id}: guard {guard.kind}: {guard.reason}" for guard in last.guards)
        for problem in last.problems:
            yield f"run {last.id}: {subject_of(problem.nct_id, problem.path)}: {problem.path}: {problem.reason}"
    for search in searches:
        if search.suspicious:
            yield f"search {search.name} is not believed: {search.suspicious}"
        elif search.complete_run is None:
            yield f"search {search.name} was never read to its end"


def problems_of_jobs(jobs: Iterable[JobState]) -> tuple[str, ...]:
    """Scheduled jobs that fail, one line each."""
    return tuple(
        f"{one.name} has failed {one.failures} time{'' if one.failures == 1 else 's'} in a row: {one.error}"
        for one in jobs
        if one.failures
    )


GIVEN_UP_IS_NEWS = timedelta(days=30)
"""A delivery that was given up longer ago is history: its recipient may be gone for good."""


def problems_of_outbox(outbox: OutboxCounts, *, now: datetime) -> tuple[str, ...]:
    """Reports that nobody will get unless somebody sees to it."""
    if outbox.newest_given_up is None or now - outbox.newest_given_up > GIVEN_UP_IS_NEWS:
        return ()
    count = f"{outbox.given_up} {'delivery was' if outbox.given_up == 1 else 'deliveries were'}"
    return (f'{count} given up: "tracker deliver" says why, "tracker deliver --retry" sends again',)


_CLOCKS_DIFFER = timedelta(minutes=5)
"""So much the clocks of two machines may."""


def age(since: timedelta) -> str:
    """ "5 minutes ago", "3 hours ago", "2 days ago"; what is still to come is told as that."""
    if since < -_CLOCKS_DIFFER:
        return "in the future, by this machine's clock"
    for seconds, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        count = int(since.total_seconds()) // seconds
        if count > 0:
            return f"{count} {unit if count == 1 else unit + 's'} ago"
    return "just now"


def health_lines(health: Health, *, timezone: str) -> list[str]:
    """For people; instants in `timezone`, an IANA name."""
    zone = ZoneInfo(timezone)
    last = health.last_finished
    lines = facts(
        [
            ("Last success", _moment(health.last_success, health.now, zone) or "none yet"),
            ("Last run", f"{_moment(last, health.now, zone)}: {_outcome(last)}" if last else "none yet"),
            *([("Running now", f"run {health.running.id}")] if health.running else []),
            ("Data of", _data_date(health)),
            *(("Members", f"{one.members} in {one.name}{_standing(one)}") for one in health.searches),
            *(("Members", f"{name} was not synced yet") for name in health.unsynced),
            ("Outbox", _outbox(health)),
            *(("Job", _job(one, health.now, zone)) for one in health.jobs if one.failures),
            ("Store", _store(health)),
        ]
    )
    if health.coverage:
        lines += ["", "Coverage, as of the last sweep:", *_coverage_lines(health.coverage)]
    if health.problems:
        lines += ["", "Problems:", *(f"  {problem}" for problem in health.problems)]
    return lines


def _moment(run: Run | None, now: datetime, zone: ZoneInfo) -> str:
    if run is None:
        return ""
    ended = run.finished_at or run.started_at
    local = ended.astimezone(zone)
    return (
        f"{date_in_words(local.date().isoformat())} {local:%H:%M} {local.tzname()}, {age(now - ended)} (run {run.id})"
    )


def _outcome(run: Run | None) -> str:
    if run is None or run.outcome is None:
        return "not finished"
    asked = f"{run.requests} {'request' if run.requests == 1 else 'requests'}"
    return f"{run.outcome}; {asked}, {run.studies_read} studies read, {run.changes_written} changes"


def _data_date(health: Health) -> str:
    known = health.last_success or health.last_finished
    if known is None or known.data_date is None:
        return "unknown"
    return date_in_words(known.data_date.isoformat())


def _standing(search: StoredSearch) -> str:
    if search.suspicious:
        return " (not believed, see below)"
    return "" if search.complete_run is not None else " (its first sweep is not complete)"


def _outbox(health: Health) -> str:
    counts = health.outbox
    if not counts.waiting and not counts.given_up:
        return "empty"
    waits = f"{counts.waiting} waiting" + (f", made {age(health.now - counts.oldest)}" if counts.oldest else "")
    return f"{waits}; {counts.given_up} given up" if counts.given_up else waits


def _job(job: JobState, now: datetime, zone: ZoneInfo) -> str:
    done = f"last done {age(now - job.succeeded_at)}" if job.succeeded_at else "not done yet"
    again = f"{job.retry_at.astimezone(zone):%H:%M %Z}" if job.retry_at else "when it is next due"
    return f"{job.name} fails; {done}; tried again {'at ' if job.retry_at else ''}{again}"


def _store(health: Health) -> str:
    size = f", {health.store_bytes / 1_000_000:.1f} MB" if health.store_bytes is not None else ""
    return f"{health.store} (version {health.store_version}{size})"


def _coverage_lines(coverage: Sequence[TermCoverage]) -> list[str]:
    rows = [
        (
            f"  {term.search}",
            "unknown" if term.share is None else f"{term.share:.1%}",
            f"{term.held}{f' + {len(term.excluded)} excluded' if term.excluded else ''} of {_total(term)}",
            term.label + (f" ({term.note})" if term.note else ""),
        )
        for term in coverage
    ]
    return columns(("  search", "held", "records", "term"), rows)


def _total(term: TermCoverage) -> str:
    return "an unknown number" if term.total is None else str(term.total)


def health_as_data(health: Health) -> dict[str, Any]:
    """For programs; instants ISO 8601 in UTC."""
    success = health.last_success
    ended = success.finished_at if success else None
    return {
        "exit_code": health.exit_code,
        "last_success": _run_data(success),
        "last_success_age_s": int((health.now - ended).total_seconds()) if ended else None,
        "last_run": _run_data(health.last_finished),
        "running": health.running.id if health.running else None,
        "searches": [
            {
                "name": search.name,
                "members": search.members,
                "data_timestamp": search.data_timestamp,
                "suspicious": search.suspicious,
                "complete_run": search.complete_run,
            }
            for search in health.searches
        ],
        "unsynced": health.unsynced,
        "coverage": [
            {
                "search": term.search,
                "term": term.label,
                "held": term.held,
                "total": term.total,
                "share": term.share,
                "excluded": term.excluded,
                "unreadable": term.unreadable,
                "complete": term.complete,
                "note": term.note,
            }
            for term in health.coverage
        ],
        "outbox": {
            "waiting": health.outbox.waiting,
            "given_up": health.outbox.given_up,
            "oldest_at": health.outbox.oldest,
        },
        "jobs": [
            {
                "job": one.name,
                "last_success": one.succeeded_at,
                "failures": one.failures,
                "failing_since": one.failing_since,
                "retry_at": one.retry_at,
                "error": one.error,
            }
            for one in health.jobs
        ],
        "problems": health.problems,
        "store": {"url": health.store, "version": health.store_version, "bytes": health.store_bytes},
    }


def _run_data(run: Run | None) -> dict[str, Any] | None:
    if run is None:
        return None
    return {
        "run": run.id,
        "outcome": run.outcome,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "data_date": run.data_date,
        "requests": run.requests,
        "studies_read": run.studies_read,
        "versions_written": run.versions_written,
        "changes_written": run.changes_written,
        "source": run.source,
        "error": run.error,
    }
