"""Records that can't be read, or only just (DESIGN §4, Guards): shown, survived, and no reason to leave."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from sqlalchemy import select

from tests.registry.standin import World, noise, results, situations
from tests.runs.tracking import SPINE, A, B, C, D, Tracking, news
from tracker.runs import Outcome
from tracker.store import schema
from tracker.store.studies import tracked_study
from tracker.sync import Synced


def sync_next_day_with(tracking: Tracking, spoil: Callable[[World, str], None], study: str) -> Synced:
    """A sync of a new day's data, in which this record is spoilt; its data date is that day's like all others'."""
    tracking.next_day()
    spoil(tracking.world, study)
    return tracking.sync()


class TestAModuleOfTheWrongShape:
    def test_its_last_good_version_stays_and_so_does_the_trial(self, tracking: Tracking) -> None:
        tracking.sync()
        situations.closes_to_recruitment(tracking.world, A)
        synced = sync_next_day_with(tracking, noise.a_module_has_the_wrong_type, B)
        assert news(synced) == [f"{A} closed_to_recruitment: overall_status"]
        assert (synced.run.outcome, tracking.members()) == (Outcome.OK, {A, B, C})
        assert (tracking.status(B), tracking.versions(B)) == ("RECRUITING", 1)
        [problem] = synced.run.problems
        assert (problem.nct_id, problem.path) == (B, "protocolSection.statusModule")
        assert problem.reason == "an object was expected, not a text"
        [line] = synced.run.coverage
        assert (line.held, line.total, line.unreadable) == (2, 3, (B,))

    def test_it_is_shown_by_every_run_until_it_is_whole_again(self, tracking: Tracking) -> None:
        tracking.sync()
        for _ in range(2):
            assert len(sync_next_day_with(tracking, noise.a_module_has_the_wrong_type, B).run.problems) == 1
        noise.a_record_is_whole_again(tracking.world, B)
        synced = tracking.sync_next_day()
        assert (synced.run.problems, synced.changes, tracking.versions(B)) == ((), (), 1)

    def test_what_happened_meanwhile_is_told_once_it_is_whole_again(self, tracking: Tracking) -> None:
        tracking.sync()
        sync_next_day_with(tracking, noise.a_module_has_the_wrong_type, B)
        noise.a_record_is_whole_again(tracking.world, B)
        situations.closes_to_recruitment(tracking.world, B)
        assert news(tracking.sync_next_day()) == [f"{B} closed_to_recruitment: overall_status"]

    def test_a_newcomer_that_cannot_be_read_enters_when_it_can(self, tracking: Tracking) -> None:
        tracking.sync()
        situations.a_trial_is_registered(tracking.world, D, returned_by=SPINE)
        synced = sync_next_day_with(tracking, noise.a_module_has_the_wrong_type, D)
        assert (synced.changes, [problem.nct_id for problem in synced.run.problems]) == ((), [D])
        noise.a_record_is_whole_again(tracking.world, D)
        # It was posted before the last complete sweep, which could not read it.
        assert news(tracking.sync_next_day()) == [f"{D} entered spine: an existing record now matches"]


class TestARecordWithoutAnId:
    @pytest.mark.parametrize("spoil", [noise.a_record_is_no_object, noise.a_record_has_no_nct_id])
    def test_nobody_leaves_because_it_might_be_anybodys(
        self, tracking: Tracking, spoil: Callable[[World, str], None]
    ) -> None:
        tracking.sync()
        situations.a_trial_is_removed(tracking.world, C)
        situations.closes_to_recruitment(tracking.world, A)
        synced = sync_next_day_with(tracking, spoil, B)
        assert synced.run.outcome is Outcome.INCOMPLETE
        assert news(synced) == [f"{A} closed_to_recruitment: overall_status"]
        assert tracking.members() == {A, B, C}
        [line] = synced.run.coverage
        assert line.note == "1 records have no readable NCT ID"
        assert len(line.unreadable) == 1
        assert [problem.nct_id for problem in synced.run.problems] == [None]
        noise.a_record_is_whole_again(tracking.world, B)
        assert news(tracking.sync()) == [f"{C} left spine: removed from the registry"]

    def test_the_path_is_named(self, tracking: Tracking) -> None:
        noise.a_record_has_no_nct_id(tracking.world, B)
        [problem] = tracking.sync().run.problems
        assert problem.path == "protocolSection.identificationModule.nctId"


class TestOddText:
    """One record with a character that strict parsers or databases refuse must not cost the page."""

    @pytest.fixture(params=["sqlite", "postgresql"])
    def store_kind(self, request: pytest.FixtureRequest) -> str:
        kind: str = request.param
        return kind

    @pytest.mark.parametrize("spoil", [noise.a_title_has_a_lone_surrogate, noise.a_title_has_a_nul])
    def test_the_record_is_kept_and_so_are_the_others(
        self, tracking: Tracking, spoil: Callable[[World, str], None]
    ) -> None:
        tracking.sync()
        spoil(tracking.world, B)
        situations.closes_to_recruitment(tracking.world, C)
        synced = tracking.sync_next_day()
        assert synced.run.outcome is Outcome.OK
        assert set(news(synced)) == {
            f"{B} title: brief_title",
            f"{C} closed_to_recruitment: overall_status",
        }
        with tracking.store.connect() as connection:
            held = tracked_study(connection, B)
        assert held is not None
        title = held.summary.brief_title or ""
        assert title.endswith("(broken)")
        assert not set(title) & {"\x00", "\ud800"}
        assert tracking.sync_next_day().changes == ()

    @pytest.mark.parametrize("spoil", [noise.a_title_has_a_lone_surrogate, noise.a_title_has_a_nul])
    def test_from_the_first_day_on(self, tracking: Tracking, spoil: Callable[[World, str], None]) -> None:
        spoil(tracking.world, B)
        assert (tracking.sync().run.outcome, tracking.members()) == (Outcome.OK, {A, B, C})
        assert news(tracking.sync_next_day()) == []

    def test_an_odd_reason_for_stopping_reaches_the_change(self, tracking: Tracking) -> None:
        tracking.sync()
        situations.a_trial_is_suspended(tracking.world, A, why="Funding\x00 ended \ud800")
        synced = tracking.sync_next_day()
        assert news(synced) == [f"{A} stopped: overall_status"]
        why = synced.changes[0].change.why or ""
        assert why.startswith("Funding")
        assert "\x00" not in why


class TestUnknownWords:
    def test_a_status_that_the_tracker_does_not_know_is_told_as_it_stands(self, tracking: Tracking) -> None:
        tracking.sync()
        with situations.a_change_by_the_registry(tracking.world, A) as study:
            study["protocolSection"]["statusModule"]["overallStatus"] = "PAUSED_BY_REGULATOR"
        synced = tracking.sync_next_day()
        change = synced.changes[0].change
        assert (change.field, change.before, change.after) == ("overall_status", "RECRUITING", "PAUSED_BY_REGULATOR")
        assert tracking.status(A) == "PAUSED_BY_REGULATOR"
        assert tracking.sync_next_day().changes == ()

    def test_a_new_module_is_other_news(self, tracking: Tracking) -> None:
        tracking.sync()
        with situations.a_change_by_the_registry(tracking.world, A) as study:
            study["protocolSection"]["environmentModule"] = {"carbonFootprint": "12 t"}
        # The fields asked for are sections: a new module comes along.
        assert news(tracking.sync_next_day()) == [f"{A} other: other"]

    def test_an_impossible_date_is_kept_and_named(self, tracking: Tracking) -> None:
        tracking.sync()
        with situations.a_change_by_the_registry(tracking.world, A) as study:
            study["protocolSection"]["statusModule"]["completionDateStruct"]["date"] = "2023-02-30"
        synced = tracking.sync_next_day()
        assert [problem.nct_id for problem in synced.run.problems] == [A]
        assert news(synced) == [f"{A} date_moved: completion_date"]


def test_null_and_absent_are_the_same(tracking: Tracking) -> None:
    tracking.sync()
    study = tracking.world.study(A)
    study["protocolSection"]["statusModule"]["whyStopped"] = None
    study["protocolSection"]["ipdSharingStatementModule"]["infoTypes"] = []
    tracking.world.serve_raw(A, json.dumps(study).encode())
    synced = tracking.sync(full=True)
    assert (synced.changes, tracking.versions(A)) == ((), 1)


def test_results_are_not_kept(tracking: Tracking, world_with_results: World) -> None:
    tracking.sync()
    with tracking.store.connect() as connection:
        sizes = connection.execute(select(schema.study_version.c.body_size)).scalars().all()
    assert len(sizes) == 3
    asked = [request.params["fields"] for request in tracking.registry.requests_to("/studies")]
    assert all("resultsSection" not in fields for fields in asked)


@pytest.fixture
def world_with_results(tracking: Tracking) -> World:
    results.results_are_posted(tracking.world, A)
    return tracking.world
