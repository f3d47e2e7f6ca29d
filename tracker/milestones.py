"""How a milestone's date changed: a plan moved, an end reached, a record corrected, or said more precisely. Pure."""

from __future__ import annotations

from datetime import date

from tracker.changes import Change, Kind, Weight
from tracker.comparison import Comparison, Detail, FirstPlan, FirstPlans
from tracker.fields import FIELDS, Rule, WatchedField
from tracker.shifts import Shift, shift_between
from tracker.study import DateType, Study, StudyDate

LARGE_SHIFT_DAYS = 90
"""A plan that moves by at least this much, or an actual date corrected by it, is major."""

_MILESTONES = tuple(field for field in FIELDS if field.rule is Rule.DATE)


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


def compare_milestone(compared: Comparison, field: WatchedField) -> Change | None:
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


def _total_slip(compared: Comparison, field: WatchedField, old: StudyDate, new: StudyDate) -> Detail:
    first = compared.first_plans.get(field.name) or FirstPlan(old, compared.before.version_holder)
    total = shift_between(first.plan.date, new.date)
    return {
        "first_plan": first.plan.text,
        "first_plan_since": first.since.isoformat() if first.since else None,
        "total_days": total.days,
        "total_at_least": total.at_least,
    }
