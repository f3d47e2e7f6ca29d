"""Whole reports of each sort, with everything on the page that a page can have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from reports.figures import StatusCounts
from reports.trust import Earlier
from reports.view import ReportView
from tests.reports.example import CHANGES, TRIALS
from tests.reports.stories import SEARCH, change, coverage, left, recorded, run, view_of
from tracker.changes import Kind, Weight
from tracker.estimates import Answer, Check, Estimate, Step
from tracker.runs import Guard, GuardKind, Outcome
from tracker.study import NctId, Problem

HISTORY = (
    StatusCounts(date(2018, 5, 29), {"RECRUITING": 6, "ACTIVE_NOT_RECRUITING": 5, "COMPLETED": 2, "TERMINATED": 2}),
    StatusCounts(date(2020, 7, 28), {"NOT_YET_RECRUITING": 1, "RECRUITING": 8, "COMPLETED": 5, "": 1, "UNKNOWN": 4}),
)
CRITERIA = "Inclusion: {} years or older; spine metastasis proven by imaging; life expectancy of {} months.\n" * 4


def estimate(nct_id: str, check: Check, text: str, *, answer: Answer = Answer.YES, **more: object) -> Estimate:
    trace = (
        Step("Interventional?", Answer.YES, "the study type is interventional"),
        Step("A drug or device that the FDA regulates?", answer, "the FDA fields are absent from the record"),
    )
    return Estimate(nct_id=NctId(nct_id), check=check, answer=answer, text=text, trace=trace, **more)  # type: ignore[arg-type]


ESTIMATES = (
    estimate(
        "NCT00922974",
        Check.RESULTS_DUE,
        "Results may be due (estimate): primary completion 1 Mar 2018 + 1 year; appears applicable.",
        since=date(2019, 4, 1),
        quote="Failure to submit. The entry for NCT00922974 is <b>quoted</b>",
    ),
    estimate(
        "NCT04033536",
        Check.START_PASSED,
        "Recruiting, but its start is still Aug 2019 (estimated).",
        since=date(2019, 9, 1),
    ),
    estimate("NCT00593320", Check.NOT_VERIFIED, "Open and not verified for two years.", since=date(2017, 1, 1)),
    estimate("NCT00593320", Check.RESULTS_DUE, "not assessable", answer=Answer.NOT_ASSESSABLE),
)


def busy() -> ReportView:
    more = [
        change(
            "NCT02085941",
            Kind.ELIGIBILITY,
            "eligibility_criteria",
            CRITERIA.format(18, 3, 18, 3, 18, 3, 18, 3),
            CRITERIA.format(21, 3, 18, 6, 18, 3, 18, 3),
        ),
        change("NCT00593320", Kind.OTHER, "other", None, ("contactsLocationsModule",), weight=Weight.ROUTINE),
        left("NCT01525745", "no longer matches"),
    ]
    return view_of(
        recorded([*CHANGES, *more]),
        TRIALS,
        runs=[
            run(
                2,
                terms=[coverage(), coverage(20, 19, label="title: spine", complete=False, note="cut at page 2")],
                guards=[Guard(kind=GuardKind.GROWTH, reason="12 newcomers, at most 5 expected", search=SEARCH)],
                problems=[Problem(NctId("NCT00000009"), "protocolSection.designModule.phases", "is no list")],
            )
        ],
        estimates=ESTIMATES,
        status_history=HISTORY,
        labels={
            NctId("NCT03050203"): ("Not focus: tests a custom pack", "Spine tumour"),
            NctId("NCT00855803"): ("SBRT",),
        },
        remarks={NctId("NCT00855803"): ("Note by A. Pop, 3 Jul 2020: ask the site about the delay",)},
    )


def baseline() -> ReportView:
    return view_of(
        [], TRIALS, number=1, earlier=Earlier(), baselines={SEARCH: 19}, estimates=ESTIMATES, status_history=HISTORY[1:]
    )


def quiet() -> ReportView:
    return view_of([], TRIALS, runs=[run(2), run(3, Outcome.NOTHING_NEW)], status_history=HISTORY)


def failed() -> ReportView:
    runs = [
        run(2, Outcome.FAILED, error="The registry answered 503 five times", data_date=None),
        run(3, Outcome.INTERRUPTED, data_date=None),
    ]
    return view_of([], TRIALS, runs=runs, estimates=ESTIMATES[2:], status_history=HISTORY)


SITUATIONS: Mapping[str, Callable[[], ReportView]] = {
    "busy": busy,
    "baseline": baseline,
    "quiet": quiet,
    "failed": failed,
}
