"""What the decoded structure of a record says of the study: texts without outer blanks, dates, known words.

Where each value stands in the registry's structure, and nothing else; which bytes are decoded is `tracker.parse`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import TypeVar

from msgspec.structs import astuple

from tracker import structure
from tracker.errors import InvalidNctId
from tracker.record import Unreadable
from tracker.shape import Record, WrongShape
from tracker.study import (
    Arm,
    DateType,
    Enrollment,
    Intervention,
    NctId,
    Outcome,
    PartialDate,
    Phase,
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

_IDENTIFICATION = "protocolSection.identificationModule"
_ENROLLMENT = "protocolSection.designModule.enrollmentInfo"


def study_in(decoded: structure.Structure, whole: Callable[[], Record]) -> Study:
    """The study; `whole` reads its record anew. Raises Unreadable for a value that its type alone does not rule out."""
    identified: NctId | None = None
    protocol = decoded.protocol_section or structure.ProtocolSection()
    try:
        identified = _own_id(protocol.identification_module)
        return _study(identified, decoded, protocol, whole)
    except WrongShape as wrong:
        raise Unreadable(Problem(identified, wrong.path, wrong.reason)) from None


def _own_id(identification: structure.IdentificationModule | None) -> NctId:
    try:
        return nct_id(identification and identification.nct_id)
    except InvalidNctId as error:
        raise WrongShape(f"{_IDENTIFICATION}.nctId", error.message) from None


def _study(
    identified: NctId, decoded: structure.Structure, protocol: structure.ProtocolSection, whole: Callable[[], Record]
) -> Study:
    identification = protocol.identification_module or structure.IdentificationModule()
    organization = identification.organization or structure.Organization()
    status = protocol.status_module or structure.StatusModule()
    sponsors = protocol.sponsor_collaborators_module or structure.SponsorCollaboratorsModule()
    oversight = protocol.oversight_module or structure.OversightModule()
    conditions = protocol.conditions_module or structure.ConditionsModule()
    design = protocol.design_module or structure.DesignModule()
    info = design.design_info or structure.DesignInfo()
    masking = info.masking_info or structure.MaskingInfo()
    arms = protocol.arms_interventions_module or structure.ArmsInterventionsModule()
    outcomes = protocol.outcomes_module or structure.OutcomesModule()
    eligibility = protocol.eligibility_module or structure.EligibilityModule()
    locations = protocol.contacts_locations_module or structure.ContactsLocationsModule()
    references = protocol.references_module or structure.ReferencesModule()
    derived = decoded.derived_section or structure.DerivedSection()
    misc = derived.misc_info_module or structure.MiscInfoModule()
    tracking = misc.submission_tracking or structure.SubmissionTracking()
    section = decoded.annotation_section or structure.AnnotationSection()
    annotation = section.annotation_module or structure.AnnotationModule()
    return Study(
        nct_id=identified,
        aliases=_aliases(identification),
        brief_title=_text(identification.brief_title),
        official_title=_text(identification.official_title),
        acronym=_text(identification.acronym),
        organization=_text(organization.full_name),
        overall_status=_word(status.overall_status, Status),
        last_known_status=_word(status.last_known_status, Status),
        why_stopped=_text(status.why_stopped),
        status_verified=_day(status.status_verified_date),
        start=_milestone(status.start_date_struct),
        primary_completion=_milestone(status.primary_completion_date_struct),
        completion=_milestone(status.completion_date_struct),
        first_posted=_posted(status.study_first_post_date_struct),
        last_update_submitted=_day(status.last_update_submit_date),
        last_update_posted=_posted(status.last_update_post_date_struct),
        has_results=decoded.has_results,
        results_first_submitted=_day(status.results_first_submit_date),
        results_first_posted=_posted(status.results_first_post_date_struct),
        results_submission_estimated=_day(tracking.estimated_results_first_submit_date),
        results_waived=status.results_waived,
        results_delay_certified=_day(status.disp_first_submit_date),
        review_events=_review_events(tracking, annotation.unposted_annotation),
        violations=_violations(annotation.violation_annotation),
        lead_sponsor=_lead_sponsor(sponsors.lead_sponsor),
        collaborators=_each(sponsors.collaborators, _sponsor),
        responsible_party=_responsible_party(sponsors.responsible_party),
        is_fda_regulated_drug=oversight.is_fda_regulated_drug,
        is_fda_regulated_device=oversight.is_fda_regulated_device,
        is_unapproved_device=oversight.is_unapproved_device,
        is_us_export=oversight.is_us_export,
        conditions=_texts(conditions.conditions),
        keywords=_texts(conditions.keywords),
        condition_mesh_terms=_mesh_terms(derived.condition_browse_module),
        intervention_mesh_terms=_mesh_terms(derived.intervention_browse_module),
        study_type=_word(design.study_type, StudyType),
        phases=tuple(map(Phase, _texts(design.phases))),
        allocation=_text(info.allocation),
        intervention_model=_text(info.intervention_model),
        intervention_model_description=_text(info.intervention_model_description),
        primary_purpose=_text(info.primary_purpose),
        masking=_text(masking.masking),
        masking_description=_text(masking.masking_description),
        who_masked=_texts(masking.who_masked),
        observational_model=_text(info.observational_model),
        time_perspective=_text(info.time_perspective),
        target_duration=_text(design.target_duration),
        enrollment=_enrollment(design.enrollment_info),
        arms=_each(arms.arm_groups, _arm),
        interventions=_each(arms.interventions, _intervention),
        primary_outcomes=_each(outcomes.primary_outcomes, _outcome),
        secondary_outcomes=_each(outcomes.secondary_outcomes, _outcome),
        other_outcomes=_each(outcomes.other_outcomes, _outcome),
        eligibility_criteria=_text(eligibility.eligibility_criteria),
        sex=_text(eligibility.sex),
        minimum_age=_text(eligibility.minimum_age),
        maximum_age=_text(eligibility.maximum_age),
        healthy_volunteers=eligibility.healthy_volunteers,
        study_population=_text(eligibility.study_population),
        sampling_method=_text(eligibility.sampling_method),
        sites=_each(locations.locations, _site),
        references=_each(references.references, _reference),
        version_holder=_stamp(misc.version_holder),
        came_with_results=decoded.results_section is not None,
        whole=whole,
    )


def _aliases(identification: structure.IdentificationModule) -> tuple[NctId, ...]:
    try:
        return tuple(map(nct_id, _texts(identification.nct_id_aliases)))
    except InvalidNctId as error:
        raise WrongShape(f"{_IDENTIFICATION}.nctIdAliases", error.message) from None


def _milestone(struct: structure.DateStruct | None) -> StudyDate | None:
    day = _day(struct.date) if struct else None
    return StudyDate(day, _word(struct.type, DateType)) if struct and day else None


def _posted(struct: structure.PostDateStruct | None) -> PartialDate | None:
    return _day(struct.date) if struct else None


def _enrollment(info: structure.EnrollmentInfo | None) -> Enrollment | None:
    if info is None:
        return None
    count, type_ = info.count, _word(info.type, DateType)
    if count is not None and (type(count) is not int or not 0 <= count <= LARGEST_COUNT):
        raise WrongShape(f"{_ENROLLMENT}.count", f"a number of participants was expected, not {count!r:.40}")
    return None if count is None and type_ is None else Enrollment(count, type_)


def _lead_sponsor(lead: structure.Agency | None) -> Sponsor | None:
    sponsor = _sponsor(lead or structure.Agency())
    return sponsor if sponsor.name or sponsor.agency_class else None


def _sponsor(agency: structure.Agency) -> Sponsor:
    return Sponsor(_text(agency.name) or "", _text(agency.agency_class))


def _responsible_party(party: structure.ResponsibleParty | None) -> tuple[str, ...]:
    """In the order of the structure, which is the one that a reader wants."""
    return _texts(list(astuple(party))) if party else ()


def _arm(arm: structure.ArmGroup) -> Arm:
    return Arm(_text(arm.label) or "", _text(arm.type), _text(arm.description), _texts(arm.intervention_names))


def _intervention(intervention: structure.Intervention) -> Intervention:
    return Intervention(
        _text(intervention.name) or "",
        _text(intervention.type),
        _text(intervention.description),
        _texts(intervention.arm_group_labels),
        _texts(intervention.other_names),
    )


def _outcome(outcome: structure.Outcome) -> Outcome:
    return Outcome(_text(outcome.measure) or "", _text(outcome.description), _text(outcome.time_frame))


def _site(site: Site) -> Site:
    # Half of a record's texts are of its sites: `_text` for each of them would take as long as all the rest.
    facility, city, state, zip_, country, status = astuple(site)
    return Site(
        (facility and facility.strip()) or None,
        (city and city.strip()) or None,
        (state and state.strip()) or None,
        (zip_ and zip_.strip()) or None,
        (country and country.strip()) or None,
        (status and status.strip()) or None,
    )


def _reference(reference: structure.Reference) -> Reference:
    return Reference(
        _text(reference.citation),
        _text(reference.pmid),
        _word(reference.type, ReferenceType),
        _each(reference.retractions, _retraction),
    )


def _retraction(notice: structure.Retraction) -> str:
    return " ".join(_texts([notice.pmid, notice.source]))


def _review_events(
    tracking: structure.SubmissionTracking, unposted: structure.UnpostedAnnotation | None
) -> tuple[ReviewEvent, ...]:
    """The steps of the results' review, each once: the registry tells them in two places, which overlap."""
    submitted = _each(tracking.submission_infos, _submission_events)
    told = _each(unposted.unposted_events, _unposted_event) if unposted else ()
    events = [event for events in submitted for event in events] + [event for event in told if event.type]
    return tuple(dict.fromkeys(events))


def _submission_events(info: structure.SubmissionInfo) -> list[ReviewEvent]:
    steps = (("RELEASE", info.release_date), ("UNRELEASE", info.unrelease_date), ("RESET", info.reset_date))
    events = [ReviewEvent(type_, day) for type_, date_ in steps if (day := _text(date_))]
    return [*events, ReviewEvent("UNRELEASE")] if info.unrelease_date_unknown else events


def _unposted_event(event: structure.UnpostedEvent) -> ReviewEvent:
    return ReviewEvent(_text(event.type) or "", _text(event.date))


def _violations(annotation: structure.ViolationAnnotation | None) -> tuple[ViolationEvent, ...]:
    return _each(annotation.violation_events, _violation) if annotation else ()


def _violation(event: structure.ViolationEvent) -> ViolationEvent:
    return ViolationEvent(
        _text(event.type) or "", _text(event.description), _text(event.issued_date) or _text(event.creation_date)
    )


def _mesh_terms(browsed: structure.BrowseModule | None) -> tuple[str, ...]:
    return tuple(filter(None, _each(browsed.meshes, _mesh_term))) if browsed else ()


def _mesh_term(mesh: structure.Mesh) -> str | None:
    return _text(mesh.term)


def _stamp(holder: object) -> date | None:
    try:
        return date.fromisoformat(holder) if isinstance(holder, str) else None
    except ValueError:
        return None


_Node = TypeVar("_Node")
_Built = TypeVar("_Built")


def _each(nodes: list[_Node | None] | None, built: Callable[[_Node], _Built]) -> tuple[_Built, ...]:
    return tuple([built(node) for node in nodes if node is not None]) if nodes else ()


def _text(text: str | None) -> str | None:
    return (text.strip() or None) if text else None


def _texts(texts: list[str | None] | None) -> tuple[str, ...]:
    return tuple([kept for text in texts if text and (kept := text.strip())]) if texts else ()


def _day(text: str | None) -> PartialDate | None:
    kept = _text(text)
    return PartialDate(kept) if kept else None


_Word = TypeVar("_Word", Status, StudyType, DateType, ReferenceType)


def _word(text: str | None, words: type[_Word]) -> _Word | None:
    kept = _text(text)
    return _member(words, kept) if kept else None


@lru_cache(maxsize=1000)
def _member(words: type[_Word], text: str) -> _Word:
    return words(text)
