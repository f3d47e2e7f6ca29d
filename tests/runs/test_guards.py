"""What is not believed at once (DESIGN §4, "Guards"): a search that shrinks or grows, a field that changes in bulk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reports.trust import bulk_fields
from tests.registry.standin import World, noise, results, situations
from tests.runs.tracking import SPINE, Tracking, a_registry, a_search, following, news, trials
from tracker.changes import Kind
from tracker.runs import GuardKind, Outcome
from tracker.store.engine import Store
from tracker.store.runs import runs
from tracker.store.searches import searches
from tracker.sync import Request, Synced, sync

HUNDRED = trials(100)
OLD = trials(30, first=501)
CHORDOMA = "chordoma"


@pytest.fixture
def tracking(store: Store) -> Iterator[Tracking]:
    """A search with a hundred members."""
    with following(store, a_registry(HUNDRED)) as tracking:
        tracking.sync()
        yield tracking


def vanish(world: World, *ids: str) -> None:
    """The registry's index does not have these for the moment; their own pages are there."""
    world.hide(ids)


def die_after_the_first_page(tracking: Tracking) -> int:
    """The id of a run that was interrupted once its first page was written."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with tracking.client() as client, pytest.raises(KeyboardInterrupt):
        sync(tracking.store, client, Request(searches=tracking.searches), now=tracking.clock, progress=interrupt)
    return tracking.runs()[-1].id


def suspicious(tracking: Tracking, search: str = "spine") -> str | None:
    with tracking.store.connect() as connection:
        return next(one.suspicious for one in searches(connection) if one.name == search)


class TestShrink:
    @pytest.mark.parametrize(
        ("members", "lost", "guarded"), [(100, 10, False), (100, 11, True), (20, 5, False), (20, 6, True)]
    )
    def test_more_than_five_and_more_than_a_tenth(self, store: Store, members: int, lost: int, guarded: bool) -> None:
        with following(store, a_registry(trials(members))) as tracking:
            tracking.sync()
            vanish(tracking.world, *trials(lost))
            synced = tracking.sync_next_day()
            assert len(synced.changes) == (0 if guarded else lost)
            assert [guard.kind for guard in synced.run.guards] == ([GuardKind.SHRINK] if guarded else [])

    def test_nobody_leaves_and_the_search_says_why(self, tracking: Tracking) -> None:
        situations.the_index_shrinks(tracking.world, to=0.1)
        synced = tracking.sync_next_day()
        assert (synced.run.outcome, news(synced), len(tracking.members())) == (Outcome.OK, [], 100)
        assert tracking.asked == ["/version", "/studies", "/version"]  # and nobody is asked ninety questions
        [guard] = synced.run.guards
        assert (guard.kind, guard.search, guard.count) == (GuardKind.SHRINK, "spine", 90)
        assert suspicious(tracking) == guard.reason
        assert "lost 90 of its 100 members at once" in guard.reason

    def test_what_is_still_there_changes_as_ever(self, tracking: Tracking) -> None:
        situations.the_index_shrinks(tracking.world, to=0.1)
        situations.closes_to_recruitment(tracking.world, HUNDRED[0])
        assert news(tracking.sync_next_day()) == [f"{HUNDRED[0]} closed_to_recruitment: overall_status"]

    def test_an_index_that_recovers_leaves_no_trace(self, tracking: Tracking) -> None:
        situations.the_index_shrinks(tracking.world, to=0.1)
        tracking.sync_next_day()
        situations.the_index_recovers(tracking.world)
        synced = tracking.sync_next_day()
        assert (synced.changes, synced.run.guards, suspicious(tracking)) == ((), (), None)
        assert tracking.all_news() == []

    def test_a_second_sweep_of_newer_data_confirms_who_is_missing_in_both(self, tracking: Tracking) -> None:
        gone, only_now = HUNDRED[:20], HUNDRED[20:25]
        vanish(tracking.world, *gone, *HUNDRED[25:30])
        tracking.sync_next_day()
        vanish(tracking.world, *gone, *only_now)
        synced = tracking.sync_next_day()
        assert news(synced) == [f"{one} left spine: no longer matches" for one in gone]
        assert tracking.members() == set(HUNDRED) - set(gone)
        assert suspicious(tracking) is not None  # because of those that are missing for the first time
        assert news(tracking.sync_next_day()) == [f"{one} left spine: no longer matches" for one in only_now]
        assert suspicious(tracking) is None

    def test_the_second_sweep_clears_the_suspicion_if_nobody_else_is_missing(self, tracking: Tracking) -> None:
        vanish(tracking.world, *HUNDRED[:20])
        tracking.sync_next_day()
        synced = tracking.sync_next_day()
        assert (len(synced.changes), synced.run.guards, suspicious(tracking)) == (20, (), None)

    def test_the_same_data_once_more_confirms_nothing(self, tracking: Tracking) -> None:
        vanish(tracking.world, *HUNDRED[:20])
        tracking.sync_next_day()
        assert tracking.sync().run.outcome is Outcome.NOTHING_NEW
        synced = tracking.sync(full=True)
        assert (synced.changes, len(synced.run.guards), len(tracking.members())) == ((), 1, 100)

    def test_accept_shrink_believes_it_at_once(self, tracking: Tracking) -> None:
        vanish(tracking.world, *HUNDRED[:20])
        synced = tracking.sync_next_day(accept_shrink=True)
        assert (len(synced.changes), synced.run.guards, suspicious(tracking)) == (20, (), None)

    def test_accept_shrink_after_the_run_that_was_not_believed(self, tracking: Tracking) -> None:
        vanish(tracking.world, *HUNDRED[:20])
        tracking.sync_next_day()
        synced = tracking.sync(accept_shrink=True)
        assert news(synced) == [f"{one} left spine: no longer matches" for one in HUNDRED[:20]]
        assert suspicious(tracking) is None
        assert tracking.sync_next_day().changes == ()

    def test_an_edit_of_the_term_is_believed(self, tracking: Tracking) -> None:
        vanish(tracking.world, *HUNDRED[:20])
        tracking.sync_next_day()
        tracking.world.returns(CHORDOMA, HUNDRED)
        tracking.searches = [a_search(CHORDOMA)]
        synced = tracking.sync()
        assert news(synced) == [f"{one} left spine: the search was edited" for one in HUNDRED[:20]]
        assert suspicious(tracking) is None

    def test_an_incomplete_run_in_between_confirms_nothing(self, tracking: Tracking) -> None:
        vanish(tracking.world, *HUNDRED[:20])
        tracking.sync_next_day()
        tracking.world.serve_raw(HUNDRED[50], b"[]")
        assert tracking.sync_next_day().changes == ()
        tracking.world.serve_raw(HUNDRED[50], None)
        assert len(tracking.sync_next_day().changes) == 20

    def test_one_of_two_terms_shrinks(self, tracking: Tracking) -> None:
        """Whoever the other term still returns is a member as ever; of the rest nobody leaves."""
        tracking.world.returns(CHORDOMA, HUNDRED[:50])
        tracking.searches = [a_search(SPINE, CHORDOMA)]
        tracking.sync()
        for one in HUNDRED[:60]:
            situations.a_trial_no_longer_matches(tracking.world, one, SPINE)
        synced = tracking.sync_next_day()
        assert (synced.changes, len(tracking.members())) == ((), 100)
        assert news(tracking.sync_next_day()) == [f"{one} left spine: no longer matches" for one in HUNDRED[50:60]]


class TestGrowth:
    def grow(self, tracking: Tracking, count: int) -> None:
        for one in OLD[:count]:
            situations.a_trial_is_registered(tracking.world, one, posted="2019-05-06", returned_by=SPINE)

    def labels(self, synced: Synced) -> list[object]:
        return [found.change.detail.get("unusual_growth") for found in synced.changes]

    def test_newcomers_beyond_a_tenth_are_labelled(self, tracking: Tracking) -> None:
        self.grow(tracking, 11)
        synced = tracking.sync_next_day()
        assert self.labels(synced) == [True] * 11
        [guard] = synced.run.guards
        assert (guard.kind, guard.count) == (GuardKind.GROWTH, 11)
        assert suspicious(tracking) == guard.reason
        assert len(tracking.members()) == 111

    def test_a_tenth_is_not(self, tracking: Tracking) -> None:
        self.grow(tracking, 10)
        synced = tracking.sync_next_day()
        assert (self.labels(synced), synced.run.guards) == ([None] * 10, ())

    def test_the_next_sweep_clears_it(self, tracking: Tracking) -> None:
        self.grow(tracking, 20)
        tracking.sync_next_day()
        assert (tracking.sync_next_day().run.guards, suspicious(tracking)) == ((), None)

    def test_newcomers_of_an_incomplete_run_are_labelled_too(self, tracking: Tracking) -> None:
        self.grow(tracking, 20)
        tracking.searches = [a_search(SPINE, "AREA[NoSuchArea]x")]
        synced = tracking.sync_next_day()
        assert synced.run.outcome is Outcome.INCOMPLETE
        assert self.labels(synced) == [True] * 20

    def test_a_new_term_may_bring_as_many_as_it_likes(self, tracking: Tracking) -> None:
        for one in OLD:
            situations.a_trial_is_registered(tracking.world, one, posted="2019-05-06")
        tracking.world.returns(CHORDOMA, OLD)
        tracking.searches = [a_search(SPINE, CHORDOMA)]
        synced = tracking.sync()
        assert (len(synced.changes), synced.run.guards, suspicious(tracking)) == (30, (), None)


class TestBulk:
    """The registry rewrites a field in all its records, as on 2025-08-26."""

    def edit(self, tracking: Tracking, count: int) -> None:
        for one in HUNDRED[:count]:
            with tracking.world.editing(one) as study:
                study["protocolSection"]["eligibilityModule"]["eligibilityCriteria"] = "Rewritten by the registry"

    def test_from_fifty_trials_on(self, tracking: Tracking) -> None:
        self.edit(tracking, 50)
        synced = tracking.sync_next_day()
        assert len(synced.changes) == 50  # every change is recorded; it's the report that folds them
        [guard] = synced.run.guards
        assert (guard.kind, guard.field, guard.count) == (GuardKind.BULK, "eligibility_criteria", 50)

    def test_not_below_fifty(self, tracking: Tracking) -> None:
        self.edit(tracking, 49)
        assert tracking.sync_next_day().run.guards == ()

    def test_not_up_to_a_third_of_all(self, store: Store) -> None:
        many = trials(151)
        with following(store, a_registry(many)) as tracking:
            tracking.sync()
            self.edit(tracking, 50)
            assert tracking.sync_next_day().run.guards == ()
            for one in many[:51]:
                situations.enrollment_changes(tracking.world, one, 77)
            [guard] = tracking.sync_next_day().run.guards
            assert (guard.field, guard.count) == ("enrollment", 51)

    def test_never_for_statuses_and_results(self, tracking: Tracking) -> None:
        for one in HUNDRED:
            situations.status_flips_to_unknown(tracking.world, one)
            results.results_are_posted(tracking.world, one)
        synced = tracking.sync_next_day()
        assert {found.change.kind for found in synced.changes} == {
            Kind.STATUS,
            Kind.RESULTS_POSTED,
            Kind.RESULTS_REVIEW,
        }
        assert synced.run.guards == ()

    def test_a_field_of_all_records_at_once(self, tracking: Tracking) -> None:
        noise.every_record_changes(tracking.world, "eligibilityModule.minimumAge", "21 Years")
        [guard] = tracking.sync_next_day().run.guards
        assert (guard.field, guard.count) == ("minimum_age", 100)

    def test_noise_in_all_records_is_nothing(self, tracking: Tracking) -> None:
        noise.the_registry_reingests(tracking.world)
        synced = tracking.sync_next_day()
        assert (synced.changes, synced.run.guards, synced.run.versions_written) == ((), (), 0)

    def test_never_for_departures_which_a_run_that_was_refused_tells_of_a_search_that_was_given_up(
        self, tracking: Tracking
    ) -> None:
        tracking.world.returns(CHORDOMA, HUNDRED[:60])
        tracking.searches = (a_search(), a_search(CHORDOMA, name="chordoma"))
        tracking.sync()
        tracking.searches = (a_search("AREA[Foo"),)
        refused = tracking.sync_next_day()
        assert (refused.run.outcome, len(refused.changes)) == (Outcome.FAILED, 60)
        tracking.searches = (a_search(),)
        synced = tracking.sync_next_day()
        assert (synced.run.outcome, synced.run.guards) == (Outcome.OK, ())

    def test_of_a_run_that_was_killed_and_of_the_one_that_went_on(self, store: Store) -> None:
        """A thousand records of the first page are written, then the process dies: together they are one rewrite."""
        many = trials(1060)
        world = a_registry(many)
        with following(store, world) as tracking:
            tracking.sync()
            for one in [*many[:330], *many[1000:1030]]:
                with world.editing(one) as study:
                    study["protocolSection"]["eligibilityModule"]["eligibilityCriteria"] = "Rewritten by the registry"
            tracking.next_day()
            killed = die_after_the_first_page(tracking)
            [guard] = tracking.sync().run.guards
            assert (guard.field, guard.count, guard.since_run) == ("eligibility_criteria", 360, killed)
            with store.connect() as connection:
                folded = bulk_fields(runs(connection))
            assert folded == {(killed, "eligibility_criteria"), (killed + 1, "eligibility_criteria")}
            assert tracking.sync_next_day().run.guards == ()

    def test_of_a_run_that_was_killed_when_all_was_written(self, tracking: Tracking) -> None:
        self.edit(tracking, 60)
        tracking.next_day()
        killed = die_after_the_first_page(tracking)
        synced = tracking.sync()
        assert synced.changes == ()
        assert [(guard.field, guard.count, guard.since_run) for guard in synced.run.guards] == [
            ("eligibility_criteria", 60, killed)
        ]

    def test_not_of_runs_that_came_to_their_close(self, tracking: Tracking) -> None:
        for part in (HUNDRED[:30], HUNDRED[30:60]):
            for one in part:
                with tracking.world.editing(one) as study:
                    study["protocolSection"]["eligibilityModule"]["eligibilityCriteria"] = "Edited by its sponsor"
            assert tracking.sync_next_day().run.guards == ()
