"""What became of one field, in words: before → after, how far a date moved, and what else a reader must know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

from reports.nets import DATE_KINDS, STATUS_FIELD, Net
from reports.parts import Fact
from reports.words import clipped, day, field_label, listed, slip, typed_in_words, value_in_words
from tracker.changes import EnteredWhy, Kind, LeftWhy, Value
from tracker.diff import ENDED
from tracker.fields import OTHER_FIELD
from tracker.study import DateType, PartialDate, Status
from tracker.summary import StudySummary, TrackedStudy
from tracker.words import (
    NOT_GIVEN,
    date_in_words,
    enrollment_in_words,
    milestone_in_words,
    phase_in_words,
    status_in_words,
)

LONG_TEXT = 160
"""From this many characters on, a text before and after is folded away."""

TEXT_SHOWN = 4000
"""A longer text is cut on the page; the data files hold it whole."""

ENTRIES_SHOWN = 25
"""Of a list that gained or lost more, the first ones are shown."""

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
        fact = _FIELD_FACTS.get(net.field, _edit)(net)
    return _with_history(fact, net)


def has_ended(tracked: TrackedStudy | None) -> bool:
    """Completed, terminated or withdrawn, as the record stands now: nothing of such a trial is a delay."""
    return tracked is not None and tracked.summary.overall_status in ENDED


def _fact(net: Net, **words: object) -> Fact:
    named = {"kind": net.kind.value, "field": net.field, "label": field_label(net.field), "weight": net.weight.value}
    return Fact(**{**named, **words})  # type: ignore[arg-type]


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
    states = (step.change.after for step in net.changes[:-1])
    is_status = net.field == STATUS_FIELD
    said = (status_in_words(_text(state)) if is_status else _said(state) for state in states)
    return clipped("; ".join(said), LONG_TEXT)


# Status and results


def _status(net: Net) -> Fact:
    detail = net.detail
    notes = ("set by the registry, which has not heard from the sponsor",) if net.after == Status.UNKNOWN else ()
    return _fact(
        net,
        before=status_in_words(_text(net.before), _text(detail.get("last_known_before"))),
        after=status_in_words(_text(net.after), _text(detail.get("last_known_status"))),
        quote=net.why,
        notes=notes,
    )


def _results(net: Net, summary: StudySummary | None) -> Fact:
    if net.kind is Kind.RESULTS_WITHDRAWN:
        return _fact(
            net, label="Results", before=f"posted {date_in_words(_text(net.before))}", after="no longer public"
        )
    notes = []
    submitted = _text(net.detail.get("submitted")) or (summary.results_first_submit_date if summary else None)
    if submitted:
        notes.append(f"first submitted {date_in_words(submitted)}")
    if summary and summary.overall_status not in ENDED:
        status = status_in_words(summary.overall_status, summary.last_known_status)
        notes.append(f"the trial has not ended: {status}")
    return _fact(
        net,
        label="Results",
        before="not posted",
        after=f"posted {date_in_words(_text(net.after) or (summary.results_first_post_date if summary else None))}",
        notes=tuple(notes),
    )


# Dates


def _date(net: Net, *, ended: bool) -> Fact:
    before_type, after_type = (_text(net.detail.get(key)) for key in ("before_type", "after_type"))
    moved, later, notes = _movement(net, ended=ended)
    return _fact(
        net,
        before=milestone_in_words(_text(net.before), before_type),
        after=milestone_in_words(_text(net.after), after_type),
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


def _reached(net: Net) -> tuple[str | None, bool | None, tuple[str, ...]]:
    plan = f"last plan {date_in_words(_text(net.last_before))}"
    step = net.changes[-1].change
    if step.days == 0:
        return None, None, ("as planned",)
    if step.days is not None and step.days > 0 and net.field != "start_date":
        return slip(step.days, at_least=step.days_at_least), None, (f"reached later than the {plan}",)
    return None, None, (f"reached; {plan}" if net.field != "completion_date" else f"ended; {plan}",)


def _total(net: Net) -> tuple[str, ...]:
    """The slip since the first plan known, where that is not simply the move just told."""
    total, plan = net.detail.get("total_days"), _text(net.detail.get("first_plan"))
    if not isinstance(total, int) or plan is None or plan == net.before:
        return ()
    since = _text(net.detail.get("first_plan_since"))
    known = f", known since {date_in_words(since)}" if since else ""
    in_all = slip(total, at_least=bool(net.detail.get("total_at_least")))
    return (f"{in_all} in all since the first plan {date_in_words(plan)}{known}",)


# Numbers, lists, texts


def _enrollment(net: Net) -> Fact:
    before_type, after_type = (_text(net.detail.get(key)) for key in ("before_type", "after_type"))
    share = net.detail.get("share_percent")
    notes: tuple[str, ...] = ()
    if isinstance(share, int):
        notes = (f"{share} % of the plan",)
    elif before_type == after_type == DateType.ACTUAL:
        notes = ("a correction of the record",)
    return _fact(
        net,
        before=enrollment_in_words(_number(net.before), before_type),
        after=enrollment_in_words(_number(net.after), after_type),
        notes=notes,
    )


def _phase(net: Net) -> Fact:
    return _fact(net, before=phase_in_words(_text(net.before)), after=phase_in_words(_text(net.after)))


def _site_status(net: Net) -> Fact:
    opened, closed = net.detail.get("opened"), net.detail.get("closed")
    notes = [f"{number} {verb}" for number, verb in ((opened, "opened"), (closed, "closed")) if number]
    return replace(
        _list(net),
        dropped=_shown(_site_statuses(net.before)),
        added=_shown(_site_statuses(net.after)),
        notes=tuple(notes),
    )


def _other(net: Net) -> Fact:
    modules = net.after if isinstance(net.after, tuple) else (value_in_words(net.after),)
    return _fact(net, after=f"edited: {listed(modules)}")


def _edit(net: Net) -> Fact:
    return _list(net) if isinstance(net.before, tuple) or isinstance(net.after, tuple) else _plain(net)


def _list(net: Net) -> Fact:
    dropped, added = (_entries(value) for value in (net.before, net.after))
    long = sum(map(len, dropped + added)) > LONG_TEXT
    return _fact(net, dropped=_shown(dropped), added=_shown(added), long=long)


def _site_statuses(value: Value) -> tuple[str, ...]:
    """ "Houston: RECRUITING" → "Houston: Recruiting"."""
    return tuple(
        f"{site}{colon}{', '.join(status_in_words(one) for one in statuses.split(', '))}"
        for site, colon, statuses in (entry.rpartition(": ") for entry in _entries(value))
    )


def _plain(net: Net) -> Fact:
    before, after = (_said(value) for value in (net.before, net.after))
    return _fact(
        net,
        before=clipped(before, TEXT_SHOWN),
        after=clipped(after, TEXT_SHOWN),
        long=len(before) + len(after) > 2 * LONG_TEXT,
    )


def _said(value: Value) -> str:
    if isinstance(value, tuple):
        return listed(value) if value else NOT_GIVEN
    if isinstance(value, str) and value and PartialDate(value).first:
        return date_in_words(value)
    return value_in_words(value)


def _entries(value: Value) -> tuple[str, ...]:
    held = value if isinstance(value, tuple) else () if value is None else (str(value),)
    return tuple(map(typed_in_words, held))


def _shown(entries: Sequence[str]) -> tuple[str, ...]:
    cut = len(entries) - ENTRIES_SHOWN
    shown = tuple(clipped(entry, TEXT_SHOWN // 4) for entry in entries[:ENTRIES_SHOWN])
    return (*shown, f"… and {cut} more; changes.csv holds them") if cut > 0 else shown


_FIELD_FACTS: dict[str, Callable[[Net], Fact]] = {
    "enrollment": _enrollment,
    "phase": _phase,
    "site_status": _site_status,
    OTHER_FIELD: _other,
}


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
    return _fact(nets[0], label="Search", after=f"{said}: {searches}")


def _entered(nets: Sequence[Net], searches: str, tracked: TrackedStudy | None) -> Fact:
    why = nets[0].why
    notes = []
    posted = tracked.summary.first_post_date if tracked else None
    if why == EnteredWhy.NEWLY_REGISTERED and posted:
        notes.append(f"first posted {date_in_words(posted)}")
    seen = _text(nets[0].detail.get("last_seen"))
    if seen:
        notes.append(f"last seen on {date_in_words(seen)}; what changed in between was not watched")
    if any(net.detail.get("unusual_growth") for net in nets):
        notes.append("one of an unusual number of newcomers: see the guards below")
    said = _ENTERED[why].format(searches) if why in _ENTERED else why
    return _fact(nets[0], label="Why it is here", after=said, notes=tuple(notes))


def _left(nets: Sequence[Net], searches: str, tracked: TrackedStudy | None) -> Fact:
    why = nets[0].why
    notes: tuple[str, ...] = ()
    merged = _text(nets[0].detail.get("merged_into")) or (tracked.merged_into if tracked else None)
    if why == LeftWhy.MERGED and merged:
        notes = (f"its record is now {merged}",)
    elif why in (LeftWhy.NO_LONGER_MATCHES, LeftWhy.SEARCH_EDITED) and tracked and tracked.watched_until:
        notes = (f"the record is still watched until {day(tracked.watched_until)}",)
    said = _LEFT[why].format(searches) if why in _LEFT else why
    return _fact(nets[0], label="Why it left", after=said, notes=notes)


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


def _text(value: object) -> str | None:
    return str(value) if isinstance(value, str) and value else value.isoformat() if isinstance(value, date) else None


def _number(value: Value) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
