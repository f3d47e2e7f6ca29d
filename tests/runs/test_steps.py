"""The eight steps of a sync (DESIGN §4), as whole runs over HTTP."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.registry.standin import faults, noise, results, situations
from tests.registry.standin.faults import Fault
from tests.runs.tracking import SPINE, A, B, C, D, Tracking, a_search, news, trials
from tracker.runs import GuardKind, Outcome

CHORDOMA = "chordoma"


class TestBaseline:
    def test_the_first_run_of_a_search_is_no_news(self, tracking: Tracking) -> None:
        synced = tracking.sync()
        assert (synced.run.outcome, news(synced)) == (Outcome.OK, [])
        assert tracking.members() == {A, B, C}

    def test_what_changes_before_the_first_complete_run_is_news_of_the_trials_already_seen(
        self, tracking: Tracking
    ) -> None:
        tracking.searches = [a_search(SPINE, "AREA[NoSuchArea]x")]
        assert tracking.sync().run.outcome is Outcome.INCOMPLETE
        situations.a_trial_is_suspended(tracking.world, A, why="Funding")
        situations.a_trial_is_registered(tracking.world, D, returned_by=SPINE)
        assert news(tracking.sync_next_day()) == [f"{A} stopped: overall_status"]
        tracking.searches = [a_search(SPINE)]
        assert tracking.sync_next_day().changes == ()
        assert tracking.members() == {A, B, C, D}


class TestRequests:
    """What a day costs the registry (issue 2, measures), by the stand-in's own log."""

    def test_a_day_on_which_the_registry_published_nothing_costs_one_request(self, tracking: Tracking) -> None:
        tracking.sync()
        synced = tracking.sync()
        assert (synced.run.outcome, tracking.asked) == (Outcome.NOTHING_NEW, ["/version"])
        assert synced.run.requests == 1

    def test_a_new_day_without_news_costs_the_pages_and_a_version_before_and_after(self, tracking: Tracking) -> None:
        tracking.sync()
        synced = tracking.sync_next_day()
        assert tracking.asked == ["/version", "/studies", "/version"]
        assert (synced.run.requests, synced.run.outcome, synced.changes) == (3, Outcome.OK, ())

    def test_trials_followed_by_id_cost_one_more_for_each_hundred(self, tracking: Tracking) -> None:
        many = trials(101)
        for one in many[3:]:
            situations.a_trial_is_registered(tracking.world, one, posted="2020-01-06")
        tracking.searches = [a_search(include=many[:2] + many[3:])]
        tracking.sync()
        assert tracking.asked == ["/version", "/studies", "/studies", "/version"]
        tracking.searches = [a_search(include=many[3:])]
        tracking.world.returns(SPINE, [])
        tracking.sync_next_day(accept_shrink=True)  # A, B and C leave, and are followed by id from now on
        tracking.sync_next_day()
        assert tracking.asked == ["/version", "/studies", "/studies", "/studies", "/version"]

    @pytest.mark.parametrize("how", ["full", "accept_shrink"])
    def test_who_insists_gets_a_sweep_of_the_data_already_held(self, tracking: Tracking, how: str) -> None:
        tracking.sync()
        assert tracking.sync(**{how: True}).run.outcome is Outcome.OK
        assert tracking.asked == ["/version", "/studies", "/version"]

    def test_an_edited_search_is_swept_though_the_data_is_the_same(self, tracking: Tracking) -> None:
        tracking.sync()
        tracking.world.returns(CHORDOMA, [A])
        tracking.searches = [a_search(SPINE, CHORDOMA)]
        tracking.sync()
        assert tracking.asked == ["/version", "/studies", "/studies", "/version"]
        tracking.searches = [a_search(CHORDOMA, SPINE)]  # the same terms in another order are the same search
        tracking.sync()
        assert tracking.asked == ["/version"]

    def test_a_run_that_was_incomplete_is_done_again_though_the_data_is_the_same(self, tracking: Tracking) -> None:
        tracking.registry.fail(faults.total_count(9), path="/studies", times=2)
        assert tracking.sync().run.outcome is Outcome.INCOMPLETE
        assert tracking.sync().run.outcome is Outcome.OK
        assert tracking.sync().run.outcome is Outcome.NOTHING_NEW


class TestSweep:
    def test_each_change_is_told_by_one_run_only(self, tracking: Tracking) -> None:
        tracking.sync()
        situations.a_trial_completes(tracking.world, A, on="2026-02-20", enrolled=48)
        results.results_are_posted(tracking.world, B)
        expected = [
            f"{A} completed: overall_status",
            f"{A} date_reached: completion_date",
            f"{A} date_reached: primary_completion_date",
            f"{A} enrollment: enrollment",
            f"{B} results_posted: results_first_post_date",
            f"{B} results_review: results_first_submit_date",
        ]
        assert news(tracking.sync_next_day()) == expected
        assert news(tracking.sync()) == []
        assert news(tracking.sync(full=True)) == []
        assert news(tracking.sync_next_day()) == []
        assert sorted(tracking.all_news()) == expected

    def test_a_flip_to_unknown_is_seen_though_no_update_date_moves(self, tracking: Tracking) -> None:
        tracking.sync()
        situations.status_flips_to_unknown(tracking.world, A)
        assert news(tracking.sync_next_day()) == [f"{A} status: overall_status"]

    def test_there_and_back_again_is_two_changes(self, tracking: Tracking) -> None:
        tracking.sync()
        situations.closes_to_recruitment(tracking.world, A)
        assert news(tracking.sync_next_day()) == [f"{A} closed_to_recruitment: overall_status"]
        situations.reopens(tracking.world, A)
        assert news(tracking.sync_next_day()) == [f"{A} reopened: overall_status"]
        assert tracking.versions(A) == 3

    def test_a_page_boundary_is_no_border(self, tracking: Tracking) -> None:
        """1001 trials: a full page, one more with a single trial, and nobody lost or doubled."""
        many = trials(1001)
        for one in many[3:]:
            situations.a_trial_is_registered(tracking.world, one, posted="2020-01-06")
        tracking.world.returns(SPINE, many)
        synced = tracking.sync()
        assert tracking.members() == set(many)
        assert tracking.asked == ["/version", "/studies", "/studies", "/version"]
        assert synced.run.studies_read == 1001

    def test_a_record_that_comes_twice_counts_once(self, tracking: Tracking) -> None:
        tracking.registry.fail(faults.record_twice(), path="/studies")
        synced = tracking.sync()
        assert (synced.run.outcome, tracking.members()) == (Outcome.OK, {A, B, C})
        assert tracking.versions(A) == 1


class TestCompleteness:
    """The registry's own count must be met, or nobody leaves."""

    def test_what_one_direction_missed_the_other_meets(self, tracking: Tracking) -> None:
        tracking.registry.fail(faults.record_dropped(B), path="/studies")
        synced = tracking.sync()
        assert tracking.asked == ["/version", "/studies", "/studies", "/version"]
        sorts = [request.params["sort"] for request in tracking.registry.requests_to("/studies")]
        assert sorts == [
            "StudyFirstPostDate:asc,LastUpdatePostDate:asc",
            "StudyFirstPostDate:desc,LastUpdatePostDate:desc",
        ]
        assert (synced.run.outcome, tracking.members()) == (Outcome.OK, {A, B, C})

    def test_two_halves_are_united(self, tracking: Tracking) -> None:
        tracking.registry.fail(faults.record_dropped(A), path="/studies")
        tracking.registry.fail(faults.record_dropped(C), path="/studies", after=1)
        assert tracking.sync().run.outcome is Outcome.OK
        assert tracking.members() == {A, B, C}

    def test_still_short_is_incomplete_and_nobody_leaves(self, tracking: Tracking) -> None:
        tracking.sync()
        situations.closes_to_recruitment(tracking.world, A)
        tracking.registry.fail(faults.record_dropped(B), path="/studies", times=2)
        synced = tracking.sync_next_day()
        assert synced.run.outcome is Outcome.INCOMPLETE
        assert news(synced) == [f"{A} closed_to_recruitment: overall_status"]
        [line] = synced.run.coverage
        assert (line.complete, line.total, line.held) == (False, 3, 2)
        assert line.note == "the registry counts 3 studies, 2 were returned"
        assert tracking.members() == {A, B, C}
        assert news(tracking.sync()) == []

    @pytest.mark.parametrize("fault", [faults.empty_page(), faults.no_more_pages()], ids=lambda fault: fault.name)
    def test_a_walk_that_ends_early_is_no_departure(self, tracking: Tracking, fault: Fault) -> None:
        many = trials(1003)
        for one in many[3:]:
            situations.a_trial_is_registered(tracking.world, one, posted="2020-01-06")
        tracking.world.returns(SPINE, many)
        tracking.sync()
        tracking.registry.fail(fault, path="/studies", times=None)
        synced = tracking.sync_next_day()
        assert (synced.changes, len(tracking.members())) == ((), 1003)
        assert synced.run.outcome in (Outcome.OK, Outcome.INCOMPLETE)

    def test_without_the_registrys_count_nobody_leaves(self, tracking: Tracking) -> None:
        tracking.sync()
        uncounted = Fault("no totalCount", page=lambda page: replace(page, total=None))
        tracking.registry.fail(uncounted, path="/studies", times=None)
        tracking.registry.fail(faults.record_dropped(B), path="/studies", times=None)
        synced = tracking.sync_next_day()
        assert (synced.run.outcome, news(synced)) == (Outcome.INCOMPLETE, [])
        assert tracking.members() == {A, B, C}


class TestOneTermFails:
    def test_the_other_terms_go_on_and_nobody_leaves(self, tracking: Tracking) -> None:
        tracking.world.returns(CHORDOMA, [C])
        tracking.world.returns(SPINE, [A, B])
        tracking.searches = [a_search(CHORDOMA, SPINE)]
        tracking.sync()
        situations.a_trial_no_longer_matches(tracking.world, B)
        situations.closes_to_recruitment(tracking.world, A)
        situations.a_trial_is_registered(tracking.world, D, returned_by=SPINE)
        refused = Fault("refused", answer=faults.token_expired().answer)
        tracking.registry.fail(refused, path="/studies", after=1)  # terms are asked in a fixed order: SPINE is first
        synced = tracking.sync_next_day()
        assert synced.run.outcome is Outcome.INCOMPLETE
        assert news(synced) == [
            f"{A} closed_to_recruitment: overall_status",
            f"{D} entered spine: newly registered",
        ]
        complete = {line.label: line.complete for line in synced.run.coverage}
        assert complete == {f"condition: {SPINE}": True, f"condition: {CHORDOMA}": False}
        assert tracking.members() == {A, B, C, D}
        assert news(tracking.sync()) == [f"{B} left spine: no longer matches"]

    def test_another_search_is_complete_all_the_same(self, tracking: Tracking) -> None:
        tracking.world.returns(CHORDOMA, [A])
        tracking.searches = [a_search(SPINE), a_search("AREA[NoSuchArea]x", CHORDOMA, name="odd")]
        tracking.sync()
        situations.a_trial_no_longer_matches(tracking.world, A)
        synced = tracking.sync_next_day()
        assert (synced.run.outcome, news(synced)) == (
            Outcome.INCOMPLETE,
            [f"{A} left spine: no longer matches"],
        )
        assert tracking.members("odd") == {A}


class TestSameDataThroughout:
    def test_new_data_in_the_middle_means_another_round(self, tracking: Tracking) -> None:
        tracking.sync()
        tracking.next_day()

        def a_refresh() -> None:
            situations.closes_to_recruitment(tracking.world, A)
            tracking.next_day()

        tracking.registry.in_the_middle(a_refresh, after=2)
        synced = tracking.sync()
        assert tracking.asked == ["/version", "/studies", "/version", "/studies", "/version"]
        assert (synced.run.outcome, synced.run.rounds) == (Outcome.OK, 2)
        assert news(synced) == [f"{A} closed_to_recruitment: overall_status"]
        assert str(synced.run.data_date) == tracking.world.data_date
        assert tracking.sync().run.outcome is Outcome.NOTHING_NEW

    def test_three_rounds_are_enough(self, tracking: Tracking) -> None:
        tracking.sync()
        situations.a_trial_no_longer_matches(tracking.world, B)
        situations.closes_to_recruitment(tracking.world, A)
        for round_ in (2, 4, 6):
            tracking.registry.in_the_middle(tracking.next_day, after=round_)
        synced = tracking.sync_next_day()
        assert (synced.run.outcome, synced.run.rounds) == (Outcome.INCOMPLETE, 3)
        assert "the registry's data changed during each of 3 rounds" in (synced.run.error or "")
        assert news(synced) == [f"{A} closed_to_recruitment: overall_status"]
        assert news(tracking.sync()) == [f"{B} left spine: no longer matches"]

    def test_a_record_of_other_data_than_the_registrys_means_another_round(self, tracking: Tracking) -> None:
        """The registry is half-way through publishing: one record still carries the day before."""
        tracking.sync()
        yesterday = tracking.world.data_date
        whole = tracking.world.study(A)
        tracking.world.refresh()
        tracking.world.put(whole, stamp=yesterday)
        tracking.registry.in_the_middle(lambda: tracking.world.put(whole), after=2)
        synced = tracking.sync()
        assert (synced.run.outcome, synced.run.rounds, synced.changes) == (Outcome.OK, 2, ())


class TestOlderData:
    def test_an_older_mirror_is_refused(self, tracking: Tracking) -> None:
        tracking.sync_next_day()
        situations.closes_to_recruitment(tracking.world, A)
        before = tracking.tables()
        tracking.registry.fail(faults.older_mirror("2026-03-02T09:00:05"), times=None)
        synced = tracking.sync(full=True)
        assert (synced.run.outcome, tracking.asked) == (Outcome.FAILED, ["/version"])
        assert "offers data of 2026-03-02 09:00 UTC" in (synced.run.error or "")
        assert "already holds data of 2026-03-03 09:00 UTC" in (synced.run.error or "")
        assert {name: rows for name, rows in tracking.tables().items() if name != "run"} == {
            name: rows for name, rows in before.items() if name != "run"
        }

    def test_a_mirror_that_answers_only_the_last_question_makes_the_run_fail(self, tracking: Tracking) -> None:
        tracking.sync_next_day()
        tracking.world.refresh()
        tracking.registry.fail(faults.older_mirror("2026-03-02T09:00:05"), path="/version", after=1)
        assert tracking.sync().run.outcome is Outcome.FAILED
        assert tracking.sync().run.outcome is Outcome.OK

    def test_an_older_record_never_overwrites_a_newer_one(self, tracking: Tracking) -> None:
        tracking.sync()
        situations.closes_to_recruitment(tracking.world, A)
        tracking.sync_next_day()
        older = tracking.world.study(A)
        older["protocolSection"]["statusModule"]["overallStatus"] = "RECRUITING"
        newer = tracking.world.study(A)
        tracking.world.put(older, stamp="2026-03-02")
        synced = tracking.sync_next_day()
        assert (synced.run.outcome, news(synced)) == (Outcome.OK, [])
        assert tracking.status(A) == "ACTIVE_NOT_RECRUITING"
        assert [problem.nct_id for problem in synced.run.problems] == [A]
        tracking.world.put(newer)
        assert news(tracking.sync_next_day()) == []

    def test_older_records_by_the_dozen_are_told_and_not_taken(self, tracking: Tracking) -> None:
        tracking.sync()
        for one in (A, B, C):
            situations.closes_to_recruitment(tracking.world, one)
        tracking.sync_next_day()
        for one in (A, B, C):
            situations.reopens(tracking.world, one)
        tracking.registry.fail(faults.older_mirror("2026-03-02T09:00:05"), path="/studies", times=None)
        synced = tracking.sync_next_day()
        assert (synced.run.outcome, news(synced)) == (Outcome.INCOMPLETE, [])
        [guard] = synced.run.guards
        assert (guard.kind, guard.count) == (GuardKind.OLDER_RECORD, 3)

    def test_data_of_an_incomplete_run_is_held_too(self, tracking: Tracking) -> None:
        """D entered in Wednesday's data, though that run was incomplete: Tuesday's mirror must not make it leave."""
        tracking.sync()
        monday, tuesday = tracking.world.data_timestamp, tracking.world.refresh()
        situations.a_trial_is_registered(tracking.world, D, returned_by=SPINE)
        tracking.registry.fail(faults.total_count(9), path="/studies", times=2)
        assert news(tracking.sync_next_day()) == [f"{D} entered spine: newly registered"]
        tracking.registry.fail(faults.older_mirror(tuesday), times=None)
        synced = tracking.sync()
        assert (synced.run.outcome, news(synced)) == (Outcome.FAILED, [])
        assert monday < tuesday
        assert tracking.members() == {A, B, C, D}


class TestClose:
    def test_coverage_names_what_is_excluded_and_what_is_unreadable(self, tracking: Tracking) -> None:
        tracking.searches = [a_search(exclude=[B])]
        noise.a_module_has_the_wrong_type(tracking.world, C)
        [line] = tracking.sync().run.coverage
        assert (line.total, line.held, line.excluded, line.unreadable) == (3, 1, (B,), (C,))
        assert line.complete
        assert tracking.members() == {A}
