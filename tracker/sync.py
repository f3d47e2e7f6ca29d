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

from tracker.batch import Batches
from tracker.changes import RecordedChange
from tracker.closing import Close, bulk_guards, coverage
from tracker.departures import Fates, Lookups, Verdict, decide, include_problems
from tracker.errors import ImportFileError, RegistryError, RunAborted, StoreError, TrackerError
from tracker.membership import SearchState, TermSweep
from tracker.registry.query import TermQuery
from tracker.registry.source import DataVersion, Source
from tracker.runs import Guard, GuardKind, Outcome, Run
from tracker.searches import SearchDefinition
from tracker.store.changes import changes
from tracker.store.check import quick_check
from tracker.store.connections import Store
from tracker.store.locking import run_lock
from tracker.store.memberships import (
    LastSweep,
    last_sweeps,
    newest_data,
    register_search,
    retire_search,
    retired_searches,
    search_state,
    watched_studies,
)
from tracker.store.run_log import RunResult, finish_run, note_data, note_traffic, start_run
from tracker.store.runs import runs
from tracker.store.transactions import Connection, Transaction, writing
from tracker.study import NctId, Problem
from tracker.sweep import Progress, Reading, Round, read_until_settled, refuse_older, sweep_round

MOST_ROUNDS = 3
"""How often a run goes round when the registry's data changes under its hands."""


class _DataOf(TypedDict):
    data_timestamp: datetime | None
    data_date: date | None


@dataclass(frozen=True, slots=True)
class Synced:
    """A finished run, and the changes that it recorded (in a dry run: would have recorded)."""

    run: Run
    changes: tuple[RecordedChange, ...]


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
) -> Synced:
    """Runs once, and returns the finished run. `now` gives aware UTC; a dry run writes nothing.

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
            _execute(_Run(transaction, source, request, run_id, now=now, progress=progress))
            with transaction() as connection:
                [run] = runs(connection, after=run_id - 1, until=run_id)
                recorded = changes(connection, after_run=run_id - 1, until_run=run_id)
    return Synced(run, tuple(recorded))


def _execute(run: _Run) -> None:
    """Executes a run. However it ends, its row says so; what is no fault of the source goes on to the caller."""
    try:
        run.execute()
    except (RegistryError, ImportFileError, RunAborted) as error:
        run.fail(Outcome.FAILED, error)  # without effect where another process has closed the row already
    except BaseException as error:
        with suppress(StoreError):
            run.fail(Outcome.FAILED if isinstance(error, Exception) else Outcome.INTERRUPTED, error)
        raise


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
        data = self._data = self._source.version()
        searches = [_as_asked(search, self._request.instead) for search in self._request.searches]
        insists = self._request.full or self._request.accept_shrink
        with self._transaction() as connection:
            newest = newest_data(connection)
            swept = last_sweeps(connection)
            due = [one for one in searches if insists or _is_due(one, swept.get(one.name), data)]
            retired = self._retired(connection)
            states = {search.name: search_state(connection, search.name) for search in due}
            watched = watched_studies(connection) if due and self._request.instead is None else {}
        refuse_older(data, than=newest, source=self._source.description)
        if not due and not retired:
            self._finish(RunResult(outcome=Outcome.NOTHING_NEW, **_of(data)))
            return
        with self._transaction() as connection:
            note_data(connection, self._id, **_of(data))
        stamped = self._request.instead is None  # records in saved files may be of several days
        batches = Batches(
            self._transaction,
            self._source,
            run=self._id,
            now=self._now,
            held_since=newest.date() if newest and stamped else None,
            stamped=stamped,
        )
        today = self._now().date()
        unwanted = _excluded_by_all(searches)
        followed = frozenset(
            study for study, until in watched.items() if study not in unwanted and (until is None or until >= today)
        )
        reading = self._read(due, batches, followed, data) if due else Reading.nothing(data)
        lookups = Lookups(self._source, batches, seen=reading.round.seen)
        verdicts = [self._verdict(search, states[search.name], reading, lookups) for search in due]
        fates = Fates.of(watched, followed, reading.round, lookups)
        problems = [*batches.problems, *fates.problems]
        for search in due:
            problems += include_problems(search, reading.round, lookups, state=states[search.name])
        problems += lookups.problems
        self._close(reading, verdicts, retired, fates, batches, problems)

    def fail(self, outcome: Outcome, error: BaseException) -> None:
        said = error.told if isinstance(error, TrackerError) else repr(error)
        self._finish(RunResult(outcome=outcome, error=said, **_of(self._data)))

    def _retired(self, connection: Connection) -> dict[str, SearchState]:
        """Searches that config no longer defines."""
        if not self._request.all_searches:
            return {}
        defined = [search.name for search in self._request.searches]
        return {name: search_state(connection, name) for name in retired_searches(connection, defined=defined)}

    def _read(
        self, due: Sequence[SearchDefinition], batches: Batches, followed: frozenset[NctId], data: DataVersion
    ) -> Reading:
        by_id = followed.union(*(search.included - search.excluded for search in due))
        queries = sorted({term for search in due for term in search.terms}, key=lambda term: term.key)

        def read() -> Round:
            return sweep_round(
                self._source,
                batches,
                queries,
                skip=lambda query: _excluded_everywhere(query, due),
                by_id=by_id,
                partial=self._request.partial,
                progress=self._progress,
            )

        reading = read_until_settled(self._source, batches, data, read, most_rounds=MOST_ROUNDS)
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
                coverage=[line for verdict in verdicts for line in coverage(verdict)],
                guards=[*close.guards, *bulk_guards(connection, tally.changed_fields), *_older(tally.older_records)],
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


def _as_asked(search: SearchDefinition, instead: TermQuery | None) -> SearchDefinition:
    return search if instead is None else replace(search, terms=(instead,))


def _is_due(search: SearchDefinition, last: LastSweep | None, data: DataVersion) -> bool:
    """Not where the last complete sweep of the same definition was of this data."""
    if last is None or data.data_timestamp is None:
        return True
    return (data.data_timestamp, search.definition_digest) != (last.data_timestamp, last.definition)


def _excluded_by_all(searches: Sequence[SearchDefinition]) -> frozenset[NctId]:
    return frozenset.intersection(*(search.excluded for search in searches)) if searches else frozenset()


def _excluded_everywhere(query: TermQuery, due: Sequence[SearchDefinition]) -> frozenset[NctId]:
    """What no search that asks this query wants to have."""
    return _excluded_by_all([search for search in due if query in search.terms])


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
