"""Which data a record is of (DESIGN §4, steps 2 and 6): one that the registry has left behind holds up no other."""

from __future__ import annotations

import pytest

from tests.registry.standin import faults, situations
from tests.runs.tracking import SPINE, A, B, C, D, E, Tracking, a_search, news, trials
from tracker.runs import Outcome, Run
from tracker.settling import LEFT_BEHIND_AT_MOST

CHORDOMA = "chordoma"
STAMP = "derivedSection.miscInfoModule.versionHolder"
ONE_MORE_QUESTION = ["/version", "/studies", "/version", "/studies"]


def leave_behind(tracking: Tracking, *studies: str) -> None:
    """From the next refresh on the registry still stamps these with the day of now."""
    for study in studies:
        tracking.world.put(tracking.world.study(study), stamp=tracking.world.data_date)


def a_day_later(tracking: Tracking) -> None:
    """A day of which the tracker holds all: what was left behind is older than that from the next day on."""
    tracking.sync_next_day()


def problems(run: Run) -> list[tuple[str | None, str]]:
    return [(problem.nct_id, problem.path) for problem in run.problems]


class TestOneRecordIsLeftBehind:
    def test_it_is_told_and_everything_else_is_as_ever(self, tracking: Tracking) -> None:
        tracking.sync()
        leave_behind(tracking, A)
        a_day_later(tracking)
        situations.closes_to_recruitment(tracking.world, B)
        situations.a_trial_is_removed(tracking.world, C)
        situations.a_trial_is_registered(tracking.world, D, returned_by=SPINE)
        synced = tracking.sync_next_day()
        assert (synced.run.outcome, synced.run.rounds) == (Outcome.OK, 1)
        assert news(synced) == [
            f"{B} closed_to_recruitment: overall_status",
            f"{C} left spine: removed from the registry",
            f"{D} entered spine: newly registered",
        ]
        assert problems(synced.run) == [(A, STAMP)]
        assert synced.run.problems[0].reason.startswith("the registry still serves it as of 2 Mar 2026")
        assert tracking.asked == [*ONE_MORE_QUESTION, f"/studies/{C}"]

    def test_for_as_long_as_it_lasts_at_the_price_of_one_question(self, tracking: Tracking) -> None:
        tracking.sync()
        leave_behind(tracking, A)
        a_day_later(tracking)
        for _ in range(3):
            assert tracking.sync_next_day().run.outcome is Outcome.OK
            assert tracking.asked == ONE_MORE_QUESTION
        assert tracking.sync().run.outcome is Outcome.NOTHING_NEW

    def test_it_is_not_counted_as_held_at_this_data_date(self, tracking: Tracking) -> None:
        tracking.sync()
        leave_behind(tracking, A)
        a_day_later(tracking)
        [line] = tracking.sync_next_day().run.coverage
        assert (line.total, line.held, line.complete) == (3, 2, True)
        assert line.note == f"as of an older day: {A}"

    def test_what_happened_meanwhile_is_told_when_it_catches_up(self, tracking: Tracking) -> None:
        tracking.sync()
        leave_behind(tracking, A)
        a_day_later(tracking)
        tracking.sync_next_day()
        tracking.world.put(tracking.world.study(A))
        situations.closes_to_recruitment(tracking.world, A)
        synced = tracking.sync_next_day()
        assert (synced.run.outcome, synced.run.problems) == (Outcome.OK, ())
        assert news(synced) == [f"{A} closed_to_recruitment: overall_status"]

    def test_the_only_one_of_its_term(self, tracking: Tracking) -> None:
        tracking.world.returns(CHORDOMA, [A])
        tracking.world.returns(SPINE, [B, C])
        tracking.searches = [a_search(SPINE, CHORDOMA)]
        tracking.sync()
        leave_behind(tracking, A)
        a_day_later(tracking)
        synced = tracking.sync_next_day()
        assert (synced.run.outcome, problems(synced.run)) == (Outcome.OK, [(A, STAMP)])

    def test_one_that_is_followed_by_its_id(self, tracking: Tracking) -> None:
        situations.a_trial_is_registered(tracking.world, E, posted="2019-05-06")
        tracking.searches = [a_search(include=[E])]
        tracking.sync()
        leave_behind(tracking, E)
        a_day_later(tracking)
        synced = tracking.sync_next_day()
        assert (synced.run.outcome, problems(synced.run)) == (Outcome.OK, [(E, STAMP)])

    def test_one_that_the_store_does_not_know_yet_enters(self, tracking: Tracking) -> None:
        situations.a_trial_is_registered(tracking.world, E, posted="2019-05-06")
        leave_behind(tracking, E)
        tracking.sync()
        a_day_later(tracking)
        tracking.world.returns(CHORDOMA, [E])
        tracking.searches = [a_search(SPINE, CHORDOMA)]
        synced = tracking.sync_next_day()
        assert (synced.run.outcome, news(synced)) == (Outcome.OK, [f"{E} entered spine: the search was edited"])
        assert problems(synced.run) == [(E, STAMP)]

    def test_on_its_first_day_it_may_be_a_refresh_that_goes_on(self, tracking: Tracking) -> None:
        """Its day is that of the data before: nothing tells it from a registry that is still publishing."""
        tracking.sync()
        leave_behind(tracking, A)
        situations.a_trial_no_longer_matches(tracking.world, B)
        synced = tracking.sync_next_day()
        assert (synced.run.outcome, synced.run.rounds, synced.changes) == (Outcome.INCOMPLETE, 3, ())
        again = tracking.sync()
        assert (again.run.outcome, problems(again.run)) == (Outcome.OK, [(A, STAMP)])
        assert news(again) == [f"{B} left spine: no longer matches"]


class TestAMirrorThatLagsBehind:
    """A whole answer of older data is no oddity of single records: it is read again, and nobody leaves by it."""

    @pytest.fixture
    def tracking(self, tracking: Tracking) -> Tracking:
        tracking.world.returns(CHORDOMA, [C])
        tracking.searches = [a_search(SPINE, CHORDOMA)]
        tracking.sync()
        tracking.sync_next_day()
        return tracking

    def test_for_one_answer(self, tracking: Tracking) -> None:
        tracking.registry.fail(faults.older_mirror("2026-03-02T09:00:05"), path="/studies")
        synced = tracking.sync_next_day()
        assert (synced.run.outcome, synced.run.rounds, synced.run.problems) == (Outcome.OK, 2, ())

    def test_for_all_of_them(self, tracking: Tracking) -> None:
        situations.a_trial_no_longer_matches(tracking.world, A)
        tracking.registry.fail(faults.older_mirror("2026-03-02T09:00:05"), path="/studies", times=None)
        synced = tracking.sync_next_day()
        assert (synced.run.outcome, synced.changes) == (Outcome.INCOMPLETE, ())

    def test_for_the_question_too(self, tracking: Tracking) -> None:
        """The record that vouches for the answer is old in it: the answer proves nothing."""
        situations.a_trial_no_longer_matches(tracking.world, A)
        mirror = faults.older_mirror("2026-03-02T09:00:05")
        for round_ in range(3):
            tracking.registry.fail(mirror, path="/studies", after=3 * round_)  # the first term's page ...
            tracking.registry.fail(mirror, path="/studies", after=3 * round_ + 2)  # ... and the question
        synced = tracking.sync_next_day()
        assert (synced.run.outcome, synced.changes) == (Outcome.INCOMPLETE, ())

    def test_more_than_a_few_are_no_oddity(self, tracking: Tracking) -> None:
        many = trials(LEFT_BEHIND_AT_MOST + 4)
        for one in many[3:]:
            situations.a_trial_is_registered(tracking.world, one, posted="2020-01-06")
        tracking.world.returns(SPINE, many)
        tracking.sync_next_day()
        leave_behind(tracking, *many[3:])
        a_day_later(tracking)
        assert tracking.sync_next_day().run.outcome is Outcome.INCOMPLETE


class TestADayToCome:
    def test_a_timestamp_in_the_future_is_told_and_not_believed(self, tracking: Tracking) -> None:
        tracking.sync()
        situations.closes_to_recruitment(tracking.world, A)
        tracking.world.refresh("2031-01-06T09:00:05")
        synced = tracking.sync()
        assert (synced.run.outcome, synced.run.data_timestamp) == (Outcome.OK, None)
        assert news(synced) == [f"{A} closed_to_recruitment: overall_status"]
        assert problems(synced.run) == [(None, "/version")]
        assert "6 Jan 2031" in synced.run.problems[0].reason

    def test_it_does_not_stop_the_runs_after_it(self, tracking: Tracking) -> None:
        tracking.sync()
        tracking.world.refresh("2031-01-06T09:00:05")
        tracking.sync()
        situations.closes_to_recruitment(tracking.world, A)
        assert news(tracking.sync()) == [f"{A} closed_to_recruitment: overall_status"]  # the same stamp: read anew
        tracking.world.refresh("2026-03-04")
        tracking.clock.forward(days=2)
        situations.closes_to_recruitment(tracking.world, B)
        synced = tracking.sync()
        assert (synced.run.outcome, str(synced.run.data_date)) == (Outcome.OK, "2026-03-04")
        assert (news(synced), synced.run.problems) == ([f"{B} closed_to_recruitment: overall_status"], ())

    def test_nor_does_one_that_was_taken_before(self, tracking: Tracking) -> None:
        """The clock was set back: what the store holds seems to be of a day to come."""
        tracking.world.refresh("2026-06-01")
        tracking.clock.forward(days=91)
        tracking.sync()
        tracking.clock.forward(days=-91)
        tracking.world.refresh("2026-03-02")
        situations.closes_to_recruitment(tracking.world, A)
        synced = tracking.sync()
        assert (synced.run.outcome, news(synced)) == (Outcome.OK, [f"{A} closed_to_recruitment: overall_status"])

    def test_one_record_of_a_day_to_come_is_told_and_read(self, tracking: Tracking) -> None:
        tracking.sync()
        tracking.world.put(tracking.world.study(A), stamp="2031-01-06")
        situations.closes_to_recruitment(tracking.world, A)
        tracking.world.put(tracking.world.study(A), stamp="2031-01-06")
        synced = tracking.sync_next_day()
        assert (synced.run.outcome, synced.run.rounds, problems(synced.run)) == (Outcome.OK, 1, [(A, STAMP)])
        assert news(synced) == [f"{A} closed_to_recruitment: overall_status"]
        tracking.world.put(tracking.world.study(A))
        situations.reopens(tracking.world, A)
        assert news(tracking.sync_next_day()) == [f"{A} reopened: overall_status"]

    def test_new_data_in_the_middle_is_seen_all_the_same(self, tracking: Tracking) -> None:
        tracking.world.refresh("2031-01-06T09:00:05")
        tracking.registry.in_the_middle(lambda: tracking.world.refresh("2031-01-07T09:00:05"), after=2)
        assert tracking.sync().run.rounds == 2

    def test_a_clock_that_is_some_hours_slow_is_no_reason_to_doubt(self, tracking: Tracking) -> None:
        tracking.world.refresh("2026-03-03T09:00:05")
        synced = tracking.sync()  # the clock says 2 March, noon
        assert (str(synced.run.data_date), synced.run.problems) == ("2026-03-03", ())
