"""Reads a study from the JSON bytes of one registry record.

A record of a wrong shape raises `Unreadable`, which carries the Problem to show; a readable record with an odd
fact in it (a date like 2023-02-30) is read, and `odd_facts` names what is odd. What is absent, null or empty reads
the same. Comparing is left to `tracker.diff`.
"""

from __future__ import annotations

from datetime import date
from typing import TypeVar

from tracker.errors import InvalidNctId
from tracker.record import Unreadable, read_record
from tracker.shape import Record, WrongShape, flag_in, listed_in, object_in, text_in, texts_in
from tracker.study import (
    RESPONSIBLE_PARTY,
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

LARGEST_COUNT = 2**63 - 1
"""What both databases hold; a larger number is no enrollment."""


def parse(raw: bytes | memoryview) -> Study:
    """The study in one record's JSON bytes. Raises Unreadable."""
    return study_from(read_record(raw))


def study_from(record: Record) -> Study:
    """The study that a decoded record describes. Raises Unreadable, naming the study where it can."""
    identified: NctId | None = None
    try:
        protocol = object_in(record, "protocolSection", "")
        identification = object_in(protocol, "identificationModule", "protocolSection")
        identified = _own_id(identification)
        return _study(identified, record, protocol, identification)
    except WrongShape as wrong:
        raise Unreadable(Problem(identified, wrong.path, wrong.reason)) from None


def odd_facts(study: Study) -> tuple[Problem, ...]:
    """What a readable record says that can't be so: dates that name no day. Their text is kept as it stands."""
    days = {
        f"{_STATUS}.startDateStruct.date": study.start and study.start.date,
        f"{_STATUS}.primaryCompletionDateStruct.date": study.primary_completion and study.primary_completion.date,
        f"{_STATUS}.completionDateStruct.date": study.completion and study.completion.date,
        f"{_STATUS}.studyFirstPostDateStruct.date": study.first_posted,
        f"{_STATUS}.resultsFirstSubmitDate": study.results_first_submitted,
        f"{_STATUS}.resultsFirstPostDateStruct.date": study.results_first_posted,
        f"{_STATUS}.dispFirstSubmitDate": study.results_delay_certified,
        f"{_TRACKING}.estimatedResultsFirstSubmitDate": study.results_submission_estimated,
    }
    return tuple(
        Problem(study.nct_id, path, f"{day.text!r} is no date; its text is kept")
        for path, day in days.items()
        if day and day.precision is Precision.UNREADABLE
    )


def refuse_excerpt(study: Study) -> None:
    """Raises Unreadable for a record that was saved with some of its fields only: the rest would look deleted.

    Every record that the registry shows has a type, a sponsor and a day of its last update, but for withheld ones.
    """
    always = {
        f"{_STATUS}.lastUpdatePostDateStruct": study.last_update_posted,
        f"{_SPONSORS}.leadSponsor": study.lead_sponsor,
        f"{_DESIGN}.studyType": study.study_type,
    }
    lacking = [path for path, held in always.items() if held is None]
    if lacking and study.overall_status != Status.WITHHELD:
        reason = "absent: the file holds only some of the record's fields; save it with all of them"
        raise Unreadable(Problem(study.nct_id, lacking[0], reason))


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
_SITE = ("facility", "city", "state", "zip", "country", "status")
_REFERENCES = "protocolSection.referencesModule"
_MISC = "derivedSection.miscInfoModule"
_TRACKING = "derivedSection.miscInfoModule.submissionTracking"
_ANNOTATION = "annotationSection.annotationModule"
_UNPOSTED = "annotationSection.annotationModule.unpostedAnnotation"
_VIOLATION = "annotationSection.annotationModule.violationAnnotation"


def _own_id(identification: Record) -> NctId:
    try:
        return nct_id(identification.get("nctId"))
    except InvalidNctId as error:
        raise WrongShape(f"{_IDENTIFICATION}.nctId", error.message) from None


def _study(identified: NctId, record: Record, protocol: Record, identification: Record) -> Study:
    def module(name: str) -> Record:
        return object_in(protocol, name, _PROTOCOL)

    status, design, eligibility = module("statusModule"), module("designModule"), module("eligibilityModule")
    sponsors, oversight = module("sponsorCollaboratorsModule"), module("oversightModule")
    conditions, arms, outcomes = module("conditionsModule"), module("armsInterventionsModule"), module("outcomesModule")
    info = object_in(design, "designInfo", _DESIGN)
    masking = object_in(info, "maskingInfo", _DESIGN_INFO)
    derived = object_in(record, "derivedSection", "")
    misc = object_in(derived, "miscInfoModule", "derivedSection")
    return Study(
        nct_id=identified,
        aliases=_aliases(identification),
        brief_title=text_in(identification, "briefTitle", _IDENTIFICATION),
        official_title=text_in(identification, "officialTitle", _IDENTIFICATION),
        acronym=text_in(identification, "acronym", _IDENTIFICATION),
        organization=_organization(identification),
        overall_status=_word(status, "overallStatus", _STATUS, Status),
        last_known_status=_word(status, "lastKnownStatus", _STATUS, Status),
        why_stopped=text_in(status, "whyStopped", _STATUS),
        status_verified=_day(status, "statusVerifiedDate", _STATUS),
        start=_milestone(status, "startDateStruct"),
        primary_completion=_milestone(status, "primaryCompletionDateStruct"),
        completion=_milestone(status, "completionDateStruct"),
        first_posted=_posted(status, "studyFirstPostDateStruct"),
        last_update_submitted=_day(status, "lastUpdateSubmitDate", _STATUS),
        last_update_posted=_posted(status, "lastUpdatePostDateStruct"),
        has_results=flag_in(record, "hasResults", ""),
        results_first_submitted=_day(status, "resultsFirstSubmitDate", _STATUS),
        results_first_posted=_posted(status, "resultsFirstPostDateStruct"),
        results_submission_estimated=_day(
            object_in(misc, "submissionTracking", _MISC), "estimatedResultsFirstSubmitDate", _TRACKING
        ),
        results_waived=flag_in(status, "resultsWaived", _STATUS),
        results_delay_certified=_day(status, "dispFirstSubmitDate", _STATUS),
        review_events=_review_events(record, misc),
        violations=_violations(record),
        lead_sponsor=_lead_sponsor(sponsors),
        collaborators=listed_in(sponsors, "collaborators", _SPONSORS, _sponsor),
        responsible_party=_responsible_party(sponsors),
        is_fda_regulated_drug=flag_in(oversight, "isFdaRegulatedDrug", _OVERSIGHT),
        is_fda_regulated_device=flag_in(oversight, "isFdaRegulatedDevice", _OVERSIGHT),
        is_unapproved_device=flag_in(oversight, "isUnapprovedDevice", _OVERSIGHT),
        is_us_export=flag_in(oversight, "isUsExport", _OVERSIGHT),
        conditions=texts_in(conditions, "conditions", _CONDITIONS),
        keywords=texts_in(conditions, "keywords", _CONDITIONS),
        condition_mesh_terms=_mesh_terms(derived, "conditionBrowseModule"),
        intervention_mesh_terms=_mesh_terms(derived, "interventionBrowseModule"),
        study_type=_word(design, "studyType", _DESIGN, StudyType),
        phases=tuple(map(Phase, texts_in(design, "phases", _DESIGN))),
        allocation=text_in(info, "allocation", _DESIGN_INFO),
        intervention_model=text_in(info, "interventionModel", _DESIGN_INFO),
        intervention_model_description=text_in(info, "interventionModelDescription", _DESIGN_INFO),
        primary_purpose=text_in(info, "primaryPurpose", _DESIGN_INFO),
        masking=text_in(masking, "masking", _MASKING),
        masking_description=text_in(masking, "maskingDescription", _MASKING),
        who_masked=texts_in(masking, "whoMasked", _MASKING),
        observational_model=text_in(info, "observationalModel", _DESIGN_INFO),
        time_perspective=text_in(info, "timePerspective", _DESIGN_INFO),
        target_duration=text_in(design, "targetDuration", _DESIGN),
        enrollment=_enrollment(design),
        arms=listed_in(arms, "armGroups", _ARMS, _arm),
        interventions=listed_in(arms, "interventions", _ARMS, _intervention),
        primary_outcomes=listed_in(outcomes, "primaryOutcomes", _OUTCOMES, _outcome),
        secondary_outcomes=listed_in(outcomes, "secondaryOutcomes", _OUTCOMES, _outcome),
        other_outcomes=listed_in(outcomes, "otherOutcomes", _OUTCOMES, _outcome),
        eligibility_criteria=text_in(eligibility, "eligibilityCriteria", _ELIGIBILITY),
        sex=text_in(eligibility, "sex", _ELIGIBILITY),
        minimum_age=text_in(eligibility, "minimumAge", _ELIGIBILITY),
        maximum_age=text_in(eligibility, "maximumAge", _ELIGIBILITY),
        healthy_volunteers=flag_in(eligibility, "healthyVolunteers", _ELIGIBILITY),
        study_population=text_in(eligibility, "studyPopulation", _ELIGIBILITY),
        sampling_method=text_in(eligibility, "samplingMethod", _ELIGIBILITY),
        sites=listed_in(module("contactsLocationsModule"), "locations", _CONTACTS, _site),
        references=listed_in(module("referencesModule"), "references", _REFERENCES, _reference),
        version_holder=_stamp(misc),
        record=record,
    )


def _aliases(identification: Record) -> tuple[NctId, ...]:
    try:
        return tuple(map(nct_id, texts_in(identification, "nctIdAliases", _IDENTIFICATION)))
    except InvalidNctId as error:
        raise WrongShape(f"{_IDENTIFICATION}.nctIdAliases", error.message) from None


def _milestone(status: Record, key: str) -> StudyDate | None:
    struct = object_in(status, key, _STATUS)
    day = _day(struct, "date", f"{_STATUS}.{key}")
    return StudyDate(day, _word(struct, "type", f"{_STATUS}.{key}", DateType)) if day else None


def _enrollment(design: Record) -> Enrollment | None:
    at = f"{_DESIGN}.enrollmentInfo"
    info = object_in(design, "enrollmentInfo", _DESIGN)
    count = info.get("count")
    if count is not None and (type(count) is not int or not 0 <= count <= LARGEST_COUNT):
        raise WrongShape(f"{at}.count", f"a number of participants was expected, not {count!r:.40}")
    type_ = _word(info, "type", at, DateType)
    return None if count is None and type_ is None else Enrollment(count, type_)


def _organization(identification: Record) -> str | None:
    return text_in(
        object_in(identification, "organization", _IDENTIFICATION), "fullName", f"{_IDENTIFICATION}.organization"
    )


def _lead_sponsor(sponsors: Record) -> Sponsor | None:
    lead = _sponsor(object_in(sponsors, "leadSponsor", _SPONSORS), f"{_SPONSORS}.leadSponsor")
    return lead if lead.name or lead.agency_class else None


def _sponsor(sponsor: Record, at: str) -> Sponsor:
    return Sponsor(text_in(sponsor, "name", at) or "", text_in(sponsor, "class", at))


def _responsible_party(sponsors: Record) -> tuple[str, ...]:
    at = f"{_SPONSORS}.responsibleParty"
    party = object_in(sponsors, "responsibleParty", _SPONSORS)
    return tuple(text for key in RESPONSIBLE_PARTY if (text := text_in(party, key, at)))


def _arm(arm: Record, at: str) -> Arm:
    return Arm(
        text_in(arm, "label", at) or "",
        text_in(arm, "type", at),
        text_in(arm, "description", at),
        texts_in(arm, "interventionNames", at),
    )


def _intervention(intervention: Record, at: str) -> Intervention:
    return Intervention(
        text_in(intervention, "name", at) or "",
        text_in(intervention, "type", at),
        text_in(intervention, "description", at),
        texts_in(intervention, "armGroupLabels", at),
        texts_in(intervention, "otherNames", at),
    )


def _outcome(outcome: Record, at: str) -> Outcome:
    return Outcome(
        text_in(outcome, "measure", at) or "", text_in(outcome, "description", at), text_in(outcome, "timeFrame", at)
    )


def _site(site: Record, at: str) -> Site:
    # Half of a record's texts are of its sites: only the odd ones need `text_in`.
    return Site(
        *[value.strip() or None if type(value := site.get(key)) is str else text_in(site, key, at) for key in _SITE]
    )


def _reference(reference: Record, at: str) -> Reference:
    return Reference(
        text_in(reference, "citation", at),
        text_in(reference, "pmid", at),
        _word(reference, "type", at, ReferenceType),
        listed_in(reference, "retractions", at, _retraction),
    )


def _retraction(notice: Record, at: str) -> str:
    return " ".join(part for part in (text_in(notice, "pmid", at), text_in(notice, "source", at)) if part)


def _review_events(record: Record, misc: Record) -> tuple[ReviewEvent, ...]:
    """The steps of the results' review, each once: the registry tells them in two places, which overlap."""
    tracking = object_in(misc, "submissionTracking", _MISC)
    submitted = listed_in(tracking, "submissionInfos", _TRACKING, _submission_events)
    unposted = listed_in(_annotation(record, "unpostedAnnotation"), "unpostedEvents", _UNPOSTED, _unposted_event)
    events = [event for events in submitted for event in events] + [event for event in unposted if event.type]
    return tuple(dict.fromkeys(events))


def _submission_events(info: Record, at: str) -> list[ReviewEvent]:
    steps = (("releaseDate", "RELEASE"), ("unreleaseDate", "UNRELEASE"), ("resetDate", "RESET"))
    events = [ReviewEvent(type_, day) for key, type_ in steps if (day := text_in(info, key, at))]
    return [*events, ReviewEvent("UNRELEASE")] if flag_in(info, "unreleaseDateUnknown", at) else events


def _unposted_event(event: Record, at: str) -> ReviewEvent:
    return ReviewEvent(text_in(event, "type", at) or "", text_in(event, "date", at))


def _violations(record: Record) -> tuple[ViolationEvent, ...]:
    return listed_in(_annotation(record, "violationAnnotation"), "violationEvents", _VIOLATION, _violation)


def _violation(event: Record, at: str) -> ViolationEvent:
    return ViolationEvent(
        text_in(event, "type", at) or "",
        text_in(event, "description", at),
        text_in(event, "issuedDate", at) or text_in(event, "creationDate", at),
    )


def _annotation(record: Record, key: str) -> Record:
    section = object_in(record, "annotationSection", "")
    return object_in(object_in(section, "annotationModule", "annotationSection"), key, _ANNOTATION)


def _mesh_terms(derived: Record, module: str) -> tuple[str, ...]:
    browsed = object_in(derived, module, "derivedSection")
    return tuple(filter(None, listed_in(browsed, "meshes", f"derivedSection.{module}", _mesh_term)))


def _mesh_term(mesh: Record, at: str) -> str | None:
    return text_in(mesh, "term", at)


def _stamp(misc: Record) -> date | None:
    try:
        return date.fromisoformat(misc["versionHolder"])
    except (KeyError, TypeError, ValueError):
        return None


def _posted(status: Record, key: str) -> PartialDate | None:
    return _day(object_in(status, key, _STATUS), "date", f"{_STATUS}.{key}")


def _day(parent: Record, key: str, at: str) -> PartialDate | None:
    text = text_in(parent, key, at)
    return PartialDate(text) if text else None


_Word = TypeVar("_Word", Status, StudyType, DateType, ReferenceType)


def _word(parent: Record, key: str, at: str, words: type[_Word]) -> _Word | None:
    text = text_in(parent, key, at)
    return words(text) if text else None
