"""Writes the store's tables as CSV, and its records as JSON lines: a row at a time, however large the store is."""

from __future__ import annotations

import csv
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reports.copies import make_folder, replacing
from tracker.store.exporting import StoredRecord, TableRows, Value, records, tables
from tracker.untrusted import neutralised

if TYPE_CHECKING:
    from tracker.store.engine import Store

RECORDS = "records.jsonl"


@dataclass(frozen=True, slots=True)
class ExportedFile:
    path: Path
    rows: int


def export_tables(store: Store, folder: Path, *, with_records: bool = False) -> Iterator[ExportedFile]:
    """Writes `<table>.csv` of every table into `folder`, which is made if need be; each as soon as it is written.

    All files show the same state of the store, whatever is written to it meanwhile. A file is replaced only once the
    new one is whole. Raises OutputError with the path that could not be written, and StoreError.
    """
    make_folder(folder)
    with store.connect() as connection:
        for table in tables(connection):
            yield _write_table(folder / f"{table.name}.csv", table)
        if with_records:
            yield _write_records(folder / RECORDS, records(connection))


def _write_table(path: Path, table: TableRows) -> ExportedFile:
    count = 0
    with replacing(path, encoding="utf-8-sig") as file:  # with its mark, without which Excel misreads letters
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(table.columns)
        with closing(table.rows) as rows:
            for row in rows:
                writer.writerow([_cell(value) for value in row])
                count += 1
    return ExportedFile(path, count)


def _write_records(path: Path, versions: Generator[StoredRecord, None, None]) -> ExportedFile:
    count = 0
    with replacing(path, encoding="utf-8") as file, closing(versions):
        for one in versions:
            # In JSON a raw line break stands only between values, where it means nothing.
            record = one.body.decode("utf-8", errors="replace").replace("\r", " ").replace("\n", " ")
            line = f'{{"nct_id": "{one.nct_id}", "version": {one.version}, "run": {one.run}, "record": {record}}}\n'
            file.write(line)
            count += 1
    return ExportedFile(path, count)


def _cell(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return neutralised(value)
    return "" if value is None else str(value)
