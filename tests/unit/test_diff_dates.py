"""A plan moved, an end reached, a record corrected, or the same date said more precisely (DESIGN §4, "Dates")."""

from __future__ import annotations

from datetime import date

import pytest

from tests.unit.records import GONE, a_small_record, changes_by, edited, study_of, told
from tracker.changes import Change, Kind, Weight
from tracker.comparison import FirstPlan
from tracker.milestones import plans_of
from tracker.study import DateType, PartialDate, StudyDate

FIELDS = {
    "start_date": "statusModule.startDateStruct",
    "primary_completion_date": "statusModule.primaryCompletionDateStruct",
    "completion_date": "statusModule.completionDateStruct",
}

# situation: before, after, days, whether these are "at least"
SITUATIONS = {
    "the same day": ("2026-05-31", "2026-05-31", 0, False),
    "later": ("2026-05-31", "2026-06-10", 10, False),
    "earlier": ("2026-05-31", "2026-05-01", -30, False),
    "refined": ("2026-05", "2026-05-31", 0, False),
    "finer and later": ("2026-05", "2026-06-10", 10, True),
    "finer and earlier": ("2026-05", "2026-04-21", -10, True),
    "coarser, perhaps the same": ("2026-05-31", "2026-05", None, False),
    "coarser and later": ("2026-05-31", "2026-07", 31, True),
    "coarser and earlier": ("2026-05-31", "2026-04", -31, True),
    "unreadable after": ("2026-05-31", "2026-02-30", None, False),
    "unreadable before": ("2026-02-30", "2026-05-31", None, False),
}
STAYED = {"the same day", "refined"}

# from → to: what it is if the date stayed, and if it moved (or nobody can say)
KINDS = {
    ("absent", "absent"): ("refined", "moved"),
    ("absent", "ESTIMATED"): ("refined", "moved"),
    ("absent", "ACTUAL"): ("refined", "moved"),
    ("ESTIMATED", "absent"): ("refined", "moved"),
    ("ESTIMATED", "ESTIMATED"): ("refined", "moved"),
    ("ESTIMATED", "ACTUAL"): ("reached", "reached"),
    ("ACTUAL", "absent"): ("refined", "moved"),
    ("ACTUAL", "ESTIMATED"): ("corrected", "corrected"),
    ("ACTUAL", "ACTUAL"): ("refined", "corrected"),
}


def _struct(text: str, type_: str) -> dict[str, str]:
    return {"date": text} if type_ == "absent" else {"date": text, "type": type_}


def _type(type_: str) -> str | None:
    return None if type_ == "absent" else type_


def _one_change(field: str, before: object, after: object) -> Change:
    (change,) = changes_by({FIELDS[field]: after}, given={FIELDS[field]: before})
    assert change.field == field
    return change


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize(("from_", "to"), KINDS, ids=lambda type_: type_.lower())
def test_a_date_changes(field: str, from_: str, to: str, situation: str) -> None:
    before, after, days, at_least = SITUATIONS[situation]
    if before == after and from_ == to:
        assert changes_by({FIELDS[field]: _struct(after, to)}, given={FIELDS[field]: _struct(before, from_)}) == ()
        return

    change = _one_change(field, _struct(before, from_), _struct(after, to))

    kind = KINDS[from_, to][situation not in STAYED]
    assert change.kind == f"date_{kind}"
    assert (change.before, change.after) == (before, after)
    assert (change.days, change.days_at_least) == (days, at_least)
    assert change.weight == (Weight.ROUTINE if kind == "refined" else Weight.MINOR)
    assert (change.detail["before_type"], change.detail["after_type"]) == (_type(from_), _type(to))
    assert ("total_days" in change.detail) == (kind == "moved")


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("type_", ["absent", "ESTIMATED", "ACTUAL"])
def test_a_date_that_appears_or_vanishes_moved_by_nobody_knows_how_much(field: str, type_: str) -> None:
    struct = _struct("2026-05-31", type_)
    appears, vanishes = _one_change(field, GONE_OR_NULL, struct), _one_change(field, struct, GONE_OR_NULL)
    assert (appears.kind, appears.before, appears.after) == (Kind.DATE_MOVED, None, "2026-05-31")
    assert (vanishes.kind, vanishes.before, vanishes.after) == (Kind.DATE_MOVED, "2026-05-31", None)
    for change in (appears, vanishes):
        assert (change.days, change.days_at_least, change.weight) == (None, False, Weight.MINOR)


GONE_OR_NULL = None


@pytest.mark.parametrize(
    ("days", "weight"), [(89, Weight.MINOR), (90, Weight.MAJOR), (-89, Weight.MINOR), (-90, Weight.MAJOR)]
)
@pytest.mark.parametrize(
    ("from_", "to", "kind"),
    [
        ("ESTIMATED", "ESTIMATED", "date_moved"),
        ("absent", "ACTUAL", "date_moved"),
        ("ACTUAL", "ACTUAL", "date_corrected"),
        ("ACTUAL", "ESTIMATED", "date_corrected"),
    ],
)
def test_ninety_days_are_major(from_: str, to: str, kind: str, days: int, weight: Weight) -> None:
    before = date(2026, 5, 31)
    after = date.fromordinal(before.toordinal() + days)
    change = _one_change("completion_date", _struct(before.isoformat(), from_), _struct(after.isoformat(), to))
    assert (change.kind, change.days, change.weight) == (kind, days, weight)


def test_an_end_is_no_slip_however_far_the_plan_was() -> None:
    change = _one_change("completion_date", _struct("2020-08", "ESTIMATED"), _struct("2018-07-27", "ACTUAL"))
    assert (change.kind, change.days, change.days_at_least) == ("date_reached", -736, True)
    assert change.weight is Weight.MINOR


def test_an_end_reached_on_the_planned_day_is_told() -> None:
    change = _one_change("completion_date", _struct("2017-09", "ESTIMATED"), _struct("2017-09", "ACTUAL"))
    assert (change.kind, change.days) == ("date_reached", 0)


def test_all_three_dates_may_change_at_once_each_told_for_itself() -> None:
    changes = changes_by(
        {
            "statusModule.startDateStruct": _struct("2024-03-02", "ACTUAL"),
            "statusModule.primaryCompletionDateStruct": _struct("2026-12-31", "ESTIMATED"),
            "statusModule.completionDateStruct": _struct("2026-01-15", "ACTUAL"),
        }
    )
    assert told(changes) == [
        ("date_corrected", "start_date"),
        ("date_moved", "primary_completion_date"),
        ("date_reached", "completion_date"),
    ]


# The total since the first plan


def _plan(text: str, type_: DateType | None = DateType.ESTIMATED, since: date | None = None) -> FirstPlan:
    return FirstPlan(StudyDate(PartialDate(text), type_), since)


@pytest.mark.parametrize(
    ("first", "before", "after", "days", "total", "at_least"),
    [
        ("2025-01-31", "2026-05-31", "2026-06-30", 30, 515, False),
        ("2025-01", "2026-05-31", "2026-06-30", 30, 515, True),
        ("2026-06-30", "2026-05-31", "2026-06-30", 30, 0, False),
        ("2026-12-31", "2026-05-31", "2026-06-30", 30, -184, False),
        ("2026", "2026-05-31", "2026-06-30", 30, 0, False),
        ("2026-02-30", "2026-05-31", "2026-06-30", 30, None, False),
    ],
    ids=[
        "two slips add up",
        "the first plan was a month: at least",
        "back at the first plan",
        "still earlier than the first plan",
        "still within the first plan, a year",
        "the first plan is no date",
    ],
)
def test_the_total_counts_from_the_first_plan(
    first: str, before: str, after: str, days: int, total: int | None, at_least: bool
) -> None:
    path = FIELDS["completion_date"]
    (change,) = changes_by(
        {path: _struct(after, "ESTIMATED")},
        given={path: _struct(before, "ESTIMATED")},
        first_plans={"completion_date": _plan(first, since=date(2023, 5, 4))},
    )
    assert change.days == days
    assert change.detail["first_plan"] == first
    assert change.detail["first_plan_since"] == "2023-05-04"
    assert (change.detail["total_days"], change.detail["total_at_least"]) == (total, at_least)


def test_without_a_known_plan_the_total_counts_from_the_version_before() -> None:
    change = _one_change("completion_date", _struct("2026-05-31", "ESTIMATED"), _struct("2026-06-30", "ESTIMATED"))
    assert change.detail["first_plan"] == "2026-05-31"
    assert change.detail["first_plan_since"] == "2026-02-04"  # the data date of the version before
    assert change.detail["total_days"] == 30


def test_the_first_plan_stays_the_first() -> None:
    first = study_of(edited(a_small_record(), {FIELDS["start_date"]: GONE}))
    later = study_of(
        edited(
            a_small_record(),
            {
                FIELDS["completion_date"]: _struct("2028-01", "ESTIMATED"),
                FIELDS["start_date"]: _struct("2024-04", "ESTIMATED"),
            },
        )
    )
    plans = plans_of(first, known={}, since=date(2026, 2, 4))
    plans = plans_of(later, known=plans, since=date(2026, 3, 4))
    assert plans == {
        "start_date": _plan("2024-04", since=date(2026, 3, 4)),
        "primary_completion_date": _plan("2026-06-30", since=date(2026, 2, 4)),
        "completion_date": _plan("2027-06-30", since=date(2026, 2, 4)),
    }


def test_a_date_that_was_reached_is_no_plan() -> None:
    ended = study_of(edited(a_small_record(), {FIELDS["completion_date"]: _struct("2026-01-15", "ACTUAL")}))
    assert "completion_date" not in plans_of(ended, known={}, since=date(2026, 2, 4))
