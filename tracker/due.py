"""What to check about a trial: estimates from its record and the calendar. Pure: the day `now` is a parameter.

They are estimates, and are called so wherever they are shown: a record can be behind the trial that it describes.
Whether results may be due is `tracker.results_due`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from tracker.changes import Change, Kind
from tracker.diff import TAKING_PATIENTS
from tracker.estimates import Answer, Check, Estimate, Step
from tracker.milestones import LARGE_SHIFT_DAYS
from tracker.results_due import first_submission, results_due, years_later
from tracker.study import DateType, Enrollment, ReferenceType, Status, Study, StudyDate
from tracker.summary import StudySummary
from tracker.words import date_in_words, milestone_in_words, status_in_words

OPEN = frozenset(
    {
        *(Status.NOT_YET_RECRUITING, Status.RECRUITING, Status.ENROLLING_BY_INVITATION),
        *(Status.ACTIVE_NOT_RECRUITING, Status.AVAILABLE),
    }
)
"""Of these a record is expected to be kept up to date."""

YEARS_UNVERIFIED = 2
"""After so long without a verification the registry itself calls an open trial's status unknown."""

_OVERDUE = frozenset({Check.RESULTS_DUE, Check.PAST_COMPLETION, Check.START_PASSED, Check.NOT_VERIFIED})


def estimates(study: Study, *, now: date, changes: Iterable[Change] = ()) -> tuple[Estimate, ...]:
    """All that should be checked about the study on the day `now`, in the order of `Check`.

    `changes` are recent ones of this study: what was corrected, and results that vanished, only they tell. Whether
    results may be due is answered also where it is not assessable; all others are told only where they hold.
    """
    found = [
        results_due(study, now=now),
        past_completion(study, now=now),
        start_passed(study, now=now),
        not_verified(study, now=now),
        *_from_changes(changes),
        completion_before_start(study),
        enrollment_unknown(study),
        results_without_paper(study),
        paper_without_results(study),
    ]
    return tuple(one for one in found if one is not None and _told(one))


def _told(estimate: Estimate) -> bool:
    if estimate.answer is Answer.NOT_ASSESSABLE:
        return estimate.check is Check.RESULTS_DUE
    return estimate.answer is Answer.YES


def overdue(estimates: Iterable[Estimate]) -> tuple[Estimate, ...]:
    """Those that say that something is expected by now: results, an end, a start or a verification."""
    return tuple(one for one in estimates if one.answer is Answer.YES and one.check in _OVERDUE)


def may_be_told(summary: StudySummary) -> bool:
    """Whether the whole record is worth reading for estimates: a withdrawn trial owes nothing."""
    return summary.overall_status != Status.WITHDRAWN


def past_completion(study: Study, *, now: date) -> Estimate | None:
    """Still open, although the completion date, an estimate, has passed. Of a month or a year: its last day."""
    passed = _passed_plan(study.completion, now)
    if not _is_open(study) or passed is None:
        return None
    plan, last = passed
    by = _days((now - last).days)
    return Estimate(
        nct_id=study.nct_id,
        check=Check.PAST_COMPLETION,
        answer=Answer.YES,
        text=f"Past its completion date and still open (estimate): {_status(study)}, completion {plan}, {by} ago.",
        trace=(_open_step(study), Step("Completion estimated, and past?", Answer.YES, f"completion {plan}")),
        since=_day_after(last),
        reads=("overall_status", "completion_date"),
    )


def start_passed(study: Study, *, now: date) -> Estimate | None:
    """Taking patients, although its start is still a plan, and that plan has passed."""
    passed = _passed_plan(study.start, now)
    if study.overall_status not in TAKING_PATIENTS or passed is None:
        return None
    plan, last = passed
    return Estimate(
        nct_id=study.nct_id,
        check=Check.START_PASSED,
        answer=Answer.YES,
        text=f"{_status(study)}, but its start is still {plan}.",
        trace=(
            Step("Taking patients?", Answer.YES, f"the status is {_status(study)}"),
            Step("Start estimated, and past?", Answer.YES, f"start {plan}; today is {_day(now)}"),
        ),
        since=_day_after(last),
        reads=("overall_status", "start_date"),
    )


def not_verified(study: Study, *, now: date) -> Estimate | None:
    """Open, and nobody has confirmed the record for two years."""
    verified = study.status_verified
    if not _is_open(study) or verified is None or verified.last is None:
        return None
    until = years_later(verified.last, YEARS_UNVERIFIED)
    if now <= until:
        return None
    said = f"last verified {date_in_words(verified.text)}"
    return Estimate(
        nct_id=study.nct_id,
        check=Check.NOT_VERIFIED,
        answer=Answer.YES,
        text=f"Open and not verified for two years (estimate): {_status(study)}, {said}.",
        trace=(_open_step(study), Step("Verified within two years?", Answer.NO, f"{said}; today is {_day(now)}")),
        since=_day_after(until),
        reads=("overall_status",),
    )


def results_without_paper(study: Study) -> Estimate | None:
    """Results are posted, and the record links no paper: neither the sponsor nor PubMed has named one.

    Of a record without the registry's own stamp (transcribed, converted) nothing is said: it may lack its references.
    """
    papers = _papers(study, ReferenceType.RESULT, ReferenceType.DERIVED)
    if study.results_first_posted is None or papers or study.version_holder is None:
        return None
    return Estimate(
        nct_id=study.nct_id,
        check=Check.RESULTS_WITHOUT_PAPER,
        answer=Answer.YES,
        text=f"Results with no paper linked: posted on {date_in_words(study.results_first_posted.text)}.",
        trace=(Step("A paper linked?", Answer.NO, "no reference is marked as result or derived"),),
        reads=("results_first_post_date", "result_references", "derived_references"),
    )


def paper_without_results(study: Study) -> Estimate | None:
    """The sponsor names a paper on results, and no results were submitted."""
    papers = _papers(study, ReferenceType.RESULT)
    if not papers or study.has_results or study.results_first_posted or first_submission(study):
        return None
    named = ", ".join(f"PMID {pmid}" if pmid else "a paper without PMID" for pmid in papers[:3])
    return Estimate(
        nct_id=study.nct_id,
        check=Check.PAPER_WITHOUT_RESULTS,
        answer=Answer.YES,
        text=f"A result paper, with no results on the registry: {named}; status {_status(study)}.",
        trace=(Step("Results submitted?", Answer.NO, "no submission is visible"),),
        reads=("results_first_post_date", "result_references"),
    )


def completion_before_start(study: Study) -> Estimate | None:
    """An end that lies before the start, whatever days the partial dates stand for."""
    start = study.start.date.first if study.start else None
    for name, field, end in (
        ("primary completion", "primary_completion_date", study.primary_completion),
        ("study completion", "completion_date", study.completion),
    ):
        if study.start and start and end and end.date.last and end.date.last < start:
            said = f"{name} {date_in_words(end.text)}, start {date_in_words(study.start.text)}"
            return Estimate(
                nct_id=study.nct_id,
                check=Check.COMPLETION_BEFORE_START,
                answer=Answer.YES,
                text=f"Completion before start: {said}.",
                trace=(Step("Ends after it starts?", Answer.NO, said),),
                reads=("start_date", field),
            )
    return None


def enrollment_unknown(study: Study) -> Estimate | None:
    """99999999 is what sponsors enter for "not known"."""
    if study.enrollment is None or study.enrollment.count != Enrollment.UNKNOWN_COUNT:
        return None
    said = f"entered as {Enrollment.UNKNOWN_COUNT}"
    return Estimate(
        nct_id=study.nct_id,
        check=Check.ENROLLMENT_UNKNOWN,
        answer=Answer.YES,
        text=f"Enrollment unknown: {said}.",
        trace=(Step("A number of participants?", Answer.NO, said),),
        reads=("enrollment",),
    )


def _from_changes(changes: Iterable[Change]) -> list[Estimate]:
    return [estimate for change in changes if (estimate := _from_change(change)) is not None]


def _from_change(change: Change) -> Estimate | None:
    if change.kind is Kind.RESULTS_WITHDRAWN:
        check = Check.RESULTS_VANISHED
        said = f"posted {date_in_words(str(change.before))}, and no longer public"
        text = f"Results vanished: {said}."
    elif change.kind is Kind.DATE_CORRECTED and change.days is not None and abs(change.days) > LARGE_SHIFT_DAYS:
        check = Check.ACTUAL_CORRECTED
        by = f"{'at least ' if change.days_at_least else ''}{_days(abs(change.days))}"
        direction = "later" if change.days > 0 else "earlier"
        said = f"{date_in_words(str(change.before))} became {date_in_words(str(change.after))}, {by} {direction}"
        text = f"An actual {change.field.replace('_', ' ')} was corrected: {said}."
    else:
        return None
    return Estimate(
        nct_id=change.nct_id,
        check=check,
        answer=Answer.YES,
        text=text,
        trace=(Step("As it was?", Answer.NO, said),),
        reads=(change.field,),
    )


def _papers(study: Study, *types: ReferenceType) -> list[str | None]:
    return [one.pmid for one in study.references if one.type in types]


def _is_open(study: Study) -> bool:
    return study.overall_status in OPEN


def _passed_plan(milestone: StudyDate | None, now: date) -> tuple[str, date] | None:
    """The plan in words and its last day, where it is a plan and lies before `now`. Without a type it is none."""
    if milestone is None or milestone.type != DateType.ESTIMATED:
        return None
    last = milestone.date.last
    return (milestone_in_words(milestone.text, milestone.type), last) if last and last < now else None


def _open_step(study: Study) -> Step:
    return Step("Open?", Answer.YES, f"the status is {_status(study)}")


def _status(study: Study) -> str:
    return status_in_words(study.overall_status, study.last_known_status)


def _days(number: int) -> str:
    return f"{number} {'day' if number == 1 else 'days'}"


def _day(day: date) -> str:
    return date_in_words(day.isoformat())


def _day_after(day: date) -> date:
    return date.fromordinal(day.toordinal() + 1)
