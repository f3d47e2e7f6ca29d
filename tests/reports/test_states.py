"""A quiet week, a baseline, failures, gaps, incomplete runs, guards: silence is explained."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from reports.html import report_html
from reports.parts import Banner, SectionKey, State, Tone, Window
from reports.trust import Earlier
from reports.view import ReportView
from tests.reports.example import TRIALS
from tests.reports.stories import (
    DATA,
    EARLIER,
    NOW,
    SEARCH,
    coverage,
    entered,
    left,
    moved,
    recorded,
    run,
    status,
    view_of,
)
from tracker.changes import Kind
from tracker.runs import VERSION_PATH, Guard, GuardKind, Outcome
from tracker.study import NctId, Problem

ERROR = "The registry answered 503 five times"


def banner(view: ReportView, words: str) -> Banner:
    return next(one for one in view.banners if words in one.heading)


def test_a_quiet_week_says_so() -> None:
    view = view_of([], TRIALS, runs=[run(2), run(3, Outcome.NOTHING_NEW)])
    assert view.state is State.QUIET
    assert view.headline == "Spine-tumour trials #2: no changes in 19 tracked trials"
    assert view.balance == "19 tracked: 0 with news, 19 without."
    assert view.banners == ()
    assert view.coverage[0].complete
    assert "All 19 tracked trials are as they were." in report_html(view).decode()


def test_a_baseline_is_no_news() -> None:
    view = view_of([], TRIALS, number=1, earlier=Earlier(), baselines={SEARCH: 19})
    assert view.state is State.BASELINE
    assert (
        view.headline
        == "Spine-tumour trials #1: baseline: 19 trials are tracked from now on; nothing to compare with yet"
    )
    assert view.basis == "Data of 28 Jul 2020."
    assert view.counts == ()
    assert view.sections == ()


def test_the_baseline_of_one_more_search_stands_beside_the_news() -> None:
    view = view_of(
        recorded([status("NCT00593320", Kind.COMPLETED, "RECRUITING", "COMPLETED")]),
        TRIALS,
        baselines={"chordoma": 3},
    )
    assert view.state is State.NEWS
    assert banner(view, "chordoma").lines == (
        "Its 3 trials are a baseline: they are tracked from now on, and are no news.",
    )


def test_a_failed_week_says_since_when_and_why() -> None:
    runs = [run(2, Outcome.FAILED, error=ERROR, data_date=None), run(3, Outcome.INTERRUPTED, data_date=None)]
    view = view_of([], TRIALS, runs=runs)
    assert view.state is State.FAILED
    assert view.headline == f"Spine-tumour trials #2: no successful run since 24 Jul 2020, 16:31 UTC: {ERROR}"
    assert view.basis == "The data held are those of 29 May 2018."
    failed = banner(view, "No successful run since 24 Jul 2020, 16:31 UTC")
    assert failed.tone is Tone.WARNING
    assert any(ERROR in line for line in failed.lines)
    assert any("it was interrupted" in line.lower() for line in failed.lines)
    page = report_html(view).decode()
    assert "No changes" not in page
    assert "Without news" not in page


def test_a_window_without_any_run_is_a_failed_one() -> None:
    view = view_of([], TRIALS, runs=[], window=Window(after_run=1, until_run=1))
    assert view.state is State.FAILED
    assert "no successful run since 24 Jul 2020" in view.headline
    assert banner(view, "No run in this report's window").tone is Tone.WARNING


def test_news_that_a_failed_run_wrote_before_it_failed_are_told() -> None:
    view = view_of(
        recorded([entered("NCT04033536", "newly registered")]), TRIALS, runs=[run(2, Outcome.FAILED, error=ERROR)]
    )
    assert view.headline.endswith("Read before it failed: 1 new")
    assert [section.key for section in view.sections] == [SectionKey.NEW]


def test_a_success_after_failures_covers_the_gap_with_a_banner() -> None:
    view = view_of([], TRIALS, runs=[run(2, Outcome.FAILED, error=ERROR), run(3, Outcome.FAILED, error=ERROR), run(4)])
    gap = banner(view, "2 of 3 runs failed; this report covers the gap")
    assert gap.lines[0] == "The last success before was on 24 Jul 2020, 16:31 UTC."
    assert view.state is State.QUIET


def test_a_time_in_which_nobody_asked_is_told() -> None:
    """The machine was switched off for a month: no run failed, and yet the report must say what was not watched."""
    runs = [run(2, ended=NOW - timedelta(days=38)), run(3)]
    earlier = Earlier(data_date=EARLIER.data_date, success_at=NOW - timedelta(days=46))
    [gap] = view_of([], TRIALS, runs=runs, earlier=earlier).banners
    assert gap.heading == "No run for 37 days; this report covers the gap"
    assert gap.lines[0] == "Nobody asked the registry between 20 Jun 2020, 17:00 UTC and 28 Jul 2020, 16:40 UTC."
    assert "a state that came and went between two successful runs was not seen" in gap.lines[1]
    before = Earlier(data_date=EARLIER.data_date, success_at=NOW - timedelta(days=20))
    assert banner(view_of([], TRIALS, runs=[run(3)], earlier=before), "No run for 19 days")
    weekly = [run(2, ended=NOW - timedelta(days=14)), run(3, ended=NOW - timedelta(days=7)), run(4)]
    assert view_of([], TRIALS, runs=weekly, earlier=Earlier(success_at=NOW - timedelta(days=21))).banners == ()


def test_an_old_success_is_named() -> None:
    ended = NOW - timedelta(days=9)
    view = view_of([], TRIALS, runs=[run(2, ended=ended)])
    assert banner(view, "The last sync is 9 days old").tone is Tone.WARNING
    assert view_of([], TRIALS, runs=[run(2, ended=NOW - timedelta(days=3))]).banners == ()


def test_an_incomplete_run_tells_no_departures_and_why() -> None:
    cut = coverage(21, 20, complete=False, note="1 record was not found in three rounds")
    view = view_of([], TRIALS, runs=[run(2, Outcome.INCOMPLETE, terms=[cut])])
    told = banner(view, "departures are not told")
    assert f"of {SEARCH}" in told.heading
    assert any("20 of 21 records read; 1 record was not found in three rounds" in line for line in told.lines)
    assert view.coverage[0].state == "Not complete"


def test_a_later_complete_run_lifts_the_banner() -> None:
    cut = coverage(21, 20, complete=False)
    runs = [run(2, Outcome.INCOMPLETE, terms=[cut]), run(3, terms=[coverage(21)])]
    view = view_of([], TRIALS, runs=runs)
    assert view.banners == ()
    assert view.coverage[0].complete


def test_coverage_forgets_a_term_that_is_gone_from_its_search() -> None:
    gone = coverage(5, term="gone", label="title: gone")
    view = view_of([], TRIALS, runs=[run(2, terms=[coverage(19), gone]), run(3, terms=[coverage(19)])])
    assert [line.label for line in view.coverage] == ["condition: Spine tumor"]


def test_coverage_of_the_last_sweep_stands_in_where_nothing_was_swept() -> None:
    earlier = Earlier(data_date=EARLIER.data_date, success_at=EARLIER.success_at, coverage=(coverage(19),))
    view = view_of([], TRIALS, runs=[run(2, Outcome.NOTHING_NEW)], earlier=earlier)
    assert [(line.held, line.total) for line in view.coverage] == [(19, 19)]


def test_excluded_and_unreadable_records_are_named_in_the_coverage() -> None:
    term = coverage(20, 18, excluded=(NctId("NCT07654321"),), unreadable=("NCT09999999",))
    view = view_of([], TRIALS, runs=[run(2, terms=[term])])
    line = view.coverage[0]
    assert line.excluded == ("NCT07654321",)
    assert line.unreadable == ("NCT09999999",)
    assert not line.complete
    page = report_html(view).decode()
    assert "18 of 20" in page
    assert "NCT09999999" in page


def test_problems_are_listed_once() -> None:
    problem = Problem(NctId("NCT09999999"), "protocolSection.statusModule", "expected an object, found a list")
    view = view_of([], TRIALS, runs=[run(2, problems=[problem]), run(3, problems=[problem])])
    assert view.problem_count == 1
    assert "expected an object, found a list" in report_html(view).decode()


def test_a_problem_of_the_registry_itself_is_no_records() -> None:
    odd = Problem(None, VERSION_PATH, "a day to come")
    nameless = Problem(None, "protocolSection.identificationModule.nctId", "missing")
    page = report_html(view_of([], TRIALS, runs=[run(2, problems=[odd, nameless])])).decode()
    assert 'data-label="Study">the registry<' in page
    assert 'data-label="Study">a record without an id<' in page


def test_guards_say_what_they_held_back() -> None:
    guard = Guard(kind=GuardKind.SHRINK, reason="lost 9 of 30 members", search=SEARCH, count=9)
    view = view_of([], TRIALS, runs=[run(2, guards=[guard])])
    assert banner(view, "none leaves before newer data confirm it").lines == ("Run 2: lost 9 of 30 members.",)


def test_a_guard_denies_no_departure_that_newer_data_confirmed() -> None:
    """Some were missing in two sweeps and left; others are missing for the first time."""
    guard = Guard(kind=GuardKind.SHRINK, reason="lost 9 of 30 members", search=SEARCH, count=9)
    view = view_of(recorded([left("NCT00593320", "no longer matches")]), TRIALS, runs=[run(2, guards=[guard])])
    assert [section.key for section in view.sections] == [SectionKey.LEFT]
    page = report_html(view).decode()
    assert "nobody" not in page
    assert "none leaves before newer data confirm it" in page


def test_a_bulk_rewrite_is_folded_but_never_a_status_or_a_departure() -> None:
    guards = [Guard(kind=GuardKind.BULK, reason="12 of 19 members", field=field, count=12)
              for field in ("completion_date", "overall_status", "membership")]  # fmt: skip
    view = view_of(
        recorded(
            [
                moved("NCT00593320", "completion_date", "2020-12", "2022-12", 730),
                status("NCT01525745", Kind.COMPLETED, "RECRUITING", "COMPLETED"),
                entered("NCT04033536", "newly registered"),
            ]
        ),
        TRIALS,
        runs=[run(2, guards=guards)],
    )
    assert [section.key for section in view.sections] == [SectionKey.COMPLETED, SectionKey.NEW, SectionKey.BULK]
    assert view.sections[-1].folded
    assert view.headline == "Spine-tumour trials #2: 1 completed, 1 new"
    assert "Study completion (12 trials)" in banner(view, "rewrote one field").heading


def test_an_ad_hoc_window_says_that_it_is_recorded_nowhere() -> None:
    window = Window(after_run=0, until_run=2, since=DATA, until=None)
    view = view_of([], TRIALS, number=None, window=window)
    assert view.headline == "Spine-tumour trials, ad-hoc report: no changes in 19 tracked trials"
    assert "from 28 Jul 2020 to now; this report is recorded nowhere" in report_html(view).decode()


def test_instants_are_told_in_utc_whatever_their_zone() -> None:
    view = view_of([], TRIALS, now=datetime(2020, 7, 28, 17, 5, tzinfo=UTC))
    assert "Made on 28 Jul 2020, 17:05 UTC" in report_html(view).decode()
