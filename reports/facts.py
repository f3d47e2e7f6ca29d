"""What became of one field, in words: before → after, how far a date moved, and what else a reader must know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reports.edits import LONG_TEXT, edit_fact, new_fact, text_of, value_of
from reports.nets import DATE_KINDS, STATUS_FIELD, Net
from reports.parts import Fact
from reports.words import clipped, day, listed, slip
from tracker.changes import EnteredWhy, Kind, LeftWhy
from tracker.diff import ENDED
from tracker.study import DateType, Status
from tracker.summary import StudySummary, TrackedStudy
from tracker.words import date_in_words, milestone_in_words, status_in_words

PLANNED_ENDS = ("primary_completion_date", "completion_date")


def fact_of(net: Net, tracked: TrackedStudy | None) -> Fact:
    """One field's fact; for membership use `membership_fact`, which tells all searches at once."""
    if net.field == STATUS_FIELD:
        fact = _status(net)
    elif net.kind in (Kind.RESULTS_POSTED, Kind.RESULTS_WITHDRAWN):
        fact = _results(net, tracked.summary if tracked else None)
    elif net.kind in DATE_KINDS:
        fact = _date(net, ended=has_ended(tracked))
    else:
        fact = edit_fact(net)
    return _with_history(fact, net)


def has_ended(tracked: TrackedStudy | None) -> bool:
    """Completed, terminated or withdrawn, as the record stands now: nothing of such a trial is a delay."""
    return tracked is not None and tracked.summary.overall_status in ENDED


def _with_history(fact: Fact, net: Net) -> Fact:
    notes = list(fact.notes)
    if net.detail.get("machine_made"):
        notes.append("written by the registry, not by the sponsor")
    if net.back:
        return replace(
            fact,
            before=None,
            after=f"{fact.after}, as before" if fact.after else "as before",
            slip=None,
            later=None,
            quote=None,
            notes=(f"changed and changed back; in between: {_in_between(net)}",),
            steps=len(net.changes),
        )
    if len(net.changes) > 1:
        notes.append(f"in {len(net.changes)} steps; changes.csv lists each")
    return replace(fact, notes=tuple(notes), steps=len(net.changes))


def _in_between(net: Net) -> str:
    is_status = net.field == STATUS_FIELD
    states = (step.change.after for step in net.changes[:-1])
    said = (status_in_words(text_of(state)) if is_status else value_of(net.field, state) for state in states)
    return clipped("; ".join(said), LONG_TEXT)


# Status and results


def _status(net: Net) -> Fact:
    detail = net.detail
    notes = ("set by the registry, which has not heard from the sponsor",) if net.after == Status.UNKNOWN else ()
    return new_fact(
        net,
        before=status_in_words(text_of(net.before), text_of(detail.get("last_known_before"))),
        after=status_in_words(text_of(net.after), text_of(detail.get("last_known_status"))),
        quote=net.why,
        notes=notes,
    )


def _results(net: Net, summary: StudySummary | None) -> Fact:
    if net.kind is Kind.RESULTS_WITHDRAWN:
        return new_fact(
            net, label="Results", before=f"posted {date_in_words(text_of(net.before))}", after="no longer public"
        )
    notes = []
    submitted = text_of(net.detail.get("submitted")) or (summary.results_first_submit_date if summary else None)
    if submitted:
        notes.append(f"first submitted {date_in_words(submitted)}")
    if summary and summary.overall_status not in ENDED:
        status = status_in_words(summary.overall_status, summary.last_known_status)
        notes.append(f"the trial has not ended: {status}")
    return new_fact(
        net,
        label="Results",
        before="not posted",
        after=f"posted {date_in_words(text_of(net.after) or (summary.results_first_post_date if summary else None))}",
        notes=tuple(notes),
    )


# Dates


def _date(net: Net, *, ended: bool) -> Fact:
    before_type, after_type = (text_of(net.detail.get(key)) for key in ("before_type", "after_type"))
    moved, later, notes = _movement(net, ended=ended)
    return new_fact(
        net,
        before=milestone_in_words(text_of(net.before), before_type),
        after=milestone_in_words(text_of(net.after), after_type),
        slip=moved,
        later=later,
        notes=notes,
    )


def _movement(net: Net, *, ended: bool) -> tuple[str | None, bool | None, tuple[str, ...]]:
    """The slip, whether it is a delay, and what to say beside it.

    Only a plan of a trial that goes on is late or early. An end says its last plan, a refinement and a correction
    what they are: none of them is a slip.
    """
    if net.kind is Kind.DATE_REFINED:
        unknown_before = net.detail.get("before_type") is None and net.before == net.after
        return None, None, ("now marked as actual" if unknown_before else "only refined",)
    if net.kind is Kind.DATE_CORRECTED:
        return slip(net.days, at_least=net.days_at_least), None, ("a correction of the record, not a delay",)
    if net.kind is Kind.DATE_REACHED:
        return _reached(net)
    if net.detail.get("after_type") == DateType.ACTUAL or (net.field in PLANNED_ENDS and ended):
        return None, None, ()
    direction = None if not net.days else net.days > 0
    return slip(net.days, at_least=net.days_at_least), direction, _total(net)


_NOW_ACTUAL = {"start_date": "started", "completion_date": "ended"}


def _reached(net: Net) -> tuple[str | None, bool | None, tuple[str, ...]]:
    """What the registry says: the date is now an actual one. Whether an aim was reached, it doesn't."""
    plan = f"last plan {date_in_words(text_of(net.last_before))}"
    step = net.changes[-1].change
    if step.days == 0:
        return None, None, ("as planned",)
    if step.days is not None and step.days > 0 and net.field != "start_date":
        return slip(step.days, at_least=step.days_at_least), None, (f"later than the {plan}",)
    return None, None, (f"{_NOW_ACTUAL.get(net.field, 'now an actual date')}; {plan}",)


def _total(net: Net) -> tuple[str, ...]:
    """The slip since the first plan known. Without the registry's history, that is the plan when it was first seen."""
    said = total_in_words(net)
    return (said,) if said else ()


def total_in_words(net: Net) -> str | None:
    total, plan = net.detail.get("total_days"), text_of(net.detail.get("first_plan"))
    if not isinstance(total, int) or plan is None:
        return None
    since = text_of(net.detail.get("first_plan_since"))
    if plan == net.before:
        return None if reads_history(net) or not since else f"since first seen on {date_in_words(since)}"
    in_all = slip(total, at_least=bool(net.detail.get("total_at_least")))
    if reads_history(net) or not since:
        return f"{in_all} in all since the first plan known, {date_in_words(plan)}"
    return f"{in_all} in all since first seen on {date_in_words(since)} (then {date_in_words(plan)})"


def reads_history(net: Net) -> bool:
    """Whether the first plan is the sponsor's first, read from the registry's record history."""
    return bool(net.detail.get("first_plan_from_history"))


# Membership


def membership_fact(nets: Sequence[Net], tracked: TrackedStudy | None) -> Fact:
    """Why a study entered or left, with all the searches that say the same; `nets` are of one study and one why."""
    searches = listed(sorted({one.search for one in nets if one.search}))
    if nets[0].back:
        return _back_and_forth(nets, searches)
    return (_entered if nets[0].kind is Kind.ENTERED else _left)(nets, searches, tracked)


def _back_and_forth(nets: Sequence[Net], searches: str) -> Fact:
    entered = nets[0].changes[0].change.kind is Kind.ENTERED
    said = "entered and left again" if entered else "left and entered again"
    return new_fact(nets[0], label="Search", after=f"{said}: {searches}")


def _entered(nets: Sequence[Net], searches: str, tracked: TrackedStudy | None) -> Fact:
    why = nets[0].why
    notes = []
    posted = tracked.summary.first_post_date if tracked else None
    if why == EnteredWhy.NEWLY_REGISTERED and posted:
        notes.append(f"first posted {date_in_words(posted)}")
    seen = text_of(nets[0].detail.get("last_seen"))
    if seen:
        notes.append(f"last seen on {date_in_words(seen)}; what changed in between was not watched")
    if any(net.detail.get("unusual_growth") for net in nets):
        notes.append("one of an unusual number of newcomers: see the guards below")
    said = _ENTERED[why].format(searches) if why in _ENTERED else why
    return new_fact(nets[0], label="Why it is here", after=said, notes=tuple(notes))


def _left(nets: Sequence[Net], searches: str, tracked: TrackedStudy | None) -> Fact:
    why = nets[0].why
    notes: tuple[str, ...] = ()
    merged = text_of(nets[0].detail.get("merged_into")) or (tracked.merged_into if tracked else None)
    if why == LeftWhy.MERGED and merged:
        notes = (f"its record is now {merged}",)
    elif why in (LeftWhy.NO_LONGER_MATCHES, LeftWhy.SEARCH_EDITED) and tracked and tracked.watched_until:
        notes = (f"the record is still watched until {day(tracked.watched_until)}",)
    said = _LEFT[why].format(searches) if why in _LEFT else why
    return new_fact(nets[0], label="Why it left", after=said, notes=notes)


_ENTERED: dict[str | None, str] = {
    EnteredWhy.NEWLY_REGISTERED: "newly registered; found by {}",
    EnteredWhy.NOW_MATCHES: "an existing record that now matches {}",
    EnteredWhy.SEARCH_EDITED: "brought in by an edit of {}: an existing record, not a new trial",
    EnteredWhy.RETURNED: "returned to {}",
    EnteredWhy.INCLUDE_LIST: "put on the include list of {}",
}

_LEFT: dict[str | None, str] = {
    LeftWhy.NO_LONGER_MATCHES: "no longer matches {}; the record still stands in the registry",
    LeftWhy.REMOVED: "removed from the registry",
    LeftWhy.MERGED: "merged into another record",
    LeftWhy.SEARCH_EDITED: "dropped by an edit of {}; the record itself is unchanged",
    LeftWhy.EXCLUDED: "excluded from {} in the configuration",
}
