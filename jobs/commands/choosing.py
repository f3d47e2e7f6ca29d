"""What several commands let a person choose: a day, a search, a report definition."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import click

from tracker.errors import UsageError

if TYPE_CHECKING:
    from tracker.config import Config
    from tracker.definitions import ReportDefinition
    from tracker.searches import SearchDefinition


class DayType(click.ParamType[date]):
    """An option that is a day, as 2026-11-21."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            return value if isinstance(value, date) else date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no day; write it as 2026-11-21", param, ctx)


DAY = DayType()


def searches_named(config: Config, name: str | None) -> tuple[SearchDefinition, ...]:
    """The search of that name, or all of them. Raises UsageError where config has none of that name."""
    return config.searches if name is None else (_named(config, "search", name, config.searches),)


def reports_named(config: Config, name: str | None) -> tuple[ReportDefinition, ...]:
    """The report definition of that name, or all of them. Raises UsageError where config has none of that name."""
    return config.reports if name is None else (_named(config, "report", name, config.reports),)


def _named(config: Config, what: str, name: str, defined: tuple[Any, ...]) -> Any:
    for one in defined:
        if one.name == name:
            return one
    from tracker.config.problems import suggestion

    known = [one.name for one in defined]
    raise UsageError(f'"{name}" is no {what} of {config.path}; {suggestion(name, known)}', subject=name)
