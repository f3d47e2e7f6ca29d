"""Who enters a search, and why: DESIGN §4, "Membership", as whole runs over HTTP."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from tests.registry.standin import World, situations
from tests.runs.tracking import SPINE, A, B, C, D, Tracking, a_search, news, trials
from tracker.changes import Weight
from tracker.runs import Outcome
from tracker.store import schema

CHORDOMA = "chordoma"


@pytest.fixture(params=["sqlite", "postgresql"])
def store_kind(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


class TestEntering:
    def test_newly_registered_is_major(self, tracking: Tracking) -> None:
        tracking.sync()
        situations.a_trial_is_registered(tracking.world, D, returned_by=SPINE)
        synced = tracking.sync_next_day()
        assert news(synced) == [f"{D} entered spine: newly registered"]
        assert synced.changes[0].change.weight is Weight.MAJOR

    def test_an_old_record_that_now_matches_is_minor(self, tracking: Tracking) -> None:
        tracking.sync()
        situations.a_trial_is_registered(tracking.world, D, posted="2019-05-06", returned_by=SPINE)
        synced = tracking.sync_next_day()
        assert news(synced) == [f"{D} entered spine: an existing record now matches"]
        assert synced.changes[0].change.weight is Weight.MINOR

    def test_newly_registered_counts_from_the_last_complete_run(self, tracking: Tracking) -> None:
        """Registered while the registry was out of reach: new all the same, days later."""
        tracking.sync()
        situations.a_trial_is_registered(tracking.world, D, returned_by=SPINE)
        for _ in range(4):
            tracking.world.refresh()
        assert news(tracking.sync_next_day()) == [f"{D} entered spine: newly registered"]

    def test_posted_on_the_day_of_the_last_complete_data_is_not_newly_registered(self, tracking: Tracking) -> None:
        tracking.sync()
        situations.a_trial_is_registered(tracking.world, D, posted=tracking.world.data_date, returned_by=SPINE)
        assert news(tracking.sync_next_day()) == [f"{D} entered spine: an existing record now matches"]

    def test_what_only_a_new_term_brings_entered_by_an_edit(self, tracking: Tracking) -> None:
        situations.a_trial_is_registered(tracking.world, D, posted="2019-05-06")
        tracking.sync()
        tracking.world.returns(CHORDOMA, [A, D])
        tracking.searches = [a_search(SPINE, CHORDOMA)]
        assert news(tracking.sync_next_day()) == [f"{D} entered spine: the search was edited"]

    def test_what_an_old_term_brings_as_well_did_not_enter_by_an_edit(self, tracking: Tracking) -> None:
        tracking.sync()
        situations.a_trial_is_registered(tracking.world, D, posted="2019-05-06", returned_by=SPINE)
        tracking.world.returns(CHORDOMA, [A, D])
        tracking.searches = [a_search(SPINE, CHORDOMA)]
        assert news(tracking.sync_next_day()) == [f"{D} entered spine: an existing record now matches"]

    def test_who_comes_back_returned_and_was_last_seen(self, tracking: Tracking) -> None:
        tracking.sync()
        situations.a_trial_no_longer_matches(tracking.world, B)
        tracking.sync_next_day()
        tracking.sync_next_day()
        situations.matches_again(tracking.world, B)
        synced = tracking.sync_next_day()
        assert news(synced) == [f"{B} entered spine: returned"]
        assert synced.changes[0].change.detail["last_seen"] == "2026-03-03"
        assert tracking.state(B) == "tracked"

    def test_each_stay_has_news_of_its_own(self, tracking: Tracking) -> None:
        tracking.sync()
        for _ in range(2):
            situations.a_trial_no_longer_matches(tracking.world, B)
            tracking.sync_next_day()
            situations.matches_again(tracking.world, B)
            tracking.sync_next_day()
        assert tracking.all_news() == [f"{B} left spine: no longer matches", f"{B} entered spine: returned"] * 2
        with tracking.store.connect() as connection:
            stays = connection.execute(
                select(schema.member.c.stay, schema.member.c.entered_why).where(schema.member.c.nct_id == B)
            ).all()
        assert sorted(map(tuple, stays)) == [(1, "baseline"), (2, "returned"), (3, "returned")]

    def test_a_record_that_was_removed_and_is_there_again(self, tracking: Tracking) -> None:
        tracking.sync()
        record = tracking.world.remove(B)
        tracking.sync_next_day()
        record["protocolSection"]["statusModule"]["overallStatus"] = "COMPLETED"
        tracking.world.put(record)
        assert news(tracking.sync_next_day()) == [f"{B} entered spine: returned"]
        assert (tracking.state(B), tracking.status(B)) == ("tracked", "COMPLETED")
        situations.reopens(tracking.world, B)
        assert news(tracking.sync_next_day()) == [f"{B} reopened: overall_status"]


class TestIncludeList:
    def test_an_included_trial_enters_whatever_the_terms_return(self, tracking: Tracking) -> None:
        situations.a_trial_is_registered(tracking.world, D, posted="2019-05-06")
        tracking.sync()
        tracking.searches = [a_search(include=[D])]
        synced = tracking.sync()
        assert news(synced) == [f"{D} entered spine: put on the include list"]
        assert tracking.asked == ["/version", "/studies", "/studies", "/version"]
        situations.closes_to_recruitment(tracking.world, D)
        assert news(tracking.sync_next_day()) == [f"{D} closed_to_recruitment: overall_status"]

    def test_a_trial_taken_off_the_include_list_left_by_an_edit(self, tracking: Tracking) -> None:
        situations.a_trial_is_registered(tracking.world, D, posted="2019-05-06")
        tracking.searches = [a_search(include=[D])]
        tracking.sync()
        tracking.searches = [a_search()]
        assert news(tracking.sync()) == [f"{D} left spine: the search was edited"]
        assert tracking.state(D) == "left"

    def test_an_included_trial_that_a_term_stops_returning_stays(self, tracking: Tracking) -> None:
        tracking.searches = [a_search(include=[B])]
        tracking.sync()
        situations.a_trial_no_longer_matches(tracking.world, B)
        assert news(tracking.sync_next_day()) == []
        assert tracking.members() == {A, B, C}

    def test_an_unknown_id_is_a_problem_of_every_run(self, tracking: Tracking) -> None:
        tracking.searches = [a_search(include=["NCT99999999"])]
        for run in (tracking.sync().run, tracking.sync_next_day().run):
            [problem] = run.problems
            assert (run.outcome, problem.nct_id, problem.path) == (
                Outcome.OK,
                "NCT99999999",
                "search spine: include",
            )
            assert problem.reason == "the registry does not know this id"
        assert tracking.members() == {A, B, C}

    def test_a_merged_id_is_a_problem_that_names_the_other(self, tracking: Tracking) -> None:
        situations.a_trial_is_registered(tracking.world, D, posted="2019-05-06")
        situations.a_trial_is_merged(tracking.world, D, into=A)
        tracking.searches = [a_search(include=[D])]
        [problem] = tracking.sync().run.problems
        assert problem.nct_id == D
        assert problem.reason == f"the registry has merged this id into {A}; include that one"

    @pytest.mark.parametrize(
        ("becomes", "why"),
        [
            (lambda world: situations.a_trial_is_removed(world, D), "removed from the registry"),
            (lambda world: situations.a_trial_is_merged(world, D, into=A), "merged into another id"),
        ],
    )
    def test_an_included_trial_can_leave_the_registry(
        self, tracking: Tracking, becomes: Callable[[World], None], why: str
    ) -> None:
        situations.a_trial_is_registered(tracking.world, D, posted="2019-05-06")
        tracking.searches = [a_search(include=[D])]
        tracking.sync()
        becomes(tracking.world)
        assert f"{D} left spine: {why}" in news(tracking.sync_next_day())
        assert tracking.members() == {A, B, C}

    def test_included_here_and_returned_by_a_term_of_another_search(self, tracking: Tracking) -> None:
        tracking.world.returns(CHORDOMA, [C])
        tracking.searches = [a_search(SPINE), a_search(CHORDOMA, name="board", include=[A])]
        tracking.sync()
        assert tracking.members("board") == {A, C}
        assert news(tracking.sync_next_day()) == []
        situations.a_trial_no_longer_matches(tracking.world, A, SPINE)
        assert news(tracking.sync_next_day()) == [f"{A} left spine: no longer matches"]
        assert tracking.members("board") == {A, C}

    def test_included_here_and_excluded_there(self, tracking: Tracking) -> None:
        tracking.world.returns(CHORDOMA, [C])
        tracking.searches = [a_search(SPINE, exclude=[A]), a_search(CHORDOMA, name="board", include=[A])]
        tracking.sync()
        assert (tracking.members("spine"), tracking.members("board")) == ({B, C}, {A, C})
        situations.closes_to_recruitment(tracking.world, A)
        assert news(tracking.sync_next_day()) == [f"{A} closed_to_recruitment: overall_status"]


class TestExcludeList:
    def test_an_excluded_member_leaves_at_once(self, tracking: Tracking) -> None:
        tracking.sync()
        tracking.searches = [a_search(exclude=[B])]
        assert news(tracking.sync()) == [f"{B} left spine: excluded"]
        assert (tracking.members(), tracking.state(B)) == ({A, C}, "left")

    def test_excluded_from_the_beginning_is_never_kept(self, tracking: Tracking) -> None:
        tracking.searches = [a_search(exclude=[B])]
        tracking.sync()
        assert (tracking.members(), tracking.state(B)) == ({A, C}, None)

    def test_excluded_then_included_again_says_when_it_was_last_seen_and_tells_no_old_changes(
        self, tracking: Tracking
    ) -> None:
        tracking.sync()
        tracking.searches = [a_search(exclude=[B])]
        tracking.sync_next_day()
        situations.a_trial_completes(tracking.world, B, on="2026-03-04")
        assert news(tracking.sync_next_day()) == []
        tracking.searches = [a_search()]
        synced = tracking.sync_next_day()
        assert news(synced) == [f"{B} entered spine: returned"]
        assert synced.changes[0].change.detail["last_seen"] == "2026-03-03"
        assert tracking.status(B) == "COMPLETED"
        situations.reopens(tracking.world, B)
        assert news(tracking.sync_next_day()) == [f"{B} reopened: overall_status"]

    def test_excluding_many_is_no_shrinking_and_including_them_again_no_growth(self, tracking: Tracking) -> None:
        many = trials(12)
        for one in many[3:]:
            situations.a_trial_is_registered(tracking.world, one, posted="2020-01-06", returned_by=SPINE)
        tracking.sync()
        tracking.searches = [a_search(exclude=many[3:])]
        assert tracking.sync().run.guards == ()
        tracking.searches = [a_search()]
        synced = tracking.sync()
        assert (synced.run.guards, len(synced.changes), tracking.members()) == ((), 9, set(many))
