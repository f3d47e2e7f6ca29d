"""The story of 2018 → 2020: the exact facts that the report must tell, and what it must never say."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from reports.html import report_html
from reports.parts import Item, Section, SectionKey
from reports.view import ReportView
from tests.reports.example import HEADLINE, example_view

GOLDEN = Path(__file__).parent / "golden" / "example.html"


@pytest.fixture(scope="module")
def view() -> ReportView:
    return example_view()


def section(view: ReportView, key: SectionKey) -> Section:
    return next(one for one in view.sections if one.key is key)


def ids(view: ReportView, key: SectionKey) -> list[str]:
    return [item.trial.nct_id for item in section(view, key).items]


def entries(view: ReportView) -> dict[str, Item]:
    return {item.trial.nct_id: item for one in view.sections for item in one.items if item.see is None}


def facts(view: ReportView, nct_id: str) -> dict[str, tuple[str | None, str | None, str | None]]:
    return {fact.field: (fact.before, fact.after, fact.slip) for fact in entries(view)[nct_id].facts}


def notes(view: ReportView, nct_id: str, field: str) -> tuple[str, ...]:
    return next(fact.notes for fact in entries(view)[nct_id].facts if fact.field == field)


def test_the_headline_counts_trials(view: ReportView) -> None:
    assert view.headline == HEADLINE
    assert view.basis == "Data of 28 Jul 2020, compared with 29 May 2018 (earlier plans unknown)."
    assert view.balance == "19 tracked: 15 with news, 4 without."


def test_the_sections_name_the_right_trials_in_the_order_of_the_page(view: ReportView) -> None:
    assert [one.key for one in view.sections] == [key for key in SectionKey if key in {s.key for s in view.sections}]
    assert ids(view, SectionKey.STOPPED) == ["NCT01654068"]
    assert ids(view, SectionKey.CLOSED) == ["NCT03249584"]
    assert ids(view, SectionKey.RESULTS_POSTED) == [
        "NCT03050203",
        "NCT01654068",
        "NCT00922974",
        "NCT03249584",
        "NCT01347307",
        "NCT01752036",
    ]
    assert ids(view, SectionKey.COMPLETED) == ["NCT00922974", "NCT01347307", "NCT01752036"]
    assert ids(view, SectionKey.NEW) == ["NCT03575949", "NCT04033536", "NCT04218617", "NCT04375891"]
    assert [trial.nct_id for trial in view.without_news] == ["NCT00593320", "NCT01525745", "NCT01757717", "NCT03028337"]


def test_delays_are_told_for_both_milestones_the_longest_first(view: ReportView) -> None:
    told = [
        (one.nct_id, one.primary_completion, one.study_completion) for one in section(view, SectionKey.DELAYED).delays
    ]
    assert told == [
        ("NCT00855803", "+1461 d", "+730 d"),
        ("NCT02387905", "at least +974 d", "at least +609 d"),
        ("NCT02085941", "+731 d", "+303 d"),
        ("NCT00508443", "at least +366 d", "only refined"),
        ("NCT02987153", "+243 d", "+365 d"),
    ]


def test_a_full_entry_stands_once_and_the_other_sections_point_there(view: ReportView) -> None:
    full = [item.trial.nct_id for one in view.sections for item in one.items if item.see is None]
    assert len(full) == len(set(full)) == 15
    pointers = [(one.key, item) for one in view.sections for item in one.items if item.see is not None]
    assert pointers
    for key, item in pointers:
        assert item.see is not None
        assert list(SectionKey).index(item.see) < list(SectionKey).index(key)
        assert item.trial.nct_id in ids(view, item.see)
        assert not item.facts


def test_the_terminated_trial_says_why_and_when_and_no_slip(view: ReportView) -> None:
    told = facts(view, "NCT01654068")
    assert told["overall_status"] == ("Active, not recruiting", "Terminated", None)
    assert next(fact.quote for fact in entries(view)["NCT01654068"].facts if fact.quote) == "low participant accrual"
    assert told["completion_date"] == ("Jul 2020 (estimated)", "8 Sep 2016 (actual)", None)
    assert notes(view, "NCT01654068", "completion_date") == ("ended; last plan Jul 2020",)
    assert told["phase"] == ("Phase 2", "N/A", None)
    assert told["enrollment"] == ("16 (actual)", "14 (actual)", None)
    assert notes(view, "NCT01654068", "enrollment") == ("a correction of the record",)


def test_ends_say_their_last_plan(view: ReportView) -> None:
    gists = {item.trial.nct_id: item.gist for item in section(view, SectionKey.COMPLETED).items}
    assert gists["NCT00922974"].endswith("ended 6 Apr 2020 (last plan Jan 2022)")
    assert gists["NCT01347307"].endswith("ended Sep 2017 (as planned)")
    assert gists["NCT01752036"].endswith("ended 27 Jul 2018 (last plan Aug 2020)")
    assert notes(view, "NCT01347307", "enrollment") == ("76 % of the plan",)
    assert facts(view, "NCT01752036")["start_date"] == ("Mar 2013", "20 May 2013 (actual)", None)


def test_the_closed_trial_tells_its_late_primary_completion(view: ReportView) -> None:
    told = facts(view, "NCT03249584")
    assert told["primary_completion_date"] == ("Jun 2018 (estimated)", "30 Apr 2019 (actual)", "at least +304 d")
    assert told["completion_date"] == ("Nov 2020 (estimated)", "30 Oct 2020 (estimated)", "at least −2 d")
    assert "the trial has not ended: Active, not recruiting" in notes(view, "NCT03249584", "results_first_post_date")


def test_what_a_naive_program_would_say_is_nowhere(view: ReportView) -> None:
    page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", report_html(view).decode().split("<body>")[1]))
    for wrong in ("736 d", "1392 d", "1531 d", "486 d", "636 d", "19 new"):
        assert wrong not in page
    delayed = ids(view, SectionKey.DELAYED)
    assert not {"NCT01654068", "NCT01752036", "NCT00922974", "NCT01347307", "NCT03249584"} & set(delayed)


def test_the_page_is_the_golden_one(view: ReportView) -> None:
    """UPDATE_GOLDEN=1 writes it anew; read the difference before committing it."""
    page = neutral(report_html(view).decode())
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(page, encoding="utf-8")
    assert page == GOLDEN.read_text(encoding="utf-8")


def neutral(page: str) -> str:
    """Without the style sheet, and without what differs from day to day."""
    page = re.sub(r"<style>.*?</style>", "<style>…</style>", page, flags=re.DOTALL)
    page = re.sub(r"sha256-[A-Za-z0-9+/=]+", "sha256-…", page)
    return re.sub(r"Made on .*? by spine-trial-tracker [\d.]+\d", "Made on … by spine-trial-tracker …", page)
