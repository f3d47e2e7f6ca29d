"""What a run has to do, as the store stands before it: which searches are due, and whom to ask for by id."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from tracker.membership import SearchState
from tracker.registry.query import TermQuery
from tracker.registry.source import DataVersion
from tracker.searches import SearchDefinition
from tracker.settling import is_to_come
from tracker.store.memberships import (
    LastSweep,
    last_sweeps,
    newest_data,
    retired_searches,
    search_state,
    watched_studies,
)
from tracker.store.transactions import Connection
from tracker.study import NctId


@dataclass(frozen=True, slots=True, kw_only=True)
class Agenda:
    """What is to be read, and what is known of it.

    `due` are the searches to be swept, `states` what the store holds of them; `retired` those that config no longer
    defines. `watched` are studies that left their search not long ago, and until when they are followed by id;
    `followed` those of them whose time goes on. `newest` is the timestamp (aware UTC) of the newest data held.
    """

    due: tuple[SearchDefinition, ...]
    states: Mapping[str, SearchState]
    retired: Mapping[str, SearchState]
    watched: Mapping[NctId, date | None]
    followed: frozenset[NctId]
    newest: datetime | None

    @property
    def is_empty(self) -> bool:
        return not self.due and not self.retired

    @property
    def queries(self) -> list[TermQuery]:
        """The terms of all searches, each once, in an order that does not depend on config.toml's."""
        return sorted({term for search in self.due for term in search.terms}, key=lambda term: term.key)

    @property
    def by_id(self) -> frozenset[NctId]:
        return self.followed.union(*(search.included - search.excluded for search in self.due))

    def unwanted(self, query: TermQuery) -> frozenset[NctId]:
        """What no search that asks this query wants to have."""
        return _excluded_by_all([search for search in self.due if query in search.terms])


def agenda(
    connection: Connection,
    searches: Sequence[SearchDefinition],
    *,
    data: DataVersion,
    now: datetime,
    instead: TermQuery | None,
    insists: bool,
    all_searches: bool,
) -> Agenda:
    """The agenda of a run on these searches and this data. `now` is aware.

    `instead` is one query that stands for all their terms. `insists`: data that the store holds already is read again.
    `all_searches`: there are no others.
    """
    asked = [search if instead is None else replace(search, terms=(instead,)) for search in searches]
    swept = last_sweeps(connection)
    due = tuple(one for one in asked if insists or _is_due(one, swept.get(one.name), data))
    retired = retired_searches(connection, defined=[one.name for one in searches]) if all_searches else ()
    watched = watched_studies(connection) if due and instead is None else {}
    unwanted, today = _excluded_by_all(asked), now.date()
    newest = newest_data(connection)
    return Agenda(
        due=due,
        states={search.name: search_state(connection, search.name) for search in due},
        retired={name: search_state(connection, name) for name in retired},
        watched=watched,
        followed=frozenset(
            study for study, until in watched.items() if study not in unwanted and (until is None or until >= today)
        ),
        # What was taken while this machine's clock was ahead must not keep the registry's real data out.
        newest=None if newest and is_to_come(newest, now=now) else newest,
    )


def _is_due(search: SearchDefinition, last: LastSweep | None, data: DataVersion) -> bool:
    """Not where the last complete sweep of the same definition was of this data."""
    if last is None or data.data_timestamp is None:
        return True
    return (data.data_timestamp, search.definition_digest) != (last.data_timestamp, last.definition)


def _excluded_by_all(searches: Collection[SearchDefinition]) -> frozenset[NctId]:
    return frozenset.intersection(*(search.excluded for search in searches)) if searches else frozenset()
