"""A second diff, slow and plain: which kinds of change DESIGN's table gives two raw records.

It shares no code with the tracker. It walks JSON, not studies, and says only (kind, field).
"""

from __future__ import annotations

import calendar
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any

from tests.unit.status_table import GROUP_OF, KIND_BETWEEN

Told = set[tuple[str, str]]

P = "protocolSection."
NOISE = {
    "resultsSection",
    "derivedSection.miscInfoModule.versionHolder",
    "derivedSection.conditionBrowseModule",
    "derivedSection.interventionBrowseModule",
    P + "contactsLocationsModule.locations.geoPoint",
}
TOUCH = {
    P + "statusModule.statusVerifiedDate",
    P + "statusModule.lastUpdateSubmitDate",
    P + "statusModule.lastUpdatePostDateStruct",
}

VALUES = {
    "sex": ("eligibility", "eligibilityModule.sex"),
    "eligibility_criteria": ("eligibility", "eligibilityModule.eligibilityCriteria"),
    "minimum_age": ("eligibility", "eligibilityModule.minimumAge"),
    "maximum_age": ("eligibility", "eligibilityModule.maximumAge"),
    "healthy_volunteers": ("eligibility", "eligibilityModule.healthyVolunteers"),
    "study_population": ("eligibility", "eligibilityModule.studyPopulation"),
    "sampling_method": ("eligibility", "eligibilityModule.samplingMethod"),
    "study_type": ("design", "designModule.studyType"),
    "allocation": ("design", "designModule.designInfo.allocation"),
    "intervention_model": ("design", "designModule.designInfo.interventionModel"),
    "intervention_model_description": ("design", "designModule.designInfo.interventionModelDescription"),
    "primary_purpose": ("design", "designModule.designInfo.primaryPurpose"),
    "masking": ("design", "designModule.designInfo.maskingInfo.masking"),
    "masking_description": ("design", "designModule.designInfo.maskingInfo.maskingDescription"),
    "who_masked": ("design", "designModule.designInfo.maskingInfo.whoMasked"),
    "observational_model": ("design", "designModule.designInfo.observationalModel"),
    "time_perspective": ("design", "designModule.designInfo.timePerspective"),
    "target_duration": ("design", "designModule.targetDuration"),
    "phase": ("phase", "designModule.phases"),
    "enrollment": ("enrollment", "designModule.enrollmentInfo"),
    "brief_title": ("title", "identificationModule.briefTitle"),
    "official_title": ("title", "identificationModule.officialTitle"),
    "acronym": ("title", "identificationModule.acronym"),
    "organization": ("sponsor", "identificationModule.organization.fullName"),
    "lead_sponsor": ("sponsor", "sponsorCollaboratorsModule.leadSponsor.name"),
    "lead_sponsor_class": ("sponsor", "sponsorCollaboratorsModule.leadSponsor.class"),
    "collaborators": ("sponsor", "sponsorCollaboratorsModule.collaborators"),
    "responsible_party": ("sponsor", "sponsorCollaboratorsModule.responsibleParty"),
    "conditions": ("conditions", "conditionsModule.conditions"),
    "keywords": ("conditions", "conditionsModule.keywords"),
    "primary_outcomes": ("outcomes", "outcomesModule.primaryOutcomes"),
    "secondary_outcomes": ("outcomes", "outcomesModule.secondaryOutcomes"),
    "other_outcomes": ("outcomes", "outcomesModule.otherOutcomes"),
    "results_first_submit_date": ("results_review", "statusModule.resultsFirstSubmitDate"),
    "results_delay_certified": ("results_review", "statusModule.dispFirstSubmitDate"),
    "results_waived": ("results_review", "statusModule.resultsWaived"),
}
"""Fields that differ when the value at their path does, lists as multisets: kind and path."""

DATES = {
    "start_date": "statusModule.startDateStruct",
    "primary_completion_date": "statusModule.primaryCompletionDateStruct",
    "completion_date": "statusModule.completionDateStruct",
}

COVERED = {
    *(P + path for _, path in VALUES.values()),
    *(P + path for path in DATES.values()),
    P + "statusModule.overallStatus",
    P + "statusModule.lastKnownStatus",
    P + "statusModule.whyStopped",
    P + "statusModule.resultsFirstPostDateStruct",
    P + "statusModule.resultsFirstSubmitQcDate",
    P + "statusModule.dispFirstSubmitQcDate",
    P + "statusModule.dispFirstPostDateStruct",
    P + "armsInterventionsModule.armGroups",
    P + "armsInterventionsModule.interventions",
    P + "contactsLocationsModule.locations",
    P + "referencesModule.references",
    "derivedSection.miscInfoModule.submissionTracking.estimatedResultsFirstSubmitDate",
    "derivedSection.miscInfoModule.submissionTracking.submissionInfos",
    "annotationSection.annotationModule.unpostedAnnotation.unpostedEvents",
    "annotationSection.annotationModule.violationAnnotation",
    "hasResults",
}


def plain(value: Any, *, without: Iterable[str] = (), at: str = "") -> Any:
    """The value with text, lists and keys in one form, and without nothings and the places in `without`."""
    if isinstance(value, str):
        return re.sub(r"\s+", " ", unicodedata.normalize("NFC", value)).strip() or None
    if isinstance(value, list):
        kept = [inner for inner in (plain(inner, without=without, at=at) for inner in value) if inner is not None]
        return sorted(kept, key=_as_text) or None
    if isinstance(value, dict):
        places = {key: f"{at}.{key}" if at else key for key in value}
        held = {
            key: plain(value[key], without=without, at=place) for key, place in places.items() if place not in without
        }
        if at == P + "designModule.designInfo" and held.get("allocation") == "NA":
            held["allocation"] = None
        return {key: held[key] for key in sorted(held) if held[key] is not None} or None
    return value


def _as_text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def really_differs(before: Any, after: Any) -> bool:
    """Whether the two differ in more than noise and touches."""
    return bool(plain(before, without=NOISE | TOUCH) != plain(after, without=NOISE | TOUCH))


def second_diff(before: Any, after: Any) -> Told:
    old, new = plain(before, without=NOISE | TOUCH) or {}, plain(after, without=NOISE | TOUCH) or {}
    told: Told = set()
    for rule in (_status, _values, _dates, _results, _review, _sites, _references, _arms, _violations):
        told.update(rule(old, new))
    rest = (plain(record, without=NOISE | TOUCH | COVERED) or {} for record in (before, after))
    if _modules(*rest) or _contacts(old, new) or (old != new and not told):
        told.add(("other", "other"))
    return told


def _at(record: Any, path: str) -> Any:
    for key in path.split("."):
        record = record.get(key) if isinstance(record, dict) else None
    return record


def _status(old: Any, new: Any) -> Iterator[tuple[str, str]]:
    before, after = (_at(record, P + "statusModule.overallStatus") for record in (old, new))
    if before != after:
        group, to = (GROUP_OF[status or "absent"] for status in (before, after))
        yield KIND_BETWEEN[group, to], "overall_status"
        return
    for field, key in (("last_known_status", "lastKnownStatus"), ("why_stopped", "whyStopped")):
        if _at(old, f"{P}statusModule.{key}") != _at(new, f"{P}statusModule.{key}"):
            yield "status", field


def _values(old: Any, new: Any) -> Iterator[tuple[str, str]]:
    for field, (kind, path) in VALUES.items():
        if _at(old, P + path) != _at(new, P + path):
            yield kind, field


def _dates(old: Any, new: Any) -> Iterator[tuple[str, str]]:
    for field, path in DATES.items():
        before, after = (_at(record, P + path) or {} for record in (old, new))
        if (before.get("date") or after.get("date")) and before != after:
            yield _date_kind(before, after), field


def _date_kind(before: dict[str, str], after: dict[str, str]) -> str:
    if "date" not in before or "date" not in after:
        return "date_moved"
    types = before.get("type"), after.get("type")
    if types == ("ESTIMATED", "ACTUAL"):
        return "date_reached"
    if types == ("ACTUAL", "ESTIMATED"):
        return "date_corrected"
    if before["date"] == after["date"] or _said_more_precisely(before["date"], after["date"]):
        return "date_refined"
    return "date_corrected" if types == ("ACTUAL", "ACTUAL") else "date_moved"


def _said_more_precisely(before: str, after: str) -> bool:
    old, new = _days(before), _days(after)
    return bool(old and new and len(after) > len(before) and old[0] <= new[0] and new[1] <= old[1])


def _days(text: str) -> tuple[date, date] | None:
    try:
        year, *rest = (int(part) for part in text.split("-"))
        month = rest[0] if rest else 1
        last_month = rest[0] if rest else 12
        day = rest[1] if len(rest) > 1 else 1
        last_day = rest[1] if len(rest) > 1 else calendar.monthrange(year, last_month)[1]
        return date(year, month, day), date(year, last_month, last_day)
    except ValueError:
        return None


def _public(record: Any) -> bool:
    return bool(_at(record, P + "statusModule.resultsFirstPostDateStruct.date"))


def _results(old: Any, new: Any) -> Iterator[tuple[str, str]]:
    before, after = _public(old), _public(new)
    if after and not before:
        yield "results_posted", "results_first_post_date"
    elif before and not after:
        yield "results_withdrawn", "results_first_post_date"
    elif _at(old, P + "statusModule.resultsFirstPostDateStruct.date") != _at(
        new, P + "statusModule.resultsFirstPostDateStruct.date"
    ):
        yield "results_review", "results_first_post_date"


def _review(old: Any, new: Any) -> Iterator[tuple[str, str]]:
    if _public(new) and not _public(old):
        return
    path = "derivedSection.miscInfoModule.submissionTracking.estimatedResultsFirstSubmitDate"
    if _at(old, path) != _at(new, path):
        yield "results_review", "results_submission_estimated"
    if _steps(old) != _steps(new):
        yield "results_review", "results_review"


def _steps(record: Any) -> set[tuple[str, str | None]]:
    steps: set[tuple[str, str | None]] = set()
    for info in _at(record, "derivedSection.miscInfoModule.submissionTracking.submissionInfos") or ():
        for key, step in (("releaseDate", "RELEASE"), ("unreleaseDate", "UNRELEASE"), ("resetDate", "RESET")):
            if info.get(key):
                steps.add((step, info[key]))
        if info.get("unreleaseDateUnknown"):
            steps.add(("UNRELEASE", None))
    for event in _at(record, "annotationSection.annotationModule.unpostedAnnotation.unpostedEvents") or ():
        if event.get("type"):
            steps.add((event["type"], event.get("date")))
    return steps


SITE = ("facility", "city", "state", "zip", "country")


def _locations(record: Any) -> list[Any]:
    return _at(record, P + "contactsLocationsModule.locations") or []


def _site(location: Any) -> str:
    return ", ".join(location[key] for key in SITE if key in location)


def _sites(old: Any, new: Any) -> Iterator[tuple[str, str]]:
    before, after = _locations(old), _locations(new)
    if {one.get("country") for one in before} - {None} != {one.get("country") for one in after} - {None}:
        yield "sites", "countries"
    if _named(map(_site, before)) != _named(map(_site, after)):
        yield "sites", "sites"
    if _exchanged(before, after, _site, lambda one: one.get("status")):
        yield "sites", "site_status"


def _named(names: Iterable[str]) -> Counter[str]:
    """A place without a name (a status alone) is no site that came or went."""
    return Counter(name for name in names if name)


def _exchanged(before: list[Any], after: list[Any], key: Callable[[Any], Any], what: Callable[[Any], Any]) -> bool:
    """Whether, under any key, something was replaced: not only added or dropped."""
    old, new = (Counter((key(one), what(one)) for one in side) for side in (before, after))
    return bool({name for name, _ in old - new} & {name for name, _ in new - old})


def _contacts(old: Any, new: Any) -> bool:
    def rest(location: Any) -> str:
        return _as_text({key: held for key, held in location.items() if key not in (*SITE, "status")})

    return _exchanged(_locations(old), _locations(new), lambda one: tuple(one.get(key) for key in SITE), rest)


def _references(old: Any, new: Any) -> Iterator[tuple[str, str]]:
    kinds = {"RESULT": "publication", "DERIVED": "publication", "BACKGROUND": "other"}
    for type_, kind in kinds.items():
        if _papers(old, type_) != _papers(new, type_):
            yield kind, f"{type_.lower()}_references"


def _papers(record: Any, type_: str) -> Counter[str]:
    papers = _at(record, P + "referencesModule.references") or []
    named = [one for one in papers if "pmid" in one or "citation" in one or "retractions" in one]
    typed = [
        one for one in named if (one["type"] if one.get("type") in ("RESULT", "DERIVED") else "BACKGROUND") == type_
    ]
    return Counter(_as_text({key: held for key, held in one.items() if key != "type"}) for one in typed)


def _arms(old: Any, new: Any) -> Iterator[tuple[str, str]]:
    for field, key, said in (
        ("interventions", "interventions", ("type", "name", "description", "otherNames")),
        ("arms", "armGroups", ("type", "label", "description", "interventionNames")),
    ):
        path = f"{P}armsInterventionsModule.{key}"
        if _said(_at(old, path), said) != _said(_at(new, path), said):
            yield "interventions", field


def _said(entries: Any, keys: tuple[str, ...]) -> Counter[str]:
    said = ({key: one[key] for key in keys if key in one} for one in entries or ())
    return Counter(_as_text(one) for one in said if one)


def _violations(old: Any, new: Any) -> Iterator[tuple[str, str]]:
    path = "annotationSection.annotationModule.violationAnnotation.violationEvents"

    def notices(record: Any) -> Counter[Any]:
        events = _at(record, path) or ()
        said = (
            (one.get("type"), one.get("issuedDate", one.get("creationDate")), one.get("description")) for one in events
        )
        return Counter(notice for notice in said if any(notice))

    if notices(old) != notices(new):
        yield "other", "violations"


def _modules(old: Any, new: Any) -> bool:
    return bool(old != new)
