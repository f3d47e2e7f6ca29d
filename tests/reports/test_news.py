"""Which news a trial's changes make: reversals, unknown statuses, edited searches, ends, several steps, filters."""

from __future__ import annotations

from datetime import date

import pytest

from reports.html import report_html
from reports.parts import Fact, Item, SectionKey
from reports.sections import TRIALS_SHOWN
from reports.view import ReportView, to_json_bytes
from tests.reports.stories import (
    NOW,
    SEARCH,
    change,
    entered,
    left,
    moved,
    reached,
    recorded,
    refined,
    results,
    status,
    studies,
    to_unknown,
    trial,
    view_of,
)
from tracker.changes import Kind, RecordedChange, Weight
from tracker.definitions import ReportDefinition
from tracker.summary import TrackedStudy

A, B = "NCT00000001", "NCT00000002"


def told(*changes: RecordedChange, status: str = "RECRUITING", **more: object) -> ReportView:
    return view_of(changes, studies(trial(A, status=status), trial(B)), **more)  # type: ignore[arg-type]


def keys(view: ReportView) -> list[SectionKey]:
    return [section.key for section in view.sections]


def entry(view: ReportView, nct_id: str = A) -> Item:
    return next(item for one in view.sections for item in one.items if item.see is None and item.trial.nct_id == nct_id)


def fact(view: ReportView, field: str, nct_id: str = A) -> Fact:
    return next(one for one in entry(view, nct_id).facts if one.field == field)


# Statuses


def test_an_unknown_status_is_set_by_the_registry_and_no_stop() -> None:
    view = told(*recorded([to_unknown(A, "RECRUITING")]), status="UNKNOWN")
    assert keys(view) == [SectionKey.OTHER]
    flip = fact(view, "overall_status")
    assert flip.after == "Unknown status; last known: Recruiting"
    assert flip.notes[0].startswith("set by the registry")
    assert view.headline == "Spine-tumour trials #2: 1 with smaller changes only"


def test_stopped_is_told_by_its_word() -> None:
    ended = [
        status(A, Kind.STOPPED, "RECRUITING", "WITHDRAWN"),
        status(B, Kind.STOPPED, "RECRUITING", "SUSPENDED", why="pause"),
    ]
    assert told(*recorded(ended)).headline == "Spine-tumour trials #2: 1 withdrawn, 1 suspended"


def test_changed_and_changed_back_is_one_line_and_no_number() -> None:
    away = recorded([status(A, Kind.STOPPED, "RECRUITING", "SUSPENDED", why="interim analysis")], run=2, start=1)
    back = recorded([status(A, Kind.REOPENED, "SUSPENDED", "RECRUITING")], run=3, start=2)
    view = told(*away, *back)
    assert keys(view) == [SectionKey.BACK]
    line = fact(view, "overall_status")
    assert (line.before, line.after) == (None, "Recruiting, as before")
    assert line.notes == ("changed and changed back; in between: Suspended",)
    assert view.counts == ()
    assert view.headline == "Spine-tumour trials #2: no news in 2 tracked trials; 1 with routine or reversed edits only"
    assert len(view.changes) == 2  # the data holds both


def test_several_steps_are_one_line_from_first_to_last() -> None:
    steps = recorded([status(A, Kind.OPENED, "NOT_YET_RECRUITING", "RECRUITING")], run=2, start=1)
    steps += recorded([status(A, Kind.COMPLETED, "RECRUITING", "COMPLETED")], run=3, start=2)
    view = told(*steps, status="COMPLETED")
    assert keys(view) == [SectionKey.COMPLETED]
    line = fact(view, "overall_status")
    assert (line.before, line.after, line.steps) == ("Not yet recruiting", "Completed", 2)
    assert [row.after for row in view.changes] == ["RECRUITING", "COMPLETED"]


def test_a_closing_is_told_even_if_the_status_then_became_unknown() -> None:
    steps = recorded([status(A, Kind.CLOSED_TO_RECRUITMENT, "RECRUITING", "ACTIVE_NOT_RECRUITING")], start=1)
    steps += recorded([to_unknown(A, "ACTIVE_NOT_RECRUITING")], run=3, start=2)
    assert keys(told(*steps, status="UNKNOWN")) == [SectionKey.CLOSED]


def test_a_stop_that_ended_unknown_is_no_stop() -> None:
    steps = recorded([status(A, Kind.STOPPED, "RECRUITING", "SUSPENDED")], start=1)
    steps += recorded([to_unknown(A, "SUSPENDED")], run=3, start=2)
    view = told(*steps, status="UNKNOWN")
    assert keys(view) == [SectionKey.OTHER]
    assert "suspended" not in view.headline


def test_suspended_then_active_is_a_closing() -> None:
    steps = recorded([status(A, Kind.STOPPED, "RECRUITING", "SUSPENDED")], start=1)
    steps += recorded([status(A, Kind.STATUS, "SUSPENDED", "ACTIVE_NOT_RECRUITING")], run=3, start=2)
    assert keys(told(*steps, status="ACTIVE_NOT_RECRUITING")) == [SectionKey.CLOSED]


# Dates


@pytest.mark.parametrize("ended", ["COMPLETED", "TERMINATED", "WITHDRAWN"])
def test_nothing_of_a_trial_that_ended_is_a_delay(ended: str) -> None:
    view = told(*recorded([moved(A, "completion_date", "2020-12", "2022-12", 730)]), status=ended)
    assert keys(view) == [SectionKey.DATES]
    assert fact(view, "completion_date").slip is None


def test_nothing_of_a_trial_suspended_in_the_window_is_a_delay() -> None:
    stop = status(A, Kind.STOPPED, "RECRUITING", "SUSPENDED")
    view = told(*recorded([stop, moved(A, "completion_date", "2020-12", "2022-12", 730)]), status="SUSPENDED")
    assert keys(view) == [SectionKey.STOPPED]
    assert fact(view, "completion_date").slip == "+730 d"


def test_what_an_entry_above_has_told_is_not_told_again() -> None:
    """Dates, texts and small changes of a trial with weightier news stand in its entry, and nowhere else."""
    first = [
        results(A, "2020-07-01", "2020-06-01"),
        moved(A, "start_date", "2020-12", "2021-12", 365),
        change(A, Kind.ELIGIBILITY, "minimum_age", "18 Years", "21 Years"),
        change(A, Kind.ENROLLMENT, "enrollment", 50, 60),
    ]
    alone = told(*recorded(first))
    assert keys(alone) == [SectionKey.RESULTS_POSTED]
    assert {one.field for one in entry(alone).facts} >= {"start_date", "minimum_age", "enrollment"}
    both = told(*recorded([*first, moved(B, "start_date", "2020-12", "2021-12", 365)]))
    assert keys(both) == [SectionKey.RESULTS_POSTED, SectionKey.DATES]
    dates = both.sections[-1]
    assert ([item.trial.nct_id for item in dates.items], dates.count, dates.above) == ([B], 1, (A,))
    page = report_html(both).decode()
    assert page.count("21 Years") == 1
    assert f'Also told in the entries above of <a href="#{A}">{A}</a>.' in page


def test_what_is_weighty_is_named_in_each_of_its_sections() -> None:
    view = told(
        *recorded([results(A, "2020-07-01", "2020-06-01"), status(A, Kind.COMPLETED, "RECRUITING", "COMPLETED")]),
        status="COMPLETED",
    )
    assert keys(view) == [SectionKey.RESULTS_POSTED, SectionKey.COMPLETED]
    outcomes = change(A, Kind.OUTCOMES, "primary_outcomes", ("pain",), ("survival",))
    edited = told(*recorded([results(A, "2020-07-01", "2020-06-01"), outcomes]))
    assert keys(edited) == [SectionKey.RESULTS_POSTED, SectionKey.TEXTS]
    assert edited.sections[-1].items[0].see is SectionKey.RESULTS_POSTED


def test_an_entry_that_is_not_shown_has_told_nothing() -> None:
    """Of a section that is cut short, the rest is named where it has smaller news, too."""
    many = [f"NCT1{number:07}" for number in range(TRIALS_SHOWN + 1)]
    new = [entered(nct_id, "newly registered") for nct_id in many]
    found = [*new, *(moved(nct_id, "start_date", "2020-12", "2021-12", 365) for nct_id in many)]
    view = view_of(recorded(found), studies(*map(trial, many)))
    assert keys(view) == [SectionKey.NEW, SectionKey.DATES]
    dates = view.sections[-1]
    assert ([item.trial.nct_id for item in dates.items], len(dates.above)) == ([many[-1]], TRIALS_SHOWN)


@pytest.mark.parametrize(
    ("one", "section"),
    [
        (refined(A, "completion_date", "2020-12", "2020-12-31"), SectionKey.ROUTINE),
        (moved(A, "completion_date", "2020-12", "2020-06", -183), SectionKey.DATES),
        (moved(A, "start_date", "2020-12", "2021-12", 365), SectionKey.DATES),
        (moved(A, "completion_date", "2020-12", "2021", None), SectionKey.DATES),
        (reached(A, "primary_completion_date", "2018-06", "2019-04-30", 304, at_least=True), SectionKey.DATES),
        (change(A, Kind.DATE_CORRECTED, "completion_date", "2020-01", "2021-01", days=366), SectionKey.DATES),
        (moved(A, "completion_date", "2020-12", "2020-12-31", 1, at_least=True), SectionKey.DELAYED),
    ],
)
def test_only_a_planned_end_put_off_is_a_delay(one: object, section: SectionKey) -> None:
    assert keys(told(*recorded([one]))) == [section]  # type: ignore[list-item]


def test_the_total_since_the_first_plan_is_told() -> None:
    late = moved(A, "completion_date", "2020-12", "2022-12", 730, first_plan="2015-01", total_days=2891)
    view = told(*recorded([late]))
    assert fact(view, "completion_date").notes == ("+2891 d in all since first seen on 29 May 2018 (then Jan 2015)",)
    assert view.sections[0].delays[0].total == (
        "Study completion +2891 d in all since first seen on 29 May 2018 (then Jan 2015)"
    )


def test_two_moves_in_a_window_are_added_up_from_the_dates() -> None:
    steps = recorded([moved(A, "completion_date", "2020-12", "2021-12", 365)], start=1)
    steps += recorded([moved(A, "completion_date", "2021-12", "2022-06-15", 166, at_least=True)], run=3, start=2)
    view = told(*steps)
    line = fact(view, "completion_date")
    assert (line.before, line.after, line.slip) == (
        "Dec 2020 (estimated)",
        "15 Jun 2022 (estimated)",
        "at least +531 d",
    )
    assert "in 2 steps; changes.csv lists each" in line.notes


def test_a_move_and_its_reversal_are_no_delay() -> None:
    steps = recorded([moved(A, "completion_date", "2020-12", "2021-12", 365)], start=1)
    steps += recorded([moved(A, "completion_date", "2021-12", "2020-12", -365)], run=3, start=2)
    view = told(*steps)
    assert keys(view) == [SectionKey.BACK]
    assert fact(view, "completion_date").slip is None


def test_moved_then_reached_says_the_last_plan() -> None:
    steps = recorded([moved(A, "completion_date", "2019-12", "2020-08", 244)], start=1)
    steps += recorded([reached(A, "completion_date", "2020-08", "2018-07-27", -736, at_least=True)], run=3, start=2)
    steps += recorded([status(A, Kind.COMPLETED, "RECRUITING", "COMPLETED")], run=3, start=3)
    view = told(*steps, status="COMPLETED")
    assert keys(view) == [SectionKey.COMPLETED]
    assert fact(view, "completion_date").notes[0] == "ended; last plan Aug 2020"


@pytest.mark.parametrize(
    ("field", "after", "days", "said"),
    [
        ("primary_completion_date", "2016-04-22", -1531, "now an actual date; last plan Jul 2020"),
        ("primary_completion_date", "2021-04-22", 275, "later than the last plan Jul 2020"),
        ("completion_date", "2016-09-08", -1392, "ended; last plan Jul 2020"),
        ("start_date", "2020-05-01", -61, "started; last plan Jul 2020"),
    ],
)
def test_an_actual_date_of_a_stopped_trial_is_no_aim_that_was_reached(
    field: str, after: str, days: int, said: str
) -> None:
    steps = recorded(
        [
            status(A, Kind.STOPPED, "RECRUITING", "TERMINATED", "low participant accrual"),
            reached(A, field, "2020-07", after, days, at_least=True),
        ]
    )
    view = told(*steps, status="TERMINATED")
    assert fact(view, field).notes == (said,)
    assert "reached" not in report_html(view).decode()


def test_posted_results_tell_their_submission_too() -> None:
    submitted = change(A, Kind.RESULTS_REVIEW, "results_first_submit_date", None, "2020-06-01")
    view = told(*recorded([submitted, results(A, "2020-07-01", "2020-06-01")]))
    assert keys(view) == [SectionKey.RESULTS_POSTED]
    assert [one.field for one in entry(view).facts] == ["results_first_post_date"]
    assert "first submitted 1 Jun 2020" in entry(view).facts[0].notes
    assert len(view.changes) == 2
    assert keys(told(*recorded([submitted]))) == [SectionKey.OTHER]


# Lists and texts


def test_a_list_that_is_back_as_it_was_comes_to_nothing() -> None:
    steps = recorded([change(A, Kind.CONDITIONS, "conditions", ("Chordoma",), ("Sarcoma",))], start=1)
    steps += recorded([change(A, Kind.CONDITIONS, "conditions", ("Sarcoma",), ("Chordoma",))], run=3, start=2)
    assert keys(told(*steps)) == [SectionKey.BACK]


def test_a_lists_steps_are_united() -> None:
    steps = recorded([change(A, Kind.CONDITIONS, "conditions", ("Chordoma",), ("Sarcoma",))], start=1)
    steps += recorded([change(A, Kind.CONDITIONS, "conditions", ("Sarcoma",), ("Myeloma",))], run=3, start=2)
    line = fact(told(*steps), "conditions")
    assert (line.dropped, line.added) == (("Chordoma",), ("Myeloma",))


def test_primary_outcomes_come_first_among_the_texts() -> None:
    title = change(A, Kind.TITLE, "brief_title", "old", "new")
    outcome = change(B, Kind.OUTCOMES, "primary_outcomes", ("old",), ("new",), weight=Weight.MAJOR)
    view = told(*recorded([title, outcome]))
    assert [item.trial.nct_id for item in view.sections[0].items] == [B, A]


def test_coded_words_are_read_out_and_somebodys_own_spelling_is_left_alone() -> None:
    edits = [
        change(A, Kind.DESIGN, "allocation", "NON_RANDOMIZED", "NA"),
        change(A, Kind.CONDITIONS, "keywords", ("SSRS",), ("IMRT: BOOST",)),
        change(A, Kind.TITLE, "acronym", None, "SPINE"),
        change(A, Kind.INTERVENTIONS, "interventions", ("RADIATION: SBRT",), ("RFA: PROBE",)),
        change(A, Kind.SITES, "site_status", ("Clinic: East, Oslo: RECRUITING",), ("Clinic: East, Oslo: no status",)),
        change(A, Kind.RESULTS_REVIEW, "results_review", (), ("RESET | 2020-01-02",), machine_made=True),
    ]
    view = told(*recorded(edits))
    assert (fact(view, "allocation").before, fact(view, "allocation").after) == ("Non randomized", "N/A")
    assert (fact(view, "keywords").dropped, fact(view, "keywords").added) == (("SSRS",), ("IMRT: BOOST",))
    assert fact(view, "acronym").after == "SPINE"
    assert fact(view, "interventions").dropped == ("Radiation: SBRT",)
    assert fact(view, "interventions").added == ("RFA: PROBE",)
    assert fact(view, "site_status").dropped == ("Clinic: East, Oslo: Recruiting",)
    assert fact(view, "results_review").added == ("Returned to the sponsor | 2020-01-02",)


def test_what_the_registry_wrote_is_labelled() -> None:
    paper = change(A, Kind.PUBLICATION, "derived_references", (), ("PMID 1 | A paper",), machine_made=True)
    assert "written by the registry, not by the sponsor" in fact(told(*recorded([paper])), "derived_references").notes


# Membership


@pytest.mark.parametrize(
    ("why", "section", "headline", "words"),
    [
        ("newly registered", SectionKey.NEW, "1 new", "newly registered; found by spine-tumour"),
        (
            "an existing record now matches",
            SectionKey.ENTERED,
            "1 now matching",
            "an existing record that now matches spine-tumour",
        ),
        (
            "the search was edited",
            SectionKey.ENTERED,
            "1 brought in by an edited search",
            "brought in by an edit of spine-tumour: an existing record, not a new trial",
        ),
        ("returned", SectionKey.ENTERED, "1 returned", "returned to spine-tumour"),
        (
            "put on the include list",
            SectionKey.ENTERED,
            "1 put on the include list",
            "put on the include list of spine-tumour",
        ),
    ],
)
def test_why_a_trial_entered(why: str, section: SectionKey, headline: str, words: str) -> None:
    view = told(*recorded([entered(A, why)]))
    assert keys(view) == [section]
    assert view.headline == f"Spine-tumour trials #2: {headline}"
    assert fact(view, "membership").after == words


@pytest.mark.parametrize(
    ("why", "headline"),
    [
        ("no longer matches", "1 no longer matching"),
        ("removed from the registry", "1 removed from the registry"),
        ("merged into another id", "1 merged into another record"),
        ("the search was edited", "1 dropped by an edited search"),
        ("excluded", "1 excluded"),
    ],
)
def test_why_a_trial_left(why: str, headline: str) -> None:
    gone = trial(A, searches=(), state="left")
    view = view_of(recorded([left(A, why)]), studies(gone, trial(B)))
    assert keys(view) == [SectionKey.LEFT]
    assert view.headline == f"Spine-tumour trials #2: {headline}"
    assert view.balance == "1 tracked: 0 with news, 1 without. Besides, there is news of 1 trial no longer tracked."


def test_a_merged_trial_names_the_record_that_it_became() -> None:
    gone = trial(A, searches=(), state="merged", merged_into=B)
    view = view_of(recorded([left(A, "merged into another id", merged_into=B)]), studies(gone, trial(B)))
    assert fact(view, "membership").notes == (f"its record is now {B}",)
    assert entry(view).trial.status == "Last held: Recruiting"


def test_a_trial_that_left_is_still_watched() -> None:
    gone = trial(A, searches=(), state="watched", watched_until=date(2022, 7, 28))
    view = view_of(recorded([left(A, "no longer matches")]), studies(gone))
    assert fact(view, "membership").notes == ("the record is still watched until 28 Jul 2022",)


def test_a_newcomer_of_two_searches_is_one_new_trial() -> None:
    both = [*recorded([entered(A, "newly registered")], start=1, search="chordoma"),
            *recorded([entered(A, "newly registered")], start=2)]  # fmt: skip
    view = told(*both)
    assert view.headline == "Spine-tumour trials #2: 1 new"
    assert fact(view, "membership").after == "newly registered; found by chordoma and spine-tumour"


def test_in_and_out_again_is_counted_nowhere() -> None:
    steps = recorded([entered(A, "an existing record now matches")], start=1)
    steps += recorded([left(A, "no longer matches")], run=3, start=2)
    view = view_of(steps, studies(trial(A, searches=(), state="watched"), trial(B)))
    assert keys(view) == [SectionKey.BACK]
    assert view.counts == ()
    assert fact(view, "membership").after == "entered and left again: spine-tumour"


def test_an_unusual_number_of_newcomers_is_labelled() -> None:
    view = told(*recorded([entered(A, "newly registered", unusual_growth=True)]))
    assert "one of an unusual number of newcomers: see the guards below" in fact(view, "membership").notes


# What a definition leaves out


def test_what_the_definition_leaves_out_is_counted() -> None:
    least = ReportDefinition(name="weekly", searches=(SEARCH,), least_weight=Weight.MAJOR)
    view = told(
        *recorded([results(A, "2020-07-01", "2020-06-01"), change(A, Kind.TITLE, "brief_title", "old", "new")]),
        definition=least,
    )
    assert keys(view) == [SectionKey.RESULTS_POSTED]
    assert [row.kind for row in view.changes] == ["results_posted"]
    assert view.not_shown == ("1 minor change: title",)


def test_a_definition_by_kinds_tells_only_these() -> None:
    only = ReportDefinition(name="results", searches=(SEARCH,), kinds=(Kind.RESULTS_POSTED,))
    view = told(
        *recorded([status(A, Kind.COMPLETED, "RECRUITING", "COMPLETED"), results(B, "2020-07-01", "2020-06-01")]),
        definition=only,
    )
    assert view.headline == "Spine-tumour trials #2: 1 with results"
    assert view.balance == "2 tracked: 1 with news, 1 without."


def test_changes_of_other_searches_are_no_part_of_the_report() -> None:
    only = ReportDefinition(name="chordoma", searches=("chordoma",))
    other: TrackedStudy = trial(B, searches=("chordoma",))
    view = view_of(
        recorded([status(A, Kind.COMPLETED, "RECRUITING", "COMPLETED"), entered(A, "newly registered")]),
        studies(trial(A), other),
        definition=only,
    )
    assert view.headline == "Spine-tumour trials #2: no changes in 1 tracked trial"
    assert view.changes == ()
    assert view.not_shown == ()


def test_half_a_reversal_is_still_a_reversal_under_a_filter() -> None:
    least = ReportDefinition(name="weekly", searches=(), least_weight=Weight.MAJOR)
    steps = recorded([to_unknown(A, "RECRUITING")], start=1)
    steps += recorded([status(A, Kind.REOPENED, "UNKNOWN", "RECRUITING")], run=3, start=2)
    view = told(*steps, definition=least)
    assert keys(view) == [SectionKey.BACK]
    assert view.counts == ()


def test_a_view_is_json() -> None:
    view = told(*recorded([results(A, "2020-07-01", "2020-06-01")]))
    assert NOW.isoformat().encode() in to_json_bytes(view)
