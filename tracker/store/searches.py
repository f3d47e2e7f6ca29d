"""Reads searches, and the stays of studies in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from tracker.registry.query import TermQuery
from tracker.store.schema import member, search, study, term, term_match
from tracker.study import NctId


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSearch:
    """A search as the store holds it. `active` is false once config no longer has it.

    `data_timestamp` (aware UTC) is that of its last complete sweep, `baseline_run` None until it had one;
    `suspicious` says why its last sweep is not believed.
    """

    name: str
    description: str
    active: bool
    terms: tuple[TermQuery, ...]
    members: int
    data_timestamp: datetime | None
    baseline_run: int | None
    complete_run: int | None
    suspicious: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """One stay of a study in a search. `until` None: it is a member now. Instants are aware UTC.

    `terms` are those of the search that match it now: none after it left, or where only the include list has it.
    """

    search: str
    stay: int  # from 1
    since: datetime
    since_run: int
    entered_why: str  # changes.EnteredWhy
    until: datetime | None
    until_run: int | None
    left_why: str | None  # changes.LeftWhy
    terms: tuple[TermQuery, ...]


def searches(connection: Connection) -> list[StoredSearch]:
    """Every search that the store knows, by name."""
    terms: dict[str, list[TermQuery]] = {}
    queries = select(term.c.search, term.c.query).where(term.c.active).order_by(term.c.id)
    for name, query in connection.execute(queries):
        terms.setdefault(name, []).append(TermQuery.from_key(query))
    counts = member_counts(connection)
    return [
        StoredSearch(
            name=row["name"],
            description=row["description"],
            active=row["active"],
            terms=tuple(terms.get(row["name"], ())),
            members=counts.get(row["name"], 0),
            data_timestamp=row["data_timestamp"],
            baseline_run=row["baseline_run"],
            complete_run=row["complete_run"],
            suspicious=row["suspicious"],
        )
        for row in connection.execute(select(search).order_by(search.c.name)).mappings()
    ]


def member_counts(connection: Connection) -> dict[str, int]:
    """How many members each search has now; a search without any is not among them."""
    query = select(member.c.search, func.count()).where(member.c.until_run.is_(None)).group_by(member.c.search)
    return dict(connection.execute(query).all())


def state_counts(connection: Connection) -> dict[str, int]:
    """How many studies there are in each state (`memberships.StudyState`)."""
    return dict(connection.execute(select(study.c.state, func.count()).group_by(study.c.state)).all())


def memberships(connection: Connection, nct_id: NctId) -> list[Membership]:
    """The stays of a study, by search and in their order."""
    matching: dict[str, list[TermQuery]] = {}
    matches = (
        select(term.c.search, term.c.query)
        .join(term_match, term_match.c.term == term.c.id)
        .where(term_match.c.nct_id == nct_id, term_match.c.until_run.is_(None), term.c.active)
        .order_by(term.c.id)
    )
    for name, query in connection.execute(matches):
        matching.setdefault(name, []).append(TermQuery.from_key(query))
    stays = select(member).where(member.c.nct_id == nct_id).order_by(member.c.search, member.c.stay)
    return [
        Membership(
            search=row["search"],
            stay=row["stay"],
            since=row["since"],
            since_run=row["since_run"],
            entered_why=row["entered_why"],
            until=row["until"],
            until_run=row["until_run"],
            left_why=row["left_why"],
            terms=tuple(matching.get(row["search"], ())) if row["until_run"] is None else (),
        )
        for row in connection.execute(stays).mappings()
    ]
