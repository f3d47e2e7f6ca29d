"""Terms as typed on a command line, and what an edit makes of a search."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracker.errors import UsageError
from tracker.registry.query import TermQuery, term_query
from tracker.searches import SearchDefinition
from tracker.tuning.edits import Fate, edited, replaced, term_meant, typed_term
from tracker.tuning.shipped import shipped_terms, terms_version

SPINE = term_query([("condition", "Spine tumor")])
TITLE = term_query([("title", '"spine tumor" OR chordoma')])
CHORDOMA = term_query([("condition", "chordoma")])
SEARCH = SearchDefinition("spine", terms=(SPINE, TITLE, CHORDOMA))


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("condition=chordoma", CHORDOMA),
        (" condition = chordoma ", CHORDOMA),
        ("condition='chordoma'", CHORDOMA),
        ('title="spine tumor" OR chordoma', TITLE),
        ("other=AREA[Phase]PHASE2 AND a=b", term_query([("other", "AREA[Phase]PHASE2 AND a=b")])),
        ("{condition = 'chordoma'}", CHORDOMA),
        (
            "{title = 'a', other = 'b', study_type = 'OBSERVATIONAL', status = ['RECRUITING', 'COMPLETED']}",
            term_query(
                [("title", "a"), ("other", "b")], study_type="OBSERVATIONAL", status=["COMPLETED", "RECRUITING"]
            ),
        ),
    ],
)
def test_a_term_as_typed(text: str, query: TermQuery) -> None:
    assert typed_term(text) == query


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("chordoma", "'chordoma' is no term"),
        ("conditions=chordoma", '"conditions" is no key of a term'),
        ("condition=", "condition: the expression is empty"),
        ("condition=(chordoma", "the ( at character 1 is never closed"),
        ("condition=NCT01234567", "holds NCT IDs only"),
        ("status=RECRUITING", "has no expression"),
        ("{condition = 'a', status = ['OPEN']}", '"OPEN" is no status'),
        ("{condition = 'a', status = 'RECRUITING'}", "status takes a list"),
        ("{condition = 1}", "condition takes a text"),
        ("{condition = 'a', study_type = 'TRIAL'}", '"TRIAL" is no study type'),
        ("{condition = }", "is no TOML table"),
    ],
)
def test_a_term_that_can_not_be_meant(text: str, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        typed_term(text)
    assert message in refused.value.message
    assert "\n" not in refused.value.told


def test_an_edit_numbers_the_terms_as_configured_then_the_new_ones() -> None:
    edit = edited(SEARCH, add=[TermQuery((("query.cond", "new"),)), SPINE], drop=[2])
    assert [(term.number, term.fate) for term in edit.terms] == [
        (1, Fate.KEPT),
        (2, Fate.DROPPED),
        (3, Fate.KEPT),
        (4, Fate.ADDED),
    ]
    assert edit.changes_something
    assert edit.after.terms == (SPINE, CHORDOMA, TermQuery((("query.cond", "new"),)))
    assert edit.search == SEARCH


def test_an_edit_that_adds_what_is_there_changes_nothing() -> None:
    assert not edited(SEARCH, add=[SPINE]).changes_something
    assert not replaced(SEARCH, [CHORDOMA, TITLE, SPINE]).changes_something


def test_replacing_the_terms() -> None:
    edit = replaced(SEARCH, [SPINE, TermQuery((("query.cond", "new"),))])
    assert edit.numbers(Fate.KEPT) == {1}
    assert edit.numbers(Fate.DROPPED) == {2, 3}
    assert edit.numbers(Fate.ADDED) == {4}


@pytest.mark.parametrize(
    ("text", "number"),
    [("1", 1), (" 3 ", 3), ('spine tumor" or', 2), ("condition: chordoma", 3), ("title", 2), ("CONDITION: Spine", 1)],
)
def test_a_term_meant_by_its_number_or_text(text: str, number: int) -> None:
    assert term_meant(SEARCH, text) == number


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("4", "'4' is no term of spine, which has 3"),
        ("0", "'0' is no term of spine"),
        ("chordoma", "stands in several terms of spine (2, 3)"),
        ("brain", "'brain' is no term of spine"),
    ],
)
def test_a_term_that_is_not_there_or_not_clear(text: str, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        term_meant(SEARCH, text)
    assert message in refused.value.message
    assert "tracker search list" in refused.value.advice


# --- the shipped terms --------------------------------------------------------------------------------------

SHIPPED_DIGESTS = {1: "309437cadab277da2eb9d24528ed3558"}
"""The version of the shipped terms → the digest of what they ask. Whoever edits the terms gives them a new version."""


def test_terms_that_change_get_a_new_version() -> None:
    shipped = shipped_terms()
    assert shipped.version == max(SHIPPED_DIGESTS)
    assert shipped.search.definition_digest == SHIPPED_DIGESTS[shipped.version]


def test_a_config_says_which_shipped_terms_it_was_made_from(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[[search]]\n  # Shipped terms, version 12. They are yours to edit.\n")
    assert terms_version(path) == 12
    path.write_text("[[search]]\nname = 'Shipped terms, version 12'\n")
    assert terms_version(path) is None
