"""Whether the store still holds what was written to it: what `tracker db check` finds.

Every finding is one line for a person. That the stored changes are those that today's rules would find is asked of
`rederive`, because comparing versions is no business of the store.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

from sqlalchemy import Connection, select, text

from tracker.changes import RULES_VERSION
from tracker.errors import StoreDamaged
from tracker.store.codec import digest, unpack
from tracker.store.connections import Store
from tracker.store.failures import KEEP_THE_FILE
from tracker.store.schema import change, report, report_file, study, study_version
from tracker.store.studies import version_body

Rederive = Callable[[bytes, bytes], Iterable[tuple[str, str]]]
"""The bytes of an older and of a newer version → the (kind, field) of each change between them, by today's rules."""


def check(store: Store, *, rederive: Rederive | None = None) -> list[str]:
    """What is wrong with the store; nothing where all is well. Reads every byte of it, and writes nothing.

    Raises StoreUnusable where it can't be read for a reason other than damage.
    """
    try:
        with store.connect() as connection:
            return _findings(connection, is_sqlite=store.is_sqlite, rederive=rederive)
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


def _findings(connection: Connection, *, is_sqlite: bool, rederive: Rederive | None) -> list[str]:
    found = list(_structure(connection)) if is_sqlite else []
    if found:
        return found  # what is read from damaged pages says nothing
    found += _missing_versions(connection)
    found += _bodies(connection)
    found += _reports(connection)
    if rederive:
        found += _changes(connection, rederive)
    return found


def _structure(connection: Connection) -> Iterator[str]:
    for line in connection.execute(text("PRAGMA integrity_check")).scalars():
        if line != "ok":
            yield f"the database file is damaged: {line}"
    for row in connection.execute(text("PRAGMA foreign_key_check")):
        yield f"row {row.rowid} of {row.table} refers to a row of {row.parent} that is missing"


def _missing_versions(connection: Connection) -> Iterator[str]:
    newest = (study_version.c.nct_id == study.c.nct_id) & (study_version.c.version == study.c.version)
    query = (
        select(study.c.nct_id, study.c.version)
        .outerjoin(study_version, newest)
        .where(study_version.c.version.is_(None))
        .order_by(study.c.nct_id)
    )
    for nct_id, version in connection.execute(query):
        yield f"{nct_id}: its version {version} is missing"


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


def _changes(connection: Connection, rederive: Rederive) -> Iterator[str]:
    """Compares the stored changes of today's rules with what the versions they stand between give now.

    Versions without any stored change are passed over: a study that came back has none for the unwatched time.
    """
    columns = change.c
    query = select(columns.nct_id, columns.before_version, columns.after_version, columns.kind, columns.field).where(
        columns.rules_version == RULES_VERSION,
        columns.before_version.is_not(None),
        columns.after_version.is_not(None),
    )
    rows = connection.execute(query.order_by(columns.nct_id, columns.after_version))
    for (nct_id, older, newer), told in groupby(rows, key=lambda row: row[:3]):
        stored = {(kind, field) for *_, kind, field in told}
        try:
            bodies = version_body(connection, nct_id, older), version_body(connection, nct_id, newer)
        except StoreDamaged:
            continue  # told by _bodies
        before, after = bodies
        if before is None or after is None:
            yield f"{nct_id}: a change refers to version {older} or {newer}, which is missing"
            continue
        found = set(rederive(before, after))
        for kind, field in sorted(stored - found):
            yield f"{nct_id}: versions {older} and {newer} do not give the stored change {kind} of {field}"
        for kind, field in sorted(found - stored):
            yield f"{nct_id}: versions {older} and {newer} give a change that is not stored: {kind} of {field}"
