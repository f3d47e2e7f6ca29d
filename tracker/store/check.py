"""Whether the store still holds what was written to it: what `tracker db check` finds.

Every finding is one line for a person. Bytes are held against their digests; where `rederive` is given, tables are
also held against each other, and changes against the versions that they were found between.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from sqlalchemy import Connection, inspect, select, text

from tracker.errors import StoreDamaged
from tracker.store.codec import digest, unpack
from tracker.store.connections import Store
from tracker.store.consistency import disagreements
from tracker.store.failures import KEEP_THE_FILE
from tracker.store.rederivation import Rederive, compare
from tracker.store.schema import metadata, report, report_file, study_version


def check(store: Store, *, rederive: Rederive | None = None) -> list[str]:
    """What is wrong with the store; nothing where all is well. Reads every byte of it, and writes nothing.

    Raises StoreUnusable where it can't be read for a reason other than damage.
    """
    try:
        with store.connect() as connection:
            return findings(connection, rederive=rederive)
    except StoreDamaged as error:
        return [error.message]


def quick_check(store: Store) -> None:
    """Before a run: raises StoreDamaged where SQLite's pages are. Takes about a second for each gigabyte.

    PostgreSQL looks after its own pages.
    """
    if not store.is_sqlite:
        return
    with store.connect() as connection:
        said = connection.execute(text("PRAGMA quick_check(1)")).scalar_one()
    if said != "ok":
        raise StoreDamaged(
            f"The store's file is damaged: {store.url} ({said})", subject=store.url, advice=KEEP_THE_FILE
        )


def findings(connection: Connection, *, rederive: Rederive | None = None) -> list[str]:
    """As `check`, inside the caller's transaction. Raises StoreDamaged where SQLite's pages can't be read."""
    found = list(_structure(connection)) if connection.dialect.name == "sqlite" else []
    found = found or list(_tables(connection))
    if found:
        return found  # what is read from damaged pages, or without a table, says nothing
    found += _bodies(connection)
    found += _reports(connection)
    if rederive:
        found += disagreements(connection)
        found += compare(connection, rederive)
    return found


def _structure(connection: Connection) -> Iterator[str]:
    for line in connection.execute(text("PRAGMA integrity_check")).scalars():
        if line != "ok":
            yield f"the database file is damaged: {line}"
    for row in connection.execute(text("PRAGMA foreign_key_check")):
        yield f"row {row.rowid} of {row.table} refers to a row of {row.parent} that is missing"


def _tables(connection: Connection) -> Iterator[str]:
    """What the program needs and is not there; there may be more."""
    inspector = inspect(connection)
    there = set(inspector.get_table_names())
    for table in metadata.sorted_tables:
        if table.name not in there:
            yield f"the table {table.name} is missing"
            continue
        columns = {column["name"] for column in inspector.get_columns(table.name)}
        for column in table.columns:
            if column.name not in columns:
                yield f"the column {column.name} of the table {table.name} is missing"


def _bodies(connection: Connection) -> Iterator[str]:
    columns = study_version.c
    query = select(columns.nct_id, columns.version, columns.body_size, columns.body_digest, columns.body)
    rows = connection.execution_options(yield_per=200).execute(query.order_by(columns.nct_id, columns.version))
    for nct_id, version, size, expected, packed in rows:
        try:
            body = unpack(bytes(packed))
        except StoreDamaged as error:
            yield f"{nct_id}: version {version}: {error.message}"
            continue
        if len(body) != size or digest(body) != bytes(expected):
            yield f"{nct_id}: version {version} is not what was stored"


def _reports(connection: Connection) -> Iterator[str]:
    views = select(report.c.name, report.c.number, report.c.view).order_by(report.c.name, report.c.number)
    for name, number, view in connection.execution_options(yield_per=20).execute(views):
        try:
            unpack(bytes(view))
        except StoreDamaged as error:
            yield f"report {name} {number}: its view: {error.message}"
    columns = report_file.c
    files = select(columns.name, columns.number, columns.filename, columns.digest, columns.body)
    rows = connection.execute(files.order_by(columns.name, columns.number, columns.filename))
    for name, number, filename, expected, packed in rows:
        try:
            content = unpack(bytes(packed))
        except StoreDamaged as error:
            yield f"report {name} {number}: {filename}: {error.message}"
            continue
        if hashlib.sha256(content).digest() != bytes(expected):
            yield f"report {name} {number}: {filename} is not what was recorded"
