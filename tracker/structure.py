"""The registry's data structure, as far as a study is read from it: which keys a record has, and what each may hold.

Names follow https://clinicaltrials.gov/data-api/about-api/study-data-structure; keys that are not here are passed
over. Everything may be absent or null, which reads the same. Only the decoder makes these: what they say of a study
is read from them by `tracker.mapping`, and `tracker.shape` tells where a record has another structure.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from tracker.study import Site

Text = str | None
Texts = list[Text] | None
Flag = bool | None


class Node(Struct, rename="camel", gc=False):
    """An object of the record. It can't be part of a cycle, so that the collector need not look at it."""


class Organization(Node):
    full_name: Text = None


class IdentificationModule(Node):
    nct_id: Any = None  # judged by `study.nct_id`, which says what is wrong with it
    nct_id_aliases: Texts = None
    brief_title: Text = None
    official_title: Text = None
    acronym: Text = None
    organization: Organization | None = None


class DateStruct(Node):
    date: Text = None
    type: Text = None


class PostDateStruct(Node):
    date: Text = None


class StatusModule(Node):
    overall_status: Text = None
    last_known_status: Text = None
    why_stopped: Text = None
    status_verified_date: Text = None
    start_date_struct: DateStruct | None = None
    primary_completion_date_struct: DateStruct | None = None
    completion_date_struct: DateStruct | None = None
    study_first_post_date_struct: PostDateStruct | None = None
    last_update_submit_date: Text = None
    last_update_post_date_struct: PostDateStruct | None = None
    results_first_submit_date: Text = None
    results_first_post_date_struct: PostDateStruct | None = None
    results_waived: Flag = None
    disp_first_submit_date: Text = None


class Agency(Node):
    name: Text = None
    agency_class: Text = field(default=None, name="class")


class ResponsibleParty(Node):
    type: Text = None
    investigator_full_name: Text = None
    investigator_title: Text = None
    investigator_affiliation: Text = None
    old_name_title: Text = None
    old_organization: Text = None


class SponsorCollaboratorsModule(Node):
    lead_sponsor: Agency | None = None
    collaborators: list[Agency | None] | None = None
    responsible_party: ResponsibleParty | None = None


class OversightModule(Node):
    is_fda_regulated_drug: Flag = None
    is_fda_regulated_device: Flag = None
    is_unapproved_device: Flag = None
    is_us_export: Flag = None


class ConditionsModule(Node):
    conditions: Texts = None
    keywords: Texts = None


class MaskingInfo(Node):
    masking: Text = None
    masking_description: Text = None
    who_masked: Texts = None


class DesignInfo(Node):
    allocation: Text = None
    intervention_model: Text = None
    intervention_model_description: Text = None
    primary_purpose: Text = None
    observational_model: Text = None
    time_perspective: Text = None
    masking_info: MaskingInfo | None = None


class EnrollmentInfo(Node):
    count: Any = None  # judged by `mapping`: what databases can hold as a number of participants
    type: Text = None


class DesignModule(Node):
    study_type: Text = None
    phases: Texts = None
    design_info: DesignInfo | None = None
    target_duration: Text = None
    enrollment_info: EnrollmentInfo | None = None


class ArmGroup(Node):
    label: Text = None
    type: Text = None
    description: Text = None
    intervention_names: Texts = None


class Intervention(Node):
    name: Text = None
    type: Text = None
    description: Text = None
    arm_group_labels: Texts = None
    other_names: Texts = None


class ArmsInterventionsModule(Node):
    arm_groups: list[ArmGroup | None] | None = None
    interventions: list[Intervention | None] | None = None


class Outcome(Node):
    measure: Text = None
    description: Text = None
    time_frame: Text = None


class OutcomesModule(Node):
    primary_outcomes: list[Outcome | None] | None = None
    secondary_outcomes: list[Outcome | None] | None = None
    other_outcomes: list[Outcome | None] | None = None


class EligibilityModule(Node):
    eligibility_criteria: Text = None
    sex: Text = None
    minimum_age: Text = None
    maximum_age: Text = None
    healthy_volunteers: Flag = None
    study_population: Text = None
    sampling_method: Text = None


class ContactsLocationsModule(Node):
    locations: list[Site | None] | None = None  # half of a record's texts: read straight into what a study has


class Retraction(Node):
    pmid: Text = None
    source: Text = None


class Reference(Node):
    citation: Text = None
    pmid: Text = None
    type: Text = None
    retractions: list[Retraction | None] | None = None


class ReferencesModule(Node):
    references: list[Reference | None] | None = None


class ProtocolSection(Node):
    identification_module: IdentificationModule | None = None
    status_module: StatusModule | None = None
    sponsor_collaborators_module: SponsorCollaboratorsModule | None = None
    oversight_module: OversightModule | None = None
    conditions_module: ConditionsModule | None = None
    design_module: DesignModule | None = None
    arms_interventions_module: ArmsInterventionsModule | None = None
    outcomes_module: OutcomesModule | None = None
    eligibility_module: EligibilityModule | None = None
    contacts_locations_module: ContactsLocationsModule | None = None
    references_module: ReferencesModule | None = None


class SubmissionInfo(Node):
    release_date: Text = None
    unrelease_date: Text = None
    unrelease_date_unknown: Flag = None
    reset_date: Text = None


class SubmissionTracking(Node):
    estimated_results_first_submit_date: Text = None
    submission_infos: list[SubmissionInfo | None] | None = None


class MiscInfoModule(Node):
    version_holder: Any = None  # a stamp of another shape is none
    submission_tracking: SubmissionTracking | None = None


class Mesh(Node):
    term: Text = None


class BrowseModule(Node):
    meshes: list[Mesh | None] | None = None


class DerivedSection(Node):
    misc_info_module: MiscInfoModule | None = None
    condition_browse_module: BrowseModule | None = None
    intervention_browse_module: BrowseModule | None = None


class UnpostedEvent(Node):
    type: Text = None
    date: Text = None


class UnpostedAnnotation(Node):
    unposted_events: list[UnpostedEvent | None] | None = None


class ViolationEvent(Node):
    type: Text = None
    description: Text = None
    issued_date: Text = None
    creation_date: Text = None


class ViolationAnnotation(Node):
    violation_events: list[ViolationEvent | None] | None = None


class AnnotationModule(Node):
    unposted_annotation: UnpostedAnnotation | None = None
    violation_annotation: ViolationAnnotation | None = None


class AnnotationSection(Node):
    annotation_module: AnnotationModule | None = None


class Structure(Node):
    """A whole record."""

    protocol_section: ProtocolSection | None = None
    derived_section: DerivedSection | None = None
    annotation_section: AnnotationSection | None = None
    results_section: Any = None  # not fetched; a website download may carry it
    has_results: Flag = None
