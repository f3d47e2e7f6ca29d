"""The close of a run: who entered and who left, looked up at the registry, and written in one transaction."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from tracker.batch import Batches, Seen
from tracker.changes import Change, EnteredWhy, Kind, LeftWhy, membership_change_id
from tracker.fields import FIELDS
from tracker.membership import (
    SearchState,
    Suspicion,
    TermSweep,
    entering,
    excluded_members,
    left,
    may_leave,
    missing_members,
    suspicion,
    was_returned_unchanged,
)
from tracker.registry.source import DataVersion, Found, Lookup, Merged, Removed, Source
from tracker.runs import Guard, GuardKind, TermCoverage
from tracker.searches import SearchDefinition, term_in_words
from tracker.store.batches import FoundChange, held_studies, write_changes
from tracker.store.memberships import (
    Departure,
    Entry,
    StudyState,
    SweptSearch,
    current_members,
    mark_members_tracked,
    members_elsewhere,
    set_states,
    write_departures,
    write_entries,
    write_matches,
    write_swept,
)
from tracker.store.transactions import Connection
from tracker.study import NctId, Problem
from tracker.sweep import Round, one_record

WATCHED_MONTHS = 24
"""How long a study that no longer matches is still followed by its id."""

BULK_FLOOR = 50
BULK_SHARE = 1 / 3
"""More of the members than both, changed in one field in one run: the registry rewrote it."""

NEVER_BULK = frozenset(
    field.name for field in FIELDS if field.kind in (Kind.STATUS, Kind.RESULTS_POSTED, Kind.RESULTS_REVIEW)
)


class Lookups:
    """Asks the registry what became of a study, once a run, and takes the record if it is still there."""

    def __init__(self, source: Source, batches: Batches, *, seen: frozenset[NctId]) -> None:
        self._source = source
        self._batches = batches
        self._seen = seen
        self._answers: dict[NctId, Lookup | None] = {}

    def why_left(self, study: NctId) -> tuple[LeftWhy, NctId | None]:
        """Why a study that a search had returned is missing there now, and the id it was merged into."""
        match self._answer(study):
            case Removed():
                return LeftWhy.REMOVED, None
            case Merged(into=into):
                return LeftWhy.MERGED, into
            case _:
                return LeftWhy.NO_LONGER_MATCHES, None

    def _answer(self, study: NctId) -> Lookup | None:
        """None for a study that this run has met elsewhere: it is still there."""
        if study in self._seen:
            return None
        if study not in self._answers:
            answer = self._source.look_up(study)
            if isinstance(answer, Found):
                self._batches.take(one_record(answer.record), Seen())
            self._answers[study] = answer
        return self._answers[study]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a run decides about one search; written by `write_verdict`."""

    search: SearchDefinition
    state: SearchState
    sweeps: tuple[TermSweep, ...]
    complete: bool
    suspicion: Suspicion
    missing: frozenset[NctId] = frozenset()
    departures: tuple[Change, ...] = ()

    @property
    def held_back(self) -> frozenset[NctId]:
        """Members that are missing but stay, because the sweep shrank too much to be believed."""
        gone = {change.nct_id for change in self.departures}
        return self.missing - gone if self.suspicion.shrunk else frozenset()


def decide(
    search: SearchDefinition,
    state: SearchState,
    sweeps: Sequence[TermSweep],
    *,
    found_by_id: frozenset[NctId],
    same_data: bool,
    data: DataVersion,
    accept_shrink: bool,
    lookups: Lookups,
) -> Verdict:
    """Who leaves the search, and why. Nobody leaves on an incomplete sweep, but for those who were excluded."""
    complete = same_data and all(sweep.complete for sweep in sweeps)
    departures = [left(study, search.name, LeftWhy.EXCLUDED) for study in excluded_members(search, state)]
    doubt = suspicion(search, state, sweeps) if complete else Suspicion()
    missing = missing_members(search, state, sweeps, found_by_id=found_by_id) if complete else frozenset()
    leaving = may_leave(
        missing,
        state,
        shrunk=doubt.shrunk,
        accept_shrink=accept_shrink,
        newer_data=_is_newer(data.data_timestamp, state.data_timestamp),
    )
    for study in sorted(leaving):
        if was_returned_unchanged(study, search, state):
            why, into = lookups.why_left(study)
            departures.append(left(study, search.name, why, merged_into=into))
        else:
            departures.append(left(study, search.name, LeftWhy.SEARCH_EDITED))
    return Verdict(
        search=search,
        state=state,
        sweeps=tuple(sweeps),
        complete=complete,
        suspicion=doubt,
        missing=missing,
        departures=tuple(departures),
    )


def _is_newer(stamp: datetime | None, than: datetime | None) -> bool:
    return stamp is not None and than is not None and stamp > than


def retired(name: str, state: SearchState) -> tuple[Change, ...]:
    """The departures of a search that config no longer defines."""
    return tuple(left(study, name, LeftWhy.SEARCH_EDITED) for study in sorted(state.members))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fates:
    """What became of the studies followed by id: their time is over, or the registry no longer has them."""

    expired: tuple[NctId, ...]
    removed: tuple[NctId, ...]
    merged: Mapping[NctId, NctId]

    @classmethod
    def of(cls, watched: Collection[NctId], followed: frozenset[NctId], round_: Round, lookups: Lookups) -> Fates:
        fates = {study: lookups.why_left(study) for study in sorted((followed & round_.asked) - round_.found)}
        return cls(
            expired=tuple(sorted(set(watched) - followed)),
            removed=tuple(study for study, (why, _) in fates.items() if why is LeftWhy.REMOVED),
            merged={study: into for study, (_, into) in fates.items() if into},
        )


@dataclass(slots=True)
class Close:
    """Writes the memberships of one run, in the one transaction that also finishes it."""

    connection: Connection
    run: int
    at: datetime
    data_date: date | None
    changes_written: int = 0
    departed: list[Change] = dataclasses.field(default_factory=list)
    guards: list[Guard] = dataclasses.field(default_factory=list)

    def write_verdict(self, verdict: Verdict, *, data: DataVersion, found_by_id: frozenset[NctId]) -> None:
        search, state = verdict.search, verdict.state
        newcomers = frozenset(found_by_id & search.included).union(*(one.ids for one in verdict.sweeps)) - state.members
        held = {one: study.first_posted for one, study in held_studies(self.connection, newcomers).items()}
        entered = entering(
            search, state, verdict.sweeps, found_by_id=found_by_id, held=held, grown=verdict.suspicion.grown
        )
        self._write_entries(search.name, state, entered)
        self._write_departures(search.name, state, verdict.departures)
        self._write_matches(verdict)
        self.guards += verdict.suspicion.guards
        if verdict.complete:
            unresolved = verdict.held_back
            grown = bool(verdict.suspicion.grown)
            write_swept(
                self.connection,
                SweptSearch(
                    name=search.name,
                    definition=search.definition_digest,
                    data_timestamp=data.data_timestamp,
                    suspicious=verdict.suspicion.reason if unresolved or grown else None,
                    missing_once=tuple(sorted(unresolved)),
                ),
                run_id=self.run,
            )

    def write_retired(self, name: str, state: SearchState) -> None:
        self._write_departures(name, state, retired(name, state))

    def write_states(self, today: date) -> None:
        """How each study is held from now on: members are tracked, the others by why they left."""
        for change in self.departed:
            if members_elsewhere(self.connection, change.nct_id):
                continue
            match change.why:
                case LeftWhy.NO_LONGER_MATCHES:
                    until = months_later(today, WATCHED_MONTHS)
                    set_states(self.connection, [change.nct_id], StudyState.WATCHED, watched_until=until)
                case LeftWhy.REMOVED:
                    set_states(self.connection, [change.nct_id], StudyState.REMOVED)
                case LeftWhy.MERGED:
                    into = NctId(str(change.detail["merged_into"]))
                    set_states(self.connection, [change.nct_id], StudyState.MERGED, merged_into=into)
                case _:
                    set_states(self.connection, [change.nct_id], StudyState.LEFT)
        mark_members_tracked(self.connection)

    def write_fates(self, fates: Fates) -> None:
        """What became of studies that were followed by id, after they had left every search."""
        set_states(self.connection, fates.expired, StudyState.LEFT)
        set_states(self.connection, fates.removed, StudyState.REMOVED)
        for study, into in fates.merged.items():
            set_states(self.connection, [study], StudyState.MERGED, merged_into=into)

    def _write_entries(self, name: str, state: SearchState, entered: Sequence[Change]) -> None:
        entries = [
            Entry(nct_id=change.nct_id, stay=_next_stay(state, change.nct_id), why=EnteredWhy(change.why or ""))
            for change in entered
        ]
        write_entries(self.connection, name, entries, run_id=self.run, since=self.at)
        news = [
            FoundChange(
                change_id=membership_change_id(change, search=name, stay=entry.stay), change=change, search=name
            )
            for change, entry in zip(entered, entries, strict=True)
            if entry.why is not EnteredWhy.BASELINE
        ]
        self._write_changes(news)

    def _write_departures(self, name: str, state: SearchState, departures: Sequence[Change]) -> None:
        self.departed += departures
        stays = {change.nct_id: state.stays[change.nct_id].number for change in departures}
        write_departures(
            self.connection,
            name,
            [
                Departure(nct_id=change.nct_id, stay=stays[change.nct_id], why=LeftWhy(change.why or ""))
                for change in departures
            ],
            run_id=self.run,
            until=self.at,
        )
        self._write_changes(
            [
                FoundChange(
                    change_id=membership_change_id(change, search=name, stay=stays[change.nct_id]),
                    change=change,
                    search=name,
                )
                for change in departures
            ]
        )

    def _write_changes(self, found: Sequence[FoundChange]) -> None:
        write_changes(self.connection, found, run=self.run, detected_at=self.at, data_date=self.data_date)
        self.changes_written += len(found)

    def _write_matches(self, verdict: Verdict) -> None:
        returned = frozenset[NctId]().union(*(sweep.ids for sweep in verdict.sweeps))
        held = frozenset(held_studies(self.connection, returned))  # an unreadable study may not be held
        excluded = verdict.search.excluded
        write_matches(
            self.connection,
            verdict.search.name,
            {sweep.query: (sweep.ids & held) - excluded for sweep in verdict.sweeps},
            complete=frozenset(sweep.query for sweep in verdict.sweeps) if verdict.complete else frozenset(),
            keep=verdict.held_back,
            run_id=self.run,
        )


def _next_stay(state: SearchState, study: NctId) -> int:
    last = state.stays.get(study)
    return last.number + 1 if last else 1


def months_later(day: date, months: int) -> date:
    """The same day of a later month, or its last day where that month is shorter."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month, last)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


def coverage(verdict: Verdict) -> tuple[TermCoverage, ...]:
    """How much of what the registry counts for each term the store now holds."""
    return tuple(_term_coverage(verdict, sweep) for sweep in verdict.sweeps)


def _term_coverage(verdict: Verdict, sweep: TermSweep) -> TermCoverage:
    excluded = sweep.ids & verdict.search.excluded
    readable = sweep.ids - frozenset(map(NctId, sweep.unreadable))
    return TermCoverage(
        search=verdict.search.name,
        term=sweep.query.key,
        label=term_in_words(sweep.query),
        total=sweep.total,
        held=len(readable - excluded),
        excluded=tuple(sorted(excluded)),
        unreadable=sweep.unreadable,
        complete=sweep.complete,
        note=sweep.note,
    )


def bulk_guards(connection: Connection, changed: Mapping[str, set[NctId]]) -> tuple[Guard, ...]:
    """Fields that changed in so many members at once that the registry must have rewritten them."""
    members = current_members(connection)
    least = max(BULK_FLOOR - 1, members * BULK_SHARE)
    return tuple(
        Guard(
            kind=GuardKind.BULK,
            field=name,
            count=len(studies),
            reason=f"{name} changed in {len(studies)} of {members} trials in one run: the registry rewrote it",
        )
        for name, studies in sorted(changed.items())
        if len(studies) > least and name not in NEVER_BULK
    )


def include_problems(
    search: SearchDefinition, round_: Round, lookups: Lookups, *, state: SearchState
) -> tuple[Problem, ...]:
    """Included ids that the registry does not know, or has merged into another."""
    problems = []
    for study in sorted((search.included & round_.asked) - round_.found - state.members):
        why, into = lookups.why_left(study)
        if why is LeftWhy.REMOVED:
            problems.append(Problem(study, f"search {search.name}: include", "the registry does not know this id"))
        elif why is LeftWhy.MERGED:
            reason = f"the registry has merged this id into {into}; include that one"
            problems.append(Problem(study, f"search {search.name}: include", reason))
    return tuple(problems)
