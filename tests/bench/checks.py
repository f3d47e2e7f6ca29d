"""Whether a sync wrote what it should, read from the SQLite file itself: a fast figure of a wrong run is worth nothing.

Everything here raises Wrong.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.bench.processes import Wrong

_RUNS_ON = {"run", "search", "term"}
"""Tables in which every run leaves its mark: when it was, and which data it has seen."""


@contextmanager
def _opened(store: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"{store.as_uri()}?mode=ro", uri=True)) as connection:
        yield connection


def check_load(store: Path, *, studies: int) -> None:
    """Every study is held, once, and is a member; a baseline is no news."""
    with _opened(store) as connection:
        _check_outcome(connection)
        for table in ("study", "study_version", "member", "term_match"):
            _same(f"rows of {table}", _one(connection, f"SELECT count(*) FROM {table}"), studies)
        _same("changes", _one(connection, "SELECT count(*) FROM change"), 0)
        _same(
            "bodies of another size", _one(connection, "SELECT count(*) FROM study_version WHERE body_size < 8000"), 0
        )


def check_nothing_written(store: Path, *, before: Path) -> None:
    """A run found nothing new: one row of run more, all else as it was, but for the digests."""
    with _opened(store) as connection:
        _check_outcome(connection)
        connection.execute("ATTACH ? AS old", (f"{before.as_uri()}?mode=ro",))
        runs = _one(connection, "SELECT count(*) FROM main.run") - _one(connection, "SELECT count(*) FROM old.run")
        _same("new runs", runs, 1)
        tables = [name for (name,) in connection.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'")]
        for table in sorted(set(tables) - _RUNS_ON):
            _check_same_rows(connection, table)
        for table in _RUNS_ON - {"run"}:
            _same(
                f"rows of {table}", *(_one(connection, f"SELECT count(*) FROM {db}.{table}") for db in ("main", "old"))
            )


def _check_same_rows(connection: sqlite3.Connection, table: str) -> None:
    names = [row[1] for row in connection.execute(f"PRAGMA main.table_info({table})")]
    columns = ", ".join(f'"{name}"' for name in names if name not in ("raw_digest", "body"))
    for one, other in (("main", "old"), ("old", "main")):
        query = (
            f"SELECT count(*) FROM (SELECT {columns} FROM {one}.{table} EXCEPT SELECT {columns} FROM {other}.{table})"
        )
        _same(f"rows of {table} that are only in {one}", _one(connection, query), 0)


def check_changes(
    store: Path, *, changed: Collection[str], new: Collection[str], gone: Collection[str], studies: int
) -> None:
    """The last run recorded exactly these."""
    last = "run = (SELECT max(id) FROM run)"
    with _opened(store) as connection:
        _check_outcome(connection)
        told = f"SELECT nct_id FROM change WHERE {last} AND"
        _same_ids("changed", _ids(connection, f"{told} kind NOT IN ('entered', 'left')"), changed)
        _same_ids("entered", _ids(connection, f"{told} kind = 'entered' AND why = 'newly registered'"), new)
        _same_ids("left", _ids(connection, f"{told} kind = 'left' AND why = 'removed from the registry'"), gone)
        extra = "kind IN ('entered', 'left') AND why NOT IN ('newly registered', 'removed from the registry')"
        _same_ids("entered or left for another reason", _ids(connection, f"{told} {extra}"), ())
        versions = f"SELECT nct_id FROM study_version WHERE {last} AND version"
        _same_ids("of a second version", _ids(connection, f"{versions} = 2"), changed)
        _same_ids("of a first version", _ids(connection, f"{versions} = 1"), new)
        _same("members", _one(connection, "SELECT count(*) FROM member WHERE until IS NULL"), studies)


def _check_outcome(connection: sqlite3.Connection) -> None:
    outcome, guards, problems = connection.execute(
        "SELECT outcome, guards, problems FROM run ORDER BY id DESC LIMIT 1"
    ).fetchone()
    if (outcome, guards, problems) != ("ok", "[]", "[]"):
        raise Wrong(f"the run ended as {outcome}, with guards {guards} and problems {problems}")


def _one(connection: sqlite3.Connection, query: str) -> int:
    value: int = connection.execute(query).fetchone()[0]
    return value


def _ids(connection: sqlite3.Connection, query: str) -> frozenset[str]:
    return frozenset(nct_id for (nct_id,) in connection.execute(query))


def _same(what: str, found: int, expected: int) -> None:
    if found != expected:
        raise Wrong(f"{what}: {found}, not {expected}")


def _same_ids(what: str, found: frozenset[str], expected: Collection[str]) -> None:
    if wrong := sorted(found ^ frozenset(expected)):
        extra = sum(one in found for one in wrong)
        raise Wrong(f"studies {what}: {extra} too many, {len(wrong) - extra} missing, such as {wrong[0]}")
