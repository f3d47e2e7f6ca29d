"""The section "To check": what is new first, all folded, and of how many trials it can't be said."""

from __future__ import annotations

from datetime import date

from reports.html import report_html
from reports.trust import Earlier
from tests.reports.example import TRIALS
from tests.reports.situations import ESTIMATES, estimate
from tests.reports.stories import SEARCH, entered, recorded, status, view_of
from tracker.changes import Kind
from tracker.estimates import Answer, Check


def test_new_is_what_the_calendar_brought_since_the_last_report() -> None:
    checks = view_of([], TRIALS, estimates=ESTIMATES).checks
    assert [(line.trial.nct_id, line.check) for line in checks.new] == [
        ("NCT00922974", "results_due"),
        ("NCT04033536", "start_passed"),
    ]
    assert [(group.title, group.count) for group in checks.groups] == [
        ("Results may be due", 1),
        ("Recruiting, with a start still estimated and past", 1),
        ("Open and not verified for two years", 1),
    ]
    assert checks.not_assessable == ("the FDA fields are absent from the record (1 trial)",)
    assert checks.trials == 3


def test_new_is_what_rests_on_a_fact_that_changed() -> None:
    standing = estimate(
        "NCT00593320", Check.PAST_COMPLETION, "Past.", since=date(2017, 1, 1), reads=("overall_status",)
    )
    reopened = recorded([status("NCT00593320", Kind.REOPENED, "SUSPENDED", "RECRUITING")])
    assert view_of(reopened, TRIALS, estimates=[standing]).checks.new_count == 1
    came = recorded([entered("NCT00593320", "newly registered")])
    assert view_of(came, TRIALS, estimates=[standing]).checks.new_count == 1
    assert view_of([], TRIALS, estimates=[standing]).checks.new_count == 0


def test_a_baseline_has_nothing_new_to_check() -> None:
    view = view_of([], TRIALS, number=1, earlier=Earlier(), baselines={SEARCH: 19}, estimates=ESTIMATES)
    assert view.checks.new == ()
    assert "None is new in this window." in report_html(view).decode()


def test_only_tracked_trials_are_checked() -> None:
    assert view_of([], TRIALS, estimates=[estimate("NCT09999999", Check.NOT_VERIFIED, "Open.")]).checks.trials == 0


def test_the_page_shows_the_rule_and_quotes_the_notice_as_text() -> None:
    page = report_html(view_of([], TRIALS, estimates=ESTIMATES)).decode()
    assert "<li><bdi>Interventional? yes: the study type is interventional</bdi></li>" in page
    assert "The record’s own notice: “<bdi>Failure to submit. The entry for NCT00922974 is &lt;b&gt;quoted" in page
    assert "Results may be due: not assessable, because the FDA fields are absent from the record (1 trial)." in page


def test_many_reasons_are_summed_up() -> None:
    ids = sorted(TRIALS)[:3]
    unsure = [estimate(one, Check.RESULTS_DUE, "not assessable", answer=Answer.NOT_ASSESSABLE) for one in ids]
    assert view_of([], TRIALS, estimates=unsure).checks.not_assessable == (
        "the FDA fields are absent from the record (3 trials)",
    )
