"""A view in the formats that are asked for: file names and their bytes. The same view gives the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from reports.view import ReportView
from tracker.definitions import WRITABLE_FORMATS
from tracker.errors import UsageError

FILENAMES: Mapping[str, str] = {
    "html": "report.html",
    "csv": "changes.csv",
    "json": "report.json",
    "xlsx": "report.xlsx",
    "md": "report.md",
    "studies": "studies.csv",
}


def render(view: ReportView, formats: Iterable[str]) -> dict[str, bytes]:
    """The files of a report, by name. Raises UsageError for a format that can't be written."""
    return {FILENAMES[checked]: _rendered(view, checked) for checked in map(_checked, formats)}


def _checked(format_: str) -> str:
    if format_ not in FILENAMES:
        raise UsageError(
            f"{format_!r} is no format of a report", subject=format_, advice=f"Known: {', '.join(WRITABLE_FORMATS)}."
        )
    return format_


def _rendered(view: ReportView, format_: str) -> bytes:
    return _RENDERERS[format_](view)


# Each imports what it needs when it is needed: pandas and openpyxl take longer to load than all the rest together.


def _html(view: ReportView) -> bytes:
    from reports.html import report_html

    return report_html(view)


def _csv(view: ReportView) -> bytes:
    from reports.tables import changes_csv

    return changes_csv(view.changes)


def _json(view: ReportView) -> bytes:
    from reports.data import report_json

    return report_json(view)


def _xlsx(view: ReportView) -> bytes:
    from reports.workbook import report_xlsx

    return report_xlsx(view)


def _markdown(view: ReportView) -> bytes:
    from reports.markdown import report_markdown

    return report_markdown(view)


def _studies(view: ReportView) -> bytes:
    from reports.tables import studies_csv

    return studies_csv(view.studies)


_RENDERERS: Mapping[str, Callable[[ReportView], bytes]] = {
    "html": _html,
    "csv": _csv,
    "json": _json,
    "xlsx": _xlsx,
    "md": _markdown,
    "studies": _studies,
}
