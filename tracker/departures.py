"""Who leaves a search in a run, and why: decided from what was swept, and asked of the registry one study at a time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tracker.batch import Batches, Seen
from tracker.changes import Change, LeftWhy
from tracker.errors import BadAnswer, BadRequest
from tracker.membership import (
    SearchState,
    Suspicion,
    TermSweep,
    excluded_members,
    left,
    may_leave,
    missing_members,
    suspicion,
    was_returned_unchanged,
)
from tracker.registry.source import DataVersion, Found, Lookup, Merged, Removed, Source
from tracker.runs import Guard, GuardKind
from tracker.searches import SearchDefinition
from tracker.study import NctId, Problem
from tracker.sweep import Round, one_record

_FOLLOWED = "followed by its id since it left its search"


class Lookups:
    """Asks the registry what became of a study, once a run, and takes the record if it is still there."""

    def __init__(self, source: Source, batches: Batches, *, seen: frozenset[NctId]) -> None:
        self._source = source
        self._batches = batches
        self._seen = seen
        self._answers: dict[NctId, Lookup | None] = {}
        self._unclear: dict[NctId, Problem] = {}

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Studies of which the registry would not say what became of them."""
        return tuple(self._unclear.values())

    def is_unclear(self, study: NctId) -> bool:
        """Whether the registry gives no answer that says anything: one odd study must not stop all others."""
        self._answer(study)
        return study in self._unclear

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
        """None for a study that this run has met elsewhere, so that it is still there, and for one that is unclear."""
        if study in self._seen:
            return None
        if study not in self._answers:
            self._answers[study] = self._looked_up(study)
        return self._answers[study]

    def _looked_up(self, study: NctId) -> Lookup | None:
        try:
            answer = self._source.look_up(study)
        except (BadRequest, BadAnswer) as error:
            self._unclear[study] = Problem(study, "looked up by its id", f"{error.told} It stays until that is clear.")
            return None
        if isinstance(answer, Found):
            self._batches.take(one_record(answer.record), Seen())
        return answer


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
    unclear: bool = False  # of some member the registry would not say what became of it: asked again by the next run

    @property
    def guards(self) -> tuple[Guard, ...]:
        """The guards that fired; that of a shrinking only where somebody stays because of it."""
        return tuple(guard for guard in self.suspicion.guards if guard.kind is not GuardKind.SHRINK or self.held_back)

    @property
    def held_back(self) -> frozenset[NctId]:
        """Members that are missing but stay: the sweep shrank too much to be believed, or their fate is unclear."""
        return self.missing - {change.nct_id for change in self.departures}


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
    doubt = suspicion(search, state, sweeps)
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
            if lookups.is_unclear(study):
                continue
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
        unclear=any(lookups.is_unclear(study) for study in leaving if was_returned_unchanged(study, search, state)),
    )


def _is_newer(stamp: datetime | None, than: datetime | None) -> bool:
    return stamp is not None and than is not None and stamp > than


@dataclass(frozen=True, slots=True, kw_only=True)
class Fates:
    """What became of the studies followed by id: their time is over, or the registry no longer has them."""

    expired: tuple[NctId, ...]
    removed: tuple[NctId, ...]
    merged: Mapping[NctId, NctId]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """A study that had left every search has no membership to end: that it is gone is told here."""
        gone = [Problem(study, _FOLLOWED, "the registry no longer has this study") for study in self.removed]
        return (
            *gone,
            *(
                Problem(study, _FOLLOWED, f"the registry has merged it into {into}")
                for study, into in self.merged.items()
            ),
        )

    @classmethod
    def of(cls, watched: Collection[NctId], followed: frozenset[NctId], round_: Round, lookups: Lookups) -> Fates:
        fates = {study: lookups.why_left(study) for study in sorted((followed & round_.asked) - round_.found)}
        return cls(
            expired=tuple(sorted(set(watched) - followed)),
            removed=tuple(study for study, (why, _) in fates.items() if why is LeftWhy.REMOVED),
            merged={study: into for study, (_, into) in fates.items() if into},
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
