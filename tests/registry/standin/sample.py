"""A plausible record of a spine-tumour trial, complete in its modules and invented from end to end.

`a_study` is for tests that name what matters to them; `bulk` makes thousands of the registry's real size.
"""

from __future__ import annotations

import random
import zlib
from typing import TypeAlias

from tests.registry.standin.fields import Json
from tests.registry.standin.words import CONDITIONS, MESH, SITES, SPONSORS, TREATMENTS, sentence

When: TypeAlias = str | tuple[str, str] | None
"""A date as the registry writes it (`2026-05` or `2026-05-31`), with ACTUAL or ESTIMATED if it's a pair."""


def a_study(
    nct_id: str,
    *,
    title: str | None = None,
    status: str = "RECRUITING",
    start: When = ("2023-04-03", "ACTUAL"),
    primary_completion: When = ("2026-06", "ESTIMATED"),
    completion: When = ("2026-12", "ESTIMATED"),
    enrolled: tuple[int, str] = (60, "ESTIMATED"),
    phases: tuple[str, ...] = ("PHASE2",),
    study_type: str = "INTERVENTIONAL",
    conditions: tuple[str, ...] | None = None,
    sponsor: str | None = None,
    sites: int = 3,
    first_posted: str = "2023-03-15",
    last_updated: str = "2025-11-20",
    why_stopped: str | None = None,
    seed: int | None = None,
) -> Json:
    """A whole record. What isn't named varies with the seed, which is the NCT ID's unless given."""
    rng = random.Random(zlib.crc32(nct_id.encode()) if seed is None else seed)
    treatment = rng.choice(TREATMENTS)
    tumours = conditions or (rng.choice(CONDITIONS), "Spinal Neoplasms")
    by = sponsor or rng.choice(SPONSORS)
    named = title or f"{treatment[1]} for {tumours[0]} (Synthetic Trial {nct_id[3:]})"
    return {
        "protocolSection": {
            "identificationModule": identification(rng, nct_id, named, by),
            "statusModule": {
                "statusVerifiedDate": last_updated[:7],
                "overallStatus": status,
                **({"whyStopped": why_stopped} if why_stopped else {}),
                "expandedAccessInfo": {"hasExpandedAccess": False},
                **_dates("startDateStruct", start),
                **_dates("primaryCompletionDateStruct", primary_completion),
                **_dates("completionDateStruct", completion),
                "studyFirstSubmitDate": first_posted,
                "studyFirstSubmitQcDate": first_posted,
                "studyFirstPostDateStruct": {"date": first_posted, "type": "ACTUAL"},
                "lastUpdateSubmitDate": last_updated,
                "lastUpdatePostDateStruct": {"date": last_updated, "type": "ACTUAL"},
            },
            "sponsorCollaboratorsModule": {
                "responsibleParty": {"type": "SPONSOR"},
                "leadSponsor": {"name": by, "class": "OTHER"},
            },
            "oversightModule": {
                "oversightHasDmc": rng.random() < 0.5,
                "isFdaRegulatedDrug": treatment[0] == "DRUG",
                "isFdaRegulatedDevice": treatment[0] == "DEVICE",
            },
            "descriptionModule": {
                "briefSummary": "Synthetic record for tests. " + sentence(rng),
                "detailedDescription": "\n\n".join(sentence(rng) + " " + sentence(rng) for _ in range(3)),
            },
            "conditionsModule": {
                "conditions": list(tumours),
                "keywords": ["spine", "tumour", treatment[1].lower()],
            },
            "designModule": _design(rng, study_type, phases, enrolled),
            "armsInterventionsModule": _arms(rng, treatment),
            "outcomesModule": {
                "primaryOutcomes": [_outcome(rng, "Local control", "12 months")],
                "secondaryOutcomes": [
                    _outcome(rng, "Pain (numeric rating scale)", "6 months"),
                    _outcome(rng, "Overall survival", "24 months"),
                ],
            },
            "eligibilityModule": {
                "eligibilityCriteria": "Inclusion Criteria:\n\n* "
                + "\n* ".join(sentence(rng) for _ in range(3))
                + "\n\nExclusion Criteria:\n\n* "
                + "\n* ".join(sentence(rng) for _ in range(2)),
                "healthyVolunteers": False,
                "sex": "ALL",
                "minimumAge": "18 Years",
                "stdAges": ["ADULT", "OLDER_ADULT"],
            },
            "contactsLocationsModule": {
                "overallOfficials": [
                    {
                        "name": "Synthetic Investigator, MD",
                        "affiliation": "Invented Hospital",
                        "role": "STUDY_CHAIR",
                    }
                ],
                "locations": [a_site(place, "RECRUITING") for place in rng.sample(SITES, sites)],
            },
            "referencesModule": {
                "references": [{"pmid": "90000001", "type": "BACKGROUND", "citation": "Nobody A. An invented paper."}]
            },
            "ipdSharingStatementModule": {"ipdSharing": "NO"},
        },
        "derivedSection": {
            "miscInfoModule": {"versionHolder": ""},
            "conditionBrowseModule": {
                "meshes": [dict(term) for term in MESH[:2]],
                "ancestors": [dict(term) for term in MESH[2:]],
            },
            "interventionBrowseModule": {
                "meshes": [{"id": "D011878", "term": "Radiotherapy"}],
            },
        },
        "hasResults": False,
    }


def identification(rng: random.Random, nct_id: str, title: str, organization: str) -> Json:
    """The identification module, whose own study id says that the record is synthetic."""
    return {
        "nctId": nct_id,
        "orgStudyIdInfo": {"id": f"SYNTHETIC-{rng.randrange(10**6):06}"},
        "organization": {"fullName": organization, "class": "OTHER"},
        "briefTitle": title,
        "officialTitle": f"{title}: a Prospective Study of an Invented Consortium",
        "acronym": f"SPINE-{rng.randrange(100):02}",
    }


def a_site(place: tuple[str, str, str, float, float], status: str) -> Json:
    """A location as the contacts and locations module lists it."""
    facility, city, country, lat, lon = place
    return {
        "facility": facility,
        "status": status,
        "city": city,
        "country": country,
        "geoPoint": {"lat": lat, "lon": lon},
    }


def _dates(name: str, when: When) -> Json:
    if when is None:
        return {}
    if isinstance(when, str):
        return {name: {"date": when}}
    return {name: {"date": when[0], "type": when[1]}}


def _design(rng: random.Random, study_type: str, phases: tuple[str, ...], enrolled: tuple[int, str]) -> Json:
    enrollment = {"count": enrolled[0], "type": enrolled[1]}
    if study_type != "INTERVENTIONAL":
        cohort = {"observationalModel": "COHORT", "timePerspective": "PROSPECTIVE"}
        return {
            "studyType": study_type,
            "patientRegistry": False,
            "designInfo": cohort,
            "enrollmentInfo": enrollment,
        }
    return {
        "studyType": study_type,
        "phases": list(phases),
        "designInfo": {
            "allocation": rng.choice(["RANDOMIZED", "NON_RANDOMIZED"]),
            "interventionModel": "PARALLEL",
            "primaryPurpose": "TREATMENT",
            "maskingInfo": {"masking": "NONE"},
        },
        "enrollmentInfo": enrollment,
    }


def _arms(rng: random.Random, treatment: tuple[str, str]) -> Json:
    kind, name = treatment
    return {
        "armGroups": [
            {
                "label": "Experimental",
                "type": "EXPERIMENTAL",
                "description": sentence(rng),
                "interventionNames": [f"{kind.replace('_', ' ').capitalize()}: {name}"],
            }
        ],
        "interventions": [
            {"type": kind, "name": name, "description": sentence(rng), "armGroupLabels": ["Experimental"]}
        ],
    }


def _outcome(rng: random.Random, measure: str, time_frame: str) -> Json:
    return {"measure": measure, "description": sentence(rng), "timeFrame": time_frame}
