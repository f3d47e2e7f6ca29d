"""The small values that a study is made of."""

from __future__ import annotations

import dataclasses
from datetime import date

import pytest

from tests.unit.records import a_full_record, edited, study_of
from tracker.errors import InvalidNctId
from tracker.study import PartialDate, Phase, Precision, Status, nct_id, study_url


@pytest.mark.parametrize("text", ["NCT00508443", "nct00508443", "  NCT00508443\n", "Nct00508443"])
def test_an_nct_id_in_the_registrys_spelling(text: str) -> None:
    assert nct_id(text) == "NCT00508443"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "NCT",
        "NCT0050844",
        "NCT005084433",
        "NCT00000000",
        "NCT 00508443",
        "NTC0508443",
        "NCT٠٠٥٠٨٤٤٣",
        None,
        508443,
    ],
)
def test_what_is_no_nct_id(text: object) -> None:
    with pytest.raises(InvalidNctId) as error:
        nct_id(text)
    assert repr(text) in error.value.message
    assert "NCT00508443" in error.value.advice


def test_the_page_of_a_study() -> None:
    assert study_url(nct_id("NCT00508443")) == "https://clinicaltrials.gov/study/NCT00508443"


@pytest.mark.parametrize(
    ("text", "precision", "first", "last"),
    [
        ("2026-05-31", Precision.DAY, date(2026, 5, 31), date(2026, 5, 31)),
        ("2026-05", Precision.MONTH, date(2026, 5, 1), date(2026, 5, 31)),
        ("2024-02", Precision.MONTH, date(2024, 2, 1), date(2024, 2, 29)),
        ("2023-02", Precision.MONTH, date(2023, 2, 1), date(2023, 2, 28)),
        ("2026-12", Precision.MONTH, date(2026, 12, 1), date(2026, 12, 31)),
        ("2026", Precision.YEAR, date(2026, 1, 1), date(2026, 12, 31)),
        ("9999-12", Precision.MONTH, date(9999, 12, 1), date(9999, 12, 31)),
        ("9999", Precision.YEAR, date(9999, 1, 1), date(9999, 12, 31)),
        ("2023-02-30", Precision.UNREADABLE, None, None),
        ("2023-13", Precision.UNREADABLE, None, None),
        ("2023-00", Precision.UNREADABLE, None, None),
        ("0000-01-01", Precision.UNREADABLE, None, None),
        ("23", Precision.UNREADABLE, None, None),
        ("2023-2-3", Precision.UNREADABLE, None, None),
        ("20230203", Precision.UNREADABLE, None, None),
        ("2023-02-03T00:00", Precision.UNREADABLE, None, None),
        ("2023-02-03\n", Precision.UNREADABLE, None, None),
        ("٢٠٢٣", Precision.UNREADABLE, None, None),
        ("May 2026", Precision.UNREADABLE, None, None),
    ],
)
def test_a_partial_date_is_an_interval(text: str, precision: Precision, first: date | None, last: date | None) -> None:
    partial = PartialDate(text)
    assert (partial.precision, partial.first, partial.last, str(partial)) == (precision, first, last, text)


def test_a_word_that_the_registry_adds_is_kept() -> None:
    paused = Status("PAUSED")
    assert (paused, paused.value, f"{paused}", paused.known) == ("PAUSED", "PAUSED", "PAUSED", False)
    assert paused == Status("PAUSED")
    assert Status("RECRUITING") is Status.RECRUITING
    assert Status.RECRUITING.known
    assert [phase.known for phase in map(Phase, ("PHASE2", "PHASE5"))] == [True, False]


def test_what_is_no_word_is_refused() -> None:
    with pytest.raises(ValueError, match="3 is not a valid Status"):
        Status(3)


def test_a_study_is_a_value_apart_from_its_record() -> None:
    study = study_of(a_full_record())
    assert study == study_of(edited(a_full_record(), {"descriptionModule.briefSummary": "Another"}))
    assert study != study_of(edited(a_full_record(), {"identificationModule.acronym": "Another"}))
    with pytest.raises(dataclasses.FrozenInstanceError):
        study.acronym = "X"  # type: ignore[misc]


def test_countries_are_told_once_in_alphabetical_order() -> None:
    sites = [{"country": "Spain"}, {"country": "France"}, {"country": "Spain"}, {"facility": "Somewhere"}]
    study = study_of(edited(a_full_record(), {"contactsLocationsModule.locations": sites}))
    assert study.countries == ("France", "Spain")


@pytest.mark.parametrize(
    ("has_results", "posted", "public"),
    [(True, True, True), (True, False, False), (False, False, False), (None, True, True), (None, False, False)],
)
def test_whether_results_are_public(has_results: bool | None, posted: bool, public: bool) -> None:
    struct = {"date": "2026-04-01"} if posted else None
    record = edited(a_full_record(), {"hasResults": has_results, "statusModule.resultsFirstPostDateStruct": struct})
    assert study_of(record).results_are_public is public
