"""Reading a study: what stands where, what a wrong shape says, and what reads the same."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from tests.unit.records import GONE, NCT_ID, a_full_record, a_small_record, edited, encoded, study_of
from tracker.parse import odd_facts, parse, refuse_excerpt, study_from
from tracker.record import Unreadable
from tracker.study import (
    Arm,
    Enrollment,
    Intervention,
    Outcome,
    PartialDate,
    Problem,
    Reference,
    ReviewEvent,
    Site,
    Sponsor,
    StudyDate,
    ViolationEvent,
)


def test_every_module_is_read() -> None:
    study = study_of(a_full_record())
    assert study.nct_id == NCT_ID
    assert study.aliases == ("NCT90000099",)
    assert study.overall_status == "RECRUITING"
    assert study.last_known_status == "RECRUITING"
    assert study.why_stopped == "slow accrual"
    assert study.start == StudyDate(PartialDate("2023-04-03"), "ACTUAL")  # type: ignore[arg-type]
    assert study.completion == StudyDate(PartialDate("2026-12"), "ESTIMATED")  # type: ignore[arg-type]
    assert study.first_posted == PartialDate("2023-03-15")
    assert study.last_update_posted == PartialDate("2025-11-20")
    assert study.results_first_submitted == PartialDate("2026-03-02")
    assert study.results_first_posted == PartialDate("2026-04-01")
    assert study.results_delay_certified == PartialDate("2025-01-07")
    assert study.results_submission_estimated == PartialDate("2025-11-03")
    assert (study.has_results, study.results_waived) == (True, False)
    assert study.review_events == (
        ReviewEvent("RELEASE", "2025-12-01"),
        ReviewEvent("RESET", "2025-12-20"),
        ReviewEvent("RELEASE", "2025-11-03"),
        ReviewEvent("UNRELEASE"),
    )
    assert study.violations == (ViolationEvent("VIOLATION_IDENTIFIED", "Not submitted", "2025-10-01"),)
    assert study.collaborators == (Sponsor("Invented Institute", "NIH"), Sponsor("Invented Maker", "INDUSTRY"))
    assert study.responsible_party == (
        "PRINCIPAL_INVESTIGATOR",
        "Ann Nobody",
        "Professor",
        "Invented Hospital",
    )
    assert study.condition_mesh_terms
    assert study.intervention_mesh_terms == ("Radiotherapy",)
    assert study.phases == ("PHASE2",)
    assert study.who_masked == ("PARTICIPANT", "OUTCOMES_ASSESSOR")
    assert study.enrollment == Enrollment(60, "ESTIMATED")  # type: ignore[arg-type]
    assert study.arms[1] == Arm("Control", "NO_INTERVENTION", None, ("Other: Waiting",))
    assert study.interventions[1] == Intervention("Waiting", "OTHER", None, ("Control",), ("Watching", "Deferral"))
    assert study.other_outcomes == (Outcome("Costs", None, "1 year"),)
    assert study.healthy_volunteers is False
    assert study.sites[-1] == Site("Research Site", "Houston", "Texas", "77001", "United States", "NOT_YET_RECRUITING")
    assert study.references[1] == Reference("Nobody A. Invented results.", "90000002", "RESULT")  # type: ignore[arg-type]
    assert study.version_holder == date(2026, 2, 4)


def test_no_field_of_a_full_record_is_left_unread() -> None:
    study = study_of(
        edited(a_full_record(), {"oversightModule.isUnapprovedDevice": True, "oversightModule.isUsExport": False})
    )
    assert [name for name in type(study).__slots__ if getattr(study, name) in (None, ())] == []


def test_a_record_with_nothing_but_an_id_is_a_study() -> None:
    study = parse(b'{"protocolSection":{"identificationModule":{"nctId":"NCT00508443"}}}')
    assert study.nct_id == "NCT00508443"
    fields = set(type(study).__slots__) - {"nct_id", "came_with_results", "whole"}
    assert all(getattr(study, name) in (None, ()) for name in fields)


def test_bytes_of_a_larger_buffer_are_read() -> None:
    assert parse(memoryview(encoded(a_small_record()))).nct_id == NCT_ID


@pytest.mark.parametrize(
    ("dates", "shown"),
    [
        ({"issuedDate": "2025-10-01", "creationDate": "2025-11-01"}, "2025-10-01"),
        ({"creationDate": "2025-11-01"}, "2025-11-01"),
        ({}, None),
    ],
    ids=["the day it was issued", "else the day it was made", "no day"],
)
def test_the_day_of_a_notice(dates: dict[str, str], shown: str | None) -> None:
    event = {"type": "VIOLATION_IDENTIFIED", **dates}
    path = "annotationSection.annotationModule.violationAnnotation.violationEvents"
    study = study_of(edited(a_small_record(), {path: [event]}))
    assert study.violations == (ViolationEvent("VIOLATION_IDENTIFIED", None, shown),)


# Wrong shapes


P = "protocolSection"
WRONG = {
    "protocolSection": ([], None, "an object was expected, not a list"),
    f"{P}.identificationModule": ("x", None, "an object was expected, not a text"),
    f"{P}.identificationModule.nctId": (None, None, "None is no NCT ID"),
    f"{P}.identificationModule.nctIdAliases": (["NCT1"], NCT_ID, "'NCT1' is no NCT ID"),
    f"{P}.identificationModule.organization.fullName": (1, NCT_ID, "a text was expected, not a number"),
    f"{P}.statusModule": ("not a module", NCT_ID, "an object was expected, not a text"),
    f"{P}.statusModule.overallStatus": (["RECRUITING"], NCT_ID, "a text was expected, not a list"),
    f"{P}.statusModule.startDateStruct": ("2026-01", NCT_ID, "an object was expected, not a text"),
    f"{P}.statusModule.startDateStruct.date": (2026, NCT_ID, "a text was expected, not a number"),
    f"{P}.statusModule.startDateStruct.type": (True, NCT_ID, "a text was expected, not true or false"),
    f"{P}.statusModule.studyFirstPostDateStruct.date": (2026, NCT_ID, "a text was expected, not a number"),
    f"{P}.statusModule.lastUpdatePostDateStruct.date": ({}, NCT_ID, "a text was expected, not an object"),
    f"{P}.statusModule.resultsFirstPostDateStruct.date": (0, NCT_ID, "a text was expected, not a number"),
    f"{P}.statusModule.resultsWaived": ("yes", NCT_ID, "true or false was expected, not a text"),
    f"{P}.sponsorCollaboratorsModule.leadSponsor": ("A", NCT_ID, "an object was expected, not a text"),
    f"{P}.sponsorCollaboratorsModule.leadSponsor.class": (1, NCT_ID, "a text was expected, not a number"),
    f"{P}.sponsorCollaboratorsModule.responsibleParty.type": (1, NCT_ID, "a text was expected, not a number"),
    f"{P}.sponsorCollaboratorsModule.collaborators": ({"name": "A"}, NCT_ID, "a list was expected, not an object"),
    f"{P}.sponsorCollaboratorsModule.collaborators[1].name": (1, NCT_ID, "a text was expected, not a number"),
    f"{P}.conditionsModule.conditions": ("Glioma", NCT_ID, "a list was expected, not a text"),
    f"{P}.conditionsModule.conditions[1]": (7, NCT_ID, "a text was expected, not a number"),
    f"{P}.designModule.designInfo.maskingInfo.whoMasked": ("PARTICIPANT", NCT_ID, "a list was expected, not a text"),
    f"{P}.designModule.enrollmentInfo.count": (
        "60",
        NCT_ID,
        "a number of participants was expected, not '60'",
    ),
    f"{P}.armsInterventionsModule.interventions[1].otherNames[1]": ([], NCT_ID, "a text was expected, not a list"),
    f"{P}.outcomesModule.secondaryOutcomes[1].timeFrame": (12, NCT_ID, "a text was expected, not a number"),
    f"{P}.outcomesModule.secondaryOutcomes[1]": ("Pain", NCT_ID, "an object was expected, not a text"),
    f"{P}.eligibilityModule.healthyVolunteers": ("No", NCT_ID, "true or false was expected, not a text"),
    f"{P}.contactsLocationsModule.locations[2].city": (["Bonn"], NCT_ID, "a text was expected, not a list"),
    f"{P}.referencesModule.references[2].type": (3, NCT_ID, "a text was expected, not a number"),
    "derivedSection": ([], NCT_ID, "an object was expected, not a list"),
    "derivedSection.miscInfoModule.submissionTracking.submissionInfos[0].resetDate": (
        20260209,
        NCT_ID,
        "a text was expected, not a number",
    ),
    "derivedSection.conditionBrowseModule.meshes[1].term": (1, NCT_ID, "a text was expected, not a number"),
    "annotationSection.annotationModule.unpostedAnnotation": ([], NCT_ID, "an object was expected, not a list"),
    "annotationSection.annotationModule.unpostedAnnotation.unpostedEvents[1].type": (
        1,
        NCT_ID,
        "a text was expected, not a number",
    ),
    "annotationSection.annotationModule.violationAnnotation.violationEvents[0].issuedDate": (
        1,
        NCT_ID,
        "a text was expected, not a number",
    ),
    "hasResults": (1, NCT_ID, "true or false was expected, not a number"),
}


@pytest.mark.parametrize("path", WRONG)
def test_a_wrong_shape_says_which_study_where_and_why(path: str) -> None:
    value, known, reason = WRONG[path]
    record = edited(a_full_record(), {path.replace("[", ".").replace("]", ""): value})
    with pytest.raises(Unreadable) as unreadable:
        study_of(record)
    assert unreadable.value.problem == Problem(known, path, reason)  # type: ignore[arg-type]
    assert unreadable.value.subject == (known or "")


@pytest.mark.parametrize("count", [-1, 2**63, 2**70, 60.5, 60.0, True, [60]])
def test_what_is_no_number_of_participants(count: Any) -> None:
    with pytest.raises(Unreadable) as unreadable:
        study_of(edited(a_small_record(), {"designModule.enrollmentInfo.count": count}))
    assert unreadable.value.problem.path == f"{P}.designModule.enrollmentInfo.count"
    assert unreadable.value.problem.nct_id == NCT_ID


def test_the_largest_number_that_both_databases_hold() -> None:
    enrollment = study_of(edited(a_small_record(), {"designModule.enrollmentInfo.count": 2**63 - 1})).enrollment
    assert enrollment
    assert enrollment.count == 2**63 - 1


@pytest.mark.parametrize("raw", [b"[1]", b'"x"', b"null", b"7", b"true"])
def test_a_record_that_is_no_object(raw: bytes) -> None:
    with pytest.raises(Unreadable) as unreadable:
        parse(raw)
    assert unreadable.value.problem.nct_id is None
    assert unreadable.value.problem.path == "$"
    assert unreadable.value.problem.reason.startswith("an object was expected, not ")


# What is absent, null, empty or blank reads the same


def _places(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, held in inner:
        place = f"{path}.{key}" if path else str(key)
        yield place, held
        yield from _places(held, place)


def _nothings(value: Any) -> list[Any]:
    if isinstance(value, str):
        return ["", " \n", None]
    if isinstance(value, list):
        return [[], [None], None, *([[""], ["  "]] if value and isinstance(value[0], str) else [[{}]])]
    return [None, {}] if isinstance(value, dict) else [None]


ID_PATHS = {P, f"{P}.identificationModule", f"{P}.identificationModule.nctId"}
EMPTIED = [
    (path, nothing)
    for path, value in _places(a_full_record())
    if path not in ID_PATHS and not path.rpartition(".")[2].isdigit()
    for nothing in _nothings(value)
]


def test_null_empty_and_blank_read_like_absent_in_every_place() -> None:
    record = a_full_record()
    absent = {path: study_of(edited(record, {path: GONE})) for path, _ in EMPTIED}
    differing = []
    for path, nothing in EMPTIED:
        read = study_of(edited(record, {path: nothing}))
        blank_entries = nothing == [{}]  # as many outcomes, arms ... with nothing in them: the diff leaves them out
        if read != absent[path] and not blank_entries:
            differing.append((path, nothing))
    assert differing == []
    assert len(EMPTIED) > 300


def test_null_in_a_list_is_left_out() -> None:
    record = edited(a_small_record(), {"conditionsModule.conditions": [None, "Glioma", "", " "]})
    record = edited(record, {"outcomesModule.primaryOutcomes": [None, {"measure": "Pain"}]})
    study = study_of(record)
    assert study.conditions == ("Glioma",)
    assert study.primary_outcomes == (Outcome("Pain"),)


def test_the_place_in_a_list_counts_nulls() -> None:
    record = edited(a_small_record(), {"outcomesModule.primaryOutcomes": [None, {"measure": 1}]})
    with pytest.raises(Unreadable) as unreadable:
        study_of(record)
    assert unreadable.value.problem.path == f"{P}.outcomesModule.primaryOutcomes[1].measure"


# Odd facts


@pytest.mark.parametrize(
    ("path", "reported"),
    [
        ("statusModule.startDateStruct.date", True),
        ("statusModule.primaryCompletionDateStruct.date", True),
        ("statusModule.completionDateStruct.date", True),
        ("statusModule.studyFirstPostDateStruct.date", True),
        ("statusModule.resultsFirstSubmitDate", True),
        ("statusModule.resultsFirstPostDateStruct.date", True),
        ("statusModule.dispFirstSubmitDate", True),
        ("derivedSection.miscInfoModule.submissionTracking.estimatedResultsFirstSubmitDate", True),
        ("statusModule.lastUpdateSubmitDate", False),
    ],
)
def test_a_day_that_never_was_is_kept_and_named(path: str, reported: bool) -> None:
    study = study_of(edited(a_full_record(), {path: "2023-02-30"}))
    full = path if path.startswith("derived") else f"{P}.{path}"
    problem = Problem(study.nct_id, full, "'2023-02-30' is no date; its text is kept")
    assert odd_facts(study) == ((problem,) if reported else ())


def test_a_day_that_never_was_keeps_its_text() -> None:
    study = study_of(edited(a_small_record(), {"statusModule.startDateStruct.date": "2023-02-30"}))
    assert study.start
    assert study.start.text == "2023-02-30"


@pytest.mark.parametrize("text", ["2023-02", "2023", "2023-02-28", "9999-12"])
def test_a_partial_date_is_nothing_odd(text: str) -> None:
    assert odd_facts(study_of(edited(a_small_record(), {"statusModule.startDateStruct.date": text}))) == ()


def test_words_that_the_registry_adds_are_kept_verbatim() -> None:
    study = study_of(
        edited(
            a_full_record(),
            {
                "statusModule.overallStatus": "PAUSED",
                "designModule.phases": ["PHASE5"],
                "designModule.studyType": "REGISTRY",
                "statusModule.startDateStruct.type": "GUESSED",
                "referencesModule.references.0.type": "PREPRINT",
            },
        )
    )
    assert study.start
    assert (study.overall_status, study.phases, study.study_type) == ("PAUSED", ("PHASE5",), "REGISTRY")
    assert (study.start.type, study.references[0].type) == ("GUESSED", "PREPRINT")


@pytest.mark.parametrize("stamp", [GONE, None, 7, "", "yesterday", "2026-02-30"])
def test_a_strange_stamp_is_no_stamp(stamp: Any) -> None:
    study = study_of(edited(a_small_record(), {"derivedSection.miscInfoModule.versionHolder": stamp}))
    assert study.version_holder is None


def test_results_sections_are_not_looked_at() -> None:
    record = edited(a_small_record(), {"resultsSection": {"participantFlowModule": [["no shape at all"]]}})
    assert study_of(record) == study_of(a_small_record())
    assert study_of(record).came_with_results
    assert not study_of(a_small_record()).came_with_results


def test_new_fields_and_modules_do_not_disturb() -> None:
    record = edited(
        a_full_record(),
        {
            "protocolSection.newModule": [1, {"x": None}],
            "newSection": 7,
            "statusModule.newDate": 3.5,
            "sponsorCollaboratorsModule.responsibleParty.isNew": True,
            "outcomesModule.primaryOutcomes.0.rank": 1,
        },
    )
    assert study_of(record) == study_of(a_full_record())


def test_reading_what_was_read_gives_the_same() -> None:
    study = study_of(a_full_record())
    assert parse(encoded(study.record)) == study
    assert study_from(study.record) == study


def test_no_value_in_any_place_is_worse_than_a_problem() -> None:
    record = a_full_record()
    values: list[Any] = [None, True, 7, 1.5, "x", [], {}, [[]], [{}], {"x": {}}, ["x", 7]]
    edits = itertools.product((path for path, _ in _places(record)), values)
    problems = [_problem_of(edited(record, {path: value})) for path, value in edits]
    named = [problem for problem in problems if problem]
    assert len(named) > len(problems) / 4
    assert all(problem.path and problem.reason for problem in named)


def _problem_of(record: Any) -> Problem | None:
    try:
        odd_facts(study_of(record))
    except Unreadable as unreadable:
        return unreadable.problem
    return None


# Excerpts: saved with some of the fields only


@pytest.mark.parametrize(
    "path",
    [
        "statusModule.lastUpdatePostDateStruct",
        "sponsorCollaboratorsModule.leadSponsor",
        "designModule.studyType",
    ],
)
def test_a_record_that_lacks_what_every_record_has_is_an_excerpt(path: str) -> None:
    study = study_of(edited(a_small_record(), {path: GONE}))
    with pytest.raises(Unreadable) as unreadable:
        refuse_excerpt(study)
    assert (unreadable.value.problem.nct_id, unreadable.value.problem.path) == (NCT_ID, f"{P}.{path}")


def test_a_whole_record_and_a_withheld_one_are_no_excerpts() -> None:
    refuse_excerpt(study_of(a_small_record()))
    withheld = {"statusModule.overallStatus": "WITHHELD", "designModule": GONE}
    refuse_excerpt(study_of(edited(a_small_record(), withheld)))
