"""report.xlsx: the report as a workbook, with filters, a header that stays, real dates and links.

A partial date stays text, beside its earliest day and its precision: a spreadsheet would make 1 December of 2020-12.
The same view gives the same bytes: what openpyxl stamps with the clock is stamped with the report's own instant.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import Cell as StyledCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from reports.columns import CHANGE_COLUMNS, DATED_FIELDS, STUDY_COLUMNS, Column, Type
from reports.dictionary import dictionary_rows
from reports.rows import ChangeRow, StudyRow
from reports.tables import cell as cell_text
from reports.view import ReportView
from reports.words import instant
from tracker.changes import Value
from tracker.study import PartialDate

Cell = str | int | float | bool | date | datetime | None

LINKS = 60_000
"""Excel takes 65,530 links on a sheet; what comes after is plain text."""

_A4 = 9  # as the format counts paper sizes
LEGIBLE_WIDTH = 250
"""Characters on the width of a page: about half the usual size."""

_EARLIEST = datetime(1980, 1, 1)  # noqa: DTZ001 - a ZIP archive's own beginning, without a zone
_WIDTHS = {
    **dict.fromkeys(("value", "meaning"), 120),
    **dict.fromkeys(("brief_title", "official_title", "before", "after", "why", "why_stopped"), 50),
    **dict.fromkeys(("conditions", "interventions"), 50),
    **dict.fromkeys(("what", "name", "field"), 34),
    "type": 22,
}
"""Of columns whose values are longer than their names, in characters."""


def report_xlsx(view: ReportView) -> bytes:
    book = Workbook(write_only=True)
    write_sheet(book, "Summary", ("what", "value"), _summary(view), is_list=False)
    write_sheet(book, "Changes", _change_header(), map(_change_cells, view.changes))
    write_sheet(book, "Studies", _study_header(), map(_study_cells, view.studies))
    write_sheet(book, "Coverage", _COVERAGE, _coverage(view))
    write_sheet(book, "Dictionary", ("table", "name", "type", "meaning"), dictionary_rows(), is_list=False)
    book.properties.creator = "spine-trial-tracker"
    book.properties.title = cell_text(view.headline)
    book.properties.created = book.properties.modified = view.made_at.astimezone(UTC).replace(tzinfo=None)
    written = io.BytesIO()
    book.save(written)
    return restamped(written.getvalue(), view.made_at)


def _summary(view: ReportView) -> Iterator[tuple[Cell, ...]]:
    yield "headline", view.headline
    yield "basis", f"{view.basis} {view.balance}"
    yield "report", view.name
    yield "number", view.number
    yield "data date", view.data_date
    yield "compared with", view.compared_with
    yield "tracked trials", view.tracked
    yield "trials with news", view.with_news
    yield "trials without news", view.without_news_count
    for count in view.counts:
        yield count.words, count.number
    for banner in view.banners:
        yield "notice", ". ".join((banner.heading, *banner.lines))
    yield "to check (estimates), trials", view.checks.trials
    for line in view.checks.new:
        yield f"to check: {line.trial.nct_id}", line.text
    for run in view.runs:
        yield f"run {run.number}", f"{instant(run.finished_at or run.started_at)}: {run.outcome}"
    for problem in view.problems:
        yield f"problem: {problem.subject}", f"{problem.path}: {problem.reason}"
    yield "made", f"{instant(view.made_at)} by spine-trial-tracker {view.program_version}"


# Changes and studies: the columns of the CSV files, and the days of partial dates


def _change_header() -> tuple[str, ...]:
    return _header(CHANGE_COLUMNS, dated=frozenset({"before", "after"}))


def _study_header() -> tuple[str, ...]:
    return _header(STUDY_COLUMNS, dated=frozenset(one.name for one in STUDY_COLUMNS if one.type is Type.PARTIAL_DATE))


def _header(columns: Iterable[Column], *, dated: frozenset[str]) -> tuple[str, ...]:
    names: list[str] = []
    for column in columns:
        names.append(column.name)
        if column.name in dated:
            names += [f"{column.name}_first_day", f"{column.name}_precision"]
    return tuple(names)


def _change_cells(row: ChangeRow) -> tuple[Cell, ...]:
    cells: list[Cell] = []
    for column in CHANGE_COLUMNS:
        cells.append(_cell(row.value(column.name), column.type))
        if column.name in ("before", "after"):
            cells += _days(row.value(column.name) if row.field in DATED_FIELDS else None)
    return tuple(cells)


def _study_cells(row: StudyRow) -> tuple[Cell, ...]:
    cells: list[Cell] = []
    for column in STUDY_COLUMNS:
        value = row.value(column.name)
        cells.append(_cell(value, column.type))
        if column.type is Type.PARTIAL_DATE:
            cells += _days(value)
    return tuple(cells)


def _cell(value: Value | date, type_: Type) -> Cell:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    if value is None or isinstance(value, bool | int | date):
        return value
    return "; ".join(value) if isinstance(value, tuple) and type_ is Type.LIST else cell_text(value)


def _days(value: Value | date) -> tuple[Cell, Cell]:
    """The earliest day that a partial date can mean, and its precision."""
    if not isinstance(value, str):
        return None, None
    partial = PartialDate(value)
    # A spreadsheet's calendar begins in 1900.
    return (partial.first if partial.first and partial.first.year >= 1900 else None), partial.precision.value


_COVERAGE = ("search", "term", "held", "total", "state", "excluded", "unreadable", "note")


def _coverage(view: ReportView) -> Iterator[tuple[Cell, ...]]:
    for term in view.coverage:
        excluded, unreadable = (", ".join(ids) for ids in (term.excluded, term.unreadable))
        yield term.search, term.label, term.held, term.total, term.state, excluded, unreadable, term.note


# Writing


def write_sheet(
    book: Workbook, title: str, header: Sequence[str], rows: Iterable[Sequence[Cell]], *, is_list: bool = True
) -> None:
    """One sheet with a header that stays; registry text is written as text, whatever it begins with.

    A list has filters; what is none is read from top to bottom, its texts whole.
    """
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "C2" if "nct_id" in header else "A2"
    for place, name in enumerate(header, start=1):
        sheet.column_dimensions[get_column_letter(place)].width = _width(name)
    _set_up_print(sheet, header)
    sheet.append([_heading(sheet, name) for name in header])
    number = 1
    for number, row in enumerate(rows, start=2):
        cells = [_shown(sheet, value, number) for value in row]
        sheet.append(cells if is_list else [_beginning_left(sheet, cell) for cell in cells])
    if is_list:
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(header))}{number}"


def _set_up_print(sheet: Any, header: Sequence[str]) -> None:  # the library's types leave out what is set here
    """Across the page, with the header on each; as wide as the page where that stays legible."""
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", _A4
    sheet.print_title_rows = "1:1"
    if sum(map(_width, header)) <= LEGIBLE_WIDTH:
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
        sheet.page_setup.fitToHeight = 0
    elif "nct_id" in header:
        sheet.print_title_cols = f"A:{get_column_letter(header.index('nct_id') + 1)}"
    sheet.oddFooter.center.text = "&A, &P / &N"


def _width(name: str) -> int:
    return _WIDTHS.get(name) or max(13, len(name) + 3)


_HEADING, _LINK_FONT = Font(bold=True), Font(color="14599A", underline="single")


def _shown(sheet: WriteOnlyWorksheet, value: Cell, row: int) -> Cell | StyledCell:
    """Plain values where they will do: a styled cell takes ten times as long."""
    if not isinstance(value, str):
        return value
    if value.startswith("https://clinicaltrials.gov/study/NCT") and row <= LINKS:
        linked = WriteOnlyCell(sheet, value=value)
        linked.hyperlink, linked.font = value, _LINK_FONT
        return linked
    safe = cell_text(value)
    if not safe.startswith(("#", "=")):
        return safe
    text = WriteOnlyCell(sheet, value=safe)
    text.data_type = "s"  # "#N/A" is a text here, no error of a formula
    return text


def _beginning_left(sheet: WriteOnlyWorksheet, shown: Cell | StyledCell) -> StyledCell:
    """Numbers among texts, and texts longer than their column."""
    cell: StyledCell = shown if isinstance(shown, StyledCell) else WriteOnlyCell(sheet, value=shown)  # type: ignore[arg-type]  # it takes dates
    cell.alignment = Alignment(horizontal="left", vertical="top", wrap_text=True)
    return cell


def _heading(sheet: WriteOnlyWorksheet, name: str) -> StyledCell:
    cell = WriteOnlyCell(sheet, value=name)
    cell.font = _HEADING
    return cell


def restamped(content: bytes, made_at: datetime) -> bytes:
    """The same archive with every time in it set to the report's own."""
    stamp = max(made_at.astimezone(UTC).replace(tzinfo=None), _EARLIEST).timetuple()[:6]
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            body = old.read(entry)
            if entry.filename == "docProps/core.xml":
                body = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>%b" % _iso(made_at), body)
            info = zipfile.ZipInfo(entry.filename, stamp)
            info.compress_type, info.external_attr, info.create_system = zipfile.ZIP_DEFLATED, 0o600 << 16, 3
            new.writestr(info, body)
    return written.getvalue()


def _iso(made_at: datetime) -> bytes:
    return made_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
