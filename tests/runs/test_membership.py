"""Who enters a search and who leaves it, and why (DESIGN §4, "Membership" and step 7), as whole runs over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from tests.registry.standin import situations
from tests.runs.tracking import SPINE, A, B, C, D, E, Tracking, a_search, news, trials
from tracker.changes import Kind, Weight
from tracker.runs import Outcome
from tracker.store import schema
from tracker.store.batches import held_studies
from tracker.store.studies import tracked_study

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
    def test_an_included_trial_can_leave_the_registry(self, tracking: Tracking, becomes, why: str) -> None:
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
    def test_it_ends_when_the_registry_has_it_no_more(self, tracking: Tracking, becomes, state: str) -> None:
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
