"""The figures' numbers, and that each is drawn small, with a text alternative and its data."""

from __future__ import annotations

import re
from datetime import date

from reports.charts import charts_of
from reports.figures import Figures, SlipLine, StatusColumn, StatusCounts, YearBar
from reports.history import COLUMNS, days_shown, status_history
from reports.html import report_html
from tests.reports.situations import HISTORY, busy
from tests.reports.stories import DATA, SEARCH, entered, left, moved, recorded, status, studies, trial, view_of
from tracker.changes import Kind
from tracker.study import NctId

A, B, C = "NCT00000001", "NCT00000002", "NCT00000003"


def test_statuses_are_walked_back_from_today() -> None:
    held = studies(
        trial(A, status="COMPLETED"), trial(B, status="RECRUITING"), trial(C, status="TERMINATED", searches=())
    )
    found = recorded(
        [
            status(A, Kind.COMPLETED, "RECRUITING", "COMPLETED"),
            entered(B, "newly registered"),
            left(C, "no longer matches"),
        ]
    )
    history = status_history(held, found, baselines={SEARCH: date(2018, 5, 29)}, days=[date(2018, 5, 29), DATA])
    assert history == (
        StatusCounts(date(2018, 5, 29), {"RECRUITING": 1, "TERMINATED": 1}),
        StatusCounts(DATA, {"COMPLETED": 1, "RECRUITING": 1}),
    )


def test_nobody_was_tracked_before_the_baseline() -> None:
    history = status_history(studies(trial(A)), [], baselines={SEARCH: DATA}, days=[date(2018, 1, 1), DATA])
    assert [point.counts for point in history] == [{}, {"RECRUITING": 1}]


def test_many_days_are_thinned_to_months_and_then_spread() -> None:
    days = [date(2015 + month // 12, month % 12 + 1, day) for month in range(60) for day in (1, 15)]
    shown = days_shown(days)
    assert len(shown) == COLUMNS
    assert (shown[0], shown[-1]) == (date(2015, 1, 15), date(2019, 12, 15))


def test_statuses_are_grouped_and_strange_ones_kept() -> None:
    figures = view_of([], studies(trial(A)), status_history=HISTORY).figures
    assert figures.status_groups[-2:] == ("Unknown status", "Other")
    assert figures.statuses[0] == StatusColumn(date(2018, 5, 29), (0, 6, 5, 2, 2, 0, 0))


def test_new_trials_are_counted_by_year_without_a_gap() -> None:
    held = studies(trial(A, first_post_date="2018-07-03"), trial(B, first_post_date="2020-05"), trial(C))
    assert view_of([], held).figures.new_trials == (YearBar(2018, 1), YearBar(2019, 0), YearBar(2020, 1))


def test_completions_of_the_next_twelve_months() -> None:
    held = studies(
        trial(A, completion_date="2020-07", completion_date_type="ESTIMATED"),  # the month is not over
        trial(B, completion_date="2021-07-27", completion_date_type="ESTIMATED"),
        trial(C, completion_date="2020-12", completion_date_type="ACTUAL"),
    )
    months = {bar.month: bar.trials for bar in view_of([], held).figures.completions if bar.trials}
    assert months == {date(2020, 7, 1): (A,), date(2021, 7, 1): (B,)}


def test_the_slip_plot_starts_at_the_first_plan_known() -> None:
    late = moved(A, "completion_date", "2020-12", "2022-12", 730, first_plan="2015-01", total_days=2891)
    figures = view_of(recorded([late]), studies(trial(A))).figures
    assert figures.slips == (
        SlipLine(nct_id=NctId(A), field="completion_date", first_plan="2015-01", plan="2022-12", days=2891),
    )


def test_a_trial_that_ended_has_no_slip() -> None:
    late = moved(A, "primary_completion_date", "2020-12", "2022-12", 730)
    over = recorded([late, status(A, Kind.COMPLETED, "RECRUITING", "COMPLETED")])
    assert view_of(over, studies(trial(A, status="COMPLETED"))).figures.slips == ()


def test_each_figure_tells_what_it_shows() -> None:
    page = report_html(busy()).decode()
    drawn = re.findall(r'<svg viewBox="0 0 360 .*?</svg>', page, re.DOTALL)
    assert len(drawn) == len(charts_of(busy().figures)) == 3
    for figure in drawn:
        assert len(figure) < 60_000
        assert re.search(r'role="img" aria-labelledby="figure-(\w+)-title figure-\1-said"', figure)
        assert "<title " in figure
        assert "style=" not in figure
    assert page.count("<summary>The numbers") == 3


def test_nothing_is_drawn_of_nothing() -> None:
    assert charts_of(Figures()) == ()
