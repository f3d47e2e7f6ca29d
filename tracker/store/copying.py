"""Copies a whole store into another: from SQLite to PostgreSQL, back, or into a backup. Verified row by row, resumable.

Table by table, in the order that foreign keys allow, in chunks by primary key. A chunk that is there already is left
alone, so a copy that was interrupted goes on where it stopped; a second pass holds every row against its source.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, and_, delete, func, insert, select, text, tuple_, update

from tracker.errors import StoreError, StoreUnusable
from tracker.store.connections import Store, file_of, open_any_version, parse_url, shown
from tracker.store.engine import open_store
from tracker.store.schema import attempt, metadata, run
from tracker.store.version import is_unfinished, mark_finished, mark_unfinished

CHUNK = 500
"""Rows in one transaction. Bodies have some 10 kB each."""

Row = dict[str, Any]
Progress = Callable[[str, int], None]
"""Told the table, and how many of its rows have been copied or compared."""


@dataclass(frozen=True, slots=True)
class Copied:
    """How many rows each table has, in both stores, after the copy."""

    rows: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.rows.values())


def copy_store(source: Store, target: Store, *, progress: Progress = lambda *_: None) -> Copied:
    """Makes `target` hold what `source` holds. The caller keeps others from writing to either (`run_lock`).

    Until that is so the target opens for nobody else. Raises StoreUnusable where it holds a store already, other than
    this very one or the beginning of its copy; StoreError where the two differ at the end.
    """
    with target.connect() as there:
        begun, used = is_unfinished(there), there.execute(_FIRST_RUN).first() is not None
    if used and not begun:
        return _same_already(source, target, progress)
    # Of a copy that goes on, attempts may be gone from the source meanwhile: no other table ever loses a row.
    goes_on = used and _is_copy_of(source, target)
    with target.begin() as writing:
        mark_unfinished(writing)
        for table in [attempt] if goes_on else reversed(metadata.sorted_tables):
            writing.execute(delete(table))  # also what a store is born with: it is to be the same store as the source
    with source.connect() as reading:
        for table in metadata.sorted_tables:
            done = 0
            for rows in _chunks(reading, table):
                with target.begin() as writing:
                    _put(writing, table, rows)
                done += len(rows)
                progress(table.name, done)
        with target.begin() as writing:
            _set_sequences(writing)
        copied = _compared(reading, target, progress)
    with target.begin() as writing:
        mark_finished(writing)
    return copied


def open_target(url: str) -> Store:
    """The store at `url` to copy into: made if need be, or one whose copy was cut short. Raises as `open_store`.

    One that is made is marked at its birth: killed before its first row, it must not pass for a new store.
    """
    from tracker.store.upgrade import make_file, make_schema

    parsed = parse_url(url)
    path = file_of(parsed)
    if path and not path.exists():
        make_file(path, subject=shown(parsed), unfinished=True)
    store = open_any_version(parsed)
    try:
        if path is None:
            make_schema(store, unfinished=True)
        with store.connect() as connection:
            unfinished = is_unfinished(connection)
    except BaseException:
        store.close()
        raise
    if unfinished:
        return store
    store.close()
    return open_store(url, create=True)


_FIRST_RUN = select(run.c.started_at, run.c.process, run.c.source).order_by(run.c.id).limit(1)


def _is_copy_of(source: Store, target: Store) -> bool:
    """Whether the copy that was begun in the target is one of this source; it may have been of an older backup."""
    with source.connect() as reading, target.connect() as there:
        return reading.execute(_FIRST_RUN).first() == there.execute(_FIRST_RUN).first()


def _same_already(source: Store, target: Store, progress: Progress) -> Copied:
    """What is whole is never written over: it may have gone on by itself."""
    try:
        with source.connect() as reading:
            return _compared(reading, target, progress)
    except StoreError as difference:
        raise StoreUnusable(
            f"A store is there already, and not the same as the source: {target.url} ({difference.message})",
            subject=target.url,
            advice="Nothing was changed. Take an empty database, or a file that is not there yet.",
        ) from difference


def _compared(reading: Connection, target: Store, progress: Progress) -> Copied:
    return Copied({table.name: _verified(reading, target, table, progress) for table in metadata.sorted_tables})


def _chunks(connection: Connection, table: Table) -> Iterator[list[Row]]:
    """All rows in the order of the primary key, a chunk at a time."""
    key = list(table.primary_key.columns)
    last: tuple[Any, ...] | None = None
    while True:
        query = select(table).order_by(*key).limit(CHUNK)
        if last is not None:
            query = query.where(tuple_(*key) > tuple_(*last))
        rows = [dict(row) for row in connection.execute(query).mappings()]
        if rows:
            yield rows
        if len(rows) < CHUNK:
            return
        last = tuple(rows[-1][column.name] for column in key)


def _put(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Inserts what is missing, and rewrites what an interrupted copy left behind in an older state."""
    held = _held(connection, table, rows)
    if new := [row for row in rows if _key(table, row) not in held]:
        connection.execute(insert(table), new)
    for row in rows:
        key = _key(table, row)
        if key in held and held[key] != row:
            same = and_(*(column == row[column.name] for column in table.primary_key.columns))
            connection.execute(update(table).where(same).values(row))


def _held(connection: Connection, table: Table, rows: Sequence[Row]) -> dict[tuple[Any, ...], Row]:
    """Those rows of a chunk that the target has, by primary key. Asked for by their keys: what lies between the first
    and the last of them is another matter in a database that sorts as a language does."""
    keys = [_key(table, row) for row in rows]
    held = select(table).where(tuple_(*table.primary_key.columns).in_(keys))
    return {_key(table, row): dict(row) for row in connection.execute(held).mappings()}


def _key(table: Table, row: Any) -> tuple[Any, ...]:
    return tuple(row[column.name] for column in table.primary_key.columns)


def _set_sequences(connection: Connection) -> None:
    """PostgreSQL counts its own row numbers: the next must come after those that were copied."""
    if connection.dialect.name != "postgresql":
        return
    for table in metadata.sorted_tables:
        column = table.autoincrement_column
        if column is None:
            continue
        highest = connection.execute(select(func.max(column))).scalar()
        if highest is not None:
            connection.execute(
                text("SELECT setval(pg_get_serial_sequence(:table, :column), :highest)"),
                {"table": table.name, "column": column.name, "highest": highest},
            )


def _verified(reading: Connection, target: Store, table: Table, progress: Progress) -> int:
    """Holds every row against its source. Returns how many there are."""
    count = 0
    with target.connect() as other:
        for rows in _chunks(reading, table):
            held = _held(other, table, rows)
            for row in rows:
                if held.get(_key(table, row)) != row:
                    raise StoreError(
                        f"the copy differs in table {table.name}, row {_key(table, row)}",
                        subject=target.url,
                        advice="Run the same command again; if it says so again, keep the source and report it.",
                    )
            count += len(rows)
            progress(f"{table.name} (compared)", count)
        there = other.execute(select(func.count()).select_from(table)).scalar_one()
    if there != count:
        raise StoreError(
            f"the copy has {there} rows in table {table.name}, the source {count}",
            subject=target.url,
            advice="Copy into an empty database, or a file that is not there yet.",
        )
    return count
