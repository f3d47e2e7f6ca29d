"""changes.csv and studies.csv, for spreadsheets and for pandas. The only module here that imports pandas.

UTF-8 with a byte order mark, because Excel reads a file without one in the machine's own code page; comma, quotes as
in RFC 4180, lines end with CRLF. Dates and enumerations stand as the registry writes them, a list as a JSON array.
A cell that a spreadsheet would run as a formula begins with an apostrophe; control, bidirectional and other
invisible characters are left out. report.json holds every value of a change untouched.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, date, datetime

import orjson
import pandas as pd

from reports.columns import CHANGE_COLUMNS, STUDY_COLUMNS, Column, Type
from reports.rows import ChangeRow, StudyRow
from tracker.changes import Value
from tracker.untrusted import neutralised, plain_text

COLUMNS = tuple(column.name for column in CHANGE_COLUMNS)


def _dtype(column: Column) -> str:
    """Days and instants are read as text, which sorts as they do."""
    if column.type is Type.NUMBER:
        return "int64" if column.filled else "Int64"
    if column.type is Type.FLAG:
        return "bool" if column.filled else "boolean"
    return "string"


DTYPES = {column.name: _dtype(column) for column in CHANGE_COLUMNS}
STUDY_DTYPES = {column.name: _dtype(column) for column in STUDY_COLUMNS}
"""What each column is read back as."""

CELL_LENGTH = 32_767
"""The longest text that Excel takes in a cell; a longer one is cut here, and whole in report.json."""


def changes_csv(rows: Sequence[ChangeRow]) -> bytes:
    return _csv(rows, DTYPES)


def studies_csv(rows: Sequence[StudyRow]) -> bytes:
    """The tracked studies as they stand, one a row."""
    return _csv(rows, STUDY_DTYPES)


def read_changes(content: bytes) -> pd.DataFrame:
    """changes.csv with the right types: what a notebook should do too.

    An empty cell is a missing value; the text "NA" (a phase) is not.
    """
    return _read(content, DTYPES)


def read_studies(content: bytes) -> pd.DataFrame:
    """studies.csv, as `read_changes`."""
    return _read(content, STUDY_DTYPES)


def _csv(rows: Sequence[ChangeRow] | Sequence[StudyRow], dtypes: dict[str, str]) -> bytes:
    frame = pd.DataFrame([_cells(row, dtypes) for row in rows], columns=list(dtypes)).astype(dtypes)
    return frame.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig", errors="replace")


def _read(content: bytes, dtypes: dict[str, str]) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(content), dtype=dtypes, keep_default_na=False, na_values=[""], encoding="utf-8-sig")


def _cells(row: ChangeRow | StudyRow, dtypes: dict[str, str]) -> dict[str, Value | date]:
    return {
        column: cell(value) if dtype == "string" else value
        for column, dtype in dtypes.items()
        if (value := row.value(column)) is not None
    }


def cell(value: Value | date) -> str:
    """A value as the text of a cell that no spreadsheet runs."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    text = orjson.dumps(value).decode() if isinstance(value, tuple) else str(value)
    return neutralised(_fitting(plain_text(text)))


def _fitting(text: str) -> str:
    return text if len(text) < CELL_LENGTH else text[: CELL_LENGTH - 10] + " … (cut)"
