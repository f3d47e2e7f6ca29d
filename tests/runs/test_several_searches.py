"""Searches with members of their own, and what the store remembers of their terms, as whole runs over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from tests.registry.standin import situations
from tests.runs.tracking import SPINE, A, B, C, E, Tracking, a_search, news, trials
from tracker.runs import Outcome
from tracker.store import schema
from tracker.store.batches import held_studies

CHORDOMA = "chordoma"


@pytest.fixture(params=["sqlite", "postgresql"])
def store_kind(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


class TestSeveralSearches:
    @pytest.fixture(autouse=True)
    def _two_searches(self, tracking: Tracking) -> None:
        tracking.world.returns(CHORDOMA, [B, C])
        tracking.searches = [a_search(SPINE), a_search(CHORDOMA, name="chordoma")]

    def test_leaving_one_search_is_not_leaving_the_other(self, tracking: Tracking) -> None:
        tracking.sync()
        situations.a_trial_no_longer_matches(tracking.world, B, SPINE)
        assert news(tracking.sync_next_day()) == [f"{B} left spine: no longer matches"]
        assert (tracking.members("spine"), tracking.members("chordoma")) == ({A, C}, {B, C})
        assert tracking.state(B) == "tracked"
        situations.closes_to_recruitment(tracking.world, B)
        assert news(tracking.sync_next_day()) == [f"{B} closed_to_recruitment: overall_status"]

    def test_a_removed_trial_leaves_both_and_is_looked_up_once(self, tracking: Tracking) -> None:
        tracking.sync()
        situations.a_trial_is_removed(tracking.world, B)
        assert news(tracking.sync_next_day()) == [
            f"{B} left chordoma: removed from the registry",
            f"{B} left spine: removed from the registry",
        ]
        assert tracking.asked.count(f"/studies/{B}") == 1

    def test_a_content_change_is_told_once_however_many_searches_have_the_trial(self, tracking: Tracking) -> None:
        tracking.sync()
        situations.closes_to_recruitment(tracking.world, B)
        assert news(tracking.sync_next_day()) == [f"{B} closed_to_recruitment: overall_status"]

    def test_a_new_search_has_a_baseline_of_its_own(self, tracking: Tracking) -> None:
        tracking.searches = [a_search(SPINE)]
        tracking.sync()
        tracking.searches = [a_search(SPINE), a_search(CHORDOMA, name="chordoma")]
        assert news(tracking.sync()) == []
        assert tracking.members("chordoma") == {B, C}

    def test_a_search_that_config_no_longer_has(self, tracking: Tracking) -> None:
        tracking.sync()
        tracking.searches = [a_search(CHORDOMA, name="chordoma")]
        assert news(tracking.sync()) == [f"{one} left spine: the search was edited" for one in (A, B, C)]
        assert (tracking.state(A), tracking.state(B)) == ("left", "tracked")
        assert open_matches(tracking, "spine") == set()
        assert tracking.sync().run.outcome is Outcome.NOTHING_NEW

    def test_a_search_that_config_has_again(self, tracking: Tracking) -> None:
        """Its terms are new again: whoever they bring entered by an edit, and no growth is unusual."""
        both = tracking.searches
        more = trials(8, first=10)
        tracking.sync()
        tracking.searches = both[1:]
        tracking.sync()
        for one in more:
            situations.a_trial_is_registered(tracking.world, one, posted="2019-05-06", returned_by=SPINE)
        tracking.searches = both
        synced = tracking.sync_next_day()
        assert news(synced) == sorted(f"{one} entered spine: the search was edited" for one in (A, B, C, *more))
        assert synced.run.guards == ()
        assert tracking.sync_next_day().changes == ()

    def test_one_search_alone(self, tracking: Tracking) -> None:
        """`tracker sync --search spine` leaves the others as they are."""
        tracking.sync()
        situations.a_trial_is_removed(tracking.world, B)
        synced = tracking.sync_next_day(only="spine")
        assert news(synced) == [f"{B} left spine: removed from the registry"]
        assert (tracking.members("chordoma"), tracking.state(B)) == ({B, C}, "tracked")
        assert synced.run.searches == ("spine",)
        assert news(tracking.sync()) == [f"{B} left chordoma: removed from the registry"]
        assert tracking.state(B) == "removed"


class TestTermMatches:
    """Which term returned which trial, and since when."""

    def test_a_match_has_a_beginning_and_an_end(self, tracking: Tracking) -> None:
        tracking.world.returns(CHORDOMA, [A, B])
        tracking.searches = [a_search(SPINE, CHORDOMA)]
        first = tracking.sync().run.id
        situations.a_trial_no_longer_matches(tracking.world, B, CHORDOMA)
        assert news(second := tracking.sync_next_day()) == []
        situations.matches_again(tracking.world, B, CHORDOMA)
        third = tracking.sync_next_day().run.id
        assert matches_of(tracking, CHORDOMA, B) == [(first, second.run.id), (third, None)]
        assert matches_of(tracking, SPINE, B) == [(first, None)]

    def test_a_term_that_is_dropped_ends_its_matches(self, tracking: Tracking) -> None:
        tracking.world.returns(CHORDOMA, [A])
        tracking.searches = [a_search(SPINE, CHORDOMA)]
        first = tracking.sync().run.id
        tracking.searches = [a_search(SPINE)]
        second = tracking.sync().run.id
        assert matches_of(tracking, CHORDOMA, A) == [(first, second)]

    def test_a_term_that_is_dropped_and_added_again_is_new(self, tracking: Tracking) -> None:
        """Even if its first sweep in its new life was incomplete."""
        old = trials(8, first=10)
        for one in old:
            situations.a_trial_is_registered(tracking.world, one, posted="2019-05-06")
        tracking.world.returns(CHORDOMA, [A])
        tracking.searches = [a_search(SPINE, CHORDOMA)]
        tracking.sync()
        tracking.searches = [a_search(SPINE)]
        tracking.sync()
        tracking.world.returns(CHORDOMA, [A, *old])
        tracking.searches = [a_search(SPINE, CHORDOMA)]
        tracking.world.serve_raw(old[0], b'{"no": "id"}')
        assert tracking.sync_next_day().run.outcome is Outcome.INCOMPLETE
        tracking.world.serve_raw(old[0], None)
        synced = tracking.sync_next_day()
        assert news(synced) == [f"{old[0]} entered spine: the search was edited"]
        assert synced.run.guards == ()

    def test_an_incomplete_sweep_ends_no_match(self, tracking: Tracking) -> None:
        first = tracking.sync().run.id
        situations.a_trial_no_longer_matches(tracking.world, B)
        tracking.world.serve_raw(C, b"[]")
        assert tracking.sync_next_day().run.outcome is Outcome.INCOMPLETE
        assert matches_of(tracking, SPINE, B) == [(first, None)]


def test_more_trials_than_a_database_takes_parameters(tracking: Tracking) -> None:
    """SQLite takes 32,766 in one statement, PostgreSQL 65,535; a broad search can return more."""
    tracking.sync()
    with tracking.store.connect() as connection:
        held = held_studies(connection, trials(70_000))
    assert set(held) == {A, B, C}


def matches_of(tracking: Tracking, expression: str, study: str) -> list[tuple[int, int | None]]:
    """The runs since when and until when a term returned a study."""
    match, term = schema.term_match, schema.term
    query = (
        select(match.c.since_run, match.c.until_run)
        .join(term, term.c.id == match.c.term)
        .where(match.c.nct_id == study, term.c.query.contains(expression))
        .order_by(match.c.id)
    )
    with tracking.store.connect() as connection:
        return [(since, until) for since, until in connection.execute(query)]


def open_matches(tracking: Tracking, search: str) -> set[str]:
    match, term = schema.term_match, schema.term
    query = (
        select(match.c.nct_id)
        .join(term, term.c.id == match.c.term)
        .where(term.c.search == search, match.c.until_run.is_(None))
    )
    with tracking.store.connect() as connection:
        return set(connection.execute(query).scalars())


def test_the_stays_of_a_trial_are_dated(tracking: Tracking) -> None:
    tracking.sync()
    situations.a_trial_no_longer_matches(tracking.world, E)
    situations.a_trial_no_longer_matches(tracking.world, B)
    tracking.sync_next_day()
    with tracking.store.connect() as connection:
        row = connection.execute(select(schema.member).where(schema.member.c.nct_id == B)).mappings().one()
    assert row["since"].date() == datetime(2026, 3, 2, tzinfo=UTC).date()
    assert row["until"].date() == datetime(2026, 3, 3, tzinfo=UTC).date()
    assert row["left_why"] == "no longer matches"
