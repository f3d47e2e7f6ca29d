"""The close of a run: who entered, who left, and how each study is held from now on, in one transaction."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime

from tracker.changes import Change, EnteredWhy, LeftWhy, membership_change_id
from tracker.departures import Fates, Verdict
from tracker.membership import (
    SearchState,
    TermSweep,
    entering,
    left,
)
from tracker.registry.source import DataVersion
from tracker.runs import Guard, TermCoverage
from tracker.searches import term_in_words
from tracker.store.batches import FoundChange, posting_days, write_changes
from tracker.store.memberships import (
    Departure,
    Entry,
    StudyState,
    SweptSearch,
    mark_members_tracked,
    members_elsewhere,
    set_states,
    write_departures,
    write_entries,
    write_matches,
    write_swept,
)
from tracker.store.transactions import Connection
from tracker.study import NctId

WATCHED_MONTHS = 24
"""How long a study that no longer matches is still followed by its id."""

_OWNERS_DOING = (LeftWhy.SEARCH_EDITED, LeftWhy.EXCLUDED)


def retired(name: str, state: SearchState) -> tuple[Change, ...]:
    """The departures of a search that config no longer defines."""
    return tuple(left(study, name, LeftWhy.SEARCH_EDITED) for study in sorted(state.members))


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
        held = posting_days(self.connection)
        entered = entering(
            search, state, verdict.sweeps, found_by_id=found_by_id, held=held, grown=verdict.suspicion.grown
        )
        self._write_entries(search.name, state, entered)
        self._write_departures(search.name, state, verdict.departures)
        self._write_matches(verdict, held.keys())
        self.guards += verdict.guards
        if verdict.complete:
            write_swept(
                self.connection,
                SweptSearch(
                    name=search.name,
                    definition=search.definition_digest,
                    data_timestamp=None if verdict.unclear else data.data_timestamp,
                    suspicious="; ".join(guard.reason for guard in verdict.guards) or None,
                    missing_once=tuple(sorted(verdict.held_back)),
                ),
                run_id=self.run,
            )

    def write_retired(self, name: str, state: SearchState) -> None:
        self._write_departures(name, state, retired(name, state))

    def write_states(self, today: date) -> None:
        """How each study is held from now on: members are tracked, the others by why they left.

        Who left several searches is followed on if any of them lost it without the owner's doing.
        """
        for change in sorted(self.departed, key=lambda change: change.why not in _OWNERS_DOING):
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

    def _write_entries(self, name: str, state: SearchState, entered: Iterable[Change]) -> None:
        """One after the other: a baseline can have a hundred thousand."""
        news: list[FoundChange] = []

        def entries() -> Iterator[Entry]:
            for change in entered:
                entry = Entry(
                    nct_id=change.nct_id, stay=_next_stay(state, change.nct_id), why=EnteredWhy(change.why or "")
                )
                if entry.why is not EnteredWhy.BASELINE:
                    change_id = membership_change_id(change, search=name, stay=entry.stay)
                    news.append(FoundChange(change_id=change_id, change=change, search=name))
                yield entry

        write_entries(self.connection, name, entries(), run_id=self.run, since=self.at)
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

    def _write_matches(self, verdict: Verdict, held: Collection[NctId]) -> None:
        """Only of studies that are `held`: one that can't be read may not be."""
        excluded = verdict.search.excluded
        write_matches(
            self.connection,
            verdict.search.name,
            {sweep.query: sweep.ids.intersection(held) - excluded for sweep in verdict.sweeps},
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


def coverage(verdict: Verdict, left_behind: Set[NctId]) -> tuple[TermCoverage, ...]:
    """How much of what the registry counts for each term the store now holds at this data date.

    Records that the registry has `left_behind` are of an older one.
    """
    return tuple(_term_coverage(verdict, sweep, left_behind) for sweep in verdict.sweeps)


def _term_coverage(verdict: Verdict, sweep: TermSweep, left_behind: Set[NctId]) -> TermCoverage:
    excluded = sweep.ids & verdict.search.excluded
    readable = sweep.ids - frozenset(map(NctId, sweep.unreadable)) - left_behind
    return TermCoverage(
        search=verdict.search.name,
        term=sweep.query.key,
        label=term_in_words(sweep.query),
        total=sweep.total,
        held=len(readable - excluded),
        excluded=tuple(sorted(excluded)),
        unreadable=sweep.unreadable,
        complete=sweep.complete,
        note=sweep.note or _behind_in_words(sweep.ids & left_behind),
    )


def _behind_in_words(left_behind: Set[NctId]) -> str:
    return f"as of an older day: {', '.join(sorted(left_behind))}" if left_behind else ""
