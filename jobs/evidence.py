"""Gathers for a report what is not a change: estimates and classes of the trials as they stand, and past statuses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import groupby
from typing import TYPE_CHECKING

from reports.figures import StatusCounts
from reports.history import HISTORY_FIELDS, days_shown, status_history
from tracker.changes import RecordedChange
from tracker.due import estimates, may_be_told, overdue
from tracker.estimates import Estimate
from tracker.parse import parse
from tracker.record import Unreadable
from tracker.store.changes import changes as recorded_changes
from tracker.store.runs import last_successful_run, runs
from tracker.store.searches import searches
from tracker.store.studies import newest_bodies

if TYPE_CHECKING:
    from tracker.store.transactions import Connection
    from tracker.study import NctId
    from tracker.summary import TrackedStudy
    from tracker.taxonomy import Taxonomy


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    estimates: tuple[Estimate, ...] = ()
    labels: Mapping[NctId, tuple[str, ...]] = field(default_factory=dict)


def evidence(
    connection: Connection,
    studies: Iterable[TrackedStudy],
    *,
    on: date,
    changes: Sequence[RecordedChange] = (),
    classify_all: bool = False,
    classes: Callable[[], Taxonomy] | None = None,
) -> Evidence:
    """What the records of these studies tell on the day `on`; `changes` are those that the report may tell.

    Every record is read once, for a fraction of a millisecond. Classes take some milliseconds each: only studies that
    changed are classified, unless `classify_all`, by the taxonomy that `classes` gives, else by the shipped one. A
    record that can't be read is left out; its run has told the problem.
    """
    from reports.labels import labels_of
    from tracker.taxonomy import classify, shipped

    by_study = {
        nct_id: [one.change for one in found]
        for nct_id, found in groupby(
            sorted(changes, key=lambda one: (one.change.nct_id, one.number)), key=lambda one: one.change.nct_id
        )
    }
    wanted = [
        one.summary.nct_id
        for one in studies
        if classify_all or one.summary.nct_id in by_study or may_be_told(one.summary)
    ]
    found: list[Estimate] = []
    labels: dict[NctId, tuple[str, ...]] = {}
    taxonomy: Taxonomy | None = None
    for nct_id, body in newest_bodies(connection, wanted):
        try:
            study = parse(body)
        except Unreadable:
            continue
        found += estimates(study, now=on, changes=by_study.get(nct_id, ()))
        if classify_all or nct_id in by_study:
            taxonomy = taxonomy or (classes or shipped)()
            labels[nct_id] = labels_of(classify(study, taxonomy))
    return Evidence(estimates=tuple(found), labels=labels)


def day_of_data(connection: Connection) -> date:
    """The day that estimates of now are made for: the registry's data date of the last success, else today in UTC."""
    run = last_successful_run(connection)
    return run.data_date if run and run.data_date else datetime.now(UTC).date()


def overdue_trials(connection: Connection, studies: Sequence[TrackedStudy]) -> frozenset[NctId]:
    """Of these, by the registry's newest data: something is expected by now (results, an end, a start, a check)."""
    found = evidence(connection, studies, on=day_of_data(connection))
    return frozenset(one.nct_id for one in overdue(found.estimates))


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
