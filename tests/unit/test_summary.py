"""A study in flat columns."""

from __future__ import annotations

import dataclasses

from tests.unit.records import NCT_ID, a_full_record, a_small_record, edited, study_of
from tracker.summary import StudySummary, summary_of


def test_a_study_in_flat_columns() -> None:
    lists = {
        "designModule.phases": ["PHASE1", "PHASE2"],
        "conditionsModule.conditions": ["Chordoma", "Spinal Neoplasms"],
        "armsInterventionsModule.interventions": [{"type": "DRUG", "name": "Denosumab"}, {"name": "Waiting"}],
        "contactsLocationsModule.locations": [{"country": "Spain"}, {"country": "France"}, {"country": "Spain"}],
        "identificationModule.briefTitle": "Brief",
        "identificationModule.officialTitle": "Official",
        "identificationModule.acronym": "ACR",
        "sponsorCollaboratorsModule.leadSponsor": {"name": "Invented Hospital", "class": "OTHER"},
    }
    assert summary_of(study_of(edited(a_full_record(), lists))) == StudySummary(
        nct_id=study_of(a_full_record()).nct_id,
        brief_title="Brief",
        official_title="Official",
        acronym="ACR",
        study_type="INTERVENTIONAL",
        phases="PHASE1|PHASE2",
        overall_status="RECRUITING",
        last_known_status="RECRUITING",
        why_stopped="slow accrual",
        start_date="2023-04-03",
        start_date_type="ACTUAL",
        primary_completion_date="2026-06",
        primary_completion_date_type="ESTIMATED",
        completion_date="2026-12",
        completion_date_type="ESTIMATED",
        enrollment=60,
        enrollment_type="ESTIMATED",
        lead_sponsor="Invented Hospital",
        lead_sponsor_class="OTHER",
        conditions="Chordoma|Spinal Neoplasms",
        interventions="DRUG: Denosumab|Waiting",
        countries="France|Spain",
        site_count=3,
        has_results=True,
        first_post_date="2023-03-15",
        last_update_post_date="2025-11-20",
        results_first_submit_date="2026-03-02",
        results_first_post_date="2026-04-01",
    )


def test_what_the_record_does_not_say_is_none() -> None:
    summary = summary_of(study_of({"protocolSection": {"identificationModule": {"nctId": NCT_ID}}}))
    values = dataclasses.asdict(summary)
    assert values.pop("nct_id") == NCT_ID
    assert values.pop("site_count") == 0
    assert set(values.values()) == {None}


def test_dates_and_words_are_the_registrys_own() -> None:
    edits = {
        "statusModule.startDateStruct": {"date": "2023-02-30"},
        "statusModule.overallStatus": "PAUSED",
        "designModule.phases": ["PHASE5"],
        "designModule.enrollmentInfo": {"count": 0},
        "hasResults": False,
    }
    summary = summary_of(study_of(edited(a_small_record(), edits)))
    assert (summary.start_date, summary.start_date_type) == ("2023-02-30", None)
    assert (summary.overall_status, summary.phases) == ("PAUSED", "PHASE5")
    assert (summary.enrollment, summary.enrollment_type, summary.has_results) == (0, None, False)


def test_the_columns_hold_nothing_but_plain_values() -> None:
    summary = summary_of(study_of(a_full_record()))
    assert {type(value) for value in dataclasses.asdict(summary).values()} <= {str, int, bool, type(None)}
