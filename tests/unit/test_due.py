"""Before → after of the estimates: facts of a record and a day, and what should be checked. Real trials are named."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest

from tracker.changes import Change, Kind, Weight
from tracker.due import estimates, may_be_told, overdue
from tracker.estimates import Answer, Check, Estimate
from tracker.fields import BY_NAME
from tracker.results_due import results_clock, results_due
from tracker.study import (
    DateType,
    Enrollment,
    NctId,
    PartialDate,
    Phase,
    Reference,
    ReferenceType,
    ReviewEvent,
    Site,
    Status,
    Study,
    StudyDate,
    StudyType,
    ViolationEvent,
)
from tracker.summary import summary_of

DAY = date(2024, 12, 16)


def actual(text: str) -> StudyDate:
    return StudyDate(PartialDate(text), DateType.ACTUAL)


def planned(text: str) -> StudyDate:
    return StudyDate(PartialDate(text), DateType.ESTIMATED)


def sites(*countries: str) -> tuple[Site, ...]:
    return tuple(Site(country=country) for country in countries)


# Real records, as of 16 December 2024 (records/herniated_disc.json.gz); NCT01347307 as of 28 July 2020.
NCT04653792 = Study(
    nct_id=NctId("NCT04653792"),
    overall_status=Status.COMPLETED,
    study_type=StudyType.INTERVENTIONAL,
    phases=(Phase.PHASE4,),
    primary_purpose="TREATMENT",
    start=actual("2018-06-04"),
    primary_completion=actual("2020-04-17"),
    completion=actual("2020-04-17"),
    has_results=False,
    is_fda_regulated_drug=True,
    is_fda_regulated_device=True,
    is_us_export=True,
    sites=sites("Pakistan"),
)
NCT03607838 = Study(
    nct_id=NctId("NCT03607838"),
    overall_status=Status.COMPLETED,
    study_type=StudyType.INTERVENTIONAL,
    phases=(Phase.PHASE3,),
    primary_purpose="TREATMENT",
    start=actual("2018-05-30"),
    primary_completion=actual("2022-08-03"),
    completion=actual("2023-03-21"),
    has_results=False,
    results_delay_certified=PartialDate("2023-07-14"),
    is_fda_regulated_drug=True,
    is_fda_regulated_device=False,
    sites=sites("United States"),
)
NCT01347307 = Study(
    nct_id=NctId("NCT01347307"),
    overall_status=Status.COMPLETED,
    study_type=StudyType.INTERVENTIONAL,
    phases=(Phase.NA,),
    start=actual("2008-09"),
    primary_completion=actual("2017-09"),
    completion=actual("2017-09"),
    has_results=True,
    results_first_submitted=PartialDate("2019-02-19"),
    results_first_posted=PartialDate("2020-06-18"),
    sites=sites("United States"),
)
NCT04033536 = Study(
    nct_id=NctId("NCT04033536"),
    overall_status=Status.RECRUITING,
    study_type=StudyType.INTERVENTIONAL,
    start=planned("2019-08"),
    primary_completion=planned("2022-08"),
    completion=planned("2023-08"),
    status_verified=PartialDate("2019-07"),
)

US_DRUG = replace(NCT03607838, nct_id=NctId("NCT00000001"), results_delay_certified=None)


def test_results_may_be_due_after_a_year_without_a_submission() -> None:
    found = results_due(NCT04653792, now=DAY)
    assert found.answer is Answer.YES
    assert found.text == (
        "Results may be due (estimate): primary completion 17 Apr 2020 + 1 year; no submission visible on 16 Dec 2024; "
        "appears applicable. Not a finding of non-compliance."
    )
    assert found.since == date(2021, 5, 17)
    assert [str(step) for step in found.trace] == [
        "Interventional? yes: the study type is interventional",
        "Not withdrawn? yes: it was not withdrawn",
        "A drug or device that the FDA regulates? yes: an FDA-regulated drug, phase: Phase 4",
        "Started on or after 18 Jan 2017? yes: started 4 Jun 2018 (actual)",
        "In the US, or exported from there? yes: the product is exported from the US",
        "No waiver? yes: no waiver shows",
        "No results submitted yet? yes: no submission is visible",
        "Primary completion an actual date? yes: primary completion 17 Apr 2020 (actual)",
        "More than 30 days (our margin) past the due day? yes: due 17 Apr 2021; today is 16 Dec 2024",
    ]


def test_a_certified_delay_gives_two_years_from_its_submission() -> None:
    clock = results_clock(NCT03607838)
    assert clock is not None
    assert clock.due == date(2025, 7, 14)
    assert results_due(NCT03607838, now=DAY).answer is Answer.NO
    later = results_due(NCT03607838, now=date(2025, 9, 1))
    assert later.answer is Answer.YES
    assert "primary completion 3 Aug 2022 + 1 year, delay certified 14 Jul 2023 + 2 years" in later.text


def test_the_first_submission_stops_the_clock_not_the_posting() -> None:
    clock = results_clock(NCT01347307)
    assert clock is not None
    assert clock.stopped == date(2019, 2, 19)
    posting = replace(NCT01347307, results_first_submitted=PartialDate("2020-06-18"))
    counted_to_posting = results_clock(posting)
    assert counted_to_posting is not None
    today = date(2020, 7, 28)
    assert counted_to_posting.days_after_due(today) - clock.days_after_due(today) == 485
    assert results_due(NCT01347307, now=today).answer is Answer.NO


RESULTS_DUE = [
    # what differs from a completed US drug trial of phase 3, due on 3 August 2023 → the answer, and what it names
    ({}, DAY, Answer.YES, "3 Aug 2022 + 1 year"),
    ({}, date(2023, 9, 2), Answer.NO, "due 3 Aug 2023"),
    ({}, date(2023, 9, 3), Answer.YES, "3 Aug 2022 + 1 year"),
    ({"study_type": StudyType.OBSERVATIONAL}, DAY, Answer.NO, "observational"),
    ({"study_type": None}, DAY, Answer.NOT_ASSESSABLE, "no study type"),
    ({"overall_status": Status.WITHDRAWN}, DAY, Answer.NO, "withdrawn"),
    ({"overall_status": Status.UNKNOWN}, DAY, Answer.YES, "3 Aug 2022 + 1 year"),
    ({"overall_status": Status.TERMINATED}, DAY, Answer.YES, "3 Aug 2022 + 1 year"),
    ({"phases": (Phase.PHASE1,)}, DAY, Answer.NO, "phase 1 alone"),
    ({"phases": (Phase.EARLY_PHASE1,)}, DAY, Answer.NO, "phase 1 alone"),
    ({"phases": (Phase.PHASE1, Phase.PHASE2)}, DAY, Answer.YES, "3 Aug 2022 + 1 year"),
    ({"phases": ()}, DAY, Answer.YES, "3 Aug 2022 + 1 year"),
    ({"phases": (Phase.PHASE1,), "is_fda_regulated_device": True}, DAY, Answer.YES, "3 Aug 2022 + 1 year"),
    ({"is_fda_regulated_drug": False}, DAY, Answer.NO, "neither drug nor device"),
    ({"is_fda_regulated_drug": None}, DAY, Answer.NOT_ASSESSABLE, "an FDA field is absent"),
    (
        {"is_fda_regulated_drug": None, "is_fda_regulated_device": None},
        DAY,
        Answer.NOT_ASSESSABLE,
        "the FDA fields are absent from the record",
    ),
    (
        {"is_fda_regulated_drug": False, "is_fda_regulated_device": True, "primary_purpose": "DEVICE_FEASIBILITY"},
        DAY,
        Answer.NO,
        "device feasibility alone",
    ),
    ({"is_unapproved_device": True, "is_fda_regulated_device": True}, DAY, Answer.NOT_ASSESSABLE, "not approved"),
    ({"start": actual("2017-01-17")}, DAY, Answer.NOT_ASSESSABLE, "it started before the rule"),
    ({"start": actual("2017-01-18")}, DAY, Answer.YES, "3 Aug 2022 + 1 year"),
    ({"start": actual("2017-01")}, DAY, Answer.NOT_ASSESSABLE, "it may have started before the rule"),
    ({"start": planned("2018-05-30")}, DAY, Answer.NOT_ASSESSABLE, "not marked as actual"),
    ({"start": None}, DAY, Answer.NOT_ASSESSABLE, "its start is not known"),
    ({"sites": sites("France", "Germany")}, DAY, Answer.NOT_ASSESSABLE, "foreign sites only"),
    ({"sites": sites("France", "Puerto Rico")}, DAY, Answer.YES, "3 Aug 2022 + 1 year"),
    ({"sites": ()}, DAY, Answer.NOT_ASSESSABLE, "no site"),
    ({"primary_completion": planned("2022-08-03")}, DAY, Answer.NO, "3 Aug 2022 (estimated)"),
    ({"primary_completion": StudyDate(PartialDate("2022-08-03"))}, DAY, Answer.NOT_ASSESSABLE, "not marked"),
    ({"primary_completion": None}, DAY, Answer.NOT_ASSESSABLE, "primary completion date is not known"),
    ({"primary_completion": actual("2022-02-30")}, DAY, Answer.NOT_ASSESSABLE, "is not known"),
    # a month counts by its last day: 30 November 2023 + 1 year + our 30 days is 30 December 2024
    ({"primary_completion": actual("2023-11")}, DAY, Answer.NO, "due 30 Nov 2024"),
    ({"primary_completion": actual("2020-02-29")}, DAY, Answer.YES, "29 Feb 2020 + 1 year"),
    ({"results_waived": True}, DAY, Answer.NO, "waived"),
    ({"results_first_submitted": PartialDate("2024-12-01")}, DAY, Answer.NO, "first submitted on 1 Dec 2024"),
    # submitted, then returned to the sponsor: the first submission has stopped the clock all the same
    (
        {"review_events": (ReviewEvent("RELEASE", "2023-05-02"), ReviewEvent("RESET", "2023-06-01"))},
        DAY,
        Answer.NO,
        "first submitted on 2 May 2023",
    ),
    ({"review_events": (ReviewEvent("UNRELEASE"),)}, DAY, Answer.NO, "a day that the record does not tell"),
    ({"has_results": True}, DAY, Answer.NO, "results are posted"),
]


@pytest.mark.parametrize(("differs", "now", "answer", "named"), RESULTS_DUE)
def test_results_due(differs: dict[str, object], now: date, answer: Answer, named: str) -> None:
    found = results_due(replace(US_DRUG, **differs), now=now)  # type: ignore[arg-type]
    assert found.answer is answer
    assert named in found.text
    assert not re.search(r"\blate\b|violation|obligation", found.text)


def test_only_the_records_own_notice_speaks_of_a_violation() -> None:
    notice = ViolationEvent("VIOLATION_IDENTIFIED_BY_FDA", "Failure to submit clinical trial information", "2021-04-28")
    found = results_due(replace(US_DRUG, violations=(notice,)), now=DAY)
    assert found.quote == "Failure to submit clinical trial information 2021-04-28"
    assert "Failure" not in found.text


OPEN_TRIAL = Study(
    nct_id=NctId("NCT00000002"),
    overall_status=Status.RECRUITING,
    study_type=StudyType.OBSERVATIONAL,
    start=actual("2020-01"),
    completion=planned("2025-06"),
    status_verified=PartialDate("2024-06"),
    version_holder=date(2024, 12, 15),
)
PAPER, DERIVED = Reference("A paper", "123", ReferenceType.RESULT), Reference("A review", "9", ReferenceType.DERIVED)
POSTED = {"overall_status": Status.COMPLETED, "has_results": True, "results_first_posted": PartialDate("2024-03-01")}

OPEN_PAST = "Past its completion date and still open (estimate): Recruiting, completion "
UNVERIFIED = "Open and not verified for two years (estimate): Recruiting, last verified "
BEFORE_START = "Completion before start: study completion Dec 2019, start Jan 2020."

OTHERS = [
    # what differs from an open trial in good order → what should be checked, in the words of the page
    ({}, []),
    ({"completion": planned("2024-12-15")}, [OPEN_PAST + "15 Dec 2024 (estimated), 1 day ago."]),
    ({"completion": planned("2024-12-16")}, []),
    ({"completion": planned("2024-12")}, []),  # the month is not over
    ({"completion": planned("2024-11")}, [OPEN_PAST + "Nov 2024 (estimated), 16 days ago."]),
    ({"completion": planned("2024-11"), "overall_status": Status.UNKNOWN}, []),
    ({"completion": planned("2024-11"), "overall_status": Status.TERMINATED}, []),
    ({"completion": StudyDate(PartialDate("2024-11"))}, []),  # no type: unknown, never read as a plan
    ({"completion": actual("2024-11")}, []),
    ({"status_verified": PartialDate("2022-12")}, []),  # its last day + 2 years
    ({"status_verified": PartialDate("2022-11")}, [UNVERIFIED + "Nov 2022."]),
    ({"status_verified": PartialDate("2020-02-29")}, [UNVERIFIED + "29 Feb 2020."]),
    ({"status_verified": PartialDate("2022-11"), "overall_status": Status.COMPLETED}, []),
    ({"status_verified": PartialDate("2022-11"), "overall_status": Status.UNKNOWN}, []),
    ({"start": planned("2024-11")}, ["Recruiting, but its start is still Nov 2024 (estimated)."]),
    ({"start": planned("2024-12")}, []),
    ({"start": StudyDate(PartialDate("2020-01"))}, []),
    ({"start": planned("2024-11"), "overall_status": Status.NOT_YET_RECRUITING}, []),
    (POSTED, ["Results with no paper linked: posted on 1 Mar 2024."]),
    (POSTED | {"version_holder": None}, []),  # a transcribed record may lack its references
    (POSTED | {"references": (PAPER,)}, []),
    (POSTED | {"references": (DERIVED,)}, []),
    ({"references": (PAPER,)}, ["A result paper, with no results on the registry: PMID 123; status Recruiting."]),
    ({"references": (DERIVED,)}, []),
    ({"references": (PAPER,), "results_first_submitted": PartialDate("2024-12-01")}, []),
    ({"completion": planned("2019-12"), "overall_status": Status.UNKNOWN}, [BEFORE_START]),
    ({"completion": actual("2020-01-10"), "overall_status": Status.COMPLETED}, []),  # within the month
    ({"enrollment": Enrollment(99_999_999)}, ["Enrollment unknown: entered as 99999999."]),
    ({"enrollment": Enrollment(0)}, []),
]  # fmt: skip


@pytest.mark.parametrize(("differs", "told"), OTHERS)
def test_what_should_be_checked(differs: dict[str, object], told: list[str]) -> None:
    found = estimates(replace(OPEN_TRIAL, **differs), now=DAY)  # type: ignore[arg-type]
    assert [one.text for one in found] == told
    assert all(one.trace for one in found)


def test_a_real_trial_that_recruits_with_a_start_in_the_past() -> None:
    due, start = estimates(NCT04033536, now=date(2020, 7, 28))
    assert due.answer is Answer.NOT_ASSESSABLE
    assert due.text.startswith("not assessable: the FDA fields are absent from the record")
    assert start.text == "Recruiting, but its start is still Aug 2019 (estimated)."
    assert start.since == date(2019, 9, 1)


def test_whether_results_are_due_is_told_where_it_cannot_be_assessed() -> None:
    ended = replace(US_DRUG, is_fda_regulated_drug=None, is_fda_regulated_device=None)
    (found,) = estimates(ended, now=DAY)
    assert (found.check, found.answer) == (Check.RESULTS_DUE, Answer.NOT_ASSESSABLE)
    assert found.text == "not assessable: the FDA fields are absent from the record"
    assert overdue([found]) == ()


def corrected(days: int, kind: Kind = Kind.DATE_CORRECTED) -> Change:
    return Change(
        nct_id=OPEN_TRIAL.nct_id,
        kind=kind,
        field="completion_date",
        weight=Weight.MAJOR,
        before="2019-12-18",
        after="2020-12-08",
        days=days,
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        # NCT04514484: an actual date corrected by 356 days
        (corrected(356), "An actual completion date was corrected: 18 Dec 2019 became 8 Dec 2020, 356 days later."),
        (corrected(90), None),
        (corrected(-91), "An actual completion date was corrected: 18 Dec 2019 became 8 Dec 2020, 91 days earlier."),
        (corrected(356, Kind.DATE_MOVED), None),
        (
            Change(
                nct_id=OPEN_TRIAL.nct_id,
                kind=Kind.RESULTS_WITHDRAWN,
                field="results_first_post_date",
                weight=Weight.MAJOR,
                before="2020-01-02",
            ),
            "Results vanished: posted 2 Jan 2020, and no longer public.",
        ),
    ],
)
def test_what_only_a_change_tells(change: Change, told: str | None) -> None:
    found = estimates(OPEN_TRIAL, now=DAY, changes=[change])
    assert [one.text for one in found] == ([told] if told else [])


def test_every_field_that_an_estimate_reads_is_watched() -> None:
    found: list[Estimate] = [
        *estimates(NCT04653792, now=DAY),
        *(one for differs, _ in OTHERS for one in estimates(replace(OPEN_TRIAL, **differs), now=DAY)),  # type: ignore[arg-type]
    ]
    assert {field for one in found for field in one.reads} <= BY_NAME.keys()
    assert {one.check for one in overdue(found)} == {
        Check.RESULTS_DUE,
        Check.PAST_COMPLETION,
        Check.START_PASSED,
        Check.NOT_VERIFIED,
    }


def test_a_withdrawn_trial_is_not_read() -> None:
    assert may_be_told(summary_of(OPEN_TRIAL))
    assert not may_be_told(summary_of(replace(OPEN_TRIAL, overall_status=Status.WITHDRAWN)))
