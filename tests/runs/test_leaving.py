"""Who leaves a search, why, and for how long they are followed (DESIGN §4, step 7), as whole runs over HTTP."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.registry.standin import World, faults, situations
from tests.runs.tracking import SPINE, A, B, C, D, Tracking, a_search, news
from tracker.changes import Kind, Weight
from tracker.runs import Outcome
from tracker.store.studies import tracked_study

CHORDOMA = "chordoma"


@pytest.fixture(params=["sqlite", "postgresql"])
def store_kind(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


class TestLeaving:
    def test_removed_from_the_registry_is_major(self, tracking: Tracking) -> None:
        tracking.sync()
        situations.a_trial_is_removed(tracking.world, B)
        synced = tracking.sync_next_day()
        assert news(synced) == [f"{B} left spine: removed from the registry"]
        assert synced.changes[0].change.weight is Weight.MAJOR
        assert tracking.asked == ["/version", "/studies", "/version", f"/studies/{B}"]
        assert (tracking.members(), tracking.state(B)) == ({A, C}, "removed")
        assert tracking.sync_next_day().run.requests == 3

    def test_a_study_whose_fate_the_registry_will_not_say_stays_and_stops_nobody_else(self, tracking: Tracking) -> None:
        tracking.sync()
        situations.a_trial_is_removed(tracking.world, A)
        situations.a_trial_is_removed(tracking.world, B)
        tracking.registry.fail(faults.url_too_long(), path=f"/studies/{B}", times=None)
        for _ in range(2):
            synced = tracking.sync_next_day()
            [problem] = synced.run.problems
            assert (problem.nct_id, problem.path) == (B, "looked up by its id")
            assert (synced.run.outcome, tracking.members()) == (Outcome.OK, {B, C})
        tracking.registry.heal()
        assert news(tracking.sync_next_day()) == [f"{B} left spine: removed from the registry"]

    def test_merged_names_the_other_id(self, tracking: Tracking) -> None:
        tracking.sync()
        situations.a_trial_is_merged(tracking.world, B, into=A)
        synced = tracking.sync_next_day()
        assert f"{B} left spine: merged into another id" in news(synced)
        [departure] = [found.change for found in synced.changes if found.change.kind is Kind.LEFT]
        assert (departure.weight, departure.detail) == (Weight.MAJOR, {"merged_into": A})
        with tracking.store.connect() as connection:
            held = tracked_study(connection, B)
        assert held is not None
        assert (held.state, held.merged_into) == ("merged", A)

    def test_a_dropped_term_is_an_edit(self, tracking: Tracking) -> None:
        tracking.world.returns(CHORDOMA, [D, A])
        situations.a_trial_is_registered(tracking.world, D, posted="2019-05-06")
        tracking.searches = [a_search(SPINE, CHORDOMA)]
        tracking.sync()
        tracking.searches = [a_search(SPINE)]
        assert news(tracking.sync()) == [f"{D} left spine: the search was edited"]
        assert tracking.asked == ["/version", "/studies", "/version"]  # nothing to look up: the owner knows why
        assert tracking.state(D) == "left"

    def test_an_edited_search_also_sees_who_left_by_themselves(self, tracking: Tracking) -> None:
        tracking.world.returns(CHORDOMA, [D, A])
        situations.a_trial_is_registered(tracking.world, D, posted="2019-05-06")
        tracking.searches = [a_search(SPINE, CHORDOMA)]
        tracking.sync()
        situations.a_trial_is_removed(tracking.world, B)
        tracking.searches = [a_search(SPINE)]
        assert news(tracking.sync_next_day()) == [
            f"{B} left spine: removed from the registry",
            f"{D} left spine: the search was edited",
        ]


class TestWatchedById:
    """A trial that no longer matches is followed by its id for 24 months."""

    def test_no_longer_matches_is_minor_and_its_changes_are_still_told(self, tracking: Tracking) -> None:
        tracking.sync()
        situations.a_trial_no_longer_matches(tracking.world, B)
        synced = tracking.sync_next_day()
        assert news(synced) == [f"{B} left spine: no longer matches"]
        assert synced.changes[0].change.weight is Weight.MINOR
        assert tracking.state(B) == "watched"
        situations.a_trial_completes(tracking.world, B, on="2026-03-03")
        assert f"{B} completed: overall_status" in news(tracking.sync_next_day())
        assert tracking.asked == ["/version", "/studies", "/studies", "/version"]

    def test_what_changed_as_it_left_is_told(self, tracking: Tracking) -> None:
        tracking.sync()
        situations.closes_to_recruitment(tracking.world, B)
        situations.a_trial_no_longer_matches(tracking.world, B)
        assert news(tracking.sync_next_day()) == [
            f"{B} closed_to_recruitment: overall_status",
            f"{B} left spine: no longer matches",
        ]

    def test_it_ends_after_24_months(self, tracking: Tracking) -> None:
        tracking.sync()
        situations.a_trial_no_longer_matches(tracking.world, B)
        tracking.sync_next_day()
        with tracking.store.connect() as connection:
            held = tracked_study(connection, B)
        assert held is not None
        assert str(held.watched_until) == "2028-03-03"
        tracking.clock.forward(days=729)
        situations.closes_to_recruitment(tracking.world, B)
        assert news(tracking.sync_next_day()) == [f"{B} closed_to_recruitment: overall_status"]
        tracking.clock.forward(days=3)
        situations.reopens(tracking.world, B)
        assert news(tracking.sync_next_day()) == []
        assert (tracking.asked, tracking.state(B)) == (["/version", "/studies", "/version"], "left")

    @pytest.mark.parametrize(
        ("becomes", "state"),
        [
            (lambda world: situations.a_trial_is_removed(world, B), "removed"),
            (lambda world: situations.a_trial_is_merged(world, B, into=C), "merged"),
        ],
    )
    def test_it_ends_when_the_registry_has_it_no_more(
        self, tracking: Tracking, becomes: Callable[[World], None], state: str
    ) -> None:
        tracking.sync()
        situations.a_trial_no_longer_matches(tracking.world, B)
        tracking.sync_next_day()
        becomes(tracking.world)
        tracking.sync_next_day()
        assert tracking.asked == ["/version", "/studies", "/studies", "/version", f"/studies/{B}"]
        assert tracking.state(B) == state
        tracking.sync_next_day()
        assert tracking.asked == ["/version", "/studies", "/version"]

    def test_a_short_index_is_not_the_end(self, tracking: Tracking) -> None:
        """The list of ids leaves it out, but its own page is there."""
        tracking.sync()
        situations.a_trial_no_longer_matches(tracking.world, B)
        tracking.sync_next_day()
        tracking.world.hide([B])
        situations.closes_to_recruitment(tracking.world, B)
        assert news(tracking.sync_next_day()) == [f"{B} closed_to_recruitment: overall_status"]
        assert tracking.state(B) == "watched"

    def test_it_goes_on_if_another_search_drops_the_trial_at_the_same_time(self, tracking: Tracking) -> None:
        tracking.world.returns(CHORDOMA, [A, B])
        tracking.searches = [a_search(SPINE), a_search(CHORDOMA, name="z")]
        tracking.sync()
        situations.a_trial_no_longer_matches(tracking.world, B, SPINE)
        tracking.searches = [a_search(SPINE), a_search(CHORDOMA, name="z", exclude=[B])]
        assert news(tracking.sync_next_day()) == [
            f"{B} left spine: no longer matches",
            f"{B} left z: excluded",
        ]
        assert tracking.state(B) == "watched"
