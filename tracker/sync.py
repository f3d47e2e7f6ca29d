"""One sync: asks the registry what every search returns, writes what changed, and says how complete the answer was.

The order is DESIGN §4: lock, version, sweep in batches, completeness, same data throughout, departures, close. What
a change is stands in `tracker.diff`, who enters and leaves in `tracker.membership`, what a page does to the store in
`tracker.batch`. A run that can't reach the registry still ends with a row that says so.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypedDict

from tracker.agenda import Agenda, agenda
from tracker.batch import Batches
from tracker.bulk import bulk_guards
from tracker.changes import RecordedChange
from tracker.closing import Close, coverage
from tracker.departures import Fates, Lookups, Verdict, decide, include_problems
from tracker.errors import ImportFileError, RegistryError, RunAborted, StoreError, TrackerError
from tracker.membership import SearchState, TermSweep
from tracker.registry.query import TermQuery
from tracker.registry.source import DataVersion, Source
from tracker.runs import Guard, GuardKind, Outcome, Run
from tracker.searches import SearchDefinition
from tracker.settling import CLOCK_MAY_LAG, Reading, believed, doubts, read_until_settled, refuse_older
from tracker.store.changes import changes
from tracker.store.check import quick_check
from tracker.store.connections import Store
from tracker.store.locking import run_lock
from tracker.store.memberships import register_search, retire_search
from tracker.store.run_log import RunResult, finish_run, note_data, note_traffic, start_run
from tracker.store.runs import runs
from tracker.store.transactions import Transaction, writing
from tracker.study import NctId, Problem
from tracker.sweep import Progress, Round, sweep_round


class _DataOf(TypedDict):
    data_timestamp: datetime | None
    data_date: date | None


@dataclass(frozen=True, slots=True)
class Synced:
    """A finished run, and the changes that it recorded (in a dry run: would have recorded).

    `retry_at` (aware) is set where the registry asked to be left alone until then.
    """

    run: Run
    changes: tuple[RecordedChange, ...]
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is to be synced. `all_searches`: these are all that config defines, so that a missing one is retired.

    `full`: read everything, even where the registry's data is the one held. `accept_shrink`: believe a sweep that
    lost many members. `instead`: one query that stands for all terms (an import). `partial`: the source holds only
    some of what a search returns.
    """

    searches: Sequence[SearchDefinition]
    all_searches: bool = True
    full: bool = False
    accept_shrink: bool = False
    instead: TermQuery | None = None
    partial: bool = False


def sync(
    store: Store,
    source: Source,
    request: Request,
    *,
    now: Callable[[], datetime],
    dry_run: bool = False,
    progress: Progress = lambda *_: None,
    begun: Callable[[int], object] = lambda _: None,
) -> Synced:
    """Runs once, and returns the finished run. `now` gives aware UTC; a dry run writes nothing. `begun` is told the
    run's number as soon as there is one.

    Raises StoreBusy where another process syncs, StoreError where the store can't be written. A registry that can't
    be asked raises nothing: the run ends as FAILED with the error.
    """
    with run_lock(store):
        quick_check(store)  # never on top of a damaged store: what it lost would look new
        with writing(store, dry_run=dry_run) as transaction:
            with transaction() as connection:
                run_id = start_run(
                    connection,
                    source=source.description,
                    searches=[search.name for search in request.searches],
                    full=request.full,
                    started_at=now(),
                )
            begun(run_id)
            retry_at = _execute(_Run(transaction, source, request, run_id, now=now, progress=progress))
            with transaction() as connection:
                [run] = runs(connection, after=run_id - 1, until=run_id)
                recorded = changes(connection, after_run=run_id - 1, until_run=run_id)
    return Synced(run, tuple(recorded), retry_at)


def _execute(run: _Run) -> datetime | None:
    """Executes a run. However it ends, its row says so; what is no fault of the source goes on to the caller.

    Returns until when the source asked to be left alone.
    """
    try:
        run.execute()
    except (RegistryError, ImportFileError, RunAborted) as error:
        run.fail(Outcome.FAILED, error)  # without effect where another process has closed the row already
        return error.retry_at
    except BaseException as error:
        with suppress(StoreError):
            run.fail(Outcome.FAILED if isinstance(error, Exception) else Outcome.INTERRUPTED, error)
        raise
    return None


class _Run:
    """One run between its open and its closed row."""

    def __init__(
        self,
        transaction: Transaction,
        source: Source,
        request: Request,
        run_id: int,
        *,
        now: Callable[[], datetime],
        progress: Progress,
    ) -> None:
        self._transaction = transaction
        self._source = source
        self._request = request
        self._id = run_id
        self._now = now
        self._progress = progress
        self._data: DataVersion | None = None

    def execute(self) -> None:
        """Reads and writes everything, up to the closed row. Raises RegistryError where the source fails."""
        offered, now = self._source.version(), self._now()
        data = self._data = believed(offered, now=now)
        with self._transaction() as connection:
            plan = agenda(
                connection,
                self._request.searches,
                data=data,
                now=now,
                instead=self._request.instead,
                insists=self._request.full or self._request.accept_shrink,
                all_searches=self._request.all_searches,
            )
        refuse_older(data, than=plan.newest, source=self._source.description)
        if plan.is_empty:
            self._finish(RunResult(outcome=Outcome.NOTHING_NEW, **_of(data)))
            return
        with self._transaction() as connection:
            note_data(connection, self._id, **_of(data))
        batches = self._batches(plan, now)
        reading = self._read(plan, batches, offered) if plan.due else Reading.nothing(data)
        lookups = Lookups(self._source, batches, seen=reading.round.seen)
        verdicts = [self._verdict(search, plan.states[search.name], reading, lookups) for search in plan.due]
        fates = Fates.of(plan.watched, plan.followed, reading.round, lookups)
        problems = [*doubts(offered, now=now), *reading.problems, *batches.problems, *fates.problems]
        for search in plan.due:
            problems += include_problems(search, reading.round, lookups, state=plan.states[search.name])
        problems += lookups.problems
        self._close(reading, verdicts, plan.retired, fates, batches, problems)

    def fail(self, outcome: Outcome, error: BaseException) -> None:
        said = error.told if isinstance(error, TrackerError) else repr(error)
        self._finish(RunResult(outcome=outcome, error=said, **_of(self._data)))

    def _batches(self, plan: Agenda, now: datetime) -> Batches:
        stamped = self._request.instead is None  # records in saved files may be of several days
        return Batches(
            self._transaction,
            self._source,
            run=self._id,
            now=self._now,
            held_since=plan.newest.date() if plan.newest and stamped else None,
            latest_day=(now + CLOCK_MAY_LAG).date(),
            stamped=stamped,
        )

    def _read(self, plan: Agenda, batches: Batches, offered: DataVersion) -> Reading:
        def read() -> Round:
            return sweep_round(
                self._source,
                batches,
                plan.queries,
                skip=plan.unwanted,
                by_id=plan.by_id,
                partial=self._request.partial,
                progress=self._progress,
            )

        reading = read_until_settled(self._source, batches, offered, read, now=self._now)
        self._data = reading.data
        return reading

    def _verdict(self, search: SearchDefinition, state: SearchState, reading: Reading, lookups: Lookups) -> Verdict:
        return decide(
            search,
            state,
            [reading.round.sweeps[term] for term in search.terms],
            found_by_id=reading.round.seen,
            same_data=reading.same_data,
            data=reading.data,
            accept_shrink=self._request.accept_shrink,
            lookups=lookups,
        )

    def _close(
        self,
        reading: Reading,
        verdicts: Sequence[Verdict],
        retired: Mapping[str, SearchState],
        fates: Fates,
        batches: Batches,
        problems: Sequence[Problem],
    ) -> None:
        """The last transaction: memberships, states, and the closed row."""
        now, tally = self._now(), batches.tally
        rejected = _rejected([sweep for verdict in verdicts for sweep in verdict.sweeps])
        complete = reading.same_data and all(verdict.complete for verdict in verdicts)
        with self._transaction() as connection:
            close = Close(connection, run=self._id, at=now, data_date=reading.data.data_date)
            for verdict in verdicts:
                register_search(connection, self._registered(verdict.search))
                close.write_verdict(verdict, data=reading.data, found_by_id=reading.round.seen)
            for name, state in retired.items():
                close.write_retired(name, state)
                retire_search(connection, name, run_id=self._id)
            close.write_states(now.date())
            close.write_fates(fates)
            tally.changes_written += close.changes_written
            batches.note_progress(connection)
            result = RunResult(
                outcome=Outcome.OK if complete else Outcome.FAILED if rejected else Outcome.INCOMPLETE,
                rounds=reading.rounds,
                coverage=[line for verdict in verdicts for line in coverage(verdict, reading.left_behind.keys())],
                guards=[
                    *close.guards,
                    *bulk_guards(connection, self._id, tally.changed_fields),
                    *_older(tally.older_records - reading.left_behind.keys()),
                ],
                problems=problems,
                error=rejected or _unsettled(reading),
                **_of(reading.data),
            )
            finish_run(connection, self._id, result, finished_at=now)

    def _registered(self, search: SearchDefinition) -> SearchDefinition:
        """An import stands for the terms of its search without ending them."""
        if self._request.instead is None:
            return search
        [configured] = [one for one in self._request.searches if one.name == search.name]
        return replace(configured, terms=(*configured.terms, *search.terms))

    def _finish(self, result: RunResult) -> None:
        with self._transaction() as connection:
            traffic = self._source.traffic
            note_traffic(connection, self._id, requests=traffic.requests, bytes_read=traffic.bytes)
            finish_run(connection, self._id, result, finished_at=self._now())


def _older(studies: Collection[NctId]) -> tuple[Guard, ...]:
    if not studies:
        return ()
    reason = f"{len(studies)} records were older than those already held, and were not taken"
    return (Guard(kind=GuardKind.OLDER_RECORD, reason=reason, count=len(studies)),)


def _of(data: DataVersion | None) -> _DataOf:
    return {
        "data_timestamp": data.data_timestamp if data else None,
        "data_date": data.data_date if data else None,
    }


def _unsettled(reading: Reading) -> str | None:
    if reading.same_data:
        return None
    return f"the registry's data changed during each of {reading.rounds} rounds"


def _rejected(sweeps: Sequence[TermSweep]) -> str | None:
    """Why no term could be asked at all; None where the registry answered to any."""
    if not sweeps or not all(sweep.rejected for sweep in sweeps):
        return None
    return "; ".join(dict.fromkeys(sweep.note for sweep in sweeps))
