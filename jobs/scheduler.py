"""Does what is due: one look at the store, one attempt at each job that is due, one word to the admins where needed.

What is due follows from the store alone (`work`, `timetable`), so that it doesn't matter who looks, how often, or what
was killed in between: the scheduler's own loop (`timer`), `tracker schedule --once` from cron, or a test. A job is done
under its lock; of several schedulers on one PostgreSQL one does it, and the others find it done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from jobs.admins import Admins
from jobs.attempting import Attempted, Attempts
from jobs.outage import Outage
from jobs.rereading import CONFIG_JOB, Reread, Rereading
from jobs.stopping import Stop
from jobs.work import Plan
from tracker.errors import StoreError, TrackerError
from tracker.store.job_log import Ended, register_jobs, retire_jobs
from tracker.store.reports import register_definitions

if TYPE_CHECKING:
    from tracker.store.engine import Store


class Scheduler:
    """One scheduler on one store; `clock` gives aware UTC. Several may work on one PostgreSQL."""

    def __init__(
        self,
        store: Store,
        plan: Plan,
        *,
        clock: Callable[[], datetime],
        reread: Reread = lambda: None,
        stop: Stop | None = None,
    ) -> None:
        self.plan = plan
        self._store = store
        self._clock = clock
        self._stop = stop or Stop()
        self._rereading = Rereading(reread)
        self._attempts = Attempts(store, clock=clock)
        self._admins = Admins(clock=clock)
        self._store_outage = Outage("store", self._admins, clock=clock)
        self._own_outage = Outage("scheduler", self._admins, clock=clock)
        self._registered = False

    @property
    def error(self) -> TrackerError | None:
        """Why the last look did not come to its end; None where it did."""
        return self._own_outage.error or self._store_outage.error

    def step(self) -> list[Attempted]:
        """One look: every job that is due is tried once. Returns what was done, in that order.

        A store that can't be used is noted, and asked again at the next look; so is a fault of the program. Raises
        Stopped, and nothing else.
        """
        if plan := self._rereading.new_plan():
            self.plan, self._registered = plan, False
        done: list[Attempted] = []
        try:
            self._attempts.check_version()
            self._register()
            self._rereading.note(self._store, now=self._clock())
            for attempted in self._attempt_what_is_due():
                done.append(attempted)  # noqa: PERF402 (what was done before the store went away stays in the list)
            self._tell_admins()
        except StoreError as error:
            self._store_outage.lasts(error, self.plan)
        except Exception as error:
            self._own_outage.lasts(_unexpected(error), self.plan)
        else:
            for outage in (self._store_outage, self._own_outage):
                outage.is_over(self.plan)
        return done

    def _register(self) -> None:
        if self._registered:
            return
        names = [*(job.name for job in self.plan.jobs), CONFIG_JOB]
        at_once = [job.name for job in self.plan.jobs if job.at_once]
        with self._store.begin() as connection:
            register_jobs(connection, names, now=self._clock(), at_once=at_once)
            retire_jobs(connection, planned=names)
            register_definitions(connection, self.plan.reports)
        self._registered = True

    def _attempt_what_is_due(self) -> Iterator[Attempted]:
        jobs = self.plan.jobs
        names = self._attempts.perhaps_due(jobs)
        for job in jobs:
            if self._stop.asked:
                return
            # What waits in the store may have come to wait only now: a report's mails.
            if (job.waiting or job.name in names) and not self._attempts.comes_after_another(job, jobs):
                attempted = self._attempts.attempt(job)
                if attempted is None:
                    continue
                if attempted.outcome is Ended.DONE:
                    self.plan.ping(job.name)
                yield attempted

    def _tell_admins(self) -> None:
        rules = dict.fromkeys((job.name for job in self.plan.jobs), self.plan.rules)
        rules[CONFIG_JOB] = replace(self.plan.rules, after_failures=1)
        self._admins.tell_of_jobs(self._store, self.plan, rules=rules)
        self._admins.tell_of_given_up(self._store, self.plan)


def _unexpected(fault: Exception) -> TrackerError:
    error = TrackerError(
        f"A look at what is due failed unexpectedly: {fault!r}",
        advice="Restart the scheduler; the log says where it arose.",
    )
    error.__cause__ = fault
    return error
