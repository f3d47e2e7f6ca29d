"""Numbers, sites, texts, choices, papers: before → after, and what it is told as."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.records import GONE, a_full_record, a_small_record, changes_between, changes_by, edited, told
from tracker.changes import Weight

ENROLLMENT = "designModule.enrollmentInfo"
SITES = "contactsLocationsModule.locations"
ALLOCATION = "designModule.designInfo.allocation"

MAJOR, MINOR, ROUTINE = Weight.MAJOR, Weight.MINOR, Weight.ROUTINE


# Enrollment


@pytest.mark.parametrize(
    ("before", "after", "weight", "share"),
    [
        ((60, "ESTIMATED"), (80, "ESTIMATED"), MINOR, None),
        ((60, "ESTIMATED"), (60, "ACTUAL"), MINOR, 100),
        ((250, "ESTIMATED"), (218, "ACTUAL"), MINOR, 87),
        ((50, "ESTIMATED"), (38, "ACTUAL"), MINOR, 76),
        ((60, "ESTIMATED"), (72, "ACTUAL"), MINOR, 120),
        ((60, "ESTIMATED"), (30, "ACTUAL"), MINOR, 50),
        ((59, "ESTIMATED"), (29, "ACTUAL"), MAJOR, 49),
        ((1000, "ESTIMATED"), (499, "ACTUAL"), MAJOR, 49),
        ((60, "ESTIMATED"), (0, "ACTUAL"), MAJOR, 0),
        ((0, "ESTIMATED"), (12, "ACTUAL"), MINOR, None),
        ((16, "ACTUAL"), (14, "ACTUAL"), MINOR, None),
        ((16, "ACTUAL"), (4, "ESTIMATED"), MINOR, None),
        ((60, None), (12, "ACTUAL"), MINOR, None),
        ((60, "ESTIMATED"), (12, None), MINOR, None),
        ((99_999_999, "ESTIMATED"), (12, "ACTUAL"), MINOR, None),
        ((60, "ESTIMATED"), (99_999_999, "ACTUAL"), MINOR, None),
        ((None, None), (60, "ESTIMATED"), MINOR, None),
        ((60, "ESTIMATED"), (None, None), MINOR, None),
    ],
    ids=[
        "planned number raised",
        "as planned",
        "most of the plan",
        "three quarters of the plan",
        "more than the plan",
        "exactly half",
        "just under half",
        "just under half of many",
        "nobody",
        "the plan was nobody",
        "a count corrected",
        "a count taken back to a plan",
        "the plan's type unknown",
        "the new number's type unknown",
        "the plan was 'not known'",
        "the count is 'not known'",
        "appears",
        "vanishes",
    ],
)
def test_enrollment(
    before: tuple[int | None, str | None], after: tuple[int | None, str | None], weight: Weight, share: int | None
) -> None:
    old, new = (dict(zip(("count", "type"), pair, strict=True)) for pair in (before, after))
    (change,) = changes_by({ENROLLMENT: new}, given={ENROLLMENT: old})
    assert (change.kind, change.field, change.weight) == ("enrollment", "enrollment", weight)
    assert (change.before, change.after) == (before[0], after[0])
    assert change.detail == {"before_type": before[1], "after_type": after[1], "share_percent": share}


# Sites


def _site(facility: str, status: str | None = None, country: str = "Germany", **more: Any) -> dict[str, Any]:
    return {"facility": facility, "country": country, **({"status": status} if status else {}), **more}


def _site_changes(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[tuple[str, Any, Any]]:
    changes = changes_by({SITES: after}, given={SITES: before})
    assert all(change.kind in ("sites", "other") for change in changes)
    return [(change.field, change.before, change.after) for change in changes]


BERLIN, BONN = _site("Berlin"), _site("Bonn")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([BERLIN], [BERLIN, BONN], [("sites", (), ("Bonn, Germany",))]),
        ([BERLIN, BONN], [BONN], [("sites", ("Berlin, Germany",), ())]),
        ([BERLIN, BONN], [BONN, BERLIN], []),
        ([BERLIN], [BERLIN, BERLIN], [("sites", (), ("Berlin, Germany",))]),
        (
            [BERLIN],
            [BERLIN, _site("Lille", country="France")],
            [("countries", (), ("France",)), ("sites", (), ("Lille, France",))],
        ),
        (
            [BERLIN],
            [_site("Berlin", country="France")],
            [("countries", ("Germany",), ("France",)), ("sites", ("Berlin, Germany",), ("Berlin, France",))],
        ),
    ],
    ids=[
        "a site is added",
        "a site is dropped",
        "another order",
        "a second site of the same name",
        "a site in a new country",
        "a site moves to another country",
    ],
)
def test_sites_and_countries(before: list[Any], after: list[Any], expected: list[Any]) -> None:
    assert _site_changes(before, after) == expected


@pytest.mark.parametrize(
    ("before", "after", "opened", "closed"),
    [
        ("NOT_YET_RECRUITING", "RECRUITING", 1, 0),
        ("RECRUITING", "COMPLETED", 0, 1),
        ("RECRUITING", "WITHDRAWN", 0, 1),
        ("RECRUITING", "ENROLLING_BY_INVITATION", 0, 0),
        ("NOT_YET_RECRUITING", "WITHDRAWN", 0, 0),
        (None, "RECRUITING", 1, 0),
        ("RECRUITING", None, 0, 1),
    ],
)
def test_recruitment_at_a_site(before: str | None, after: str | None, opened: int, closed: int) -> None:
    (change,) = changes_by({SITES: [_site("Bonn", after), BERLIN]}, given={SITES: [BERLIN, _site("Bonn", before)]})
    assert (change.kind, change.field, change.weight) == ("sites", "site_status", MINOR)
    assert change.before == (f"Bonn, Germany: {before or 'no status'}",)
    assert change.after == (f"Bonn, Germany: {after or 'no status'}",)
    assert change.detail == {"opened": opened, "closed": closed}


@pytest.mark.parametrize(
    ("before", "after", "fields"),
    [
        (["RECRUITING"], ["RECRUITING", "RECRUITING"], ["sites"]),
        (["NOT_YET_RECRUITING"], ["NOT_YET_RECRUITING", "RECRUITING"], ["sites"]),
        (["NOT_YET_RECRUITING", "RECRUITING"], ["RECRUITING"], ["sites"]),
        (["NOT_YET_RECRUITING", "RECRUITING"], ["RECRUITING", "RECRUITING"], ["site_status"]),
        (["NOT_YET_RECRUITING"], ["RECRUITING", "RECRUITING"], ["sites", "site_status"]),
        (["RECRUITING", "NOT_YET_RECRUITING"], ["NOT_YET_RECRUITING", "RECRUITING"], []),
    ],
    ids=[
        "one more, recruiting like the other",
        "one more that recruits, the other as before",
        "the one that did not recruit is dropped",
        "one of two opens",
        "one opens and another comes",
        "another order",
    ],
)
def test_masked_sites_share_a_name_and_are_told_apart_by_number(
    before: list[str], after: list[str], fields: list[str]
) -> None:
    """As in NCT06989112, whose sites are all called "Research Site"."""
    old, new = ([_site("Research Site", status) for status in statuses] for statuses in (before, after))
    assert [field for field, _, _ in _site_changes(old, new)] == fields


@pytest.mark.parametrize(
    ("before", "after", "opened", "closed"),
    [
        (["NOT_YET_RECRUITING", "RECRUITING"], ["RECRUITING", "RECRUITING"], 1, 0),
        (["RECRUITING", "RECRUITING"], ["COMPLETED", "RECRUITING"], 0, 1),
        (["NOT_YET_RECRUITING", "NOT_YET_RECRUITING"], ["RECRUITING", "RECRUITING"], 2, 0),
        (["NOT_YET_RECRUITING"], ["RECRUITING", "RECRUITING"], 1, 0),
        (["RECRUITING", "RECRUITING"], ["COMPLETED"], 0, 1),
        (["NOT_YET_RECRUITING", "RECRUITING"], ["WITHDRAWN", "RECRUITING"], 0, 0),
    ],
    ids=[
        "one of two opens",
        "one of two closes",
        "both open",
        "one opens and another, open, comes",
        "one closes and another, open, goes",
        "one of two is withdrawn before it opened",
    ],
)
def test_masked_sites_that_opened_and_closed_are_counted(
    before: list[str], after: list[str], opened: int, closed: int
) -> None:
    old, new = ([_site("Research Site", status) for status in statuses] for statuses in (before, after))
    (change,) = (one for one in changes_by({SITES: new}, given={SITES: old}) if one.field == "site_status")
    assert change.detail == {"opened": opened, "closed": closed}


def test_a_contact_of_a_site_that_stays_is_told_as_other() -> None:
    old, new = ([_site("Bonn", contacts=[{"name": name}])] for name in ("Ann", "Eve"))
    assert _site_changes(old, new) == [("other", None, ("contactsLocationsModule",))]


def test_the_contacts_of_an_added_site_come_with_it() -> None:
    new = [BERLIN, _site("Bonn", contacts=[{"name": "Ann"}])]
    assert _site_changes([BERLIN], new) == [("sites", (), ("Bonn, Germany",))]


def test_the_contacts_of_masked_sites_are_not_mixed_up_when_one_opens() -> None:
    ann, eve = ([{"name": name}] for name in ("Ann", "Eve"))
    old = [_site("Site", "NOT_YET_RECRUITING", contacts=eve), _site("Site", "RECRUITING", contacts=ann)]
    new = [_site("Site", "RECRUITING", contacts=eve), _site("Site", "RECRUITING", contacts=ann)]
    assert [field for field, _, _ in _site_changes(old, new)] == ["site_status"]


def test_what_moves_between_the_parts_of_a_sites_name_is_not_lost() -> None:
    old = [{"facility": "Mayo Clinic, Rochester", "country": "United States"}]
    new = [{"facility": "Mayo Clinic", "city": "Rochester", "country": "United States"}]
    assert _site_changes(old, new) == [("other", None, ("contactsLocationsModule",))]


# Outcomes, eligibility, arms, design, titles, sponsors, conditions

OUTCOME = {"measure": "Local control", "description": "By MRI", "timeFrame": "1 year"}


@pytest.mark.parametrize(
    ("path", "field", "weight"),
    [
        ("outcomesModule.primaryOutcomes", "primary_outcomes", MAJOR),
        ("outcomesModule.secondaryOutcomes", "secondary_outcomes", MINOR),
        ("outcomesModule.otherOutcomes", "other_outcomes", MINOR),
    ],
)
@pytest.mark.parametrize(
    ("after", "dropped", "added"),
    [
        ([OUTCOME | {"measure": "Survival"}], True, "Survival | time frame: 1 year | By MRI"),
        ([OUTCOME | {"timeFrame": "2 years"}], True, "Local control | time frame: 2 years | By MRI"),
        ([OUTCOME | {"description": "By CT"}], True, "Local control | time frame: 1 year | By CT"),
        ([OUTCOME | {"description": None}], True, "Local control | time frame: 1 year"),
        ([OUTCOME, {"measure": "Pain"}], False, "Pain"),
        ([], True, None),
    ],
    ids=["measure", "time frame", "description", "description dropped", "one more", "dropped"],
)
def test_outcomes(path: str, field: str, weight: Weight, after: list[Any], dropped: bool, added: str | None) -> None:
    (change,) = changes_by({path: after}, given={path: [OUTCOME]})
    assert (change.kind, change.field, change.weight) == ("outcomes", field, weight)
    assert change.before == (("Local control | time frame: 1 year | By MRI",) if dropped else ())
    assert change.after == ((added,) if added else ())


PLAIN = [
    ("eligibility", "eligibility_criteria", "eligibilityModule.eligibilityCriteria", "Adults", "Adults and children"),
    ("eligibility", "sex", "eligibilityModule.sex", "ALL", "FEMALE"),
    ("eligibility", "minimum_age", "eligibilityModule.minimumAge", "18 Years", "21 Years"),
    ("eligibility", "maximum_age", "eligibilityModule.maximumAge", None, "100 Years"),
    ("eligibility", "healthy_volunteers", "eligibilityModule.healthyVolunteers", False, True),
    ("eligibility", "study_population", "eligibilityModule.studyPopulation", "Inpatients", "Outpatients"),
    ("eligibility", "sampling_method", "eligibilityModule.samplingMethod", None, "PROBABILITY_SAMPLE"),
    ("design", "study_type", "designModule.studyType", "INTERVENTIONAL", "OBSERVATIONAL"),
    ("design", "allocation", ALLOCATION, "RANDOMIZED", "NON_RANDOMIZED"),
    ("design", "intervention_model", "designModule.designInfo.interventionModel", "PARALLEL", "SINGLE_GROUP"),
    (
        "design",
        "intervention_model_description",
        "designModule.designInfo.interventionModelDescription",
        None,
        "Two arms",
    ),
    ("design", "primary_purpose", "designModule.designInfo.primaryPurpose", "TREATMENT", "SUPPORTIVE_CARE"),
    ("design", "masking", "designModule.designInfo.maskingInfo.masking", "NONE", "DOUBLE"),
    ("design", "masking_description", "designModule.designInfo.maskingInfo.maskingDescription", "Envelopes", None),
    ("design", "observational_model", "designModule.designInfo.observationalModel", "COHORT", "CASE_CONTROL"),
    ("design", "time_perspective", "designModule.designInfo.timePerspective", "PROSPECTIVE", "RETROSPECTIVE"),
    ("design", "target_duration", "designModule.targetDuration", "1 Year", "2 Years"),
    ("title", "brief_title", "identificationModule.briefTitle", "Old", "New"),
    ("title", "official_title", "identificationModule.officialTitle", None, "New"),
    ("title", "acronym", "identificationModule.acronym", None, "GLIOMAX-101"),
    ("sponsor", "lead_sponsor", "sponsorCollaboratorsModule.leadSponsor.name", "A", "B"),
    ("sponsor", "lead_sponsor_class", "sponsorCollaboratorsModule.leadSponsor.class", "OTHER", "INDUSTRY"),
    ("sponsor", "organization", "identificationModule.organization.fullName", "BeiGene", "BeOne Medicines"),
]


@pytest.mark.parametrize(("kind", "field", "path", "before", "after"), PLAIN, ids=[field for _, field, *_ in PLAIN])
def test_one_value(kind: str, field: str, path: str, before: Any, after: Any) -> None:
    (change,) = changes_by({path: after}, given={path: before})
    assert (change.kind, change.field, change.weight) == (kind, field, MINOR)
    assert (change.before, change.after) == (before, after)


LISTS = [
    ("conditions", "conditions", "conditionsModule.conditions", "Glioma", "Glioma"),
    ("conditions", "keywords", "conditionsModule.keywords", "spine", "spine"),
    ("design", "who_masked", "designModule.designInfo.maskingInfo.whoMasked", "PARTICIPANT", "PARTICIPANT"),
    (
        "sponsor",
        "collaborators",
        "sponsorCollaboratorsModule.collaborators",
        {"name": "Personalis Inc.", "class": "INDUSTRY"},
        "Personalis Inc. (INDUSTRY)",
    ),
    (
        "interventions",
        "interventions",
        "armsInterventionsModule.interventions",
        {"type": "DRUG", "name": "Denosumab", "description": "120 mg", "otherNames": ["Xgeva", "AMG 162"]},
        "DRUG: Denosumab | 120 mg | also called AMG 162, Xgeva",
    ),
    (
        "interventions",
        "arms",
        "armsInterventionsModule.armGroups",
        {"type": "EXPERIMENTAL", "label": "Arm A", "description": "Surgery", "interventionNames": ["Procedure: X"]},
        "EXPERIMENTAL: Arm A | Surgery | Procedure: X",
    ),
]


@pytest.mark.parametrize(("kind", "field", "path", "entry", "shown"), LISTS, ids=[field for _, field, *_ in LISTS])
def test_a_list_tells_what_was_dropped_and_added(kind: str, field: str, path: str, entry: Any, shown: str) -> None:
    (added,) = changes_by({path: [entry]}, given={path: []})
    (dropped,) = changes_by({path: GONE}, given={path: [entry]})
    (another,) = changes_by({path: [entry, entry]}, given={path: [entry]})
    assert (added.kind, added.field, added.weight, added.before, added.after) == (kind, field, MINOR, (), (shown,))
    assert (dropped.before, dropped.after) == ((shown,), ())
    assert (another.before, another.after) == ((), (shown,))


def test_an_intervention_given_in_another_arm_is_told_by_the_arms() -> None:
    """The registry writes the link on both sides; where it stands on one alone, it is told as other."""
    interventions, arms = "armsInterventionsModule.interventions", "armsInterventionsModule.armGroups"
    old, new = ([{"name": "Denosumab", "armGroupLabels": [arm]}] for arm in ("Arm A", "Arm B"))
    given = {interventions: old, arms: [{"label": "Arm A", "interventionNames": ["Drug: Denosumab"]}]}
    linked = {interventions: new, arms: [{"label": "Arm B", "interventionNames": ["Drug: Denosumab"]}]}
    assert told(changes_by(linked, given=given)) == [("interventions", "arms")]
    assert told(changes_by({interventions: new}, given=given)) == [("other", "other")]


def test_the_responsible_party_is_told_in_a_readers_order() -> None:
    path = "sponsorCollaboratorsModule.responsibleParty"
    party = {
        "investigatorTitle": "Professor",
        "investigatorAffiliation": "Invented Hospital",
        "type": "PRINCIPAL_INVESTIGATOR",
        "investigatorFullName": "Ann Nobody",
    }
    (change,) = changes_by({path: party}, given={path: {"type": "SPONSOR"}})
    assert (change.kind, change.field, change.before) == ("sponsor", "responsible_party", "SPONSOR")
    assert change.after == "PRINCIPAL_INVESTIGATOR | Ann Nobody | Professor | Invented Hospital"


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        (None, "NA", False),
        ("NA", None, False),
        (None, "RANDOMIZED", True),
        ("NA", "RANDOMIZED", True),
        ("RANDOMIZED", "NA", True),
        ("NON_RANDOMIZED", "NA", True),
        ("RANDOMIZED", None, True),
    ],
    ids=lambda value: {None: "absent", True: "is told", False: "is noise"}.get(value, value),
)
def test_allocation_that_the_registry_fills_in_is_noise(before: str | None, after: str | None, changed: bool) -> None:
    changes = changes_by({ALLOCATION: after}, given={ALLOCATION: before})
    assert told(changes) == ([("design", "allocation")] if changed else [])
    assert [(change.before, change.after) for change in changes] == ([(before, after)] if changed else [])


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (["PHASE2"], ["NA"], ("PHASE2", "NA")),
        (["PHASE1"], ["PHASE1", "PHASE2"], ("PHASE1", "PHASE1|PHASE2")),
        (["PHASE2", "PHASE1"], ["PHASE1", "PHASE2"], None),
        ([], ["PHASE4"], (None, "PHASE4")),
        (["PHASE4"], None, ("PHASE4", None)),
        (["PHASE2"], ["PHASE5"], ("PHASE2", "PHASE5")),
    ],
)
def test_phases(before: Any, after: Any, shown: tuple[str | None, str | None] | None) -> None:
    changes = changes_by({"designModule.phases": after}, given={"designModule.phases": before})
    assert [(change.kind, change.field, change.weight) for change in changes] == (
        [("phase", "phase", MINOR)] if shown else []
    )
    assert [(change.before, change.after) for change in changes] == ([shown] if shown else [])


# Papers


@pytest.mark.parametrize(
    ("type_", "kind", "field", "weight", "label"),
    [
        ("RESULT", "publication", "result_references", MINOR, {}),
        ("DERIVED", "publication", "derived_references", ROUTINE, {"machine_made": True}),
        ("BACKGROUND", "other", "background_references", ROUTINE, {}),
        (None, "other", "background_references", ROUTINE, {}),
        ("PREPRINT", "other", "background_references", ROUTINE, {}),
    ],
)
def test_a_paper_is_linked(type_: str | None, kind: str, field: str, weight: Weight, label: dict[str, bool]) -> None:
    paper = {"pmid": "41698381", "type": type_, "citation": "Dummer R. A paper."}
    (change,) = changes_by({"referencesModule.references": [paper]})
    assert (change.kind, change.field, change.weight, change.detail) == (kind, field, weight, label)
    assert (change.before, change.after) == ((), ("PMID 41698381 | Dummer R. A paper.",))


def test_a_paper_that_turns_out_to_have_the_results() -> None:
    paper = {"pmid": "41698381", "type": "DERIVED"}
    path = "referencesModule.references"
    changes = changes_by({path: [paper | {"type": "RESULT"}]}, given={path: [paper]})
    assert [(change.field, change.before, change.after) for change in changes] == [
        ("result_references", (), ("PMID 41698381",)),
        ("derived_references", ("PMID 41698381",), ()),
    ]


def test_a_paper_is_retracted() -> None:
    paper = {"pmid": "41698381", "type": "RESULT"}
    notice = {"retractions": [{"pmid": "41698399", "source": "Lancet. 2026"}]}
    path = "referencesModule.references"
    (change,) = changes_by({path: [paper | notice]}, given={path: [paper]})
    assert (change.kind, change.before) == ("publication", ("PMID 41698381",))
    assert change.after == ("PMID 41698381 | retracted: 41698399 Lancet. 2026",)


# The rest


@pytest.mark.parametrize(
    ("edits", "modules"),
    [
        ({"descriptionModule.briefSummary": "New"}, ("descriptionModule",)),
        ({"identificationModule.nctIdAliases": ["NCT90000098"]}, ("identificationModule",)),
        ({"statusModule.expandedAccessInfo.hasExpandedAccess": True}, ("statusModule",)),
        ({"oversightModule.isUsExport": True}, ("oversightModule",)),
        ({"designModule.bioSpec.retention": "SAMPLES_WITHOUT_DNA"}, ("designModule",)),
        ({"eligibilityModule.stdAges": ["ADULT"]}, ("eligibilityModule",)),
        ({"contactsLocationsModule.centralContacts": GONE}, ("contactsLocationsModule",)),
        ({"referencesModule.seeAlsoLinks": []}, ("referencesModule",)),
        ({"ipdSharingStatementModule.ipdSharing": "YES"}, ("ipdSharingStatementModule",)),
        ({"documentSection.largeDocumentModule.largeDocs": []}, ("largeDocumentModule",)),
        ({"derivedSection.miscInfoModule.removedCountries": ["France", "Italy"]}, ("miscInfoModule",)),
        (
            {"descriptionModule.briefSummary": "New", "ipdSharingStatementModule": GONE},
            ("descriptionModule", "ipdSharingStatementModule"),
        ),
        ({"protocolSection.newModule": {"word": 1}}, ("newModule",)),
        ({"newSection": {"newerModule": {"word": 1}}}, ("newerModule",)),
        ({"newWord": "x"}, ("newWord",)),
        ({"statusModule.resultsFirstSubmitQcDate": "2026-03-05"}, ("statusModule",)),
        ({"protocolSection.sponsorCollaboratorsModule.responsibleParty.orcid": "0"}, ("sponsorCollaboratorsModule",)),
    ],
    ids=lambda value: ", ".join(value),
)
def test_anything_else_is_told_as_the_modules_it_stands_in(edits: dict[str, Any], modules: tuple[str, ...]) -> None:
    record = a_full_record()
    (change,) = changes_between(record, edited(record, edits))
    assert (change.kind, change.field, change.weight) == ("other", "other", ROUTINE)
    assert (change.before, change.after) == (None, modules)


@pytest.mark.parametrize(
    "edits",
    [
        {"statusModule.lastUpdateSubmitDate": "2026-02-01"},
        {"statusModule.lastUpdatePostDateStruct": {"date": "2026-02-01", "type": "ESTIMATED"}},
        {"statusModule.statusVerifiedDate": "2026-02"},
        {"statusModule.statusVerifiedDate": GONE},
    ],
)
def test_that_a_record_was_touched_is_no_change(edits: dict[str, Any]) -> None:
    assert changes_by(edits) == ()


def test_all_at_once_is_told_once_per_field_in_the_order_of_the_table() -> None:
    record = a_small_record()
    changes = changes_between(record, a_full_record())
    fields = [change.field for change in changes]
    assert len(fields) == len(set(fields))
    assert fields[-1] == "other"
