"""Whether results of a trial may be due: an estimate after 42 CFR part 11, from what its public record says.

The record can't tell all that the law asks: not who is responsible, not an IND or IDE number, not an extension that
was granted. So the answer is "may be due", or "not assessable", and never a finding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tracker.estimates import Answer, Check, Estimate, Step
from tracker.study import DateType, PartialDate, Phase, Status, Study, StudyType
from tracker.words import date_in_words, milestone_in_words, phase_in_words

RULE_SINCE = date(2017, 1, 18)
"""From this start on 42 CFR 11.22(b) says which trials are applicable; before it, the statute alone did."""

MARGIN = timedelta(days=30)
"""Ours, not the law's: what was submitted in time takes days to show."""

US_AND_TERRITORIES = frozenset(
    {
        *("United States", "Puerto Rico", "Guam", "American Samoa", "Northern Mariana Islands"),
        *("U.S. Virgin Islands", "Virgin Islands (U.S.)", "United States Virgin Islands"),
        "United States Minor Outlying Islands",
    }
)

_EARLY_PHASES = frozenset({Phase.EARLY_PHASE1, Phase.PHASE1})

READS = (
    *("primary_completion_date", "overall_status", "results_first_submit_date", "results_first_post_date"),
    *("results_review", "results_delay_certified", "results_waived", "start_date", "countries", "phase"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultsClock:
    """When results are due by 42 CFR 11.44, and when the clock stopped.

    `completed` is the last day that the primary completion date can mean. `due` is one year later (11.44(a)), or at
    latest two years after a delay was certified (11.44(b), (c)). `stopped` is the day of the first submission: review
    by the registry, and its posting, take time that is not the sponsor's.
    """

    completed: date
    certified: date | None
    due: date
    stopped: date | None

    def days_after_due(self, today: date) -> int:
        """From the due day to the first submission, or to `today` without one; negative before the due day."""
        return ((self.stopped or today) - self.due).days


def results_clock(study: Study) -> ResultsClock | None:
    """None where no primary completion has been reached, or it can't be read."""
    primary = study.primary_completion
    if primary is None or primary.type != DateType.ACTUAL or primary.date.last is None:
        return None
    certified = study.results_delay_certified.last if study.results_delay_certified else None
    due = years_later(primary.date.last, 1)
    if certified:
        due = max(due, years_later(certified, 2))
    return ResultsClock(completed=primary.date.last, certified=certified, due=due, stopped=first_submission(study))


def first_submission(study: Study) -> date | None:
    """The day on which results were first submitted, whatever became of them since; None where none shows a day."""
    released = [PartialDate(event.date) for event in study.review_events if event.type == "RELEASE" and event.date]
    days = [study.results_first_submitted, study.results_submission_estimated, *released]
    return min((day.first for day in days if day and day.first), default=None)


def results_due(study: Study, *, now: date) -> Estimate:
    """Whether results may be due on the day `now`, with each step of the rule.

    Appears applicable by 42 CFR 11.22(b): interventional, not withdrawn, started on or after 18 January 2017, of an
    FDA-regulated drug (phase 1 alone does not count) or device (feasibility does not count), with a site in the US or
    exported from there. Due by 11.44: a year after the actual primary completion. Where it can't be said whether the
    rule applies, the calendar is not asked: the answer is the same before the day and after it.
    """
    trace = (*_applicable(study), *_clock_steps(study, now=now))
    for asked in (trace[:-_TIMED], trace[-_TIMED:]):
        for answer in (Answer.NO, Answer.NOT_ASSESSABLE):
            if any(step.answer is answer for step in asked):
                said = _why(asked, answer)
                return _estimate(study, answer, said if answer is Answer.NO else f"not assessable: {said}", trace)
    clock = results_clock(study)
    assert clock is not None  # noqa: S101 - a step above answers otherwise
    return _estimate(study, Answer.YES, _due_text(study, clock, now), trace, since=clock.due + MARGIN)


def _estimate(
    study: Study, answer: Answer, text: str, trace: tuple[Step, ...], *, since: date | None = None
) -> Estimate:
    return Estimate(
        nct_id=study.nct_id,
        check=Check.RESULTS_DUE,
        answer=answer,
        text=text,
        trace=trace,
        since=since,
        reads=READS,
        quote=_notice(study),
    )


def _why(trace: Sequence[Step], answer: Answer) -> str:
    return "; ".join(step.says for step in trace if step.answer is answer)


def _due_text(study: Study, clock: ResultsClock, now: date) -> str:
    primary = date_in_words(study.primary_completion.text) if study.primary_completion else ""
    delay = f", delay certified {_day(clock.certified)} + 2 years" if clock.certified else ""
    return (
        f"Results may be due (estimate): primary completion {primary} + 1 year{delay}; no submission visible on "
        f"{_day(now)}; appears applicable. Not a finding of non-compliance."
    )


def _notice(study: Study) -> str | None:
    """The registry's own notices about FDAAA 801 on the record, in its words."""
    said = (
        " ".join(part for part in (event.description or event.type, event.date) if part) for event in study.violations
    )
    return "; ".join(said) or None


# Does the rule appear to apply (42 CFR 11.22(b))?


def _applicable(study: Study) -> tuple[Step, ...]:
    return (_interventional(study), _begun(study), _regulated(study), _started_under_the_rule(study), _in_the_us(study))


def _interventional(study: Study) -> Step:
    question = "Interventional?"
    if study.study_type is None:
        return Step(question, Answer.NOT_ASSESSABLE, "the record has no study type")
    answer = Answer.YES if study.study_type == StudyType.INTERVENTIONAL else Answer.NO
    return Step(question, answer, f"the study type is {study.study_type.replace('_', ' ').lower()}")


def _begun(study: Study) -> Step:
    withdrawn = study.overall_status == Status.WITHDRAWN
    says = "it was withdrawn before anyone took part" if withdrawn else "it was not withdrawn"
    return Step("Not withdrawn?", Answer.NO if withdrawn else Answer.YES, says)


def _regulated(study: Study) -> Step:
    """A drug that is not in phase 1 alone, or a device beyond feasibility (21 CFR; 42 CFR 11.10(a), 11.22(b))."""
    question = "A drug or device that the FDA regulates?"
    drug, device = study.is_fda_regulated_drug, study.is_fda_regulated_device
    if drug is None and device is None:
        return Step(question, Answer.NOT_ASSESSABLE, "the FDA fields are absent from the record")
    if study.is_unapproved_device:
        return Step(question, Answer.NOT_ASSESSABLE, "it studies a device that is not approved or cleared")
    early = bool(study.phases) and set(study.phases) <= _EARLY_PHASES
    if drug and not early:
        return Step(question, Answer.YES, f"an FDA-regulated drug, phase: {phase_in_words(study.phases)}")
    feasibility = study.primary_purpose == "DEVICE_FEASIBILITY"
    if device and not feasibility:
        return Step(question, Answer.YES, "an FDA-regulated device")
    if drug is None or device is None:
        return Step(question, Answer.NOT_ASSESSABLE, "an FDA field is absent from the record")
    reasons = [*(["phase 1 alone"] if drug else []), *(["device feasibility alone"] if device else [])]
    return Step(question, Answer.NO, " and ".join(reasons) or "neither drug nor device is FDA-regulated")


def _started_under_the_rule(study: Study) -> Step:
    question = f"Started on or after {_day(RULE_SINCE)}?"
    start = study.start
    if start is None or start.date.first is None or start.date.last is None:
        return Step(question, Answer.NOT_ASSESSABLE, "its start is not known")
    said = f"started {milestone_in_words(start.text, start.type)}"
    if start.type != DateType.ACTUAL:
        return Step(question, Answer.NOT_ASSESSABLE, f"{said}, not marked as actual")
    if start.date.first >= RULE_SINCE:
        return Step(question, Answer.YES, said)
    earlier = "it may have started before the rule" if start.date.last >= RULE_SINCE else "it started before the rule"
    return Step(question, Answer.NOT_ASSESSABLE, f"{earlier} ({said})")


def _in_the_us(study: Study) -> Step:
    question = "In the US, or exported from there?"
    if found := sorted(US_AND_TERRITORIES & set(study.countries)):
        return Step(question, Answer.YES, f"a site in {found[0]}")
    if study.is_us_export:
        return Step(question, Answer.YES, "the product is exported from the US")
    says = "foreign sites only" if study.countries else "the record names no site"
    return Step(question, Answer.NOT_ASSESSABLE, says)


# Is it due (42 CFR 11.44)?


def _clock_steps(study: Study, *, now: date) -> tuple[Step, ...]:
    return (_not_waived(study), _not_submitted(study), _completed(study), _past_due(study, now))


_TIMED = 2
"""The last steps, which ask the calendar."""


def _completed(study: Study) -> Step:
    question = "Primary completion an actual date?"
    primary = study.primary_completion
    if primary is None or primary.date.last is None:
        return Step(question, Answer.NOT_ASSESSABLE, "its primary completion date is not known")
    said = f"primary completion {milestone_in_words(primary.text, primary.type)}"
    if primary.type is None:
        return Step(question, Answer.NOT_ASSESSABLE, f"{said}, not marked as actual or estimated")
    return Step(question, Answer.YES if primary.type == DateType.ACTUAL else Answer.NO, said)


def _not_waived(study: Study) -> Step:
    says = "results are waived" if study.results_waived else "no waiver shows"
    return Step("No waiver?", Answer.NO if study.results_waived else Answer.YES, says)


def _not_submitted(study: Study) -> Step:
    question = "No results submitted yet?"
    day = first_submission(study)
    if day:
        return Step(question, Answer.NO, f"results were first submitted on {_day(day)}")
    if study.has_results or study.results_first_posted:
        return Step(question, Answer.NO, "results are posted")
    if study.review_events:
        return Step(question, Answer.NO, "results were submitted, on a day that the record does not tell")
    return Step(question, Answer.YES, "no submission is visible")


def _past_due(study: Study, now: date) -> Step:
    question = f"More than {MARGIN.days} days (our margin) past the due day?"
    clock = results_clock(study)
    if clock is None:
        return Step(question, Answer.NOT_ASSESSABLE, "without a primary completion there is no due day")
    certified = f" (delay certified {_day(clock.certified)})" if clock.certified else ""
    answer = Answer.YES if now > clock.due + MARGIN else Answer.NO
    return Step(question, answer, f"due {_day(clock.due)}{certified}; today is {_day(now)}")


def years_later(day: date, years: int) -> date:
    """The same day `years` later; of a 29 February the day after the 28th."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def _day(day: date) -> str:
    return date_in_words(day.isoformat())
