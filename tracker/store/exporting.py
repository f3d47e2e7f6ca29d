"""Reads whole tables for programs that know nothing of this store: row by row, with plain values.

What is packed (records, reports' files and views) is left out of the tables; the records come by themselves.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, LargeBinary, Table, select

from tracker.store.codec import unpack
from tracker.store.schema import metadata, study_version

AT_ONCE = 500
"""Rows that are in memory together."""
_PACKED = frozenset({("study_version", "body"), ("report", "view"), ("report_file", "body")})

Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class TableRows:
    """A table: its columns, and its rows by primary key, which can be read once and are to be closed."""

    name: str
    columns: tuple[str, ...]
    rows: Generator[tuple[Value, ...], None, None]


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A version of a study with the registry's own bytes: JSON in UTF-8, which may have line breaks in it."""

    nct_id: str
    version: int
    run: int
    body: bytes


def tables(connection: Connection) -> Iterator[TableRows]:
    """Every table, in the order that foreign keys allow. Each is to be read before the next one is asked for."""
    for table in metadata.sorted_tables:
        yield _rows(connection, table)


def records(connection: Connection) -> Generator[StoredRecord, None, None]:
    """Every version of every study, by NCT ID and version. Raises StoreDamaged where one can't be unpacked."""
    columns = study_version.c
    query = select(columns.nct_id, columns.version, columns.run, columns.body).order_by(columns.nct_id, columns.version)
    with connection.execute(query, execution_options={"yield_per": AT_ONCE}) as found:
        for row in found:
            yield StoredRecord(row.nct_id, row.version, row.run, unpack(bytes(row.body)))


def _rows(connection: Connection, table: Table) -> TableRows:
    columns = [column for column in table.columns if (table.name, column.name) not in _PACKED]
    query = select(*columns).order_by(*table.primary_key.columns)
    plain: list[Callable[[Any], Value]] = [_hex if isinstance(one.type, LargeBinary) else _plain for one in columns]

    def rows() -> Generator[tuple[Value, ...], None, None]:
        with connection.execute(query, execution_options={"yield_per": AT_ONCE}) as found:
            for row in found:
                yield tuple(read(value) for read, value in zip(plain, row, strict=True))

    return TableRows(table.name, tuple(column.name for column in columns), rows())


def _hex(value: bytes | memoryview | None) -> str | None:
    return None if value is None else bytes(value).hex()


def _plain(value: Any) -> Value:
    """Instants as ISO 8601 in UTC, days as ISO, lists and tables as JSON."""
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
