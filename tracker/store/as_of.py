"""Reads the members of searches as they were on a day of the registry's data, or as they are."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, select

from tracker.store.codec import unpack
from tracker.store.schema import member, run, study_version, term, term_match
from tracker.study import NctId

_IDS_A_QUERY = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRecord:
    """A member, the searches it was in, and its record's bytes, as of the day asked for."""

    nct_id: NctId
    searches: tuple[str, ...]
    version: int
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class TermReturn:
    """The studies that one term returned (TermQuery.key), excluded ones left out."""

    search: str
    query: str
    nct_ids: frozenset[NctId]


def members_as_of(connection: Connection, *, day: date | None, searches: Collection[str]) -> list[MemberRecord]:
    """Members in the order of their NCT IDs. `day` None is now; otherwise runs of later data count as not yet been.

    A run whose source gave no data date counts by the day it ran.
    """
    known = _runs_until(connection, day)
    stays = select(member.c.nct_id, member.c.search, member.c.since_run, member.c.until_run).where(
        member.c.search.in_(list(searches))
    )
    found: dict[NctId, set[str]] = {}
    for row in connection.execute(stays):
        if row.since_run in known and (row.until_run is None or row.until_run not in known):
            found.setdefault(row.nct_id, set()).add(row.search)
    return [
        MemberRecord(nct_id=nct_id, searches=tuple(sorted(found[nct_id])), version=version, body=body)
        for nct_id, (version, body) in sorted(_newest(connection, sorted(found), known).items())
    ]


def term_returns_as_of(connection: Connection, *, day: date | None, searches: Collection[str]) -> list[TermReturn]:
    """What each term returned, in the order in which they came into the store; terms never read whole are left out."""
    known = _runs_until(connection, day)
    terms = (
        select(term.c.id, term.c.search, term.c.query)
        .where(term.c.search.in_(list(searches)), term.c.last_complete_run.is_not(None))
        .order_by(term.c.id)
    )
    returns = []
    for row in connection.execute(terms):
        matches = select(term_match.c.nct_id, term_match.c.since_run, term_match.c.until_run).where(
            term_match.c.term == row.id
        )
        ids = frozenset(
            match.nct_id
            for match in connection.execute(matches)
            if match.since_run in known and (match.until_run is None or match.until_run not in known)
        )
        returns.append(TermReturn(search=row.search, query=row.query, nct_ids=ids))
    return returns


def _runs_until(connection: Connection, day: date | None) -> frozenset[int]:
    query = select(run.c.id, run.c.data_date, run.c.started_at)
    return frozenset(
        row.id for row in connection.execute(query) if day is None or (row.data_date or row.started_at.date()) <= day
    )


def _newest(connection: Connection, nct_ids: list[NctId], known: frozenset[int]) -> dict[NctId, tuple[int, bytes]]:
    newest: dict[NctId, tuple[int, bytes]] = {}
    for start in range(0, len(nct_ids), _IDS_A_QUERY):
        wanted = nct_ids[start : start + _IDS_A_QUERY]
        numbers = select(study_version.c.nct_id, study_version.c.version, study_version.c.run).where(
            study_version.c.nct_id.in_(wanted)
        )
        latest: dict[NctId, int] = {}
        for row in connection.execute(numbers):
            if row.run in known:
                latest[row.nct_id] = max(latest.get(row.nct_id, 0), row.version)
        bodies = select(study_version.c.nct_id, study_version.c.version, study_version.c.body).where(
            study_version.c.nct_id.in_(wanted)
        )
        for row in connection.execute(bodies):
            if latest.get(row.nct_id) == row.version:
                newest[row.nct_id] = (row.version, unpack(bytes(row.body)))
    return newest
