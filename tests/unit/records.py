"""Records for the tests of the heart, and small ways to edit them.

A path is dotted from the root, with list places as numbers; one that starts with a module's name lies in the
protocol section: `statusModule.startDateStruct.date`, `outcomesModule.primaryOutcomes.0.measure`.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from tests.registry.standin.sample import a_study
from tracker.changes import Change
from tracker.comparison import FirstPlans
from tracker.diff import diff
from tracker.parse import parse
from tracker.study import Study

Json: TypeAlias = dict[str, Any]

GONE: Any = object()
"""In an edit: the key is absent."""

SHARED = Path(__file__).resolve().parents[3] / "shared"
"""The project's reference material, where a machine has it."""

NCT_ID = "NCT90000001"


def a_small_record() -> Json:
    """An interventional trial that recruits, with one value in most places."""
    return {
        "protocolSection": {
            "identificationModule": {"nctId": NCT_ID, "briefTitle": "Radiosurgery of Spinal Metastases"},
            "statusModule": {
                "statusVerifiedDate": "2026-01",
                "overallStatus": "RECRUITING",
                "startDateStruct": {"date": "2024-03-01", "type": "ACTUAL"},
                "primaryCompletionDateStruct": {"date": "2026-06-30", "type": "ESTIMATED"},
                "completionDateStruct": {"date": "2027-06-30", "type": "ESTIMATED"},
                "lastUpdateSubmitDate": "2026-01-10",
                "lastUpdatePostDateStruct": {"date": "2026-01-12", "type": "ACTUAL"},
            },
            "sponsorCollaboratorsModule": {"leadSponsor": {"name": "Invented Hospital", "class": "OTHER"}},
            "conditionsModule": {"conditions": ["Spinal Metastases"]},
            "designModule": {
                "studyType": "INTERVENTIONAL",
                "phases": ["PHASE2"],
                "enrollmentInfo": {"count": 60, "type": "ESTIMATED"},
            },
        },
        "derivedSection": {"miscInfoModule": {"versionHolder": "2026-02-04"}},
        "hasResults": False,
    }


def a_full_record() -> Json:
    """A record with something in every module, most of it of the registry's real shape; invented throughout."""
    record = a_study(NCT_ID, seed=1)
    protocol = record["protocolSection"]
    protocol["identificationModule"] |= {
        "nctIdAliases": ["NCT90000099"],
        "secondaryIdInfos": [{"id": "2024-500001-10", "type": "EU_CT_NUMBER"}, {"id": "U01 CA000001", "type": "NIH"}],
    }
    protocol["statusModule"] |= {
        "whyStopped": "slow accrual",
        "lastKnownStatus": "RECRUITING",
        "resultsWaived": False,
        "resultsFirstSubmitDate": "2026-03-02",
        "resultsFirstSubmitQcDate": "2026-03-02",
        "resultsFirstPostDateStruct": {"date": "2026-04-01", "type": "ACTUAL"},
        "dispFirstSubmitDate": "2025-01-07",
        "dispFirstSubmitQcDate": "2025-01-07",
        "dispFirstPostDateStruct": {"date": "2025-01-20", "type": "ESTIMATED"},
    }
    protocol["sponsorCollaboratorsModule"] |= {
        "responsibleParty": {
            "type": "PRINCIPAL_INVESTIGATOR",
            "investigatorFullName": "Ann Nobody",
            "investigatorTitle": "Professor",
            "investigatorAffiliation": "Invented Hospital",
        },
        "collaborators": [
            {"name": "Invented Institute", "class": "NIH"},
            {"name": "Invented Maker", "class": "INDUSTRY"},
        ],
    }
    protocol["designModule"] |= {"targetDuration": "5 Years", "bioSpec": {"retention": "SAMPLES_WITH_DNA"}}
    protocol["designModule"]["designInfo"] |= {
        "interventionModelDescription": "Two arms, side by side",
        "observationalModel": "COHORT",
        "timePerspective": "PROSPECTIVE",
        "maskingInfo": {
            "masking": "DOUBLE",
            "maskingDescription": "Sealed envelopes",
            "whoMasked": ["PARTICIPANT", "OUTCOMES_ASSESSOR"],
        },
    }
    arms = protocol["armsInterventionsModule"]
    arms["armGroups"].append({"label": "Control", "type": "NO_INTERVENTION", "interventionNames": ["Other: Waiting"]})
    arms["interventions"].append(
        {"type": "OTHER", "name": "Waiting", "armGroupLabels": ["Control"], "otherNames": ["Watching", "Deferral"]}
    )
    protocol["outcomesModule"]["otherOutcomes"] = [{"measure": "Costs", "timeFrame": "1 year"}]
    protocol["eligibilityModule"] |= {
        "maximumAge": "90 Years",
        "studyPopulation": "Patients of two hospitals",
        "samplingMethod": "PROBABILITY_SAMPLE",
        "genderBased": False,
    }
    contacts = protocol["contactsLocationsModule"]
    contacts["centralContacts"] = [{"name": "Study Office", "role": "CONTACT", "phone": "555-0100"}]
    contacts["locations"] += [
        {"facility": "Research Site", "city": "Houston", "state": "Texas", "zip": "77001", "country": "United States"}
        | {"status": status, "contacts": [{"name": f"Nurse {number}", "role": "CONTACT"}]}
        for number, status in enumerate(["RECRUITING", "NOT_YET_RECRUITING"])
    ]
    protocol["referencesModule"] = {
        "references": [
            {"pmid": "90000001", "type": "BACKGROUND", "citation": "Nobody A. An invented paper."},
            {"pmid": "90000002", "type": "RESULT", "citation": "Nobody A. Invented results."},
            {"pmid": "90000003", "type": "DERIVED", "citation": "Nobody B. A paper that names the trial."},
        ],
        "seeAlsoLinks": [{"label": "Trial site", "url": "https://trial.example/"}],
    }
    record["annotationSection"] = {
        "annotationModule": {
            "unpostedAnnotation": {
                "unpostedResponsibleParty": "Invented Hospital",
                "unpostedEvents": [{"type": "RELEASE", "date": "2025-11-03"}, {"type": "UNRELEASE"}],
            },
            "violationAnnotation": {
                "violationEvents": [
                    {"type": "VIOLATION_IDENTIFIED", "description": "Not submitted", "issuedDate": "2025-10-01"}
                ]
            },
        }
    }
    record["hasResults"] = True
    record["documentSection"] = {"largeDocumentModule": {"largeDocs": [{"typeAbbrev": "Prot", "filename": "p.pdf"}]}}
    record["derivedSection"]["miscInfoModule"] = {
        "versionHolder": "2026-02-04",
        "removedCountries": ["France"],
        "submissionTracking": {
            "estimatedResultsFirstSubmitDate": "2025-11-03",
            "firstMcpInfo": {"postDateStruct": {"date": "2025-11-10", "type": "ACTUAL"}},
            "submissionInfos": [{"releaseDate": "2025-12-01", "resetDate": "2025-12-20", "mcpReleaseN": 1}],
        },
    }
    return record


def edited(record: Json, edits: Mapping[str, Any]) -> Json:
    """A copy of the record in which each path holds its value; missing parents are made."""
    copied = copy.deepcopy(record)
    for path, value in edits.items():
        *parents, last = _steps(path)
        place: Any = copied
        for step in parents:
            place = place[step] if isinstance(place, list) else place.setdefault(step, {})
        if value is GONE:
            del place[last]
        else:
            place[last] = copy.deepcopy(value)
    return copied


def _steps(path: str) -> list[Any]:
    steps: list[Any] = [int(step) if step.isdigit() else step for step in path.split(".")]
    return ["protocolSection", *steps] if steps[0].endswith("Module") else steps


def encoded(record: Any) -> bytes:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()


def study_of(record: Any) -> Study:
    return parse(encoded(record))


def changes_between(before: Json, after: Json, *, first_plans: FirstPlans | None = None) -> tuple[Change, ...]:
    return diff(study_of(before), study_of(after), first_plans=first_plans)


def changes_by(
    edits: Mapping[str, Any], *, given: Mapping[str, Any] | None = None, first_plans: FirstPlans | None = None
) -> tuple[Change, ...]:
    """What the edits are told as, made to a small record in which `given` holds."""
    before = edited(a_small_record(), given or {})
    return changes_between(before, edited(before, edits), first_plans=first_plans)


def told(changes: tuple[Change, ...]) -> list[tuple[str, str]]:
    return [(change.kind.value, change.field) for change in changes]
