"""Whether the registry rewrote one field of many records at once, as on 2025-08-26 (DESIGN §4, "Guards")."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import takewhile

from tracker.changes import MEMBERSHIP_FIELD, Kind
from tracker.fields import FIELDS
from tracker.runs import Guard, GuardKind, Outcome, Run
from tracker.store.changes import changes
from tracker.store.memberships import current_members
from tracker.store.runs import last_successful_run, runs
from tracker.store.transactions import Connection
from tracker.study import NctId

BULK_FLOOR = 50
BULK_SHARE = 1 / 3
"""More of the members than both, changed in one field in one run: the registry rewrote it."""

NEVER_BULK = frozenset(
    field.name for field in FIELDS if field.kind in (Kind.STATUS, Kind.RESULTS_POSTED, Kind.RESULTS_REVIEW)
)


def bulk_guards(connection: Connection, run_id: int, changed: Mapping[str, Collection[NctId]]) -> tuple[Guard, ...]:
    """Fields that changed in so many members at once that the registry must have rewritten them.

    `changed`: the studies that changed in each field in the run `run_id`, which is about to close. What the runs just
    before it had written when they were cut short belongs to the same rewrite, as if one run had read it all.
    """
    cut_short = _cut_short(connection, before=run_id)
    earlier = _changed_in(connection, cut_short)
    members = current_members(connection)
    least = max(BULK_FLOOR - 1, members * BULK_SHARE)
    guards = []
    for name in sorted((changed.keys() | earlier.keys()) - NEVER_BULK):
        count = len(earlier.get(name, frozenset()).union(changed.get(name, ())))
        if count > least:
            guards.append(_guard(name, count, members, since_run=cut_short[0].id if name in earlier else None))
    return tuple(guards)


def _guard(name: str, count: int, members: int, *, since_run: int | None) -> Guard:
    begun = f", which began as run {since_run}" if since_run else ""
    return Guard(
        kind=GuardKind.BULK,
        field=name,
        count=count,
        since_run=since_run,
        reason=f"{name} changed in {count} of {members} trials in one run{begun}: the registry rewrote it",
    )


def _cut_short(connection: Connection, *, before: int) -> Sequence[Run]:
    """The runs just before this one that did not come to their close, oldest first: killed, or failed on the way."""
    last = last_successful_run(connection)
    since = runs(connection, after=last.id if last else 0, until=before - 1)
    unclosed = takewhile(lambda run: run.outcome in (Outcome.FAILED, Outcome.INTERRUPTED), reversed(since))
    return tuple(run for run in reversed(list(unclosed)) if run.changes_written)


def _changed_in(connection: Connection, cut_short: Sequence[Run]) -> Mapping[str, set[NctId]]:
    found: dict[str, set[NctId]] = {}
    if cut_short:
        for one in changes(connection, after_run=cut_short[0].id - 1, until_run=cut_short[-1].id):
            if one.change.field == MEMBERSHIP_FIELD:
                continue  # a run that no term was answered in still ends the searches that are gone from config
            found.setdefault(one.change.field, set()).add(one.change.nct_id)
    return found
