"""What the registry rewrites by itself, and what is left of a record without it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.records import GONE, a_full_record, edited, study_of
from tracker.content import changed_modules, content, normal_text
from tracker.diff import diff, same_content

LOCATIONS = "contactsLocationsModule.locations"

NOISE = {
    "the daily stamp": {"derivedSection.miscInfoModule.versionHolder": "2026-02-05"},
    "no stamp": {"derivedSection.miscInfoModule.versionHolder": GONE},
    "other MeSH terms": {"derivedSection.conditionBrowseModule.meshes": [{"id": "D1", "term": "Spine"}]},
    "no MeSH module": {"derivedSection.interventionBrowseModule": GONE},
    "a geo point": {f"{LOCATIONS}.0.geoPoint": {"lat": 1.5, "lon": 2}},
    "no geo point": {f"{LOCATIONS}.0.geoPoint": GONE},
    "a results section": {"resultsSection": {"baselineCharacteristicsModule": {"groups": []}}},
    "null for absent": {"descriptionModule.newText": None},
    "an empty text for absent": {"identificationModule.newText": ""},
    "a blank text for absent": {"identificationModule.newText": " \n "},
    "an empty list for absent": {"conditionsModule.newList": []},
    "an empty object for absent": {"statusModule.newStruct": {}},
    "nothing but nothings for absent": {"statusModule.newStruct": {"date": None, "types": [None, "", {}]}},
    "an empty module for absent": {"protocolSection.newModule": {}},
    "null in a list": {
        "conditionsModule.keywords.0": "spine",
        "conditionsModule.keywords": [None, "spine", "tumour", ""],
    },
    "an object with nothing in it in a list": {
        "outcomesModule.otherOutcomes": [{}, {"measure": "Costs", "timeFrame": "1 year"}]
    },
    "blanks in a text": {"descriptionModule.briefSummary": "  A   summary\n"},
    "blanks around a facility": {f"{LOCATIONS}.3.facility": " Research  Site "},
    "blanks around a status": {"statusModule.overallStatus": "RECRUITING "},
    "blanks around a date": {"statusModule.startDateStruct.date": " 2023-04-03"},
    "another order of sites": {LOCATIONS: "reversed"},
    "another order of outcomes": {"outcomesModule.secondaryOutcomes": "reversed"},
    "another order of collaborators": {"sponsorCollaboratorsModule.collaborators": "reversed"},
    "another order of other names": {"armsInterventionsModule.interventions.1.otherNames": "reversed"},
    "another order of who is masked": {"designModule.designInfo.maskingInfo.whoMasked": "reversed"},
    "another order of references": {"referencesModule.references": "reversed"},
    "another order of review steps": {
        "annotationSection.annotationModule.unpostedAnnotation.unpostedEvents": "reversed"
    },
    "another order of keys": {"sponsorCollaboratorsModule.responsibleParty": "reversed"},
}


def _base() -> dict[str, Any]:
    text = {"descriptionModule.briefSummary": "A summary", "conditionsModule.keywords": ["spine", "tumour"]}
    return edited(a_full_record(), text)


def _noised(edits: dict[str, Any]) -> dict[str, Any]:
    record = _base()
    for path, value in edits.items():
        if value == "reversed":
            value = _reversed(record, path)
        record = edited(record, {path: value})
    return record


def _reversed(record: Any, path: str) -> Any:
    place = record["protocolSection"] if path.split(".")[0].endswith("Module") else record
    for step in path.split("."):
        place = place[int(step)] if step.isdigit() else place[step]
    return dict(reversed(place.items())) if isinstance(place, dict) else list(reversed(place))


@pytest.mark.parametrize("noise", NOISE)
def test_noise_makes_no_other_content(noise: str) -> None:
    before, after = study_of(_base()), study_of(_noised(NOISE[noise]))
    assert before.record != after.record or noise == "another order of keys"
    assert content(before.record) == content(after.record)
    assert same_content(before, after)
    assert diff(before, after) == ()


@pytest.mark.parametrize("noise", NOISE)
def test_noise_beside_a_change_is_not_told_with_it(noise: str) -> None:
    title = {"identificationModule.acronym": "NEW"}
    changes = diff(study_of(_base()), study_of(edited(_noised(NOISE[noise]), title)))
    assert [change.field for change in changes] == ["acronym"]


@pytest.mark.parametrize(
    ("decomposed", "composed"),
    [("Ho\u0302pital", "H\u00f4pital"), ("Sa\u0303o Paulo", "S\u00e3o Paulo"), ("\u212b", "\u00c5")],
)
def test_the_unicode_form_of_a_text_is_noise(decomposed: str, composed: str) -> None:
    paths = [
        "identificationModule.briefTitle",
        "sponsorCollaboratorsModule.leadSponsor.name",
        "conditionsModule.keywords.0",
        "outcomesModule.primaryOutcomes.0.measure",
        "armsInterventionsModule.interventions.1.otherNames.0",
        f"{LOCATIONS}.0.facility",
        f"{LOCATIONS}.0.country",
        "descriptionModule.briefSummary",
    ]
    before, after = (edited(_base(), dict.fromkeys(paths, text)) for text in (decomposed, composed))
    assert before != after
    assert diff(study_of(before), study_of(after)) == ()


def test_one_country_in_two_unicode_forms_is_one_country() -> None:
    forms = ("T\u00fcrkiye", "Tu\u0308rkiye")
    mixed = edited(_base(), {f"{LOCATIONS}.0.country": forms[0], f"{LOCATIONS}.1.country": forms[1]})
    one = edited(_base(), {f"{LOCATIONS}.0.country": forms[0], f"{LOCATIONS}.1.country": forms[0]})
    changes = diff(study_of(mixed), study_of(edited(one, {"identificationModule.acronym": "NEW"})))
    assert [change.field for change in changes] == ["acronym"]


@pytest.mark.parametrize(
    "edits",
    [
        {"identificationModule.acronym": "spine-1"},
        {"descriptionModule.briefSummary": "A  summary."},
        {"descriptionModule.briefSummary": "Asummary"},
        {"conditionsModule.keywords": ["spine", "spine", "tumour"]},
        {"eligibilityModule.genderBased": GONE},
        {"eligibilityModule.genderBased": True},
        {"statusModule.lastUpdateSubmitDate": "2026-05-01"},
        {f"{LOCATIONS}.0.city": "Bonn"},
        {"derivedSection.miscInfoModule.removedCountries": GONE},
        {"documentSection.largeDocumentModule.largeDocs.0.filename": "q.pdf"},
        {"designModule.designInfo.allocation": "NA"},
    ],
    ids=lambda edits: next(iter(edits)),
)
def test_what_is_no_noise(edits: dict[str, Any]) -> None:
    assert not same_content(study_of(_base()), study_of(edited(_base(), edits)))


def test_false_and_zero_are_something() -> None:
    assert content({"a": False, "b": 0, "c": 0.0}) == {"a": False, "b": 0, "c": 0.0}


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("a b", "a b"),
        (" a \n\t b\u00a0c\u2003d ", "a b c d"),
        ("", ""),
        ("e\u0301", "\u00e9"),
        ("a\u200bb", "a\u200bb"),  # a zero-width space is a character: someone put it there
        ("\ufb01", "\ufb01"),  # no compatibility forms
    ],
)
def test_normal_text(text: str, normal: str) -> None:
    assert normal_text(text) == normal


def test_a_watched_path_covers_what_is_below_it_and_nothing_beside() -> None:
    before = {"s": {"m": {"a": {"x": 1, "y": 1}, "b": 1}, "n": {"c": 1}}}
    after = {"s": {"m": {"a": {"x": 2, "y": 1}, "b": 1}, "n": {"c": 1}}}
    assert changed_modules(before, after, watched=()) == ("m",)
    assert changed_modules(before, after, watched={("s", "m", "a")}) == ()
    assert changed_modules(before, after, watched={("s", "m", "a", "x")}) == ()
    assert changed_modules(before, after, watched={("s", "m", "a", "y"), ("s", "m", "b")}) == ("m",)


def test_sections_and_modules_that_come_or_go_are_named() -> None:
    before = {"s": {"m": {"a": 1}}, "word": 1, "t": {"k": {"a": 1}}}
    after = {"s": {"n": {"a": 1}}, "word": 2, "u": {"l": {"a": 1}}}
    assert changed_modules(before, after, watched=()) == ("k", "l", "m", "n", "word")
