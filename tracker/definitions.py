"""A report as its owner defined it: what it tells, in which formats, when and to whom."""

from __future__ import annotations

from dataclasses import dataclass

from tracker.changes import Kind, Weight

DEFAULT_FORMATS: tuple[str, ...] = ("html", "csv", "json")
"""What a report is written in where its definition does not say."""

WRITABLE_FORMATS: tuple[str, ...] = (*DEFAULT_FORMATS, "xlsx", "md", "studies")
"""All formats that this version can write; config refuses others. `studies` is studies.csv, the trials of today."""

DEFAULT_REPORT = "changes"
"""The name of the one report there is where config defines none."""


@dataclass(frozen=True, slots=True)
class ReportDefinition:
    """`searches` names those it tells of. `kinds`, where given, decides alone; otherwise `least_weight` does.

    `schedule` is a cron expression in the configured time zone, None for a report made only when asked for.
    """

    name: str
    searches: tuple[str, ...]
    least_weight: Weight = Weight.ROUTINE
    kinds: tuple[Kind, ...] = ()
    formats: tuple[str, ...] = DEFAULT_FORMATS
    schedule: str | None = None
    recipients: tuple[str, ...] = ()

    def tells(self, kind: Kind, weight: Weight) -> bool:
        """Whether a change of this kind and weight belongs into this report."""
        return kind in self.kinds if self.kinds else weight.at_least(self.least_weight)
