"""The landscape as a workbook: a sheet a table, and one with the methods."""

from __future__ import annotations

import io
from datetime import UTC, datetime, time

from openpyxl import Workbook

from reports.landscape.formats import Landscape
from reports.workbook import restamped, write_sheet

_LONGEST_NAME = 31  # Excel's own limit


def workbook_of(landscape: Landscape) -> bytes:
    """The same landscape gives the same bytes: the file is stamped with the day of the data."""
    book = Workbook(write_only=True)
    for table in landscape.tables:
        write_sheet(book, table.name[:_LONGEST_NAME], table.columns, table.rows)
    notes = [(table.title, table.note) for table in landscape.tables]
    write_sheet(book, "methods", ("what", "value"), [("methods", landscape.methods), *notes], is_list=False)
    stamp = datetime.combine(landscape.data_date, time()) if landscape.data_date else datetime(2000, 1, 1)  # noqa: DTZ001
    book.properties.creator = "spine-trial-tracker"
    book.properties.created = book.properties.modified = stamp
    written = io.BytesIO()
    book.save(written)
    return restamped(written.getvalue(), stamp.replace(tzinfo=UTC))
