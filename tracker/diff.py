"""What changed between two versions of a study: the heart of the tracker. Pure: no clock, no store, no network.

`diff` walks the table of watched fields and compares each by its rule (DESIGN §4, "Kinds of change" and "Dates").
A field never gives more than one change. What no field covers is told as one routine change that names the modules.
Who is a member of a search is decided in `tracker.membership`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any

from tracker.changes import Change, Kind, Value, Weight
from tracker.content import TooDeep, changed_modules, contents, normal_text
from tracker.fields import FIELDS, OTHER_FIELD, WATCHED_PATHS, Rule, WatchedField, site_name
from tracker.record import Unreadable
from tracker.shifts import Shift, shift_between
from tracker.study import DateType, Enrollment, Problem, Site, Status, Study, StudyDate

TAKING_PATIENTS = frozenset({Status.RECRUITING, Status.ENROLLING_BY_INVITATION, Status.AVAILABLE})
NOT_TAKING_PATIENTS = frozenset(Status) - TAKING_PATIENTS - {Status.UNKNOWN}
"""The statuses that say so: a word that the registry has just added, or none at all, does not."""

NOT_YET = frozenset({Status.NOT_YET_RECRUITING, Status.WITHHELD})
STOPPED = frozenset({Status.TERMINATED, Status.WITHDRAWN, Status.SUSPENDED})
ENDED = frozenset({Status.COMPLETED, Status.TERMINATED, Status.WITHDRAWN})

LARGE_SHIFT_DAYS = 90
"""A plan that moves by at least this much, or an actual date corrected by it, is major."""

SITE_TAKING_PATIENTS = frozenset(status.value for status in TAKING_PATIENTS)


@dataclass(frozen=True, slots=True)
class FirstPlan:
    """The first plan known for a milestone, and the data date that it is known since."""

    plan: StudyDate
    since: date | None


Detail = Mapping[str, str | int | bool | None]

_MILESTONES = tuple(field for field in FIELDS if field.rule is Rule.DATE)

FirstPlans = Mapping[str, FirstPlan]
"""By the name of the date field."""


def diff(before: Study, after: Study, *, first_plans: FirstPlans | None = None) -> tuple[Change, ...]:
    """The changes that make `after` out of `before`, in the order of the table of fields.

    `first_plans` gives the total slip of a date that moves; without it, the total counts from `before`.
    Raises Unreadable for a record that is nested deeper than can be compared.
    """
    comparison = _Comparison(before, after, first_plans or {})
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


def plans_of(study: Study, *, known: FirstPlans, since: date | None) -> dict[str, FirstPlan]:
    """`known`, and what `study` plans for a milestone that had no plan yet. A day that was reached is no plan."""
    plans = dict(known)
    for field in _MILESTONES:
        if field.name in plans:
            continue
        milestone: StudyDate | None = field.value(study)
        if milestone and milestone.type != DateType.ACTUAL:
            plans[field.name] = FirstPlan(milestone, since)
    return plans


def _contents(before: Study, after: Study) -> tuple[Any, Any]:
    try:
        return contents(before.record, after.record)
    except TooDeep:
        raise Unreadable(Problem(after.nct_id, "$", "it is nested too deep")) from None


@dataclass(frozen=True, slots=True)
class _Comparison:
    before: Study
    after: Study
    first_plans: FirstPlans

    @property
    def status_changed(self) -> bool:
        return self.before.overall_status != self.after.overall_status

    @property
    def newly_posted(self) -> bool:
        return self.after.results_are_public and not self.before.results_are_public

    def change(
        self, field: WatchedField, kind: Kind, weight: Weight, before: Value, after: Value, **more: Any
    ) -> Change:
        return Change(
            nct_id=self.after.nct_id,
            kind=kind,
            field=field.name,
            weight=weight,
            before=before,
            after=after,
            **more,
        )


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


def _status(compared: _Comparison, field: WatchedField) -> Change | None:
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


def _with_status(compared: _Comparison, field: WatchedField) -> Change | None:
    return None if compared.status_changed else _plain(compared, field)


# Dates


def _date(compared: _Comparison, field: WatchedField) -> Change | None:
    old: StudyDate | None = field.value(compared.before)
    new: StudyDate | None = field.value(compared.after)
    if old == new:
        return None
    types = {
        "before_type": old.type if old else None,
        "after_type": new.type if new else None,
    }
    if old is None or new is None:
        return compared.change(
            field, Kind.DATE_MOVED, Weight.MINOR, old.text if old else None, new.text if new else None, detail=types
        )
    shift = shift_between(old.date, new.date)
    kind = _date_kind(old.type, new.type, shift)
    total = _total_slip(compared, field, old, new) if kind is Kind.DATE_MOVED else {}
    return compared.change(
        field,
        kind,
        _date_weight(kind, shift),
        old.text,
        new.text,
        days=shift.days,
        days_at_least=shift.at_least,
        detail={**types, **total},
    )


def _date_kind(old: DateType | None, new: DateType | None, shift: Shift) -> Kind:
    """A plan moved, an end reached, a record corrected, or the same date said more precisely.

    An absent type is unknown, never read as a plan: what is known of such a date is only whether it moved.
    """
    if old == DateType.ESTIMATED and new == DateType.ACTUAL:
        return Kind.DATE_REACHED
    if old == DateType.ACTUAL and new == DateType.ESTIMATED:
        return Kind.DATE_CORRECTED
    if shift.stayed:
        return Kind.DATE_REFINED
    return Kind.DATE_CORRECTED if old == new == DateType.ACTUAL else Kind.DATE_MOVED


def _date_weight(kind: Kind, shift: Shift) -> Weight:
    if kind is Kind.DATE_REFINED:
        return Weight.ROUTINE
    large = shift.days is not None and abs(shift.days) >= LARGE_SHIFT_DAYS
    return Weight.MAJOR if large and kind is not Kind.DATE_REACHED else Weight.MINOR


def _total_slip(compared: _Comparison, field: WatchedField, old: StudyDate, new: StudyDate) -> Detail:
    first = compared.first_plans.get(field.name) or FirstPlan(old, compared.before.version_holder)
    total = shift_between(first.plan.date, new.date)
    return {
        "first_plan": first.plan.text,
        "first_plan_since": first.since.isoformat() if first.since else None,
        "total_days": total.days,
        "total_at_least": total.at_least,
    }


# Results


def _posting(compared: _Comparison, field: WatchedField) -> Change | None:
    before, after = compared.before, compared.after
    old, new = (day.text if day else None for day in (before.results_first_posted, after.results_first_posted))
    if before.results_are_public == after.results_are_public:  # at most their day was put right
        return compared.change(field, Kind.RESULTS_REVIEW, Weight.MINOR, old, new) if old != new else None
    if not after.results_are_public:
        return compared.change(field, Kind.RESULTS_WITHDRAWN, Weight.MAJOR, old, None)
    submitted = after.results_first_submitted
    detail = {"submitted": submitted.text} if submitted else {}
    return compared.change(field, Kind.RESULTS_POSTED, Weight.MAJOR, None, new, detail=detail)


def _review(compared: _Comparison, field: WatchedField) -> Change | None:
    """The registry stops showing the steps of a review once the results are posted: that is no news of its own."""
    if compared.newly_posted:
        return None
    compare = _list if isinstance(field.value(compared.after), tuple) else _plain
    return compare(compared, field)


# Numbers, sites, texts


def _enrollment(compared: _Comparison, field: WatchedField) -> Change | None:
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


def _site_status(compared: _Comparison, field: WatchedField) -> Change | None:
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


def _plain(compared: _Comparison, field: WatchedField) -> Change | None:
    old, new = field.value(compared.before), field.value(compared.after)
    if old == new or _normal(field, old) == _normal(field, new):
        return None
    return compared.change(field, field.kind, field.weight, old, new, detail=_label(field))


def _normal(field: WatchedField, value: Any) -> Any:
    if field.name == "allocation" and value == "NA":
        return None  # the registry fills in an absent choice as "not applicable"
    return normal_text(value) if isinstance(value, str) else value


def _list(compared: _Comparison, field: WatchedField) -> Change | None:
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


_COMPARE: dict[Rule, Callable[[_Comparison, WatchedField], Change | None]] = {
    Rule.STATUS: _status,
    Rule.WITH_STATUS: _with_status,
    Rule.DATE: _date,
    Rule.POSTING: _posting,
    Rule.REVIEW: _review,
    Rule.ENROLLMENT: _enrollment,
    Rule.SITE_STATUS: _site_status,
    Rule.PLAIN: _plain,
    Rule.LIST: _list,
}
