"""The landscape as one self-contained page, in the form of the reports."""

from __future__ import annotations

from reports.charts import Chart, bar_chart
from reports.html import page_environment, style_hash
from reports.landscape.formats import Landscape
from reports.landscape.table import Table
from reports.words import counted

PICTURED = (("First posted in", "figure-years", "New trials a year"), ("Phase", "figure-phases", "Phases"))
"""Characteristics of the counts that are also drawn."""


def page_of(landscape: Landscape) -> bytes:
    page = (
        page_environment()
        .get_template("landscape.html")
        .render(landscape=landscape, charts=_charts(landscape), style_hash=style_hash())
    )
    return page.encode("utf-8", errors="replace")


def _charts(landscape: Landscape) -> tuple[Chart, ...]:
    counts = next((table for table in landscape.tables if table.name == "counts"), None)
    if counts is None:
        return ()
    return tuple(
        _chart(counts, characteristic, key, title)
        for characteristic, key, title in PICTURED
        if any(row[0] == characteristic for row in counts.rows)
    )


def _chart(counts: Table, characteristic: str, key: str, title: str) -> Chart:
    rows = [row for row in counts.rows if row[0] == characteristic]
    return bar_chart(
        key=key,
        title=title,
        said=f"{counted(int(rows[0][3] or 0), 'trial')} in {counted(len(rows), 'group')}.",
        what=characteristic,
        bars=[(str(row[1]), int(row[2] or 0)) for row in rows],
        source="the table of characteristics",
    )
