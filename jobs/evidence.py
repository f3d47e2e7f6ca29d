"""Gathers for a report what is not a change: estimates and classes of the trials as they stand, and past statuses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING

from reports.figures import StatusCounts
from reports.history import HISTORY_FIELDS, days_shown, status_history
from tracker.changes import RecordedChange
from tracker.due import estimates, may_be_told
from tracker.estimates import Estimate
from tracker.parse import parse
from tracker.record import Unreadable
from tracker.store.changes import changes as recorded_changes
from tracker.store.runs import runs
from tracker.store.searches import searches
from tracker.store.studies import newest_bodies

if TYPE_CHECKING:
    from tracker.store.transactions import Connection
    from tracker.study import NctId
    from tracker.summary import TrackedStudy


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    estimates: tuple[Estimate, ...] = ()
    labels: Mapping[NctId, tuple[str, ...]] = field(default_factory=dict)


def evidence(
    connection: Connection,
    studies: Iterable[TrackedStudy],
    *,
    on: date,
    changes: Iterable[RecordedChange] = (),
) -> Evidence:
    """What the records of these studies tell on the day `on`; `changes` are recent ones of any study.

    Every record is read once: what it costs is a fraction of a millisecond each. One that can't be read is left out;
    its run has told the problem.
    """
    by_study = {
        nct_id: [one.change for one in found]
        for nct_id, found in groupby(
            sorted(changes, key=lambda one: (one.change.nct_id, one.number)), key=lambda one: one.change.nct_id
        )
    }
    wanted = [one.summary.nct_id for one in studies if one.searches and may_be_told(one.summary)]
    found: list[Estimate] = []
    for nct_id, body in newest_bodies(connection, wanted):
        try:
            study = parse(body)
        except Unreadable:
            continue
        found += estimates(study, now=on, changes=by_study.get(nct_id, ()))
    return Evidence(estimates=tuple(found))


def past_statuses(
    connection: Connection, studies: Mapping[NctId, TrackedStudy], *, told: tuple[str, ...], until_run: int
) -> tuple[StatusCounts, ...]:
    """The tracked trials by status on the data dates up to a run. `told` names the searches; empty means all."""
    dates = {run.id: run.data_date for run in runs(connection, until=until_run) if run.data_date and run.coverage}
    baselines = {
        one.name: day
        for one in searches(connection)
        if (not told or one.name in told) and one.baseline_run and (day := dates.get(one.baseline_run))
    }
    if not baselines:
        return ()
    return status_history(
        studies,
        recorded_changes(connection, fields=HISTORY_FIELDS),
        baselines=baselines,
        days=days_shown(day for day in dates.values() if day and day >= min(baselines.values())),
    )
