"""The registry's coded words, as its own pages say them to people, and back.

A word that is not in these tables is shown as the registry wrote it, never guessed at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from tracker.changes import Kind
from tracker.errors import UsageError
from tracker.study import DateType, Enrollment, PartialDate, Phase, Precision, ReviewEvent, Status, Study, StudyType

NOT_GIVEN = "not given"
"""Said where the record has no value."""

STATUSES: Mapping[str, str] = {
    Status.NOT_YET_RECRUITING: "Not yet recruiting",
    Status.RECRUITING: "Recruiting",
    Status.ENROLLING_BY_INVITATION: "Enrolling by invitation",
    Status.ACTIVE_NOT_RECRUITING: "Active, not recruiting",
    Status.COMPLETED: "Completed",
    Status.SUSPENDED: "Suspended",
    Status.TERMINATED: "Terminated",
    Status.WITHDRAWN: "Withdrawn",
    Status.AVAILABLE: "Available",
    Status.NO_LONGER_AVAILABLE: "No longer available",
    Status.TEMPORARILY_NOT_AVAILABLE: "Temporarily not available",
    Status.APPROVED_FOR_MARKETING: "Approved for marketing",
    Status.WITHHELD: "Withheld",
    Status.UNKNOWN: "Unknown status",
}

PHASES: Mapping[str, str] = {
    Phase.NA: "N/A",
    Phase.EARLY_PHASE1: "Early Phase 1",
    Phase.PHASE1: "Phase 1",
    Phase.PHASE2: "Phase 2",
    Phase.PHASE3: "Phase 3",
    Phase.PHASE4: "Phase 4",
}

STUDY_TYPES: Mapping[str, str] = {
    StudyType.INTERVENTIONAL: "Interventional",
    StudyType.OBSERVATIONAL: "Observational",
    StudyType.EXPANDED_ACCESS: "Expanded access",
}

DATE_TYPES: Mapping[str, str] = {DateType.ACTUAL: "actual", DateType.ESTIMATED: "estimated"}

INTERVENTION_TYPES: Mapping[str, str] = {
    "BEHAVIORAL": "Behavioral",
    "BIOLOGICAL": "Biological",
    "COMBINATION_PRODUCT": "Combination Product",
    "DEVICE": "Device",
    "DIAGNOSTIC_TEST": "Diagnostic Test",
    "DIETARY_SUPPLEMENT": "Dietary Supplement",
    "DRUG": "Drug",
    "GENETIC": "Genetic",
    "PROCEDURE": "Procedure",
    "RADIATION": "Radiation",
    "OTHER": "Other",
}

KINDS: Mapping[str, str] = {
    Kind.ENTERED: "Entered",
    Kind.LEFT: "Left",
    Kind.OPENED: "Opened to recruitment",
    Kind.CLOSED_TO_RECRUITMENT: "Closed to recruitment",
    Kind.REOPENED: "Reopened to recruitment",
    Kind.COMPLETED: "Completed",
    Kind.STOPPED: "Stopped",
    Kind.STATUS: "Status",
    Kind.RESULTS_POSTED: "Results posted",
    Kind.RESULTS_WITHDRAWN: "Results no longer public",
    Kind.RESULTS_REVIEW: "Review of results",
    Kind.DATE_MOVED: "Date moved",
    Kind.DATE_REACHED: "Date now actual",
    Kind.DATE_CORRECTED: "Date corrected",
    Kind.DATE_REFINED: "Date refined",
    Kind.ENROLLMENT: "Enrollment",
    Kind.SITES: "Sites",
    Kind.OUTCOMES: "Outcomes",
    Kind.ELIGIBILITY: "Eligibility",
    Kind.INTERVENTIONS: "Interventions",
    Kind.DESIGN: "Design",
    Kind.PHASE: "Phase",
    Kind.TITLE: "Title",
    Kind.SPONSOR: "Sponsor",
    Kind.CONDITIONS: "Conditions",
    Kind.PUBLICATION: "Publication",
    Kind.OTHER: "Other",
}

_REVIEW_STEPS: Mapping[str, str] = {
    "RELEASE": "with the registry, submitted",
    "RESET": "returned to the sponsor",
    "UNRELEASE": "withdrawn from review by the sponsor",
}

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def status_in_words(status: str | None, last_known: str | None = None) -> str:
    """RECRUITING → "Recruiting"; an unknown status names the last one that was known."""
    if status is None:
        return NOT_GIVEN
    said = STATUSES.get(status, status)
    if status == Status.UNKNOWN and last_known:
        return f"{said}; last known: {STATUSES.get(last_known, last_known)}"
    return said


def phase_in_words(phases: str | Iterable[str] | None) -> str:
    """("PHASE2", "PHASE3"), or the store's "PHASE2|PHASE3", → "Phase 2/Phase 3"."""
    words = phases.split("|") if isinstance(phases, str) else list(phases or ())
    return "/".join(PHASES.get(phase, phase) for phase in words if phase) or NOT_GIVEN


def study_type_in_words(study_type: str | None) -> str:
    return STUDY_TYPES.get(study_type, study_type) if study_type else NOT_GIVEN


def intervention_in_words(intervention: str) -> str:
    """ "DRUG: Zoledronic acid" → "Drug: Zoledronic acid"."""
    type_, colon, name = intervention.partition(": ")
    return f"{INTERVENTION_TYPES.get(type_, type_)}{colon}{name}"


def results_in_words(study: Study) -> str:
    """Where the results are: none, with the registry, returned to the sponsor, withdrawn from review, or posted."""
    if study.results_first_posted:
        return f"posted on {date_in_words(study.results_first_posted.text)}"
    events = sorted(study.review_events, key=lambda event: event.date or "")
    submitted = study.results_first_submitted.text if study.results_first_submitted else None
    if not events and not submitted:
        return "none"
    last = events[-1] if events else ReviewEvent("RELEASE", submitted)
    where = _REVIEW_STEPS.get(last.type, last.type)
    return f"{where} on {date_in_words(last.date)}" if last.date else where


def kind_in_words(kind: str) -> str:
    return KINDS.get(kind, kind)


def date_in_words(text: str | None) -> str:
    """ "2018-07-27" → "27 Jul 2018", "2020-08" → "Aug 2020", "2020" as it is; an unreadable text as it is."""
    if not text:
        return NOT_GIVEN
    day = PartialDate(text)
    if day.first is None or day.precision is Precision.YEAR:
        return text
    month = f"{_MONTHS[day.first.month - 1]} {day.first.year:04}"
    return f"{day.first.day} {month}" if day.precision is Precision.DAY else month


def milestone_in_words(text: str | None, type_: str | None) -> str:
    """("2020-08", "ESTIMATED") → "Aug 2020 (estimated)"; without a type just the date."""
    said = date_in_words(text)
    return f"{said} ({DATE_TYPES.get(type_, type_)})" if text and type_ else said


def enrollment_in_words(count: int | None, type_: str | None) -> str:
    """(250, "ACTUAL") → "250 (actual)"; the registry's stand-in for an unknown number is called unknown."""
    if count is None:
        return NOT_GIVEN
    if count == Enrollment.UNKNOWN_COUNT:
        return f"unknown (entered as {count})"
    return f"{count} ({DATE_TYPES.get(type_, type_)})" if type_ else str(count)


def status_named(text: str) -> Status:
    """The status that `text` names in any spelling: "recruiting", "Active, not recruiting", RECRUITING.

    Raises UsageError, with the nearest words, where it names none.
    """
    return Status(_word_named(text, STATUSES, "status"))


def study_type_named(text: str) -> StudyType:
    """As `status_named`, for the type of a study."""
    return StudyType(_word_named(text, STUDY_TYPES, "study type"))


def phase_named(text: str) -> Phase:
    """As `status_named`, for a phase; "2", "II" and "Phase 2" are the same."""
    numeral = {"i": "1", "ii": "2", "iii": "3", "iv": "4"}
    plain = text.strip().lower().removeprefix("phase").strip()
    number = numeral.get(plain, plain)
    spelled = f"phase{number}" if number in ("1", "2", "3", "4") else text
    return Phase(_word_named(spelled, PHASES, "phase"))


def _word_named(text: str, table: Mapping[str, str], what: str) -> str:
    spellings = {_bare(spelling): word for word, said in table.items() for spelling in (said, word)}
    found = spellings.get(_bare(text))
    if found is not None:
        return str(found)
    near = get_close_matches(_bare(text), spellings, n=1, cutoff=0.6)
    guess = f'Did you mean "{table[spellings[near[0]]]}"? ' if near else ""
    raise UsageError(
        f"{text!r} is no {what} of the registry",
        subject=text,
        advice=f"{guess}Known: {'; '.join(table.values())}.",
    )


def _bare(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())
