"""Search expressions that the registry would refuse, or misread without a word."""

from __future__ import annotations

import pytest

from tracker.config.expressions import check_expression, lower_case_operators
from tracker.errors import InvalidTerm

POSSIBLE = [
    "Spine tumor",
    '"spinal metastases" OR "spine metastases"',
    "(spine OR spinal) AND NOT anesthesia",
    "NOT chordoma",
    "AREA[Phase](PHASE2 OR PHASE3)",
    "AREA[StartDate]RANGE[2024-01-01, MAX] AND chordoma",
    "SEARCH[Location](AREA[LocationCity]Portland AND AREA[LocationState]Maine)",
    "AREA[LocationGeoPoint] DISTANCE[39.0, -77.1, 25mi]",
    'a \\"quoted\\" word',
    "\\AND \\OR",
    '"AND"',
    '"(unbalanced in quotes"',
    "NCT00508443 OR chordoma",
    "band or hand",
]

IMPOSSIBLE = [
    ("", "the expression is empty"),
    ("  ", "the expression is empty"),
    ('"spine tumor', 'the quote " at character 1 is never closed'),
    ('spine "tumor\\"', 'the quote " at character 7 is never closed'),
    ("(spine AND tumor", "the ( at character 1 is never closed"),
    ("(a OR (b)", "the ( at character 1 is never closed"),
    ("spine) AND tumor", "the ) at character 6 closes nothing"),
    ("AREA[Phase)PHASE2", "the ) at character 11 closes nothing"),
    ("AREA [Phase]PHASE2", "a blank stands between AREA and its ["),
    ("spine[tumor]", "the [ at character 6 stands after spine without an operator"),
    ("[spine]", "the [ at character 1 stands without an operator"),
    ("AND spine", "AND has nothing on its left"),
    ("spine OR", "OR has nothing on its right"),
    ("spine AND OR tumor", "OR has nothing on its left"),
    ("(OR spine)", "OR has nothing on its left"),
    ("spine AND NOT", "NOT has nothing on its right"),
    ("spine AND ()", "a pair of parentheses is empty"),
    ("spine\ntumor", "the expression holds a line break or control character"),
    (
        "NCT00508443",
        "the expression holds NCT IDs only, and the registry then ignores all filters and other expressions",
    ),
    (
        " nct00508443, NCT00855803 ",
        "the expression holds NCT IDs only, and the registry then ignores all filters and other expressions",
    ),
]


@pytest.mark.parametrize("expression", POSSIBLE)
def test_a_possible_expression_passes(expression: str) -> None:
    check_expression(expression)


@pytest.mark.parametrize(("expression", "reason"), IMPOSSIBLE)
def test_an_impossible_expression_is_refused_with_a_way_out(expression: str, reason: str) -> None:
    with pytest.raises(InvalidTerm) as refused:
        check_expression(expression, subject="search[1].term[1].condition")
    assert refused.value.message == reason
    assert refused.value.subject == "search[1].term[1].condition"
    assert refused.value.advice.endswith(".")


def test_ids_belong_into_the_include_list() -> None:
    with pytest.raises(InvalidTerm) as refused:
        check_expression("NCT00508443 NCT00855803")
    assert "include" in refused.value.advice


def test_operators_in_lower_case_are_words() -> None:
    assert lower_case_operators('spine or "this and that" and tumor') == ("or", "and")
    assert lower_case_operators("spine OR band") == ()
