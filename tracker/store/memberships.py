"""What the store holds of searches, their terms and members, and what a run writes of them at its close."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import islice

from sqlalchemy import ColumnElement, Connection, Table, bindparam, insert, select, update

from tracker.changes import EnteredWhy, LeftWhy
from tracker.membership import SearchState, Stay
from tracker.registry.query import TermQuery
from tracker.runs import Outcome
from tracker.searches import SearchDefinition
from tracker.store.schema import member, run, search, study, term, term_match
from tracker.study import NctId

_ROWS_AT_ONCE = 1000


class StudyState(StrEnum):
    """How a study is held. NEW: written by a run that has not closed yet, member of nothing so far."""

    NEW = "new"
    TRACKED = "tracked"  # a member of some search
    WATCHED = "watched"  # left because it no longer matches: followed by id until `watched_until`
    LEFT = "left"  # not followed any more
    REMOVED = "removed"  # the registry no longer has it
    MERGED = "merged"  # its id is now an alias of `merged_into`

    @property
    def followed(self) -> bool:
        """Whether the tracker has seen every state of it, so that a difference is a change."""
        return self in (StudyState.TRACKED, StudyState.WATCHED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    nct_id: NctId
    stay: int
    why: EnteredWhy


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    nct_id: NctId
    stay: int
    why: LeftWhy


@dataclass(frozen=True, slots=True, kw_only=True)
class SweptSearch:
    """How a search stands after a complete sweep."""

    name: str
    definition: str
    data_timestamp: datetime | None
    suspicious: str | None
    missing_once: tuple[NctId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LastSweep:
    """The definition and the data of a search's last complete sweep."""

    definition: str | None
    data_timestamp: datetime | None


def last_sweeps(connection: Connection) -> dict[str, LastSweep]:
    """By the name of the search: only those that had one, and are still defined."""
    query = select(search.c.name, search.c.definition, search.c.data_timestamp).where(search.c.active)
    return {
        row.name: LastSweep(definition=row.definition, data_timestamp=row.data_timestamp)
        for row in connection.execute(query)
    }


def search_state(connection: Connection, name: str) -> SearchState:
    """The search as its last run left it; an empty state for one that the store has never seen."""
    complete = run.alias("complete")
    query = (
        select(search, complete.c.data_date.label("complete_date"), complete.c.started_at.label("complete_at"))
        .outerjoin(complete, complete.c.id == search.c.complete_run)
        .where(search.c.name == name)
    )
    row = connection.execute(query).mappings().first()
    if row is None:
        return SearchState(name=name)
    complete_date: date | None = row["complete_date"] or (row["complete_at"].date() if row["complete_at"] else None)
    return SearchState(
        name=name,
        definition=row["definition"],
        data_timestamp=row["data_timestamp"],
        complete_date=complete_date,
        has_baseline=row["baseline_run"] is not None,
        suspicious=row["suspicious"],
        missing_once=frozenset(row["missing_once"]),
        matches=_matches(connection, name),
        stays=_stays(connection, name),
    )


def _matches(connection: Connection, name: str) -> dict[TermQuery, frozenset[NctId]]:
    swept = select(term.c.id, term.c.query).where(
        term.c.search == name, term.c.active, term.c.first_complete_run.is_not(None)
    )
    matches: dict[TermQuery, frozenset[NctId]] = {}
    for row in connection.execute(swept):
        current = select(term_match.c.nct_id).where(term_match.c.term == row.id, term_match.c.until_run.is_(None))
        matches[TermQuery.from_key(row.query)] = frozenset(connection.execute(current).scalars().all())
    return matches


def _stays(connection: Connection, name: str) -> dict[NctId, Stay]:
    query = select(member.c.nct_id, member.c.stay, member.c.until, member.c.left_why).where(member.c.search == name)
    rows = connection.execute(query.order_by(member.c.nct_id, member.c.stay))  # as the primary key lies
    alike: dict[tuple[int, datetime | None, str | None], Stay] = {}  # nearly all are a first stay that goes on
    last: dict[NctId, Stay] = {}
    for nct_id, number, until, left_why in rows:
        key = (number, until, left_why)
        last[nct_id] = alike.get(key) or alike.setdefault(key, Stay(number=number, until=until, left_why=left_why))
    return last


def newest_data(connection: Connection) -> datetime | None:
    """The timestamp of the newest data that anything was taken from, also by a run that came to no good end."""
    swept = run.c.outcome.in_([Outcome.OK, Outcome.NOTHING_NEW, Outcome.INCOMPLETE])
    taken = select(run.c.data_timestamp).where(run.c.data_timestamp.is_not(None), swept | (run.c.studies_read > 0))
    return connection.execute(taken.order_by(run.c.data_timestamp.desc()).limit(1)).scalar()


def register_search(connection: Connection, definition: SearchDefinition) -> None:
    """Makes the search and its terms known, active or not as the definition has them."""
    values = {"description": definition.description, "active": True}
    updated = connection.execute(update(search).where(search.c.name == definition.name).values(values))
    if not updated.rowcount:
        connection.execute(insert(search).values(name=definition.name, missing_once=[], **values))
    queries = {one.key for one in definition.terms}
    known = dict(connection.execute(select(term.c.query, term.c.id).where(term.c.search == definition.name)).all())
    for query, row_id in known.items():
        if query in queries:
            connection.execute(update(term).where(term.c.id == row_id).values(active=True))
        else:
            _retire_term(connection, row_id)
    new = [{"search": definition.name, "query": query, "active": True} for query in sorted(queries - known.keys())]
    if new:
        connection.execute(insert(term), new)


def retired_searches(connection: Connection, *, defined: Iterable[str]) -> list[str]:
    """Active searches that config no longer defines."""
    names = connection.execute(select(search.c.name).where(search.c.active)).scalars()
    return sorted(set(names) - set(defined))


def retire_search(connection: Connection, name: str, *, run_id: int) -> None:
    """Ends a search that config no longer defines: its terms match nothing any more."""
    connection.execute(update(search).where(search.c.name == name).values(active=False, definition=None))
    for row_id in connection.execute(select(term.c.id).where(term.c.search == name)).scalars().all():
        _retire_term(connection, row_id)
        _close_matches(connection, row_id, _open_matches(connection, row_id), run_id)


def _retire_term(connection: Connection, term_id: int) -> None:
    """A term that comes back after that is a new one: whom it brings was brought by an edit."""
    connection.execute(update(term).where(term.c.id == term_id).values(active=False, first_complete_run=None))


def write_matches(
    connection: Connection,
    name: str,
    matches: Mapping[TermQuery, frozenset[NctId]],
    *,
    complete: frozenset[TermQuery],
    keep: frozenset[NctId],
    run_id: int,
) -> None:
    """Brings the matches of each swept term up to date; those lost are closed only where its sweep was complete.

    Matches of terms that left the definition are closed, those of studies to `keep` (held back by a guard) are not.
    """
    rows = connection.execute(select(term.c.id, term.c.query, term.c.active).where(term.c.search == name)).all()
    for row in rows:
        query = TermQuery.from_key(row.query)
        open_matches = _open_matches(connection, row.id)
        if row.active and query not in matches:
            continue  # not swept in this run
        current = matches[query] if row.active else frozenset()
        new = sorted(current - open_matches)
        _insert(connection, term_match, ({"term": row.id, "nct_id": one, "since_run": run_id} for one in new))
        if not row.active or query in complete:
            _close_matches(connection, row.id, open_matches - current - keep, run_id)
        if query in complete:
            connection.execute(update(term).where(term.c.id == row.id).values(last_complete_run=run_id))
            connection.execute(
                update(term)
                .where(term.c.id == row.id, term.c.first_complete_run.is_(None))
                .values(first_complete_run=run_id)
            )


def _open_matches(connection: Connection, term_id: int) -> frozenset[NctId]:
    query = select(term_match.c.nct_id).where(term_match.c.term == term_id, term_match.c.until_run.is_(None))
    return frozenset(connection.execute(query).scalars().all())


def _close_matches(connection: Connection, term_id: int, lost: Iterable[NctId], run_id: int) -> None:
    statement = (
        update(term_match)
        .where(
            term_match.c.term == term_id,
            term_match.c.nct_id == bindparam("of_study"),
            term_match.c.until_run.is_(None),
        )
        .values(until_run=run_id)
    )
    if rows := [{"of_study": study_id} for study_id in sorted(lost)]:
        connection.execute(statement, rows)


def write_entries(connection: Connection, name: str, entries: Iterable[Entry], *, run_id: int, since: datetime) -> None:
    rows = (
        {
            "search": name,
            "nct_id": entry.nct_id,
            "stay": entry.stay,
            "since_run": run_id,
            "since": since,
            "entered_why": entry.why.value,
        }
        for entry in entries
    )
    _insert(connection, member, rows)


def _insert(connection: Connection, table: Table, rows: Iterable[Mapping[str, object]]) -> None:
    """Some at a time: a search can have a hundred thousand members."""
    left = iter(rows)
    while part := list(islice(left, _ROWS_AT_ONCE)):
        connection.execute(insert(table), part)


def write_departures(
    connection: Connection, name: str, departures: Iterable[Departure], *, run_id: int, until: datetime
) -> None:
    for departure in departures:
        connection.execute(
            update(member)
            .where(member.c.search == name, member.c.nct_id == departure.nct_id, member.c.stay == departure.stay)
            .values(until_run=run_id, until=until, left_why=departure.why.value)
        )


def write_swept(connection: Connection, swept: SweptSearch, *, run_id: int) -> None:
    connection.execute(
        update(search)
        .where(search.c.name == swept.name)
        .values(
            definition=swept.definition,
            data_timestamp=swept.data_timestamp,
            complete_run=run_id,
            suspicious=swept.suspicious,
            missing_once=list(swept.missing_once),
        )
    )
    connection.execute(
        update(search).where(search.c.name == swept.name, search.c.baseline_run.is_(None)).values(baseline_run=run_id)
    )


def set_states(
    connection: Connection,
    nct_ids: Iterable[NctId],
    state: StudyState,
    *,
    watched_until: date | None = None,
    merged_into: NctId | None = None,
) -> None:
    _set_states(connection, study.c.nct_id.in_(list(nct_ids)), state, watched_until, merged_into)


def mark_members_tracked(connection: Connection) -> None:
    """Every member of a search is tracked, whatever it was before."""
    members = select(member.c.nct_id).where(member.c.until_run.is_(None))
    _set_states(
        connection,
        study.c.nct_id.in_(members) & (study.c.state != StudyState.TRACKED),
        StudyState.TRACKED,
        None,
        None,
    )


def _set_states(
    connection: Connection,
    which: ColumnElement[bool],
    state: StudyState,
    watched_until: date | None,
    merged_into: NctId | None,
) -> None:
    connection.execute(
        update(study).where(which).values(state=state.value, watched_until=watched_until, merged_into=merged_into)
    )


def members_elsewhere(connection: Connection, nct_id: NctId) -> bool:
    """Whether the study is a member of any search now."""
    query = select(member.c.search).where(member.c.nct_id == nct_id, member.c.until_run.is_(None)).limit(1)
    return connection.execute(query).first() is not None


def watched_studies(connection: Connection) -> dict[NctId, date | None]:
    """Studies followed by id, and until when."""
    query = select(study.c.nct_id, study.c.watched_until).where(study.c.state == StudyState.WATCHED)
    return dict(connection.execute(query).all())


def current_members(connection: Connection) -> int:
    """How many studies are members of any search now."""
    return len(set(connection.execute(select(member.c.nct_id).where(member.c.until_run.is_(None))).scalars()))
