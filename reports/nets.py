"""What a window's changes come to: the several changes of one field of a study, told as one from first to last.

The data files keep every change; this is how a page counts and says them. A field that is back where it was
(A → B → A) comes to nothing and is told in one line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from tracker.changes import Change, Kind, RecordedChange, Value, Weight
from tracker.diff import TAKING_PATIENTS
from tracker.shifts import shift_between
from tracker.study import NctId, PartialDate, Status

DATE_KINDS = (Kind.DATE_REACHED, Kind.DATE_CORRECTED, Kind.DATE_MOVED, Kind.DATE_REFINED)
"""What outlasts what, where a date changed more than once."""

STATUS_FIELD = "overall_status"
NEVER_FOLDED_KINDS = frozenset({Kind.ENTERED, Kind.LEFT, Kind.RESULTS_POSTED, Kind.RESULTS_WITHDRAWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Net:
    """What became of one field of one study in a window; `changes` are the steps, in the order they were found.

    `back`: it is where it was. `bulk`: every step was part of a rewrite of the registry's own. `search` is given for
    membership, which is told for each search. `last_before` is the state before the last step.
    """

    nct_id: NctId
    field: str
    search: str | None
    kind: Kind
    weight: Weight
    before: Value
    after: Value
    days: int | None
    days_at_least: bool
    why: str | None
    detail: Mapping[str, str | int | bool | None]
    changes: tuple[RecordedChange, ...]
    back: bool
    bulk: bool

    @property
    def last_before(self) -> Value:
        return self.changes[-1].change.before


def nets_of(changes: Iterable[RecordedChange], *, bulk_fields: frozenset[tuple[int, str]]) -> tuple[Net, ...]:
    """The net of each field of each study, ordered by study, then by the first change's number.

    `bulk_fields` holds (run, field) of every rewrite of the registry's own.
    """
    ordered = sorted(changes, key=lambda one: (*_subject(one), one.number))
    nets = [_net(tuple(steps), bulk_fields) for _, steps in groupby(ordered, key=_subject)]
    return tuple(sorted(nets, key=lambda net: (net.nct_id, net.changes[0].number)))


def _subject(recorded: RecordedChange) -> tuple[str, str, str]:
    return recorded.change.nct_id, recorded.change.field, recorded.search or ""


def _net(steps: tuple[RecordedChange, ...], bulk_fields: frozenset[tuple[int, str]]) -> Net:
    first, last = steps[0].change, steps[-1].change
    before, after = _ends(steps)
    days, at_least = _days(steps, before, after)
    return Net(
        nct_id=first.nct_id,
        field=first.field,
        search=steps[0].search,
        kind=_kind([step.change for step in steps]),
        weight=min((step.change.weight for step in steps), key=list(Weight).index),
        before=before,
        after=after,
        days=days,
        days_at_least=at_least,
        why=last.why,
        detail=_detail(first, last),
        changes=steps,
        back=len(steps) > 1 and _is_back(steps, before, after),
        bulk=_may_fold(first) and all((step.run, step.change.field) in bulk_fields for step in steps),
    )


def _detail(first: Change, last: Change) -> Mapping[str, str | int | bool | None]:
    start = {key: value for key, value in first.detail.items() if key.startswith("before_")}
    return {**first.detail, **last.detail, **start}


def _may_fold(change: Change) -> bool:
    return change.field != STATUS_FIELD and change.kind not in NEVER_FOLDED_KINDS


def _ends(steps: Sequence[RecordedChange]) -> tuple[Value, Value]:
    """The first state and the last; in a list field what was dropped and added in all."""
    first, last = steps[0].change, steps[-1].change
    if len(steps) == 1 or not any(isinstance(value, tuple) for value in (first.before, first.after)):
        return first.before, last.after
    dropped: dict[str, None] = {}
    added: dict[str, None] = {}
    for step in steps:
        _pass_on(step.change.before, cancels=added, joins=dropped)
        _pass_on(step.change.after, cancels=dropped, joins=added)
    return tuple(dropped), tuple(added)


def _pass_on(values: Value, *, cancels: dict[str, None], joins: dict[str, None]) -> None:
    for value in values if isinstance(values, tuple) else ():
        if value in cancels:
            del cancels[value]
        else:
            joins[value] = None


def _is_back(steps: Sequence[RecordedChange], before: Value, after: Value) -> bool:
    first, last = steps[0].change, steps[-1].change
    if first.kind in (Kind.ENTERED, Kind.LEFT):
        return first.kind != last.kind  # in and out again, or out and in again
    if isinstance(before, tuple) and isinstance(after, tuple):
        return not before and not after
    return before == after and first.detail.get("before_type") == last.detail.get("after_type")


def _kind(steps: Sequence[Change]) -> Kind:
    """What the whole is: the last step, unless a weaker step followed a stronger one."""
    last = steps[-1]
    if len(steps) == 1:
        return last.kind
    if last.kind in DATE_KINDS:
        return min((step.kind for step in steps if step.kind in DATE_KINDS), key=DATE_KINDS.index)
    if last.field != STATUS_FIELD or last.kind is not Kind.STATUS:
        return last.kind
    if last.after == Status.UNKNOWN:
        # Closed, then flipped to UNKNOWN by the registry: the closing is the sponsor's news. An end is not told of
        # a trial whose status is unknown.
        earlier = steps[-2].kind
        return last.kind if earlier in (Kind.STOPPED, Kind.COMPLETED) else earlier
    closed = steps[0].before in TAKING_PATIENTS and last.after not in TAKING_PATIENTS
    return Kind.CLOSED_TO_RECRUITMENT if closed else last.kind


def _days(steps: Sequence[RecordedChange], before: Value, after: Value) -> tuple[int | None, bool]:
    if len(steps) == 1:
        return steps[0].change.days, steps[0].change.days_at_least
    if steps[0].change.kind not in DATE_KINDS or not isinstance(before, str) or not isinstance(after, str):
        return None, False
    shift = shift_between(PartialDate(before), PartialDate(after))
    return shift.days, shift.at_least
