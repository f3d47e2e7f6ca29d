"""What changed between two versions of a study: the heart of the tracker. Pure: no clock, no store, no network.

`diff` walks the table of watched fields and compares each by its rule (DESIGN §4, "Kinds of change" and "Dates").
A field never gives more than one change. What no field covers is told as one routine change that names the modules.
Who is a member of a search is decided in `tracker.membership`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any

from tracker.changes import Change, Kind, Weight
from tracker.comparison import Comparison, Detail, FirstPlans
from tracker.content import TooDeep, changed_modules, contents, normal_text
from tracker.fields import FIELDS, OTHER_FIELD, WATCHED_PATHS, Rule, WatchedField, site_name
from tracker.milestones import compare_milestone
from tracker.record import Unreadable
from tracker.study import DateType, Enrollment, Problem, Site, Status, Study

TAKING_PATIENTS = frozenset({Status.RECRUITING, Status.ENROLLING_BY_INVITATION, Status.AVAILABLE})
NOT_TAKING_PATIENTS = frozenset(Status) - TAKING_PATIENTS - {Status.UNKNOWN}
"""The statuses that say so: a word that the registry has just added, or none at all, does not."""

NOT_YET = frozenset({Status.NOT_YET_RECRUITING, Status.WITHHELD})
STOPPED = frozenset({Status.TERMINATED, Status.WITHDRAWN, Status.SUSPENDED})
ENDED = frozenset({Status.COMPLETED, Status.TERMINATED, Status.WITHDRAWN})

SITE_TAKING_PATIENTS = frozenset(status.value for status in TAKING_PATIENTS)


def diff(before: Study, after: Study, *, first_plans: FirstPlans | None = None) -> tuple[Change, ...]:
    """The changes that make `after` out of `before`, in the order of the table of fields.

    `first_plans` gives the total slip of a date that moves; without it, the total counts from `before`.
    Raises Unreadable for a record that is nested deeper than can be compared.
    """
    comparison = Comparison(before, after, first_plans or {})
    changes = [change for field in FIELDS if (change := _COMPARE[field.rule](comparison, field))]
    modules = _other_modules(before, after, told=bool(changes))
    if modules:
        changes.append(
            Change(nct_id=after.nct_id, kind=Kind.OTHER, field=OTHER_FIELD, weight=Weight.ROUTINE, after=modules)
        )
    return tuple(changes)


def same_content(before: Study, after: Study) -> bool:
    """Whether the two differ in nothing but noise. Raises Unreadable."""
    old, new = _contents(before, after)
    return bool(old == new)


def _contents(before: Study, after: Study) -> tuple[Any, Any]:
    try:
        return contents(before.record, after.record)
    except TooDeep:
        raise Unreadable(Problem(after.nct_id, "$", "it is nested too deep")) from None


def _plain_text(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


def _other_modules(before: Study, after: Study, *, told: bool) -> tuple[str, ...]:
    old, new = _contents(before, after)
    if old == new:
        return ()
    modules = changed_modules(old, new, watched=WATCHED_PATHS)
    # A detail that a watched field leaves out (a submission's number, say) is told where nothing else would be.
    return modules or (() if told else changed_modules(old, new, watched=()))


# Statuses


def _status(compared: Comparison, field: WatchedField) -> Change | None:
    old, new = compared.before.overall_status, compared.after.overall_status
    if old == new:
        return None
    kind = _status_kind(old, new)
    detail: Detail = {}
    if new is Status.UNKNOWN:
        detail = {"set_by": "registry", "last_known_status": compared.after.last_known_status or old}
    elif old is Status.UNKNOWN and compared.before.last_known_status:
        detail = {"last_known_before": compared.before.last_known_status}
    return compared.change(
        field,
        kind,
        Weight.MINOR if kind is Kind.STATUS else Weight.MAJOR,
        old,
        new,
        why=compared.after.why_stopped if kind is Kind.STOPPED else None,
        detail=detail,
    )


def _status_kind(old: Status | None, new: Status | None) -> Kind:
    if new == Status.COMPLETED:
        return Kind.COMPLETED
    if new in STOPPED:
        return Kind.STOPPED
    if new in TAKING_PATIENTS and old not in TAKING_PATIENTS:
        return Kind.OPENED if old is None or old in NOT_YET else Kind.REOPENED
    if old in TAKING_PATIENTS and new in NOT_TAKING_PATIENTS:
        return Kind.CLOSED_TO_RECRUITMENT
    return Kind.STATUS


def _with_status(compared: Comparison, field: WatchedField) -> Change | None:
    return None if compared.status_changed else _plain(compared, field)


# Results


def _posting(compared: Comparison, field: WatchedField) -> Change | None:
    before, after = compared.before, compared.after
    old, new = (day.text if day else None for day in (before.results_first_posted, after.results_first_posted))
    if before.results_are_public == after.results_are_public:  # at most their day was put right
        return compared.change(field, Kind.RESULTS_REVIEW, Weight.MINOR, old, new) if old != new else None
    if not after.results_are_public:
        return compared.change(field, Kind.RESULTS_WITHDRAWN, Weight.MAJOR, old, None)
    submitted = after.results_first_submitted
    detail = {"submitted": submitted.text} if submitted else {}
    return compared.change(field, Kind.RESULTS_POSTED, Weight.MAJOR, None, new, detail=detail)


def _review(compared: Comparison, field: WatchedField) -> Change | None:
    """The registry stops showing the steps of a review once the results are posted: that is no news of its own."""
    if compared.newly_posted:
        return None
    compare = _list if isinstance(field.value(compared.after), tuple) else _plain
    return compare(compared, field)


# Numbers, sites, texts


def _enrollment(compared: Comparison, field: WatchedField) -> Change | None:
    old: Enrollment | None = compared.before.enrollment
    new: Enrollment | None = compared.after.enrollment
    if old == new:
        return None
    share = _share_percent(old, new)
    return compared.change(
        field,
        field.kind,
        Weight.MAJOR if share is not None and share < 50 else Weight.MINOR,
        old.count if old else None,
        new.count if new else None,
        detail={
            "before_type": old.type if old else None,
            "after_type": new.type if new else None,
            "share_percent": share,
        },
    )


def _share_percent(planned: Enrollment | None, reached: Enrollment | None) -> int | None:
    """How much of the plan was reached, rounded down; None where a plan did not become a count."""
    if planned is None or reached is None or reached.type != DateType.ACTUAL or planned.type != DateType.ESTIMATED:
        return None
    if not planned.count or reached.count is None or Enrollment.UNKNOWN_COUNT in (planned.count, reached.count):
        return None
    return reached.count * 100 // planned.count


def _site_status(compared: Comparison, field: WatchedField) -> Change | None:
    """Only of sites that stand in both versions; the others are added or dropped."""
    old, new = _statuses(compared.before.sites), _statuses(compared.after.sites)
    moved = sorted(name for name in old.keys() & new.keys() if old[name] - new[name] and new[name] - old[name])
    if not moved:
        return None
    opened = sum(_openings(old[name], new[name]) for name in moved)
    closed = sum(_openings(new[name], old[name]) for name in moved)
    return compared.change(
        field,
        field.kind,
        field.weight,
        tuple(f"{name}: {_status_words(old[name])}" for name in moved),
        tuple(f"{name}: {_status_words(new[name])}" for name in moved),
        detail={"opened": opened, "closed": closed},
    )


def _statuses(sites: Iterable[Site]) -> dict[str, Counter[str]]:
    """Sites of one name (masked ones: "Research Site") share a line, each with its status."""
    statuses: dict[str, Counter[str]] = {}
    for site in sites:
        statuses.setdefault(normal_text(site_name(site)), Counter())[site.status or ""] += 1
    return statuses


def _openings(old: Counter[str], new: Counter[str]) -> int:
    """How many sites of one name began to take patients, less those that stopped; none where more stopped."""
    left, came = old - new, new - old
    waiting = sum(count for status, count in left.items() if status not in SITE_TAKING_PATIENTS)
    return max(0, min(waiting, _taking(came) - _taking(left)))


def _taking(statuses: Counter[str]) -> int:
    return sum(count for status, count in statuses.items() if status in SITE_TAKING_PATIENTS)


def _status_words(statuses: Counter[str]) -> str:
    return ", ".join(status or "no status" for status in sorted(statuses.elements()))


def _plain(compared: Comparison, field: WatchedField) -> Change | None:
    old, new = field.value(compared.before), field.value(compared.after)
    if old == new or _normal(field, old) == _normal(field, new):
        return None
    return compared.change(field, field.kind, field.weight, old, new, detail=_label(field))


def _normal(field: WatchedField, value: Any) -> Any:
    if field.name == "allocation" and value == "NA":
        return None  # the registry fills in an absent choice as "not applicable"
    return normal_text(value) if isinstance(value, str) else value


def _list(compared: Comparison, field: WatchedField) -> Change | None:
    old, new = field.value(compared.before), field.value(compared.after)
    if old == new:
        return None
    dropped, added = _missing_from(old, new), _missing_from(new, old)
    if not dropped and not added:
        return None
    weight = Weight.ROUTINE if field.machine_made and field.kind is Kind.PUBLICATION else field.weight
    return compared.change(field, field.kind, weight, dropped, added, detail=_label(field))


def _missing_from(entries: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    """The entries that the others lack, as often as they lack them, in their own order."""
    left = Counter(map(normal_text, others))
    missing = []
    for entry in entries:
        normal = normal_text(entry)
        if not normal:  # an entry with nothing in it
            continue
        if left[normal]:
            left[normal] -= 1
        else:
            missing.append(entry)
    return tuple(missing)


def _label(field: WatchedField) -> Detail:
    return {"machine_made": True} if field.machine_made else {}


_COMPARE: dict[Rule, Callable[[Comparison, WatchedField], Change | None]] = {
    Rule.STATUS: _status,
    Rule.WITH_STATUS: _with_status,
    Rule.DATE: compare_milestone,
    Rule.POSTING: _posting,
    Rule.REVIEW: _review,
    Rule.ENROLLMENT: _enrollment,
    Rule.SITE_STATUS: _site_status,
    Rule.PLAIN: _plain,
    Rule.LIST: _list,
}
