"""A coordinator's marks, gathered for a report: what stands beside a trial, and which changes are hidden."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tracker.marks import Mark, Note, hidden_by
from tracker.store.notes import notes

if TYPE_CHECKING:
    from tracker.changes import RecordedChange
    from tracker.store.transactions import Connection
    from tracker.study import NctId


@dataclass(frozen=True, slots=True, kw_only=True)
class Remarks:
    """`told` are sentences, by trial, oldest first; `muted` the ids of the hidden changes."""

    told: Mapping[NctId, tuple[str, ...]]
    muted: frozenset[str]


def remarks(
    connection: Connection, changes: Iterable[RecordedChange], *, now: datetime, timezone: str = "UTC"
) -> Remarks:
    """The marks in force at `now` (aware), and which of `changes` their mutes hide. Days are those of `timezone`."""
    zone = ZoneInfo(timezone)
    kept = notes(connection)
    told: dict[NctId, tuple[str, ...]] = {}
    for one in kept:
        if one.in_force(now.astimezone(zone).date()):
            told[one.nct_id] = (*told.get(one.nct_id, ()), one.told)
    mutes: dict[NctId, list[Note]] = {}
    for one in kept:
        if one.mark is Mark.MUTE:
            mutes.setdefault(one.nct_id, []).append(one)
    muted = frozenset(
        one.change_id
        for one in changes
        if hidden_by(mutes.get(one.change.nct_id, ()), one.change, day=one.detected_at.astimezone(zone).date())
    )
    return Remarks(told=told, muted=muted)
