"""What makes two definitions of a search the same."""

from __future__ import annotations

from dataclasses import replace

from tracker.changes import Kind, Weight
from tracker.definitions import ReportDefinition
from tracker.registry.query import term_query
from tracker.searches import SearchDefinition, term_in_words
from tracker.study import NctId

CHORDOMA = term_query([("condition", "chordoma")])
SPINE = term_query([("title", '"spine tumor"')], study_type="INTERVENTIONAL", status=["RECRUITING", "COMPLETED"])
ONE, TWO = NctId("NCT00000001"), NctId("NCT00000002")
SEARCH = SearchDefinition("spine", "", (CHORDOMA, SPINE), ((ONE, "asked for"),), ((TWO, "noise"),))


def test_order_description_name_and_reasons_do_not_count() -> None:
    told_otherwise = SearchDefinition("other", "text", (SPINE, CHORDOMA), ((ONE, ""),), ((TWO, "no tumour"),))
    assert told_otherwise.definition_digest == SEARCH.definition_digest


def test_what_selects_studies_counts() -> None:
    digests = {
        search.definition_digest
        for search in (
            SEARCH,
            replace(SEARCH, terms=(CHORDOMA,)),
            replace(SEARCH, include=()),
            replace(SEARCH, exclude=()),
            replace(SEARCH, include=SEARCH.exclude, exclude=SEARCH.include),
        )
    }
    assert len(digests) == 5


def test_a_term_in_words_shows_what_is_sent() -> None:
    assert term_in_words(CHORDOMA) == "condition: chordoma"
    assert term_in_words(SPINE) == 'title: "spine tumor"; study type: INTERVENTIONAL; status: COMPLETED or RECRUITING'


def test_a_report_tells_by_weight_or_by_kinds() -> None:
    by_weight = ReportDefinition("weekly", ("spine",), least_weight=Weight.MINOR)
    assert by_weight.tells(Kind.STATUS, Weight.MINOR)
    assert by_weight.tells(Kind.STOPPED, Weight.MAJOR)
    assert not by_weight.tells(Kind.OTHER, Weight.ROUTINE)
    by_kind = ReportDefinition("results", ("spine",), kinds=(Kind.RESULTS_POSTED,))
    assert by_kind.tells(Kind.RESULTS_POSTED, Weight.ROUTINE)
    assert not by_kind.tells(Kind.STOPPED, Weight.MAJOR)
