"""The registry's refusals of a term, told as where and what. Texts as recorded."""

from __future__ import annotations

import pytest

from tests.registry.standin import essie
from tests.registry.standin.errors import ApiError
from tracker.errors import BadRequest
from tracker.tuning.complaints import complaint

EXPECTED = "{<EOF>, '(', ',', 'NOT', 'AND', 'OR', 'SEARCH', 'AREA', 'RANGE', 'DISTANCE', Coverage, Expansion, 'TILT'"


def refused(body: str, status: int = 400) -> BadRequest:
    return BadRequest(f"the registry rejects the request (HTTP {status}): {body}", status=status, body=body)


@pytest.mark.parametrize(
    ("said", "key", "reason"),
    [
        (
            "Error parsing query in Conditions or disease: Unknown area name: `NotARealField`",
            "condition",
            'the registry has no search area "NotARealField"; the names stand at '
            "https://clinicaltrials.gov/data-api/about-api/search-areas",
        ),
        (
            "Error parsing query in Other terms: Unknown area name: `overallStatus`",
            "other",
            'the registry has no search area "overallStatus"; did you mean "OverallStatus"?',
        ),
        (
            "Error parsing query in Title / acronym: missing ')' at '<EOF>'",
            "title",
            "a closing ) is missing at the end",
        ),
        (
            "Error parsing query in Intervention / treatment: missing ')' at 'vertebra'",
            "intervention",
            'a closing ) is missing before "vertebra"',
        ),
        (
            "Error parsing query in Sponsor / collaborator: extraneous input ')' expecting " + EXPECTED,
            "sponsor",
            "a ) too many, or one that closes nothing",
        ),
        (
            "Error parsing query in Location terms: no viable alternative at input 'foo bar ['",
            "location",
            'the expression can\'t be read at "foo bar [": a [ may only stand right after AREA, SEARCH, RANGE, '
            "COVERAGE or EXPANSION",
        ),
        (
            "Error parsing query in Conditions or disease: mismatched input ']' expecting ','",
            "condition",
            'the expression can\'t be read at "]": , is expected there',
        ),
        (
            "Error parsing query in Conditions or disease: mismatched input '<EOF>' expecting " + EXPECTED,
            "condition",
            "the expression ends too early: after AND, OR, NOT or ( something must follow",
        ),
        (
            "Error parsing query in Conditions or disease: no viable alternative at input 'spine AND OR'",
            "condition",
            'the expression can\'t be read at "spine AND OR": AND and OR need something on both sides',
        ),
        (
            "Error parsing query in Conditions or disease: token recognition error at: '\"spine'",
            "condition",
            'the quotation mark before "spine" is never closed',
        ),
        (
            "Error parsing query in Other terms: Invalid coverage: FullMatc",
            "other",
            "there is no COVERAGE[FullMatc]: it is Contains, StartsWith, EndsWith or FullMatch",
        ),
        (
            "Error parsing query in advanced filter: Allowed values for enum field "
            "`protocolSection.designModule.phases` are `NA`, `EARLY_PHASE1`, `PHASE1`.",
            "study_type",
            "phases takes only NA, EARLY_PHASE1, PHASE1",
        ),
        (
            "Error parsing query in Other terms: Allowed values for enum field "
            "`protocolSection.designModule.phases` are `NA`, `EARLY_PHASE1`, `PHA",
            "other",
            "phases takes only NA, EARLY_PHASE1 …",
        ),
        (
            "Invalid value in parameter `overallStatus`: `NOT_A_STATUS`",
            "status",
            'the registry has no status "NOT_A_STATUS"',
        ),
        (
            "Error parsing query in Conditions or disease: something new",
            "condition",
            "the registry can't read the expression: something new",
        ),
        (
            "Error parsing query in Outcome measure: missing ')' at '<EOF>'",
            None,
            "in Outcome measure: a closing ) is missing at the end",
        ),
        (
            "`filter.phase` is unknown parameter",
            None,
            "the registry refuses the term (HTTP 400): `filter.phase` is unknown parameter",
        ),
    ],
)
def test_what_the_registry_says_in_the_words_of_config(said: str, key: str | None, reason: str) -> None:
    found = complaint(refused(said))
    assert (found.key, found.reason, found.said) == (key, reason, said)


def test_a_term_that_makes_the_address_too_long() -> None:
    assert complaint(refused("<html>414 Request-URI Too Large</html>", 414)).reason == (
        "the term is too long for one request: split it in two"
    )


def test_the_registrys_words_are_cut_and_on_one_line() -> None:
    said = complaint(refused("Error parsing query in Other terms: a\nb\x1b " + "x" * 500)).said
    assert len(said) == 301
    assert "\n" not in said


@pytest.mark.parametrize(
    "expression",
    ["(spine", "spine)", '"spine', "AREA[Nowhere]x", "spine AND", "OR spine", "a [b]", "COVERAGE[Full]x", "()"],
)
def test_every_refusal_of_the_stand_in_is_understood(expression: str) -> None:
    with pytest.raises(ApiError) as refusal:
        essie.parse(expression, "Conditions or disease")
    found = complaint(refused(refusal.value.body))
    assert found.key == "condition"
    assert "Error parsing" not in found.reason
    assert not found.reason.startswith("the registry can't read the expression:")
