"""Rows for tests of what reads the store, with as little in them as the schema allows."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, insert

from tracker.store.codec import digest, pack
from tracker.store.schema import change, member, run, search, study, study_version, term, term_match

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = date(2026, 3, 2)


def a_run(connection: Connection, **values: Any) -> int:
    """A finished, successful run; returns its id."""
    row = {
        "state": "finished",
        "outcome": "ok",
        "source": "a test",
        "searches": ["spine"],
        "full": False,
        "started_at": NOON,
        "finished_at": NOON,
        "data_date": DAY,
        "rules_version": 1,
        "program_version": "0",
        "process": "test (process 1)",
    }
    inserted = connection.execute(insert(run).values(row | values))
    return int(inserted.inserted_primary_key[0])


def a_study(connection: Connection, nct_id: str, *, at_run: int, **values: Any) -> None:
    row = {
        "nct_id": nct_id,
        "state": "tracked",
        "version": 1,
        "raw_digest": digest(nct_id.encode()),
        "data_date": DAY,
        "first_seen_run": at_run,
        "last_seen_run": at_run,
        "first_plans": {},
    }
    connection.execute(insert(study).values(row | values))


def a_version(connection: Connection, nct_id: str, number: int, body: bytes, *, at_run: int, **values: Any) -> None:
    row = {
        "nct_id": nct_id,
        "version": number,
        "run": at_run,
        "seen_at": NOON,
        "data_date": DAY,
        "body_digest": digest(body),
        "body_size": len(body),
        "body": pack(body),
    }
    connection.execute(insert(study_version).values(row | values))


def a_search(connection: Connection, name: str, **values: Any) -> None:
    connection.execute(insert(search).values({"name": name, "description": "", "active": True} | values))


def a_term(connection: Connection, of_search: str, query: str, **values: Any) -> int:
    inserted = connection.execute(insert(term).values({"search": of_search, "query": query, "active": True} | values))
    return int(inserted.inserted_primary_key[0])


def a_match(connection: Connection, of_term: int, nct_id: str, *, at_run: int, **values: Any) -> None:
    connection.execute(insert(term_match).values({"term": of_term, "nct_id": nct_id, "since_run": at_run} | values))


def a_member(connection: Connection, of_search: str, nct_id: str, *, at_run: int, **values: Any) -> None:
    row = {
        "search": of_search,
        "nct_id": nct_id,
        "stay": 1,
        "since_run": at_run,
        "since": NOON,
        "entered_why": "newly registered",
    }
    connection.execute(insert(member).values(row | values))


def a_change(connection: Connection, change_id: str, nct_id: str, *, at_run: int, **values: Any) -> None:
    row = {
        "change_id": change_id,
        "nct_id": nct_id,
        "kind": "status",
        "field": "overall_status",
        "weight": "minor",
        "detail": {},
        "run": at_run,
        "detected_at": NOON,
        "data_date": DAY,
        "rules_version": 1,
    }
    connection.execute(insert(change).values(row | values))
