"""Reads a study from the JSON bytes of one registry record.

A record of a wrong shape raises `Unreadable`, which carries the Problem to show; a readable record with an odd
fact in it (a date like 2023-02-30) is read, and `odd_facts` names what is odd. What is absent, null or empty reads
the same. Comparing is left to `tracker.diff`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, NoReturn, TypeVar

import orjson

from tracker.errors import InvalidNctId, TrackerError
from tracker.study import (
    Arm,
    DateType,
    Enrollment,
    Intervention,
    NctId,
    Outcome,
    PartialDate,
    Phase,
    Precision,
    Problem,
    Reference,
    ReferenceType,
    ReviewEvent,
    Site,
    Sponsor,
    Status,
    Study,
    StudyDate,
    StudyType,
    ViolationEvent,
    nct_id,
)

Record = Mapping[str, Any]

LARGEST_COUNT = 2**63 - 1
"""What both databases hold; a larger number is no enrollment."""

_Built = TypeVar("_Built")


class Unreadable(TrackerError):
    """A record that can't be read: `problem` says which, where and why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.path}: {problem.reason}", subject=problem.nct_id or "")
        self.problem = problem


def parse(raw: bytes | memoryview) -> Study:
    """The study in one record's JSON bytes. Raises Unreadable."""
    return study_from(read_record(raw))


def read_record(raw: bytes | memoryview) -> dict[str, Any]:
    """The decoded JSON of one record, with text that every database and page can hold.

    The fast decoder refuses lone surrogates and the like; the standard one then reads the record, and what is no
    character becomes U+FFFD. Numbers that are none in JSON (NaN, Infinity) are refused on both ways.
    """
    body = bytes(raw).removeprefix(b"\xef\xbb\xbf")
    try:
        record = orjson.loads(body)
        unclean = b"\\u0000" in body
    except orjson.JSONDecodeError as refused:
        record = _read_leniently(body, refused)
        unclean = True
    if not isinstance(record, dict):
        raise Unreadable(Problem(None, "$", f"an object was expected, not {_shape(record)}"))
    return _cleaned(record) if unclean else record


def _read_leniently(body: bytes, refused: Exception) -> Any:
    try:
        return json.loads(body.decode("utf-8", "replace"), strict=False, parse_constant=_no_number)
    except (ValueError, RecursionError) as cause:
        reason = "it is nested too deep" if isinstance(cause, RecursionError) else f"no JSON: {cause or refused}"
        raise Unreadable(Problem(None, "$", reason)) from cause


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON number")


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "\ufffd")
    if isinstance(value, dict):
        return {_cleaned(key): _cleaned(held) for key, held in value.items()}
    if isinstance(value, list):
        return [_cleaned(held) for held in value]
    return value


def study_from(record: Record) -> Study:
    """The study that a decoded record describes. Raises Unreadable, naming the study where it can."""
    identified: NctId | None = None
    try:
        protocol = _object(record, "protocolSection", "")
        identification = _object(protocol, "identificationModule", "protocolSection")
        identified = _own_id(identification)
        return _study(identified, record, protocol, identification)
    except _WrongShape as wrong:
        raise Unreadable(Problem(identified, wrong.path, wrong.reason)) from None


def odd_facts(study: Study) -> tuple[Problem, ...]:
    """What a readable record says that can't be so: dates that name no day. Their text is kept as it stands."""
    milestones = {
        "startDateStruct.date": study.start and study.start.date,
        "primaryCompletionDateStruct.date": study.primary_completion and study.primary_completion.date,
        "completionDateStruct.date": study.completion and study.completion.date,
        "studyFirstPostDateStruct.date": study.first_posted,
        "resultsFirstSubmitDate": study.results_first_submitted,
        "resultsFirstPostDateStruct.date": study.results_first_posted,
    }
    return tuple(
        Problem(study.nct_id, f"{_STATUS}.{path}", f"{day.text!r} is no date; its text is kept")
        for path, day in milestones.items()
        if day and day.precision is Precision.UNREADABLE
    )


_PROTOCOL = "protocolSection"
_IDENTIFICATION = "protocolSection.identificationModule"
_STATUS = "protocolSection.statusModule"
_SPONSORS = "protocolSection.sponsorCollaboratorsModule"
_OVERSIGHT = "protocolSection.oversightModule"
_CONDITIONS = "protocolSection.conditionsModule"
_DESIGN = "protocolSection.designModule"
_DESIGN_INFO = "protocolSection.designModule.designInfo"
_MASKING = "protocolSection.designModule.designInfo.maskingInfo"
_ARMS = "protocolSection.armsInterventionsModule"
_OUTCOMES = "protocolSection.outcomesModule"
_ELIGIBILITY = "protocolSection.eligibilityModule"
_CONTACTS = "protocolSection.contactsLocationsModule"
_REFERENCES = "protocolSection.referencesModule"
_MISC = "derivedSection.miscInfoModule"
_TRACKING = "derivedSection.miscInfoModule.submissionTracking"


def _own_id(identification: Record) -> NctId:
    try:
        return nct_id(identification.get("nctId"))
    except InvalidNctId as error:
        raise _WrongShape(f"{_IDENTIFICATION}.nctId", error.message) from None


def _study(identified: NctId, record: Record, protocol: Record, identification: Record) -> Study:
    def module(name: str) -> Record:
        return _object(protocol, name, _PROTOCOL)

    status, design, eligibility = module("statusModule"), module("designModule"), module("eligibilityModule")
    sponsors, oversight = module("sponsorCollaboratorsModule"), module("oversightModule")
    conditions, arms, outcomes = module("conditionsModule"), module("armsInterventionsModule"), module("outcomesModule")
    info = _object(design, "designInfo", _DESIGN)
    masking = _object(info, "maskingInfo", _DESIGN_INFO)
    derived = _object(record, "derivedSection", "")
    misc = _object(derived, "miscInfoModule", "derivedSection")
    return Study(
        nct_id=identified,
        aliases=_aliases(identification),
        brief_title=_text(identification, "briefTitle", _IDENTIFICATION),
        official_title=_text(identification, "officialTitle", _IDENTIFICATION),
        acronym=_text(identification, "acronym", _IDENTIFICATION),
        organization=_text(_object(identification, "organization", _IDENTIFICATION), "fullName", _IDENTIFICATION),
        overall_status=_word(status, "overallStatus", _STATUS, Status),
        last_known_status=_word(status, "lastKnownStatus", _STATUS, Status),
        why_stopped=_text(status, "whyStopped", _STATUS),
        status_verified=_day(status, "statusVerifiedDate", _STATUS),
        start=_milestone(status, "startDateStruct"),
        primary_completion=_milestone(status, "primaryCompletionDateStruct"),
        completion=_milestone(status, "completionDateStruct"),
        first_posted=_day(_object(status, "studyFirstPostDateStruct", _STATUS), "date", _STATUS),
        last_update_submitted=_day(status, "lastUpdateSubmitDate", _STATUS),
        last_update_posted=_day(_object(status, "lastUpdatePostDateStruct", _STATUS), "date", _STATUS),
        has_results=_flag(record, "hasResults", "$"),
        results_first_submitted=_day(status, "resultsFirstSubmitDate", _STATUS),
        results_first_posted=_day(_object(status, "resultsFirstPostDateStruct", _STATUS), "date", _STATUS),
        results_submission_estimated=_day(
            _object(misc, "submissionTracking", _MISC), "estimatedResultsFirstSubmitDate", _TRACKING
        ),
        results_waived=_flag(status, "resultsWaived", _STATUS),
        results_delay_certified=_day(status, "dispFirstSubmitDate", _STATUS),
        review_events=_review_events(record, misc),
        violations=_violations(record),
        lead_sponsor=_lead_sponsor(sponsors),
        collaborators=_listed(sponsors, "collaborators", _SPONSORS, _sponsor),
        responsible_party=_responsible_party(sponsors),
        is_fda_regulated_drug=_flag(oversight, "isFdaRegulatedDrug", _OVERSIGHT),
        is_fda_regulated_device=_flag(oversight, "isFdaRegulatedDevice", _OVERSIGHT),
        is_unapproved_device=_flag(oversight, "isUnapprovedDevice", _OVERSIGHT),
        is_us_export=_flag(oversight, "isUsExport", _OVERSIGHT),
        conditions=_texts(conditions, "conditions", _CONDITIONS),
        keywords=_texts(conditions, "keywords", _CONDITIONS),
        condition_mesh_terms=_mesh_terms(derived, "conditionBrowseModule"),
        intervention_mesh_terms=_mesh_terms(derived, "interventionBrowseModule"),
        study_type=_word(design, "studyType", _DESIGN, StudyType),
        phases=tuple(map(Phase, _texts(design, "phases", _DESIGN))),
        allocation=_text(info, "allocation", _DESIGN_INFO),
        intervention_model=_text(info, "interventionModel", _DESIGN_INFO),
        intervention_model_description=_text(info, "interventionModelDescription", _DESIGN_INFO),
        primary_purpose=_text(info, "primaryPurpose", _DESIGN_INFO),
        masking=_text(masking, "masking", _MASKING),
        masking_description=_text(masking, "maskingDescription", _MASKING),
        who_masked=_texts(masking, "whoMasked", _MASKING),
        observational_model=_text(info, "observationalModel", _DESIGN_INFO),
        time_perspective=_text(info, "timePerspective", _DESIGN_INFO),
        target_duration=_text(design, "targetDuration", _DESIGN),
        enrollment=_enrollment(design),
        arms=_listed(arms, "armGroups", _ARMS, _arm),
        interventions=_listed(arms, "interventions", _ARMS, _intervention),
        primary_outcomes=_listed(outcomes, "primaryOutcomes", _OUTCOMES, _outcome),
        secondary_outcomes=_listed(outcomes, "secondaryOutcomes", _OUTCOMES, _outcome),
        other_outcomes=_listed(outcomes, "otherOutcomes", _OUTCOMES, _outcome),
        eligibility_criteria=_text(eligibility, "eligibilityCriteria", _ELIGIBILITY),
        sex=_text(eligibility, "sex", _ELIGIBILITY),
        minimum_age=_text(eligibility, "minimumAge", _ELIGIBILITY),
        maximum_age=_text(eligibility, "maximumAge", _ELIGIBILITY),
        healthy_volunteers=_flag(eligibility, "healthyVolunteers", _ELIGIBILITY),
        study_population=_text(eligibility, "studyPopulation", _ELIGIBILITY),
        sampling_method=_text(eligibility, "samplingMethod", _ELIGIBILITY),
        sites=_listed(module("contactsLocationsModule"), "locations", _CONTACTS, _site),
        references=_listed(module("referencesModule"), "references", _REFERENCES, _reference),
        version_holder=_stamp(misc),
        record=record,
    )


def _aliases(identification: Record) -> tuple[NctId, ...]:
    try:
        return tuple(map(nct_id, _texts(identification, "nctIdAliases", _IDENTIFICATION)))
    except InvalidNctId as error:
        raise _WrongShape(f"{_IDENTIFICATION}.nctIdAliases", error.message) from None


def _milestone(status: Record, key: str) -> StudyDate | None:
    struct = _object(status, key, _STATUS)
    day = _day(struct, "date", f"{_STATUS}.{key}")
    return StudyDate(day, _word(struct, "type", f"{_STATUS}.{key}", DateType)) if day else None


def _enrollment(design: Record) -> Enrollment | None:
    at = f"{_DESIGN}.enrollmentInfo"
    info = _object(design, "enrollmentInfo", _DESIGN)
    count = info.get("count")
    if count is not None and (type(count) is not int or not 0 <= count <= LARGEST_COUNT):
        raise _WrongShape(f"{at}.count", f"a number of participants was expected, not {count!r:.40}")
    return Enrollment(count, _word(info, "type", at, DateType)) if info else None


def _lead_sponsor(sponsors: Record) -> Sponsor | None:
    lead = _object(sponsors, "leadSponsor", _SPONSORS)
    return _sponsor(lead, f"{_SPONSORS}.leadSponsor") if lead else None


def _sponsor(sponsor: Record, at: str) -> Sponsor:
    return Sponsor(_text(sponsor, "name", at) or "", _text(sponsor, "class", at))


def _responsible_party(sponsors: Record) -> tuple[str, ...]:
    at = f"{_SPONSORS}.responsibleParty"
    party = _object(sponsors, "responsibleParty", _SPONSORS)
    return tuple(text for key in party if (text := _text(party, key, at)))


def _arm(arm: Record, at: str) -> Arm:
    return Arm(
        _text(arm, "label", at) or "",
        _text(arm, "type", at),
        _text(arm, "description", at),
        _texts(arm, "interventionNames", at),
    )


def _intervention(intervention: Record, at: str) -> Intervention:
    return Intervention(
        _text(intervention, "name", at) or "",
        _text(intervention, "type", at),
        _text(intervention, "description", at),
        _texts(intervention, "armGroupLabels", at),
        _texts(intervention, "otherNames", at),
    )


def _outcome(outcome: Record, at: str) -> Outcome:
    return Outcome(
        _text(outcome, "measure", at) or "", _text(outcome, "description", at), _text(outcome, "timeFrame", at)
    )


def _site(site: Record, at: str) -> Site:
    return Site(
        _text(site, "facility", at),
        _text(site, "city", at),
        _text(site, "state", at),
        _text(site, "zip", at),
        _text(site, "country", at),
        _text(site, "status", at),
    )


def _reference(reference: Record, at: str) -> Reference:
    return Reference(
        _text(reference, "citation", at),
        _text(reference, "pmid", at),
        _word(reference, "type", at, ReferenceType),
        _listed(reference, "retractions", at, _retraction),
    )


def _retraction(notice: Record, at: str) -> str:
    return " ".join(part for part in (_text(notice, "pmid", at), _text(notice, "source", at)) if part)


def _review_events(record: Record, misc: Record) -> tuple[ReviewEvent, ...]:
    """The steps of the results' review, each once: the registry tells them in two places, which overlap."""
    at = f"{_TRACKING}.submissionInfos"
    events: dict[ReviewEvent, None] = {}
    for info in _objects(_object(misc, "submissionTracking", _MISC), "submissionInfos", _TRACKING):
        for key, type_ in (("releaseDate", "RELEASE"), ("unreleaseDate", "UNRELEASE"), ("resetDate", "RESET")):
            if day := _text(info, key, at):
                events[ReviewEvent(type_, day)] = None
        if _flag(info, "unreleaseDateUnknown", at):
            events[ReviewEvent("UNRELEASE")] = None
    at = "annotationSection.annotationModule.unpostedAnnotation"
    for event in _objects(_object(_annotation(record), "unpostedAnnotation", at), "unpostedEvents", at):
        events[ReviewEvent(_text(event, "type", at) or "", _text(event, "date", at))] = None
    return tuple(events)


def _violations(record: Record) -> tuple[ViolationEvent, ...]:
    at = "annotationSection.annotationModule.violationAnnotation"
    return tuple(
        ViolationEvent(
            _text(event, "type", at) or "",
            _text(event, "description", at),
            _text(event, "issuedDate", at) or _text(event, "creationDate", at),
        )
        for event in _objects(_object(_annotation(record), "violationAnnotation", at), "violationEvents", at)
    )


def _annotation(record: Record) -> Record:
    return _object(_object(record, "annotationSection", ""), "annotationModule", "annotationSection")


def _mesh_terms(derived: Record, module: str) -> tuple[str, ...]:
    at = f"derivedSection.{module}"
    meshes = _objects(_object(derived, module, "derivedSection"), "meshes", at)
    return tuple(term for mesh in meshes if (term := _text(mesh, "term", at)))


def _stamp(misc: Record) -> date | None:
    try:
        return date.fromisoformat(misc["versionHolder"])
    except (KeyError, TypeError, ValueError):
        return None


# What follows reads one value, or says where it has a wrong shape.


class _WrongShape(Exception):
    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path)
        self.path = path.removeprefix(".")
        self.reason = reason


def _wrong(at: str, key: str, expected: str, value: object) -> NoReturn:
    raise _WrongShape(f"{at}.{key}", f"{expected} was expected, not {_shape(value)}")


def _shape(value: object) -> str:
    shapes = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return shapes.get(type(value), "a number")


def _object(parent: Record, key: str, at: str) -> Record:
    value = parent.get(key)
    if value is None:
        return {}
    if type(value) is not dict:
        _wrong(at, key, "an object", value)
    return value


def _text(parent: Record, key: str, at: str) -> str | None:
    value = parent.get(key)
    if value is None:
        return None
    if type(value) is not str:
        _wrong(at, key, "a text", value)
    return value or None


def _texts(parent: Record, key: str, at: str) -> tuple[str, ...]:
    values = parent.get(key)
    if values is None:
        return ()
    if type(values) is not list or any(type(value) is not str for value in values):
        _wrong(at, key, "a list of texts", values)
    return tuple(value for value in values if value)


def _objects(parent: Record, key: str, at: str) -> list[Record]:
    values = parent.get(key)
    if values is None:
        return []
    if type(values) is not list or any(type(value) is not dict for value in values):
        _wrong(at, key, "a list of objects", values)
    return values


def _listed(parent: Record, key: str, at: str, built: Callable[[Record, str], _Built]) -> tuple[_Built, ...]:
    values = _objects(parent, key, at)
    if not values:
        return ()
    place = f"{at}.{key}"
    return tuple([built(value, place) for value in values])


def _flag(parent: Record, key: str, at: str) -> bool | None:
    value = parent.get(key)
    if value is not None and type(value) is not bool:
        _wrong(at, key, "true or false", value)
    return value


def _day(parent: Record, key: str, at: str) -> PartialDate | None:
    text = _text(parent, key, at)
    return PartialDate(text) if text else None


_Word = TypeVar("_Word", Status, StudyType, DateType, ReferenceType)


def _word(parent: Record, key: str, at: str, words: type[_Word]) -> _Word | None:
    text = _text(parent, key, at)
    return words(text) if text else None
