"""changes.csv: one change a row, for spreadsheets and for pandas. The only module here that imports pandas.

UTF-8 with a byte order mark, because Excel reads a file without one in the machine's own code page; comma, quotes as
in RFC 4180, lines end with CRLF. Dates and enumerations stand as the registry writes them, a list as a JSON array.
A cell that a spreadsheet would run as a formula begins with an apostrophe; control, bidirectional and other
invisible characters are left out. report.json holds every value untouched.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime

import orjson
import pandas as pd

from reports.parts import ChangeRow
from tracker.changes import Value
from tracker.untrusted import neutralised, plain_text

COLUMNS = tuple(field.name for field in fields(ChangeRow))

DTYPES = dict.fromkeys(COLUMNS, "string") | {
    "days": "Int64",
    "days_at_least": "bool",
    "run": "int64",
    "muted": "bool",
}
"""What each column is read back as; `detected_at` and `data_date` are read as text and stay sortable."""

CELL_LENGTH = 32_767
"""The longest text that Excel takes in a cell; a longer one is cut here, and whole in report.json."""


def changes_csv(rows: Sequence[ChangeRow]) -> bytes:
    frame = pd.DataFrame([_cells(row) for row in rows], columns=list(COLUMNS)).astype(DTYPES)
    return _encoded(frame.to_csv(index=False, lineterminator="\r\n"))


def read_changes(content: bytes) -> pd.DataFrame:
    """changes.csv with the right types: what a notebook should do too.

    An empty cell is a missing value; the text "NA" (a phase) is not.
    """
    return pd.read_csv(io.BytesIO(content), dtype=DTYPES, keep_default_na=False, na_values=[""], encoding="utf-8-sig")


def _encoded(text: str) -> bytes:
    return text.encode("utf-8-sig", errors="replace")


def _cells(row: ChangeRow) -> dict[str, str | int | bool | None]:
    return {
        column: _cell(value) if DTYPES[column] == "string" else value
        for column in COLUMNS
        if (value := getattr(row, column)) is not None
    }


def _cell(value: Value | datetime) -> str:
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
