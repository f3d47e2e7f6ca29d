"""Every change of overall status, and what it is told as: `status_table` draws it."""

from __future__ import annotations

import itertools

import pytest

from tests.unit.records import GONE, changes_by, told
from tests.unit.status_table import GROUP_OF, KIND_BETWEEN
from tracker.changes import Weight
from tracker.study import Status


def test_the_table_has_every_status_that_the_registry_has() -> None:
    assert set(GROUP_OF) == {status.value for status in Status} | {"absent", "PAUSED"}


def _field(status: str) -> object:
    return GONE if status == "absent" else status


@pytest.mark.parametrize(
    ("before", "after"),
    list(itertools.product(GROUP_OF, repeat=2)),
    ids=lambda status: status.lower().replace("_", " "),
)
def test_each_pair_of_statuses_is_one_kind_of_change(before: str, after: str) -> None:
    given = {"statusModule.overallStatus": _field(before)}
    edits = {"statusModule.overallStatus": _field(after)} if before != after else {}

    changes = changes_by(edits, given=given)

    if before == after:
        assert changes == ()
        return
    (change,) = changes
    kind = KIND_BETWEEN[GROUP_OF[before], GROUP_OF[after]]
    assert (change.kind, change.field) == (kind, "overall_status")
    assert change.before == (None if before == "absent" else before)
    assert change.after == (None if after == "absent" else after)
    assert change.weight == (Weight.MINOR if kind == "status" else Weight.MAJOR)


@pytest.mark.parametrize("status", ["TERMINATED", "WITHDRAWN", "SUSPENDED"])
def test_a_stop_carries_the_records_own_reason(status: str) -> None:
    (stop,) = changes_by({"statusModule.overallStatus": status, "statusModule.whyStopped": "low participant accrual"})
    assert (stop.kind, stop.why) == ("stopped", "low participant accrual")


def test_a_stop_without_a_reason_has_none() -> None:
    (stop,) = changes_by({"statusModule.overallStatus": "TERMINATED"})
    assert stop.why is None


def test_a_reason_given_later_is_told_on_its_own() -> None:
    (change,) = changes_by(
        {"statusModule.whyStopped": "sponsor's decision"}, given={"statusModule.overallStatus": "TERMINATED"}
    )
    assert (change.kind, change.field, change.weight) == ("status", "why_stopped", Weight.MINOR)
    assert (change.before, change.after) == (None, "sponsor's decision")


def test_a_reason_reworded_while_the_trial_goes_from_suspended_to_terminated_is_told_once() -> None:
    given = {"statusModule.overallStatus": "SUSPENDED", "statusModule.whyStopped": "interim analysis"}
    changes = changes_by(
        {"statusModule.overallStatus": "TERMINATED", "statusModule.whyStopped": "futility"}, given=given
    )
    assert told(changes) == [("stopped", "overall_status")]
    assert changes[0].why == "futility"


@pytest.mark.parametrize(
    ("before", "last_known", "shown"),
    [
        ("RECRUITING", "RECRUITING", "RECRUITING"),
        ("NOT_YET_RECRUITING", "NOT_YET_RECRUITING", "NOT_YET_RECRUITING"),
        ("ACTIVE_NOT_RECRUITING", "RECRUITING", "RECRUITING"),
        ("RECRUITING", GONE, "RECRUITING"),
        (GONE, GONE, None),
    ],
    ids=[
        "recruiting, as the registry says",
        "not yet recruiting, as the registry says",
        "the registry knows better than the version before",
        "the registry does not say: the status before",
        "nothing is known",
    ],
)
def test_a_flip_to_unknown_is_the_registrys_and_names_the_last_known_status(
    before: object, last_known: object, shown: str | None
) -> None:
    edits = {"statusModule.overallStatus": "UNKNOWN"}
    if last_known is not GONE:
        edits["statusModule.lastKnownStatus"] = str(last_known)
    (flip,) = changes_by(edits, given={"statusModule.overallStatus": before})
    assert (flip.kind, flip.weight) == ("status", Weight.MINOR)
    assert flip.detail == {"set_by": "registry", "last_known_status": shown}


def test_back_from_unknown_to_recruiting_is_reopened_and_says_what_was_known() -> None:
    given = {"statusModule.overallStatus": "UNKNOWN", "statusModule.lastKnownStatus": "NOT_YET_RECRUITING"}
    changes = changes_by(
        {"statusModule.overallStatus": "RECRUITING", "statusModule.lastKnownStatus": GONE}, given=given
    )
    assert told(changes) == [("reopened", "overall_status")]
    assert changes[0].detail == {"last_known_before": "NOT_YET_RECRUITING"}


def test_only_another_last_known_status_is_a_small_change_of_its_own() -> None:
    given = {"statusModule.overallStatus": "UNKNOWN", "statusModule.lastKnownStatus": "RECRUITING"}
    (change,) = changes_by({"statusModule.lastKnownStatus": "SUSPENDED"}, given=given)
    assert (change.kind, change.field) == ("status", "last_known_status")


def test_a_flip_to_unknown_is_no_end() -> None:
    for before in GROUP_OF:
        if before not in ("UNKNOWN", "absent"):
            (flip,) = changes_by(
                {"statusModule.overallStatus": "UNKNOWN"}, given={"statusModule.overallStatus": before}
            )
            assert flip.kind == "status"
            assert flip.why is None
