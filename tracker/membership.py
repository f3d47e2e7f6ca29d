"""Who is a member of a search, who enters and leaves it, and why (DESIGN §4, "Membership" and "Guards"). Pure.

`tracker.sync` gathers what is known (what a sweep returned, what the store held), asks these functions, looks up at
the registry whoever is missing, and writes what follows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from tracker.changes import MEMBERSHIP_FIELD, Change, EnteredWhy, Kind, LeftWhy, Weight
from tracker.registry.query import TermQuery
from tracker.runs import Guard, GuardKind
from tracker.searches import SearchDefinition
from tracker.study import NctId, PartialDate

GUARD_FLOOR = 5
GUARD_SHARE = 0.10
"""An unchanged term that loses or gains more than the larger of these is not believed at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TermSweep:
    """What one term's sweep brought. `ids` holds every id returned, unreadable records included.

    `total` is the registry's own count, None where the source gives none. `complete`: every record that the
    registry counts was seen and has an id. `rejected`: the registry takes the query for none. `note` says what lacks.
    """

    query: TermQuery
    ids: frozenset[NctId]
    unreadable: tuple[str, ...] = ()
    total: int | None = None
    complete: bool = True
    rejected: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """The last stay of a study in a search. `until` None: it is a member now."""

    number: int  # from 1
    until: datetime | None = None
    left_why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchState:
    """What the store holds of a search before a run.

    `matches` are the current ones by term; a term stands in it only if it had a complete sweep. `data_timestamp`
    and `definition` are those of the last complete sweep, `complete_date` its data date.
    """

    name: str
    definition: str | None = None
    data_timestamp: datetime | None = None
    complete_date: date | None = None
    has_baseline: bool = False
    suspicious: str | None = None
    missing_once: frozenset[NctId] = frozenset()
    matches: Mapping[TermQuery, frozenset[NctId]] = field(default_factory=dict)
    stays: Mapping[NctId, Stay] = field(default_factory=dict)

    @property
    def members(self) -> frozenset[NctId]:
        return frozenset(study for study, stay in self.stays.items() if stay.until is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """Why a sweep is not believed: guards that fired, and whether members may leave all the same."""

    guards: tuple[Guard, ...] = ()
    shrunk: bool = False
    grown: frozenset[TermQuery] = frozenset()


def suspicion(search: SearchDefinition, state: SearchState, sweeps: Iterable[TermSweep]) -> Suspicion:
    """Compares each unchanged, completely swept term with what it returned before."""
    guards: list[Guard] = []
    grown: set[TermQuery] = set()
    for sweep in sweeps:
        before = state.matches.get(sweep.query, frozenset()) - search.excluded
        if sweep.query not in state.matches or not sweep.complete:
            continue
        allowed = max(GUARD_FLOOR, GUARD_SHARE * len(before))
        lost = len(before - sweep.ids)
        gained = len(sweep.ids - before - _known_otherwise(search, state))
        if lost > allowed:
            guards.append(_guard(GuardKind.SHRINK, search, sweep, "lost", lost, len(before)))
        if gained > allowed:
            guards.append(_guard(GuardKind.GROWTH, search, sweep, "gained", gained, len(before)))
            grown.add(sweep.query)
    shrunk = any(guard.kind is GuardKind.SHRINK for guard in guards)
    return Suspicion(guards=tuple(guards), shrunk=shrunk, grown=frozenset(grown))


def _known_otherwise(search: SearchDefinition, state: SearchState) -> frozenset[NctId]:
    """Excluded now, or excluded until now: such a study is no newcomer to the term."""
    excluded = (study for study, stay in state.stays.items() if stay.left_why == LeftWhy.EXCLUDED)
    return search.excluded.union(excluded)


def _guard(kind: GuardKind, search: SearchDefinition, sweep: TermSweep, did: str, count: int, of: int) -> Guard:
    stays = "who is missing stays until newer data confirms it"
    held_back = stays if kind is GuardKind.SHRINK else "the newcomers are labelled"
    return Guard(
        kind=kind,
        search=search.name,
        count=count,
        reason=f"the term {sweep.query} {did} {count} of its {of} members at once: {held_back}",
    )


def present_ids(sweeps: Iterable[TermSweep], found_by_id: Iterable[NctId]) -> frozenset[NctId]:
    return frozenset(found_by_id).union(*(sweep.ids for sweep in sweeps))


def entering(
    search: SearchDefinition,
    state: SearchState,
    sweeps: Sequence[TermSweep],
    *,
    found_by_id: frozenset[NctId],
    held: Mapping[NctId, PartialDate | None],
    grown: frozenset[TermQuery] = frozenset(),
) -> Iterator[Change]:
    """`entered` for every study that is returned or included, readable, not excluded and no member yet.

    `held` gives the day of first posting of every study that the store holds: an unreadable one can't enter.
    On a baseline the reason is BASELINE: the caller records the stay and tells nothing.
    """
    newcomers = present_ids(sweeps, found_by_id & search.included) - search.excluded - state.members
    return (
        _entered(study, _entered_why(study, state, sweeps, held[study]), state, sweeps, grown)
        for study in sorted(newcomers)
        if study in held
    )


def _entered_why(
    study: NctId, state: SearchState, sweeps: Sequence[TermSweep], posted: PartialDate | None
) -> EnteredWhy:
    """The first reason that holds."""
    bringing = [sweep.query for sweep in sweeps if study in sweep.ids]
    if not state.has_baseline:
        return EnteredWhy.BASELINE
    if not bringing:
        return EnteredWhy.INCLUDE_LIST
    if posted and posted.first and state.complete_date and posted.first > state.complete_date:
        return EnteredWhy.NEWLY_REGISTERED
    if not any(query in state.matches for query in bringing):
        return EnteredWhy.SEARCH_EDITED
    return EnteredWhy.RETURNED if study in state.stays else EnteredWhy.NOW_MATCHES


def _entered(
    study: NctId,
    why: EnteredWhy,
    state: SearchState,
    sweeps: Sequence[TermSweep],
    grown: frozenset[TermQuery],
) -> Change:
    detail: dict[str, str | int | bool | None] = {}
    last = state.stays.get(study)
    if last and last.until:
        detail["last_seen"] = last.until.date().isoformat()
    bringing = {sweep.query for sweep in sweeps if study in sweep.ids}
    if bringing and bringing <= grown:
        detail["unusual_growth"] = True
    return Change(
        nct_id=study,
        kind=Kind.ENTERED,
        field=MEMBERSHIP_FIELD,
        weight=Weight.MAJOR if why is EnteredWhy.NEWLY_REGISTERED else Weight.MINOR,
        before=None,
        after=state.name,
        why=why.value,
        detail=detail,
    )


def excluded_members(search: SearchDefinition, state: SearchState) -> tuple[NctId, ...]:
    return tuple(sorted(search.excluded & state.members))


def missing_members(
    search: SearchDefinition, state: SearchState, sweeps: Iterable[TermSweep], *, found_by_id: frozenset[NctId]
) -> frozenset[NctId]:
    """Members that neither a term nor the include list brought."""
    return state.members - search.excluded - present_ids(sweeps, found_by_id & search.included)


def may_leave(
    missing: frozenset[NctId], state: SearchState, *, shrunk: bool, accept_shrink: bool, newer_data: bool
) -> frozenset[NctId]:
    """Who of the missing leaves: everybody, unless the sweep shrank; then those missing in two sweeps of newer data.

    `newer_data`: this sweep's data timestamp is newer than that of the sweep before.
    """
    if not shrunk or accept_shrink:
        return missing
    return missing & state.missing_once if newer_data else frozenset()


def was_returned_unchanged(study: NctId, search: SearchDefinition, state: SearchState) -> bool:
    """Whether what had brought the study still stands in the definition, so that its absence says something."""
    return study in search.included or any(study in state.matches.get(term, ()) for term in search.terms)


def left(study: NctId, search: str, why: LeftWhy, *, merged_into: NctId | None = None) -> Change:
    return Change(
        nct_id=study,
        kind=Kind.LEFT,
        field=MEMBERSHIP_FIELD,
        weight=Weight.MAJOR if why in (LeftWhy.REMOVED, LeftWhy.MERGED) else Weight.MINOR,
        before=search,
        after=None,
        why=why.value,
        detail={"merged_into": merged_into} if merged_into else {},
    )
