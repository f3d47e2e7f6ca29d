"""Draws a report's figures as shapes that a template writes as inline SVG. No pixel is fetched, no script is needed.

A figure is 360 units wide, so that on a phone its letters are as large as the page's; colours are classes that the
style sheet fills in light and dark; beside each figure stands its data as a table, and what it shows in a sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from reports.figures import OTHER_GROUP, STATUS_GROUPS, Figures, MonthBar, SlipLine, StatusColumn, YearBar
from reports.words import counted, day, field_label, listed, slip
from tracker.study import PartialDate
from tracker.words import date_in_words

WIDTH = 360
_COLOURS = {group: f"s{place}" for place, group in enumerate((*STATUS_GROUPS, OTHER_GROUP), start=1)}
"""A status has the same colour in every report."""

_SHORT = {"primary_completion_date": "primary", "completion_date": "study"}
_LEFT, _RIGHT, _TOP, _PLOT = 30, 352, 14, 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One SVG element: its name, its class of the style sheet, its attributes, and a text's words."""

    name: str
    style: str
    attributes: tuple[tuple[str, str], ...]
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """One drawn figure. `said` tells in a sentence what it shows, `source` where its data lie."""

    key: str
    title: str
    said: str
    height: int
    shapes: tuple[Shape, ...]
    legend: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    source: str


def charts_of(figures: Figures) -> tuple[Chart, ...]:
    """Those that have something to show."""
    return tuple(
        chart
        for chart in (
            _status_chart(figures.status_groups, figures.statuses),
            _slip_chart(figures.slips, figures.slip_count),
            _completion_chart(figures.completions),
            year_chart(figures.new_trials, figures.earlier_trials),
        )
        if chart is not None
    )


def _status_chart(groups: Sequence[str], columns: Sequence[StatusColumn]) -> Chart | None:
    if not columns or not groups:
        return None
    most = max(sum(column.numbers) for column in columns) or 1
    top = _nice(most)
    shapes = [*_grid(top)]
    slot = (_RIGHT - _LEFT) / len(columns)
    width = min(slot * 0.72, 64)
    every = -(-len(columns) // 5)
    for place, column in enumerate(columns):
        x, base = _LEFT + place * slot + (slot - width) / 2, 0
        for group, number in zip(groups, column.numbers, strict=True):
            if number:
                shapes.append(_bar(x, base, number, width, top, f"series {_COLOURS[group]}"))
            if number and width >= 24 and number / top * _PLOT >= 12:
                y = _y(base + number / 2, top) + 4
                shapes.append(_text(x + width / 2, y, str(number), "value on middle"))
            base += number
        if place % every == 0:
            shapes.append(_text(x + width / 2, _TOP + _PLOT + 16, _month(column.day), "tick middle"))
    first, last = columns[0], columns[-1]
    now = listed(f"{number} {name.lower()}" for name, number in zip(groups, last.numbers, strict=True) if number)
    change = f"{counted(sum(first.numbers), 'trial')} tracked on {day(first.day)}, " if len(columns) > 1 else ""
    return Chart(
        key="figure-status",
        title="Status of all tracked trials over time",
        said=f"{change}{counted(sum(last.numbers), 'trial')} on {day(last.day)}: {now}.",
        height=_TOP + _PLOT + 26,
        shapes=tuple(shapes),
        legend=tuple((_COLOURS[group], group) for group in groups),
        columns=("Data of", *groups, "All"),
        rows=tuple((day(one.day), *map(str, one.numbers), str(sum(one.numbers))) for one in columns),
        source="overall_status in studies.csv and changes.csv",
    )


def year_chart(bars: Sequence[YearBar], earlier: int) -> Chart | None:
    """`earlier` counts the trials from before the first bar."""
    if not bars:
        return None
    labels = [(str(bar.year), bar.number) for bar in bars]
    before = f"; {counted(earlier, 'trial')} before {bars[0].year}" if earlier else ""
    return bar_chart(
        key="figure-new",
        title="New trials a year",
        said=f"{counted(sum(bar.number for bar in bars), 'tracked trial')} first posted {bars[0].year} to "
        f"{bars[-1].year}{before}.",
        what="Year first posted",
        bars=labels,
        source="first_post_date in studies.csv",
    )


def _completion_chart(months: Sequence[MonthBar]) -> Chart | None:
    if not months:
        return None
    labels = [(_month(bar.month), len(bar.trials)) for bar in months]
    number = sum(len(bar.trials) for bar in months)
    return Chart(
        key="figure-completions",
        title="Completions planned in the next 12 months",
        said=f"{counted(number, 'trial')} {'plans' if number == 1 else 'plan'} to complete; a plan often moves.",
        height=_TOP + _PLOT + 26,
        shapes=columns_of(labels),
        legend=(),
        columns=("Month", "Trials", "NCT IDs"),
        rows=tuple((_month(bar.month), str(len(bar.trials)), _some(bar.trials)) for bar in months if bar.trials),
        source="completion_date in studies.csv",
    )


def _some(ids: Sequence[str]) -> str:
    rest = len(ids) - 8
    return ", ".join(ids[:8]) + (f" and {rest} more" if rest > 0 else "")


def _slip_chart(slips: Sequence[SlipLine], count: int) -> Chart | None:
    ends = [(_first(line.first_plan), _first(line.plan)) for line in slips]
    days = [one for pair in ends for one in pair if one]
    if not days:
        return None
    first, last = min(days), max(days)
    left, height, row = 118, _TOP + 8 + 20 * len(slips), 20
    span = max((last - first).days, 1)

    def x(one: date) -> float:
        return left + (one - first).days / span * (_RIGHT - 8 - left)

    shapes = []
    for year in _years(first, last):
        at = x(date(year, 1, 1))
        shapes += [_line(at, _TOP, at, height, "grid"), _text(at, height + 14, str(year), "tick middle")]
    for place, (line, (start, end)) in enumerate(zip(slips, ends, strict=True)):
        y = _TOP + 8 + place * row
        first_of_trial = place == 0 or slips[place - 1].nct_id != line.nct_id
        shapes.append(_text(0, y + 4, line.nct_id if first_of_trial else "", "label"))
        shapes.append(_text(left - 9, y + 4, _SHORT.get(line.field, ""), "tick end"))
        if start and end:
            way = "later" if end > start else "earlier"
            shapes += [
                _line(x(start), y, x(end), y, f"slipline {way}"),
                _dot(x(start), y, "was"),
                _dot(x(end), y, f"now {way}"),
            ]
    cut = f" The {len(slips)} longest of {count}." if count > len(slips) else ""
    trials = counted(len({line.nct_id for line in slips}), "trial")
    return Chart(
        key="figure-slips",
        title="Planned ends that moved",
        said="Primary and study completion, from the first plan known to the plan of now: "
        f"{counted(len(slips), 'planned end')} of {trials}.{cut}",
        height=height + 22,
        shapes=tuple(shapes),
        legend=(("was", "first plan known"), ("now later", "put off to"), ("now earlier", "brought forward to")),
        columns=("Trial", "What", "First plan known", "Plan of now", "Moved"),
        rows=tuple(
            (
                line.nct_id,
                field_label(line.field),
                date_in_words(line.first_plan),
                date_in_words(line.plan),
                slip(line.days, at_least=_is_bound(line)) or "",
            )
            for line in slips
        ),
        source="before, after and days in changes.csv",
    )


def _is_bound(line: SlipLine) -> bool:
    return PartialDate(line.first_plan).precision is not PartialDate(line.plan).precision


def bar_chart(*, key: str, title: str, said: str, what: str, bars: Sequence[tuple[str, int]], source: str) -> Chart:
    """Upright bars of counted trials, each with its label; `what` heads the labels in the table."""
    return Chart(
        key=key,
        title=title,
        said=said,
        height=_TOP + _PLOT + 26,
        shapes=columns_of(bars),
        legend=(),
        columns=(what, "Trials"),
        rows=tuple((label, str(number)) for label, number in bars),
        source=source,
    )


def columns_of(labels: Sequence[tuple[str, int]]) -> tuple[Shape, ...]:
    top = _nice(max(number for _, number in labels) or 1)
    slot = (_RIGHT - _LEFT) / len(labels)
    width = min(slot * 0.72, 40)
    every = -(-len(labels) * max(len(label) for label, _ in labels) // 36)
    shapes = [*_grid(top)]
    for place, (label, number) in enumerate(labels):
        x = _LEFT + place * slot + (slot - width) / 2
        if number:
            shapes.append(_bar(x, 0, number, width, top, "series s1"))
            shapes.append(_text(x + width / 2, _y(number, top) - 3, str(number), "value middle"))
        if place % every == 0:
            shapes.append(_text(x + width / 2, _TOP + _PLOT + 16, label, "tick middle"))
    return tuple(shapes)


def _grid(top: int) -> Iterable[Shape]:
    for step in (0, 1, 2):
        number = top * step // 2
        if step != 1 or top % 2 == 0:
            yield _line(_LEFT, _y(number, top), _RIGHT, _y(number, top), "axis" if step == 0 else "grid")
            yield _text(_LEFT - 5, _y(number, top) + 4, str(number), "tick end")


def _y(number: float, top: int) -> float:
    return _TOP + _PLOT * (1 - number / top)


def _bar(x: float, base: int, number: int, width: float, top: int, style: str) -> Shape:
    y = _y(base + number, top)
    return _shape("rect", style, x=x, y=y, width=width, height=_y(base, top) - y)


def _line(x1: float, y1: float, x2: float, y2: float, style: str) -> Shape:
    return _shape("line", style, x1=x1, y1=y1, x2=x2, y2=y2)


def _dot(x: float, y: float, style: str) -> Shape:
    return _shape("circle", style, cx=x, cy=y, r=5)


def _text(x: float, y: float, words: str, style: str) -> Shape:
    return _shape("text", style, words, x=x, y=y)


def _shape(name: str, style: str, words: str = "", **numbers: float) -> Shape:
    attributes = tuple((key, f"{number:.1f}".removesuffix(".0")) for key, number in numbers.items())
    return Shape(name=name, style=style, attributes=attributes, words=words)


def _nice(most: int) -> int:
    """The end of an axis: at least `most`, an even number of a round size."""
    size = 1
    while True:
        for step in (2, 4, 6, 8):
            if step * size >= most:
                return step * size
        size *= 10


def _years(first: date, last: date) -> list[int]:
    years = range(first.year + (first > date(first.year, 1, 1)), last.year + 1)
    every = -(-len(years) // 6) or 1
    return list(years[::every])


def _first(text: str) -> date | None:
    return PartialDate(text).first


def _month(value: date) -> str:
    return date_in_words(f"{value:%Y-%m}")
