"""Results: posted, withdrawn, in review, delayed, waived; whatever the status of the trial is."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.records import GONE, changes_by, told
from tracker.changes import Weight

POSTED = {
    "hasResults": True,
    "statusModule.resultsFirstSubmitDate": "2026-03-02",
    "statusModule.resultsFirstPostDateStruct": {"date": "2026-04-01", "type": "ACTUAL"},
}
TRACKING = "derivedSection.miscInfoModule.submissionTracking"
UNPOSTED = "annotationSection.annotationModule.unpostedAnnotation"


@pytest.mark.parametrize("status", ["RECRUITING", "ACTIVE_NOT_RECRUITING", "COMPLETED", "TERMINATED", "UNKNOWN"])
def test_results_are_posted_whatever_the_status_is(status: str) -> None:
    changes = changes_by(POSTED, given={"statusModule.overallStatus": status})
    assert told(changes) == [
        ("results_posted", "results_first_post_date"),
        ("results_review", "results_first_submit_date"),
    ]
    posted, submitted = changes
    assert (posted.before, posted.after, posted.weight) == (None, "2026-04-01", Weight.MAJOR)
    assert posted.detail == {"submitted": "2026-03-02"}
    assert (submitted.before, submitted.after, submitted.weight) == (None, "2026-03-02", Weight.MINOR)


def test_results_that_are_no_longer_public_were_withdrawn() -> None:
    gone = dict.fromkeys(POSTED, GONE) | {"hasResults": False}
    changes = changes_by(gone, given=POSTED)
    assert told(changes)[0] == ("results_withdrawn", "results_first_post_date")
    assert (changes[0].before, changes[0].after, changes[0].weight) == ("2026-04-01", None, Weight.MAJOR)


@pytest.mark.parametrize("had", [False, GONE, None], ids=["false", "absent", "null"])
def test_results_are_not_public_before_their_day_of_posting_is_given(had: object) -> None:
    """The registry computes hasResults from the day of their first submission."""
    submitted = {"hasResults": True, "statusModule.resultsFirstSubmitDate": "2026-03-02"}
    changes = changes_by(submitted, given={"hasResults": had})
    assert told(changes) == [("results_review", "results_first_submit_date")]


def test_results_whose_day_of_posting_is_gone_were_withdrawn_whatever_else_the_record_says() -> None:
    changes = changes_by({"statusModule.resultsFirstPostDateStruct": GONE}, given=POSTED)
    assert told(changes) == [("results_withdrawn", "results_first_post_date")]


@pytest.mark.parametrize(("before", "after"), [(False, GONE), (GONE, False), (None, False)])
def test_no_results_and_no_word_about_results_are_the_same_to_a_reader(before: object, after: object) -> None:
    changes = changes_by({"hasResults": after}, given={"hasResults": before})
    assert not [change for change in changes if change.kind != "other"]


def test_a_corrected_day_of_posting_is_no_second_posting() -> None:
    (change,) = changes_by({"statusModule.resultsFirstPostDateStruct.date": "2026-04-02"}, given=POSTED)
    assert (change.kind, change.field, change.weight) == (
        "results_review",
        "results_first_post_date",
        Weight.MINOR,
    )
    assert (change.before, change.after) == ("2026-04-01", "2026-04-02")


# The review by the registry


@pytest.mark.parametrize(
    ("edits", "added"),
    [
        ({TRACKING: {"submissionInfos": [{"releaseDate": "2026-03-02"}]}}, ("RELEASE | 2026-03-02",)),
        (
            {TRACKING: {"submissionInfos": [{"releaseDate": "2026-03-02", "resetDate": "2026-03-20"}]}},
            ("RELEASE | 2026-03-02", "RESET | 2026-03-20"),
        ),
        ({TRACKING: {"submissionInfos": [{"unreleaseDate": "2026-03-02"}]}}, ("UNRELEASE | 2026-03-02",)),
        ({TRACKING: {"submissionInfos": [{"unreleaseDateUnknown": True}]}}, ("UNRELEASE | date unknown",)),
        ({UNPOSTED: {"unpostedEvents": [{"type": "RESET", "date": "2026-02-09"}]}}, ("RESET | 2026-02-09",)),
        ({UNPOSTED: {"unpostedEvents": [{"type": "UNRELEASE"}]}}, ("UNRELEASE | date unknown",)),
        (
            {
                TRACKING: {"submissionInfos": [{"releaseDate": "2026-03-02"}]},
                UNPOSTED: {"unpostedEvents": [{"type": "RELEASE", "date": "2026-03-02"}]},
            },
            ("RELEASE | 2026-03-02",),
        ),
    ],
    ids=[
        "submitted",
        "submitted and returned to the sponsor",
        "withdrawn by the sponsor",
        "withdrawn on a day unknown",
        "returned, as the annotation tells",
        "withdrawn, as the annotation tells",
        "the same step told in both places is told once",
    ],
)
def test_a_step_of_the_review(edits: dict[str, Any], added: tuple[str, ...]) -> None:
    (change,) = changes_by(edits)
    assert (change.kind, change.field, change.weight) == ("results_review", "results_review", Weight.MINOR)
    assert (change.before, change.after) == ((), added)
    assert change.detail == {"machine_made": True}


def test_back_and_forth_in_review_tells_each_step() -> None:
    """As NCT04457778 did in February and March 2026, with no new update date."""
    released = {"unpostedEvents": [{"type": "RELEASE", "date": "2025-12-30"}]}
    reset = {"unpostedEvents": [*released["unpostedEvents"], {"type": "RESET", "date": "2026-02-09"}]}
    again = {"unpostedEvents": [*reset["unpostedEvents"], {"type": "RELEASE", "date": "2026-03-02"}]}
    (first,) = changes_by({UNPOSTED: reset}, given={UNPOSTED: released})
    (second,) = changes_by({UNPOSTED: again}, given={UNPOSTED: reset})
    assert (first.before, first.after) == ((), ("RESET | 2026-02-09",))
    assert (second.before, second.after) == ((), ("RELEASE | 2026-03-02",))


def test_that_the_review_is_no_longer_shown_once_results_are_posted_is_no_news() -> None:
    given = {
        TRACKING: {
            "estimatedResultsFirstSubmitDate": "2025-11-03",
            "submissionInfos": [{"releaseDate": "2025-11-03"}],
        }
    }
    changes = changes_by({**POSTED, TRACKING: GONE}, given=given)
    assert [field for _, field in told(changes)] == ["results_first_post_date", "results_first_submit_date"]


def test_a_first_submission_that_the_registry_estimates() -> None:
    (change,) = changes_by({f"{TRACKING}.estimatedResultsFirstSubmitDate": "2025-11-03"})
    assert (change.kind, change.field) == ("results_review", "results_submission_estimated")
    assert (change.before, change.after, change.detail) == (None, "2025-11-03", {"machine_made": True})


def test_first_mcp_info_alone_is_no_submission() -> None:
    (change,) = changes_by({f"{TRACKING}.firstMcpInfo": {"postDateStruct": {"date": "2025-11-10"}}})
    assert (change.kind, change.after) == ("other", ("miscInfoModule",))


def test_only_the_number_of_a_submission_changes() -> None:
    given = {f"{TRACKING}.submissionInfos": [{"releaseDate": "2025-11-03", "mcpReleaseN": 1}]}
    (change,) = changes_by({f"{TRACKING}.submissionInfos.0.mcpReleaseN": 2}, given=given)
    assert (change.kind, change.after) == ("other", ("miscInfoModule",))


# Delayed and waived


def test_a_certified_delay() -> None:
    (change,) = changes_by({"statusModule.dispFirstSubmitDate": "2025-01-07"})
    assert (change.kind, change.field, change.weight) == ("results_review", "results_delay_certified", Weight.MINOR)
    assert (change.before, change.after) == (None, "2025-01-07")


def test_results_waived() -> None:
    (change,) = changes_by({"statusModule.resultsWaived": True})
    assert (change.kind, change.field) == ("results_review", "results_waived")
    assert (change.before, change.after) == (None, True)


def test_a_notice_of_violation() -> None:
    event = {"type": "VIOLATION_IDENTIFIED", "description": "Failure to submit", "issuedDate": "2025-10-01"}
    (change,) = changes_by({"annotationSection.annotationModule.violationAnnotation": {"violationEvents": [event]}})
    assert (change.kind, change.field, change.weight) == ("other", "violations", Weight.MINOR)
    assert change.after == ("VIOLATION_IDENTIFIED | 2025-10-01 | Failure to submit",)
