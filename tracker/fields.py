"""The one table of watched fields: what is compared, what it is called, and what kind of change an edit makes.

`tracker.diff` walks it, and the tables, pages and the data dictionary take names and labels from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tracker.changes import Kind, Weight
from tracker.content import Path, normal_text
from tracker.structure import ResponsibleParty
from tracker.study import Outcome, Reference, ReferenceType, Site, Study


class Rule(StrEnum):
    """How two values of a field are compared, and which kinds of change can follow (`tracker.diff`)."""

    STATUS = "status"
    WITH_STATUS = "with status"  # told on its own only where the status itself did not change
    DATE = "date"
    POSTING = "posting"
    REVIEW = "review"
    ENROLLMENT = "enrollment"
    SITE_STATUS = "site status"
    PLAIN = "plain"  # one value: before → after
    LIST = "list"  # what was dropped → what was added


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedField:
    """One fact of a study. `paths` are the places in the record that it covers, from the root.

    `kind` and `weight` are what an edit of it is told as; rules for statuses, dates, results and enrollment choose
    their own. `machine_made`: the registry writes it, not the sponsor; it is told with that label.
    """

    name: str
    label: str
    kind: Kind
    rule: Rule
    value: Callable[[Study], Any]
    paths: tuple[Path, ...]
    weight: Weight = Weight.MINOR
    machine_made: bool = False


def _paths(module: str, *keys: str) -> tuple[Path, ...]:
    return tuple(("protocolSection", module, *key.split(".")) for key in keys)


def _status(*keys: str) -> tuple[Path, ...]:
    return _paths("statusModule", *keys)


def _design(*keys: str) -> tuple[Path, ...]:
    return _paths("designModule", *keys)


def _design_info(*keys: str) -> tuple[Path, ...]:
    return _design(*(f"designInfo.{key}" for key in keys))


def _eligibility(*keys: str) -> tuple[Path, ...]:
    return _paths("eligibilityModule", *keys)


_REFERENCES = _paths("referencesModule", "references")
_LOCATIONS = _paths("contactsLocationsModule", "locations")
_TRACKING = ("derivedSection", "miscInfoModule", "submissionTracking")
_ANNOTATIONS = ("annotationSection", "annotationModule")


def _entry(*parts: str | None) -> str:
    return " | ".join(part for part in parts if part)


def _sorted(texts: Iterable[str]) -> str:
    """Texts whose order says nothing."""
    return ", ".join(sorted(map(normal_text, texts)))


def _interventions(study: Study) -> tuple[str, ...]:
    return tuple(
        _entry(
            f"{one.type}: {one.name}" if one.type else one.name,
            one.description,
            f"also called {_sorted(one.other_names)}" if one.other_names else None,
        )
        for one in study.interventions
    )


def _arms(study: Study) -> tuple[str, ...]:
    return tuple(
        _entry(
            f"{arm.type}: {arm.label}" if arm.type else arm.label,
            arm.description,
            _sorted(arm.interventions),
        )
        for arm in study.arms
    )


def _outcomes(outcomes: Iterable[Outcome]) -> tuple[str, ...]:
    return tuple(
        _entry(one.measure, one.time_frame and f"time frame: {one.time_frame}", one.description) for one in outcomes
    )


def site_name(site: Site) -> str:
    """What a site is known by: everything but its recruitment status."""
    return ", ".join(part for part in (site.facility, site.city, site.state, site.zip, site.country) if part)


def _references(type_: ReferenceType) -> Callable[[Study], tuple[str, ...]]:
    def cited(study: Study) -> tuple[str, ...]:
        return tuple(
            _entry(
                f"PMID {one.pmid}" if one.pmid else None,
                one.citation,
                f"retracted: {_sorted(one.retractions)}" if one.retractions else None,
            )
            for one in study.references
            if _role(one) is type_
        )

    return cited


def _role(reference: Reference) -> ReferenceType:
    """Its type; one without a type, or of a type that is new, is background."""
    named = (ReferenceType.RESULT, ReferenceType.DERIVED)
    return next((type_ for type_ in named if type_ == reference.type), ReferenceType.BACKGROUND)


def _lead_sponsor(study: Study) -> str | None:
    return (study.lead_sponsor.name or None) if study.lead_sponsor else None


def _lead_sponsor_class(study: Study) -> str | None:
    return study.lead_sponsor.agency_class if study.lead_sponsor else None


FIELDS: tuple[WatchedField, ...] = (
    WatchedField(
        name="overall_status",
        label="Status",
        kind=Kind.STATUS,
        rule=Rule.STATUS,
        value=lambda study: study.overall_status,
        paths=_status("overallStatus"),
    ),
    WatchedField(
        name="last_known_status",
        label="Last known status",
        kind=Kind.STATUS,
        rule=Rule.WITH_STATUS,
        value=lambda study: study.last_known_status,
        paths=_status("lastKnownStatus"),
    ),
    WatchedField(
        name="why_stopped",
        label="Why it stopped",
        kind=Kind.STATUS,
        rule=Rule.WITH_STATUS,
        value=lambda study: study.why_stopped,
        paths=_status("whyStopped"),
    ),
    WatchedField(
        name="start_date",
        label="Start",
        kind=Kind.DATE_MOVED,
        rule=Rule.DATE,
        value=lambda study: study.start,
        paths=_status("startDateStruct"),
    ),
    WatchedField(
        name="primary_completion_date",
        label="Primary completion",
        kind=Kind.DATE_MOVED,
        rule=Rule.DATE,
        value=lambda study: study.primary_completion,
        paths=_status("primaryCompletionDateStruct"),
    ),
    WatchedField(
        name="completion_date",
        label="Study completion",
        kind=Kind.DATE_MOVED,
        rule=Rule.DATE,
        value=lambda study: study.completion,
        paths=_status("completionDateStruct"),
    ),
    WatchedField(
        name="results_first_post_date",
        label="Results posted",
        kind=Kind.RESULTS_POSTED,
        rule=Rule.POSTING,
        value=lambda study: study.results_first_posted,
        paths=(*_status("resultsFirstPostDateStruct"), ("hasResults",)),
    ),
    WatchedField(
        name="results_first_submit_date",
        label="Results first submitted",
        kind=Kind.RESULTS_REVIEW,
        rule=Rule.PLAIN,
        value=lambda study: study.results_first_submitted and study.results_first_submitted.text,
        paths=_status("resultsFirstSubmitDate", "resultsFirstSubmitQcDate"),
    ),
    WatchedField(
        name="results_submission_estimated",
        label="Results submitted, as estimated by the registry",
        kind=Kind.RESULTS_REVIEW,
        rule=Rule.REVIEW,
        value=lambda study: study.results_submission_estimated and study.results_submission_estimated.text,
        paths=((*_TRACKING, "estimatedResultsFirstSubmitDate"),),
        machine_made=True,
    ),
    WatchedField(
        name="results_review",
        label="Review of the results",
        kind=Kind.RESULTS_REVIEW,
        rule=Rule.REVIEW,
        value=lambda study: tuple(_entry(event.type, event.date or "date unknown") for event in study.review_events),
        paths=((*_TRACKING, "submissionInfos"), (*_ANNOTATIONS, "unpostedAnnotation", "unpostedEvents")),
        machine_made=True,
    ),
    WatchedField(
        name="results_delay_certified",
        label="Delay of the results certified",
        kind=Kind.RESULTS_REVIEW,
        rule=Rule.PLAIN,
        value=lambda study: study.results_delay_certified and study.results_delay_certified.text,
        paths=_status("dispFirstSubmitDate", "dispFirstSubmitQcDate", "dispFirstPostDateStruct"),
    ),
    WatchedField(
        name="results_waived",
        label="Results waived",
        kind=Kind.RESULTS_REVIEW,
        rule=Rule.PLAIN,
        value=lambda study: study.results_waived,
        paths=_status("resultsWaived"),
    ),
    WatchedField(
        name="violations",
        label="Notices under FDAAA 801",
        kind=Kind.OTHER,
        rule=Rule.LIST,
        value=lambda study: tuple(_entry(one.type, one.date, one.description) for one in study.violations),
        paths=((*_ANNOTATIONS, "violationAnnotation"),),
    ),
    WatchedField(
        name="enrollment",
        label="Enrollment",
        kind=Kind.ENROLLMENT,
        rule=Rule.ENROLLMENT,
        value=lambda study: study.enrollment,
        paths=_design("enrollmentInfo"),
    ),
    WatchedField(
        name="countries",
        label="Countries",
        kind=Kind.SITES,
        rule=Rule.LIST,
        value=lambda study: tuple(sorted(set(map(normal_text, study.countries)))),
        paths=_LOCATIONS,
    ),
    WatchedField(
        name="sites",
        label="Sites",
        kind=Kind.SITES,
        rule=Rule.LIST,
        value=lambda study: tuple(map(site_name, study.sites)),
        paths=_LOCATIONS,
    ),
    WatchedField(
        name="site_status",
        label="Recruitment at sites",
        kind=Kind.SITES,
        rule=Rule.SITE_STATUS,
        value=lambda study: study.sites,
        paths=_LOCATIONS,
    ),
    WatchedField(
        name="primary_outcomes",
        label="Primary outcomes",
        kind=Kind.OUTCOMES,
        rule=Rule.LIST,
        value=lambda study: _outcomes(study.primary_outcomes),
        paths=_paths("outcomesModule", "primaryOutcomes"),
        weight=Weight.MAJOR,
    ),
    WatchedField(
        name="secondary_outcomes",
        label="Secondary outcomes",
        kind=Kind.OUTCOMES,
        rule=Rule.LIST,
        value=lambda study: _outcomes(study.secondary_outcomes),
        paths=_paths("outcomesModule", "secondaryOutcomes"),
    ),
    WatchedField(
        name="other_outcomes",
        label="Other outcomes",
        kind=Kind.OUTCOMES,
        rule=Rule.LIST,
        value=lambda study: _outcomes(study.other_outcomes),
        paths=_paths("outcomesModule", "otherOutcomes"),
    ),
    WatchedField(
        name="eligibility_criteria",
        label="Eligibility criteria",
        kind=Kind.ELIGIBILITY,
        rule=Rule.PLAIN,
        value=lambda study: study.eligibility_criteria,
        paths=_eligibility("eligibilityCriteria"),
    ),
    WatchedField(
        name="sex",
        label="Sex",
        kind=Kind.ELIGIBILITY,
        rule=Rule.PLAIN,
        value=lambda study: study.sex,
        paths=_eligibility("sex"),
    ),
    WatchedField(
        name="minimum_age",
        label="Minimum age",
        kind=Kind.ELIGIBILITY,
        rule=Rule.PLAIN,
        value=lambda study: study.minimum_age,
        paths=_eligibility("minimumAge"),
    ),
    WatchedField(
        name="maximum_age",
        label="Maximum age",
        kind=Kind.ELIGIBILITY,
        rule=Rule.PLAIN,
        value=lambda study: study.maximum_age,
        paths=_eligibility("maximumAge"),
    ),
    WatchedField(
        name="healthy_volunteers",
        label="Healthy volunteers",
        kind=Kind.ELIGIBILITY,
        rule=Rule.PLAIN,
        value=lambda study: study.healthy_volunteers,
        paths=_eligibility("healthyVolunteers"),
    ),
    WatchedField(
        name="study_population",
        label="Study population",
        kind=Kind.ELIGIBILITY,
        rule=Rule.PLAIN,
        value=lambda study: study.study_population,
        paths=_eligibility("studyPopulation"),
    ),
    WatchedField(
        name="sampling_method",
        label="Sampling method",
        kind=Kind.ELIGIBILITY,
        rule=Rule.PLAIN,
        value=lambda study: study.sampling_method,
        paths=_eligibility("samplingMethod"),
    ),
    WatchedField(
        name="interventions",
        label="Interventions",
        kind=Kind.INTERVENTIONS,
        rule=Rule.LIST,
        value=_interventions,
        paths=_paths("armsInterventionsModule", "interventions"),
    ),
    WatchedField(
        name="arms",
        label="Arms",
        kind=Kind.INTERVENTIONS,
        rule=Rule.LIST,
        value=_arms,
        paths=_paths("armsInterventionsModule", "armGroups"),
    ),
    WatchedField(
        name="study_type",
        label="Study type",
        kind=Kind.DESIGN,
        rule=Rule.PLAIN,
        value=lambda study: study.study_type,
        paths=_design("studyType"),
    ),
    WatchedField(
        name="allocation",
        label="Allocation",
        kind=Kind.DESIGN,
        rule=Rule.PLAIN,
        value=lambda study: study.allocation,
        paths=_design_info("allocation"),
    ),
    WatchedField(
        name="intervention_model",
        label="Intervention model",
        kind=Kind.DESIGN,
        rule=Rule.PLAIN,
        value=lambda study: study.intervention_model,
        paths=_design_info("interventionModel"),
    ),
    WatchedField(
        name="intervention_model_description",
        label="Description of the intervention model",
        kind=Kind.DESIGN,
        rule=Rule.PLAIN,
        value=lambda study: study.intervention_model_description,
        paths=_design_info("interventionModelDescription"),
    ),
    WatchedField(
        name="primary_purpose",
        label="Primary purpose",
        kind=Kind.DESIGN,
        rule=Rule.PLAIN,
        value=lambda study: study.primary_purpose,
        paths=_design_info("primaryPurpose"),
    ),
    WatchedField(
        name="masking",
        label="Masking",
        kind=Kind.DESIGN,
        rule=Rule.PLAIN,
        value=lambda study: study.masking,
        paths=_design_info("maskingInfo.masking"),
    ),
    WatchedField(
        name="masking_description",
        label="Description of the masking",
        kind=Kind.DESIGN,
        rule=Rule.PLAIN,
        value=lambda study: study.masking_description,
        paths=_design_info("maskingInfo.maskingDescription"),
    ),
    WatchedField(
        name="who_masked",
        label="Who is masked",
        kind=Kind.DESIGN,
        rule=Rule.LIST,
        value=lambda study: study.who_masked,
        paths=_design_info("maskingInfo.whoMasked"),
    ),
    WatchedField(
        name="observational_model",
        label="Observational model",
        kind=Kind.DESIGN,
        rule=Rule.PLAIN,
        value=lambda study: study.observational_model,
        paths=_design_info("observationalModel"),
    ),
    WatchedField(
        name="time_perspective",
        label="Time perspective",
        kind=Kind.DESIGN,
        rule=Rule.PLAIN,
        value=lambda study: study.time_perspective,
        paths=_design_info("timePerspective"),
    ),
    WatchedField(
        name="target_duration",
        label="Target duration",
        kind=Kind.DESIGN,
        rule=Rule.PLAIN,
        value=lambda study: study.target_duration,
        paths=_design("targetDuration"),
    ),
    WatchedField(
        name="phase",
        label="Phase",
        kind=Kind.PHASE,
        rule=Rule.PLAIN,
        value=lambda study: "|".join(sorted(study.phases)) or None,
        paths=_design("phases"),
    ),
    WatchedField(
        name="brief_title",
        label="Brief title",
        kind=Kind.TITLE,
        rule=Rule.PLAIN,
        value=lambda study: study.brief_title,
        paths=_paths("identificationModule", "briefTitle"),
    ),
    WatchedField(
        name="official_title",
        label="Official title",
        kind=Kind.TITLE,
        rule=Rule.PLAIN,
        value=lambda study: study.official_title,
        paths=_paths("identificationModule", "officialTitle"),
    ),
    WatchedField(
        name="acronym",
        label="Acronym",
        kind=Kind.TITLE,
        rule=Rule.PLAIN,
        value=lambda study: study.acronym,
        paths=_paths("identificationModule", "acronym"),
    ),
    WatchedField(
        name="lead_sponsor",
        label="Lead sponsor",
        kind=Kind.SPONSOR,
        rule=Rule.PLAIN,
        value=_lead_sponsor,
        paths=_paths("sponsorCollaboratorsModule", "leadSponsor.name"),
    ),
    WatchedField(
        name="lead_sponsor_class",
        label="Class of the lead sponsor",
        kind=Kind.SPONSOR,
        rule=Rule.PLAIN,
        value=_lead_sponsor_class,
        paths=_paths("sponsorCollaboratorsModule", "leadSponsor.class"),
    ),
    WatchedField(
        name="collaborators",
        label="Collaborators",
        kind=Kind.SPONSOR,
        rule=Rule.LIST,
        value=lambda study: tuple(
            f"{one.name} ({one.agency_class})" if one.agency_class else one.name for one in study.collaborators
        ),
        paths=_paths("sponsorCollaboratorsModule", "collaborators"),
    ),
    WatchedField(
        name="responsible_party",
        label="Responsible party",
        kind=Kind.SPONSOR,
        rule=Rule.PLAIN,
        value=lambda study: _entry(*study.responsible_party) or None,
        paths=_paths(
            "sponsorCollaboratorsModule",
            *(f"responsibleParty.{key}" for key in ResponsibleParty.__struct_encode_fields__),
        ),
    ),
    WatchedField(
        name="organization",
        label="Organization",
        kind=Kind.SPONSOR,
        rule=Rule.PLAIN,
        value=lambda study: study.organization,
        paths=_paths("identificationModule", "organization.fullName"),
    ),
    WatchedField(
        name="conditions",
        label="Conditions",
        kind=Kind.CONDITIONS,
        rule=Rule.LIST,
        value=lambda study: study.conditions,
        paths=_paths("conditionsModule", "conditions"),
    ),
    WatchedField(
        name="keywords",
        label="Keywords",
        kind=Kind.CONDITIONS,
        rule=Rule.LIST,
        value=lambda study: study.keywords,
        paths=_paths("conditionsModule", "keywords"),
    ),
    WatchedField(
        name="result_references",
        label="Papers with results",
        kind=Kind.PUBLICATION,
        rule=Rule.LIST,
        value=_references(ReferenceType.RESULT),
        paths=_REFERENCES,
    ),
    WatchedField(
        name="derived_references",
        label="Papers that name the trial",
        kind=Kind.PUBLICATION,
        rule=Rule.LIST,
        value=_references(ReferenceType.DERIVED),
        paths=_REFERENCES,
        machine_made=True,
    ),
    WatchedField(
        name="background_references",
        label="Background papers",
        kind=Kind.OTHER,
        rule=Rule.LIST,
        value=_references(ReferenceType.BACKGROUND),
        paths=_REFERENCES,
        weight=Weight.ROUTINE,
    ),
)

OTHER_FIELD = "other"
"""The `field` of the one change that names the modules in which anything else differs."""

WATCHED_PATHS: frozenset[Path] = frozenset(path for field in FIELDS for path in field.paths)

BY_NAME = {field.name: field for field in FIELDS}
