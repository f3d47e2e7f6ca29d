"""Where the words of a term stand in a record: our reading of it."""

from __future__ import annotations

from typing import Any

import pytest

from tracker.registry.query import term_query
from tracker.tuning.reading import excerpt, standings, title_of, words_sought

RECORD: dict[str, Any] = {
    "protocolSection": {
        "identificationModule": {
            "briefTitle": "Vertebroplasty for Spinal Metastases",
            "officialTitle": "A Trial of Cement in Tumours of the Spine",
            "organization": {"fullName": "Chordoma Foundation"},
        },
        "conditionsModule": {
            "conditions": ["Bone Metastasis", "Spine Tumor"],
            "keywords": ["SBRT", "cord compression"],
        },
        "descriptionModule": {"briefSummary": "Radiosurgery is compared.", "detailedDescription": "Chordoma is rare."},
        "armsInterventionsModule": {
            "armGroups": [{"label": "Cement", "description": "kyphoplasty by hand"}],
            "interventions": [{"name": "Kyphoplasty", "otherNames": ["balloon"]}],
        },
        "eligibilityModule": {"eligibilityCriteria": "No chordoma."},
        "sponsorCollaboratorsModule": {"leadSponsor": {"name": "Spine Institute"}},
        "contactsLocationsModule": {"locations": [{"city": "Cluj", "country": "Romania"}]},
    },
    "derivedSection": {"conditionBrowseModule": {"meshes": [{"term": "Spinal Neoplasms"}], "ancestors": []}},
}


def found(key: str, expression: str) -> dict[str, list[str]]:
    """Word → places."""
    standing = standings(term_query([(key, expression)]), RECORD)
    return {one.word: [place for place, _ in one.found] for one in standing}


@pytest.mark.parametrize(
    ("key", "expression", "places"),
    [
        ("condition", "Spine tumor", {"Spine": ["title", "condition"], "tumor": ["title", "condition"]}),
        ("condition", '"spinal neoplasm"', {'"spinal neoplasm"': ["MeSH term"]}),
        ("condition", '"spine metastases"', {'"spine metastases"': []}),
        ("condition", "metastasis", {"metastasis": ["title", "condition"]}),
        ("condition", "metastases", {"metastases": ["title", "condition"]}),
        ("condition", "sbrt OR cord", {"sbrt": ["keyword"], "cord": ["keyword"]}),
        ("condition", "chordoma", {"chordoma": []}),  # neither sponsors, descriptions nor criteria are searched for it
        ("title", "metastasis AND neoplasm", {"metastasis": ["title"], "neoplasm": []}),
        ("intervention", "kyphoplasty", {"kyphoplasty": ["intervention", "arm"]}),
        ("intervention", "balloon", {"balloon": ["intervention", "arm"]}),
        ("other", "radiosurgery", {"radiosurgery": ["elsewhere"]}),
        ("other", "chordoma", {"chordoma": ["sponsor"]}),
        ("sponsor", "spine", {"spine": ["sponsor"]}),
        ("location", "Cluj, Romania", {"Cluj": ["location"], "Romania": ["location"]}),
        ("condition", "pine", {"pine": []}),  # whole words only
        ("condition", "AREA[Phase]PHASE2 AND spine", {"PHASE2": [], "spine": ["title", "condition"]}),
    ],
)
def test_where_words_stand(key: str, expression: str, places: dict[str, list[str]]) -> None:
    assert found(key, expression) == places


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("spine NOT anesthesia", ["spine"]),
        ("spine AND NOT (anesthesia OR (epidural block)) AND tumor", ["spine", "tumor"]),
        ("NOT brain tumor OR spine", ["spine"]),
        ("NOT AREA[Condition]brain AND spine", ["spine"]),
        ('NOT "brain tumor" AND spine', ["spine"]),
        ("(spine AND NOT brain) OR chordoma", ["spine", "chordoma"]),
        (r'spine OR \OR "a \"b\""', ["spine", "OR", '"a "b""']),
        ("spine OR spine", ["spine"]),
        ("AREA[StartDate]RANGE[2020-01-01,MAX]", []),
        ("ALL", []),
        ("NOT", []),
        ("((", []),
    ],
)
def test_what_is_sought_is_what_does_not_stand_behind_a_not(expression: str, words: list[str]) -> None:
    assert [word for _, word in words_sought(term_query([("condition", expression)]))] == words


def test_each_place_is_shown_by_its_first_text() -> None:
    [spine] = standings(term_query([("condition", "spine")]), RECORD)
    assert spine.found == (("title", "A Trial of Cement in Tumours of the Spine"), ("condition", "Spine Tumor"))


def test_words_with_signs_and_none_at_all() -> None:
    assert found("condition", "a+b (c") == {"a+b": [], "c": []}
    assert found("condition", "***") == {"***": []}


@pytest.mark.parametrize("record", [{}, {"protocolSection": []}, {"protocolSection": {"conditionsModule": "spine"}}])
def test_a_record_of_another_shape_holds_nothing(record: dict[str, Any]) -> None:
    assert [one.found for one in standings(term_query([("condition", "spine")]), record)] == [()]
    assert title_of(record) == ""


def test_the_title() -> None:
    assert title_of(RECORD) == "Vertebroplasty for Spinal Metastases"
    assert title_of({"protocolSection": {"identificationModule": {"officialTitle": "Only this"}}}) == "Only this"


@pytest.mark.parametrize(
    ("text", "word", "cut"),
    [
        ("short spine", "spine", "short spine"),
        ("spine " + "x" * 40, "spine", "spine xxxxxxxxxxxxxx…"),
        ("x" * 40 + " spine", "spine", "…xxxxxxxxxxxxxx spine"),
        ("x" * 40 + " spine " + "y" * 40, "spine", "…xxxxx spine yyyyyyyy…"),
    ],
)
def test_an_excerpt_holds_the_word(text: str, word: str, cut: str) -> None:
    assert excerpt(text, word, longest=20) == cut
