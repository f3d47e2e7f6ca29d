"""A view in the formats that are asked for: file names and their bytes. The same view gives the same bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reports.view import ReportView
from tracker.definitions import WRITABLE_FORMATS
from tracker.errors import UsageError

FILENAMES: Mapping[str, str] = {"html": "report.html", "csv": "changes.csv", "json": "report.json"}


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
    # Imported when needed: pandas takes longer to load than everything else here together.
    if format_ == "html":
        from reports.html import report_html

        return report_html(view)
    if format_ == "csv":
        from reports.tables import changes_csv

        return changes_csv(view.changes)
    from reports.data import report_json

    return report_json(view)
