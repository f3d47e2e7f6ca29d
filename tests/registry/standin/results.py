"""Situations of a trial's results: submitted, returned, posted, withdrawn.

The registry computes `hasResults` from the first submission date, and the post date says whether results are
public (CONTRACT §5). Before that the review shows in the submission tracking, with no update by the sponsor.
"""

from __future__ import annotations

from datetime import date, timedelta

from tests.registry.standin.fields import Json
from tests.registry.standin.situations import a_change_by_the_registry
from tests.registry.standin.world import World


def results_are_submitted(world: World, nct_id: str, on: str | None = None) -> None:
    """With the registry, under review, not public."""
    day = on or world.data_date
    with a_change_by_the_registry(world, nct_id) as study:
        misc = study["derivedSection"].setdefault("miscInfoModule", {})
        tracking = misc.setdefault("submissionTracking", {"firstMcpInfo": {"postDateStruct": {"date": day}}})
        tracking.setdefault("estimatedResultsFirstSubmitDate", day)
        tracking.setdefault("submissionInfos", []).append({"releaseDate": day})
        _unposted_event(study, "RELEASE", day)


def results_are_returned(world: World, nct_id: str, on: str | None = None) -> None:
    """Back to the sponsor after the registry's review. Call after `results_are_submitted`."""
    day = on or world.data_date
    with a_change_by_the_registry(world, nct_id) as study:
        tracking = study["derivedSection"]["miscInfoModule"]["submissionTracking"]
        tracking["submissionInfos"][-1]["resetDate"] = day
        _unposted_event(study, "RESET", day)


def results_are_posted(world: World, nct_id: str, on: str | None = None) -> None:
    """Public from a day on; submitted some weeks before."""
    day = on or world.next_data_date
    submitted = (date.fromisoformat(day) - timedelta(days=40)).isoformat()
    with a_change_by_the_registry(world, nct_id) as study:
        status = study["protocolSection"]["statusModule"]
        status["resultsFirstSubmitDate"] = submitted
        status["resultsFirstSubmitQcDate"] = day
        status["resultsFirstPostDateStruct"] = {"date": day, "type": "ACTUAL"}
        status["lastUpdateSubmitDate"] = submitted
        status["lastUpdatePostDateStruct"] = {"date": day, "type": "ACTUAL"}
        study["derivedSection"]["miscInfoModule"].pop("submissionTracking", None)
        study.pop("annotationSection", None)
        study["resultsSection"] = results_section()
        study["hasResults"] = True


def results_are_withdrawn(world: World, nct_id: str) -> None:
    """No longer public: dates and section gone, `hasResults` false."""
    with a_change_by_the_registry(world, nct_id) as study:
        status = study["protocolSection"]["statusModule"]
        for name in ("resultsFirstSubmitDate", "resultsFirstSubmitQcDate", "resultsFirstPostDateStruct"):
            status.pop(name, None)
        study.pop("resultsSection", None)
        study["hasResults"] = False


def _unposted_event(study: Json, kind: str, day: str) -> None:
    annotation = study.setdefault("annotationSection", {}).setdefault("annotationModule", {})
    unposted = annotation.setdefault(
        "unpostedAnnotation", {"unpostedResponsibleParty": "Invented Sponsor", "unpostedEvents": []}
    )
    unposted["unpostedEvents"].append({"type": kind, "date": day})


def results_section() -> Json:
    """A small results section of the registry's shape."""
    group = {"id": "FG000", "title": "Experimental", "description": "Synthetic group"}
    achieved = [{"groupId": "FG000", "numSubjects": "42"}]
    milestones = [
        {"type": "STARTED", "achievements": achieved},
        {"type": "COMPLETED", "achievements": achieved},
    ]
    return {
        "participantFlowModule": {
            "groups": [group],
            "periods": [{"title": "Overall", "milestones": milestones}],
        },
        "outcomeMeasuresModule": {
            "outcomeMeasures": [
                {
                    "type": "PRIMARY",
                    "title": "Local control",
                    "reportingStatus": "POSTED",
                    "paramType": "COUNT_OF_PARTICIPANTS",
                    "timeFrame": "12 months",
                    "groups": [{"id": "OG000", "title": "Experimental"}],
                    "classes": [{"categories": [{"measurements": [{"groupId": "OG000", "value": "37"}]}]}],
                }
            ]
        },
        "moreInfoModule": {"certainAgreement": {"piSponsorEmployee": True}},
    }
