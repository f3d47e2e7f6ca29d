"""Who would enter and leave a search if its terms were edited, and why. Pure.

It holds what the registry returns for each term now against the members in the store. What the next sync would do
in any case is told apart from what the edit does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from tracker.searches import SearchDefinition
from tracker.study import NctId
from tracker.tuning.edits import Edit, Fate
from tracker.tuning.overlap import Brought, returning


class EnterWhy(StrEnum):
    EDIT = "only an added term brings it"
    NEXT_SYNC = "a term as configured returns it now"
    INCLUDED = "on the include list"


class LeaveWhy(StrEnum):
    EDIT = "only a dropped term brings it"
    NEXT_SYNC = "no term as configured returns it now"
    EXCLUDED = "on the exclude list"


class HoldWhy(StrEnum):
    """A study that stays as it is, because the edit takes back what the next sync would do."""

    KEPT_OUT = "no member yet, and only a dropped term brings it"
    KEPT_IN = "no term as configured returns it now, but an added one does"


Why = EnterWhy | LeaveWhy | HoldWhy


@dataclass(frozen=True, slots=True)
class Prospect:
    """A study that would enter or leave, or is kept from it. `terms` are the numbers of those that return it now."""

    nct_id: NctId
    why: Why
    terms: tuple[int, ...]

    @property
    def by_edit(self) -> bool:
        return self.why in (EnterWhy.EDIT, LeaveWhy.EDIT, *HoldWhy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """`members` as the store has them now; `after` those that the edited search would have. By NCT ID."""

    members: frozenset[NctId]
    after: frozenset[NctId]
    entering: tuple[Prospect, ...]
    leaving: tuple[Prospect, ...]
    held: tuple[Prospect, ...]


def outlook(edit: Edit, brought: Brought, *, members: frozenset[NctId]) -> Outlook:
    """`brought` is what each term of the edit returns now, `members` who the search's members are in the store."""
    terms = returning(brought)
    as_configured = edit.numbers(Fate.KEPT, Fate.DROPPED)
    live = _selected(edit.search, brought, as_configured)
    after = _selected(edit.search, brought, edit.numbers(Fate.KEPT, Fate.ADDED))
    return Outlook(
        members=members,
        after=after,
        entering=tuple(
            Prospect(study, _enter_why(study, live, as_configured & {*terms.get(study, ())}), terms.get(study, ()))
            for study in sorted(after - members)
        ),
        leaving=tuple(
            Prospect(study, _leave_why(study, edit.search, live), terms.get(study, ()))
            for study in sorted(members - after)
        ),
        held=(
            *(Prospect(study, HoldWhy.KEPT_OUT, terms[study]) for study in sorted(live - members - after)),
            *(Prospect(study, HoldWhy.KEPT_IN, terms[study]) for study in sorted((members & after) - live)),
        ),
    )


def _selected(search: SearchDefinition, brought: Brought, numbers: Iterable[int]) -> frozenset[NctId]:
    return search.included.union(*(brought[number] for number in numbers)) - search.excluded


def _enter_why(study: NctId, live: frozenset[NctId], configured_terms: frozenset[int]) -> EnterWhy:
    if study not in live:
        return EnterWhy.EDIT
    return EnterWhy.NEXT_SYNC if configured_terms else EnterWhy.INCLUDED


def _leave_why(study: NctId, search: SearchDefinition, live: frozenset[NctId]) -> LeaveWhy:
    if study in search.excluded:
        return LeaveWhy.EXCLUDED
    return LeaveWhy.EDIT if study in live else LeaveWhy.NEXT_SYNC
