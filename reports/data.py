"""report.json: the report's numbers, its window, the runs behind it, and every change with the columns of changes.csv.

Values stand exactly as the registry writes them; lists are arrays, instants ISO 8601 in UTC.
"""

from __future__ import annotations

import dataclasses

import orjson

from reports.view import ReportView


def report_json(view: ReportView) -> bytes:
    """`{report, window, runs, coverage, problems, changes}` with two blanks of indentation and a final line feed."""
    return orjson.dumps(
        {
            "report": {
                "name": view.name,
                "number": view.number,
                "title": view.title,
                "made_at": view.made_at,
                "program_version": view.program_version,
                "state": view.state,
                "headline": view.headline,
                "data_date": view.data_date,
                "compared_with": view.compared_with,
                "searches": view.searches,
                "tracked": view.tracked,
                "with_news": view.with_news,
                "unremarkable": view.unremarkable,
                "without_news": view.without_news_count,
                "counts": [dataclasses.asdict(count) for count in view.counts],
                "not_shown": view.not_shown,
                "muted": view.muted,
            },
            "window": view.window,
            "runs": view.runs,
            "coverage": view.coverage,
            "problems": view.problems,
            "changes": view.changes,
        },
        option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z,
    )
