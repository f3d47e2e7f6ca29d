"""The news of the bundled history, 2018-05-29 → 2020-07-28, as a coordinator wrote them down by hand.

The facts are those of the review's example report; none of what a naive program would say may be among them.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

from tests.unit.records import encoded
from tracker.changes import Change, Kind
from tracker.diff import diff, same_content
from tracker.parse import parse
from tracker.study import Study

BUNDLED = Path(__file__).resolve().parents[2] / "jobs" / "bundled"
BEFORE, AFTER = "2018-05-29", "2020-07-28"

NEW = {"NCT03575949", "NCT04033536", "NCT04218617", "NCT04375891"}
WITHOUT_NEWS = {"NCT00593320", "NCT01525745", "NCT01757717", "NCT03028337"}
DELAYED = {"NCT00855803", "NCT02387905", "NCT02085941", "NCT02987153", "NCT00508443"}


@cache
def _studies(day: str) -> dict[str, Study]:
    page = json.loads((BUNDLED / f"{day}.json").read_text(encoding="utf-8"))
    studies = map(parse, map(encoded, page["studies"]))
    return {study.nct_id: study for study in studies}


@cache
def _changes() -> dict[str, tuple[Change, ...]]:
    before, after = _studies(BEFORE), _studies(AFTER)
    return {study: diff(before[study], after[study]) for study in before}


def _change(study: str, field: str) -> Change:
    (change,) = (change for change in _changes()[study] if change.field == field)
    return change


def _with_change_of(field: str) -> set[str]:
    return {study for study, changes in _changes().items() if field in [change.field for change in changes]}


def _of_kind(*kinds: Kind) -> dict[str, list[Change]]:
    found = {study: [one for one in changes if one.kind in kinds] for study, changes in _changes().items()}
    return {study: changes for study, changes in found.items() if changes}


def test_fifteen_trials_then_nineteen() -> None:
    assert len(_studies(BEFORE)) == 15
    assert _studies(AFTER).keys() - _studies(BEFORE).keys() == NEW
    assert _studies(BEFORE).keys() <= _studies(AFTER).keys()


def test_the_new_ones_were_registered_in_between() -> None:
    for study in NEW:
        posted = _studies(AFTER)[study].first_posted
        assert posted
        assert BEFORE < posted.text < AFTER
    statuses = {study: _studies(AFTER)[study].overall_status for study in NEW}
    assert statuses == dict.fromkeys(NEW, "RECRUITING") | {"NCT04375891": "NOT_YET_RECRUITING"}


def test_four_have_no_news() -> None:
    assert {study for study, changes in _changes().items() if not changes} == WITHOUT_NEWS
    assert len(_changes()) + len(NEW) - len(WITHOUT_NEWS) == 15  # "15 with news"


def test_three_completed() -> None:
    assert _of_kind(Kind.COMPLETED).keys() == {"NCT00922974", "NCT01347307", "NCT01752036"}


@pytest.mark.parametrize(
    ("study", "before", "after", "days", "at_least"),
    [
        ("NCT00922974", "2022-01", "2020-04-06", -635, True),
        ("NCT01347307", "2017-09", "2017-09", 0, False),
        ("NCT01752036", "2020-08", "2018-07-27", -736, True),
        ("NCT01654068", "2020-07", "2016-09-08", -1392, True),
    ],
)
def test_an_end_was_reached_and_is_no_slip(study: str, before: str, after: str, days: int, at_least: bool) -> None:
    end = _change(study, "completion_date")
    assert (end.kind, end.before, end.after) == (Kind.DATE_REACHED, before, after)
    assert (end.days, end.days_at_least) == (days, at_least)


def test_one_stopped_with_its_reason() -> None:
    assert _of_kind(Kind.STOPPED).keys() == {"NCT01654068"}
    stop = _change("NCT01654068", "overall_status")
    assert (stop.before, stop.after, stop.why) == ("ACTIVE_NOT_RECRUITING", "TERMINATED", "low participant accrual")
    phase, enrollment = _change("NCT01654068", "phase"), _change("NCT01654068", "enrollment")
    assert (phase.before, phase.after) == ("PHASE2", "NA")
    assert (enrollment.before, enrollment.after) == (16, 14)
    assert (enrollment.detail["before_type"], enrollment.detail["after_type"]) == ("ACTUAL", "ACTUAL")


def test_one_closed_to_recruitment() -> None:
    assert _of_kind(Kind.CLOSED_TO_RECRUITMENT).keys() == {"NCT03249584"}
    enrollment = _change("NCT03249584", "enrollment")
    assert (enrollment.before, enrollment.after, enrollment.detail["share_percent"]) == (250, 218, 87)
    reached = _change("NCT03249584", "primary_completion_date")
    assert (reached.kind, reached.before, reached.after) == (Kind.DATE_REACHED, "2018-06", "2019-04-30")
    assert (reached.days, reached.days_at_least) == (304, True)
    earlier = _change("NCT03249584", "completion_date")
    assert (earlier.kind, earlier.before, earlier.after) == (Kind.DATE_MOVED, "2020-11", "2020-10-30")
    assert (earlier.days, earlier.days_at_least) == (-2, True)
    assert earlier.detail["after_type"] == "ESTIMATED"


def test_six_have_results() -> None:
    posted = {study: changes[0].after for study, changes in _of_kind(Kind.RESULTS_POSTED).items()}
    assert posted == {
        "NCT03050203": "2019-01-28",
        "NCT01654068": "2019-04-19",
        "NCT00922974": "2019-05-16",
        "NCT03249584": "2020-03-25",
        "NCT01347307": "2020-06-18",
        "NCT01752036": "2020-06-25",
    }
    assert _change("NCT01347307", "results_first_post_date").detail["submitted"] == "2019-02-19"
    assert _studies(AFTER)["NCT03249584"].overall_status == "ACTIVE_NOT_RECRUITING"  # results before the end


def test_enrollment_of_the_completed() -> None:
    enrollment = _change("NCT01347307", "enrollment")
    assert (enrollment.before, enrollment.after, enrollment.detail["share_percent"]) == (50, 38, 76)


def test_a_start_put_right() -> None:
    start = _change("NCT01752036", "start_date")
    assert (start.before, start.after, start.detail["after_type"]) == ("2013-03", "2013-05-20", "ACTUAL")


@pytest.mark.parametrize(
    ("study", "primary", "completion"),
    [
        ("NCT00855803", (1461, False), (730, False)),
        ("NCT02387905", (974, True), (609, True)),
        ("NCT02085941", (731, False), (303, False)),
        ("NCT02987153", (243, False), (365, False)),
        ("NCT00508443", (366, True), None),
    ],
)
def test_a_delay_in_days(study: str, primary: tuple[int, bool], completion: tuple[int, bool] | None) -> None:
    moved = {change.field: (change.days, change.days_at_least) for change in _of_kind(Kind.DATE_MOVED)[study]}
    assert moved == {"primary_completion_date": primary} | ({"completion_date": completion} if completion else {})


def test_five_are_delayed_and_no_others() -> None:
    later = {
        study
        for study, changes in _of_kind(Kind.DATE_MOVED).items()
        if any(change.days and change.days > 0 and change.field != "start_date" for change in changes)
    }
    assert later == DELAYED


def test_a_completion_that_was_only_said_more_precisely_is_no_delay() -> None:
    refined = _change("NCT00508443", "completion_date")
    assert (refined.kind, refined.before, refined.after, refined.days) == (
        Kind.DATE_REFINED,
        "2020-10",
        "2020-10-31",
        0,
    )


def test_texts_were_rewritten() -> None:
    fields = {change.field for change in _changes()["NCT02387905"]}
    assert {"brief_title", "primary_purpose", "arms", "conditions", "primary_outcomes"} <= fields
    assert _with_change_of("primary_outcomes") - {"NCT02387905"} == {
        "NCT00922974",
        "NCT01347307",
        "NCT01654068",
        "NCT01752036",
        "NCT03050203",
        "NCT03249584",
    }


def test_a_start_that_is_still_a_plan_while_the_trial_recruits() -> None:
    start = _studies(AFTER)["NCT04033536"].start
    assert start
    assert (start.text, start.type) == ("2019-08", "ESTIMATED")


def test_whether_results_are_due_can_not_be_assessed() -> None:
    for study in _studies(AFTER).values():
        assert (study.is_fda_regulated_drug, study.is_fda_regulated_device) == (None, None)


# What a naive program would say, wrongly


def test_allocation_filled_in_by_the_registry_is_no_news() -> None:
    gained = {
        study
        for study, before in _studies(BEFORE).items()
        if before.allocation is None and _studies(AFTER)[study].allocation == "NA"
    }
    assert len(gained) == 6
    assert _with_change_of("allocation") == {"NCT01654068"}
    real = _change("NCT01654068", "allocation")
    assert (real.before, real.after) == ("NON_RANDOMIZED", "NA")


def test_nothing_that_ended_is_told_as_moved() -> None:
    moved = _of_kind(Kind.DATE_MOVED)
    for study in ("NCT00922974", "NCT01347307", "NCT01752036", "NCT01654068"):
        assert {change.field for change in moved.get(study, [])} <= {"start_date"}


def test_without_news_is_noise_or_a_touch() -> None:
    same = {study for study in WITHOUT_NEWS if same_content(_studies(BEFORE)[study], _studies(AFTER)[study])}
    assert same == WITHOUT_NEWS - {"NCT03028337"}


def test_no_kind_stands_in_the_news_that_the_example_does_not_have() -> None:
    kinds = {change.kind for changes in _changes().values() for change in changes}
    assert not kinds & {
        Kind.OPENED,
        Kind.REOPENED,
        Kind.STATUS,
        Kind.RESULTS_WITHDRAWN,
        Kind.DATE_CORRECTED,
        Kind.SITES,
        Kind.PUBLICATION,
    }
