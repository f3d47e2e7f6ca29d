"""Reads which terms of a search returned which studies, since when and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, func, select

from tracker.registry.query import TermQuery
from tracker.store.schema import run, term, term_match
from tracker.study import NctId


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTerm:
    """A term as its last complete sweep left it. `active` is false once config no longer has it.

    `since` is the start of its first complete run (aware UTC), None until it had one; `matches` are the studies that
    it returns now and the store holds, the excluded left out.
    """

    search: str
    query: TermQuery
    active: bool
    since: datetime | None
    matches: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TermMatch:
    """One stretch of time in which a term returned a study. Instants are starts of runs, aware UTC.

    `until` None: it still does. `since_data` is the registry's data date then.
    """

    search: str
    query: TermQuery
    active: bool
    since: datetime
    since_data: date | None
    until: datetime | None


def stored_terms(connection: Connection) -> list[StoredTerm]:
    """Every term that the store knows, by search, in the order in which they came."""
    counts: dict[int, int] = dict(
        connection.execute(
            select(term_match.c.term, func.count()).where(term_match.c.until_run.is_(None)).group_by(term_match.c.term)
        ).all()
    )
    query = (
        select(term, run.c.started_at)
        .outerjoin(run, run.c.id == term.c.first_complete_run)
        .order_by(term.c.search, term.c.id)
    )
    return [
        StoredTerm(
            search=row["search"],
            query=TermQuery.from_key(row["query"]),
            active=row["active"],
            since=row["started_at"],
            matches=counts.get(row["id"], 0),
        )
        for row in connection.execute(query).mappings()
    ]


def term_matches(connection: Connection, nct_id: NctId) -> list[TermMatch]:
    """When which term returned the study, by search and term, oldest first."""
    began, ended = run.alias("began"), run.alias("ended")
    query = (
        select(
            term.c.search,
            term.c.query,
            term.c.active,
            began.c.started_at.label("since"),
            began.c.data_date.label("since_data"),
            ended.c.started_at.label("until"),
        )
        .select_from(term_match)
        .join(term, term.c.id == term_match.c.term)
        .join(began, began.c.id == term_match.c.since_run)
        .outerjoin(ended, ended.c.id == term_match.c.until_run)
        .where(term_match.c.nct_id == nct_id)
        .order_by(term.c.search, term.c.id, term_match.c.id)
    )
    return [
        TermMatch(
            search=row["search"],
            query=TermQuery.from_key(row["query"]),
            active=row["active"],
            since=row["since"],
            since_data=row["since_data"],
            until=row["until"],
        )
        for row in connection.execute(query).mappings()
    ]
