"""The registry's coded words as people read them."""

from __future__ import annotations

import pytest

from tracker import words
from tracker.changes import Kind
from tracker.errors import UsageError
from tracker.study import NctId, PartialDate, Phase, ReviewEvent, Status, Study, StudyType

STUDY = NctId("NCT00000001")


@pytest.mark.parametrize(
    ("table", "vocabulary"),
    [(words.STATUSES, Status), (words.PHASES, Phase), (words.STUDY_TYPES, StudyType), (words.KINDS, Kind)],
)
def test_every_known_word_is_said(table, vocabulary) -> None:
    assert set(table) == set(vocabulary)


def test_a_status_is_said_as_the_registry_says_it() -> None:
    assert words.status_in_words("ACTIVE_NOT_RECRUITING") == "Active, not recruiting"
    assert words.status_in_words("UNKNOWN", "NOT_YET_RECRUITING") == "Unknown status; last known: Not yet recruiting"
    assert words.status_in_words("RECRUITING", "SUSPENDED") == "Recruiting"
    assert words.status_in_words(None) == "not given"


def test_a_word_that_is_new_is_shown_as_it_is() -> None:
    assert words.status_in_words("PAUSED") == "PAUSED"
    assert words.phase_in_words("PHASE5") == "PHASE5"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2018-07-27", "27 Jul 2018"),
        ("2020-08", "Aug 2020"),
        ("2020", "2020"),
        ("2023-02-30", "2023-02-30"),
        (None, "not given"),
    ],
)
def test_dates(text: str | None, said: str) -> None:
    assert words.date_in_words(text) == said


def test_dates_and_enrollments_name_their_type_where_there_is_one() -> None:
    assert words.milestone_in_words("2020-08", "ESTIMATED") == "Aug 2020 (estimated)"
    assert words.milestone_in_words("2020-08", None) == "Aug 2020"
    assert words.milestone_in_words(None, "ACTUAL") == "not given"
    assert words.enrollment_in_words(16, "ACTUAL") == "16 (actual)"
    assert words.enrollment_in_words(0, None) == "0"
    assert words.enrollment_in_words(99_999_999, "ESTIMATED") == "unknown (entered as 99999999)"


def test_phases_of_a_record_and_of_the_store_are_said_alike() -> None:
    assert words.phase_in_words((Phase.PHASE2, Phase.PHASE3)) == "Phase 2/Phase 3"
    assert words.phase_in_words("PHASE2|PHASE3") == "Phase 2/Phase 3"
    assert words.phase_in_words("NA") == "N/A"
    assert words.phase_in_words(()) == "not given"


@pytest.mark.parametrize(
    ("study", "said"),
    [
        (Study(nct_id=STUDY), "none"),
        (Study(nct_id=STUDY, results_first_posted=PartialDate("2019-01-28")), "posted on 28 Jan 2019"),
        (
            Study(nct_id=STUDY, results_first_submitted=PartialDate("2019-02-19")),
            "with the registry, submitted on 19 Feb 2019",
        ),
        (
            Study(
                nct_id=STUDY, review_events=(ReviewEvent("RESET", "2024-03-01"), ReviewEvent("RELEASE", "2024-02-01"))
            ),
            "returned to the sponsor on 1 Mar 2024",
        ),
        (Study(nct_id=STUDY, review_events=(ReviewEvent("UNRELEASE"),)), "withdrawn from review by the sponsor"),
    ],
)
def test_results(study: Study, said: str) -> None:
    assert words.results_in_words(study) == said


@pytest.mark.parametrize("spelling", ["recruiting", "RECRUITING", " Recruiting "])
def test_a_status_is_named_in_any_spelling(spelling: str) -> None:
    assert words.status_named(spelling) is Status.RECRUITING


def test_names_with_punctuation() -> None:
    assert words.status_named("Active, not recruiting") is Status.ACTIVE_NOT_RECRUITING
    assert words.status_named("active not recruiting") is Status.ACTIVE_NOT_RECRUITING
    assert words.study_type_named("expanded access") is StudyType.EXPANDED_ACCESS


@pytest.mark.parametrize(
    ("spelling", "phase"),
    [
        ("2", "PHASE2"),
        ("II", "PHASE2"),
        ("phase 3", "PHASE3"),
        ("Phase IV", "PHASE4"),
        ("n/a", "NA"),
        ("early phase 1", "EARLY_PHASE1"),
    ],
)
def test_a_phase_is_named_in_any_spelling(spelling: str, phase: str) -> None:
    assert words.phase_named(spelling) == phase


def test_a_word_that_names_nothing_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError) as refused:
        words.status_named("recrutting")
    assert refused.value.message == "'recrutting' is no status of the registry"
    assert refused.value.advice.startswith('Did you mean "Recruiting"? Known: ')
