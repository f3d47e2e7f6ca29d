"""Which term returned which study, since when and until when. What one sync leaves, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from tests.runs.tracking import SPINE, A, B, C, Tracking, a_registry, a_search, a_term, following
from tracker.store.engine import Store
from tracker.store.searches import Membership, memberships
from tracker.store.terms import StoredTerm, TermMatch, stored_terms, term_matches

CHORDOMA = "chordoma"

on_sqlite = pytest.mark.parametrize("store_kind", ["sqlite"])


@pytest.fixture
def tracking(store: Store) -> Iterator[Tracking]:
    world = a_registry()
    world.returns(CHORDOMA, [A])
    with following(store, world) as tracking:
        tracking.searches = (a_search(SPINE, CHORDOMA),)
        yield tracking


def terms(tracking: Tracking) -> dict[str, StoredTerm]:
    with tracking.store.connect() as connection:
        return {dict(one.query.params)["query.cond"]: one for one in stored_terms(connection)}


def matches(tracking: Tracking, study: str) -> list[TermMatch]:
    with tracking.store.connect() as connection:
        return term_matches(connection, study)  # type: ignore[arg-type]


def stays(tracking: Tracking, study: str) -> list[Membership]:
    with tracking.store.connect() as connection:
        return memberships(connection, study)  # type: ignore[arg-type]


def test_each_term_has_its_studies(tracking: Tracking) -> None:
    run = tracking.sync().run
    known = terms(tracking)
    assert {name: (one.search, one.active, one.matches, one.since) for name, one in known.items()} == {
        SPINE: ("spine", True, 3, run.started_at),
        CHORDOMA: ("spine", True, 1, run.started_at),
    }
    assert {(one.query, one.since, one.since_data, one.until) for one in matches(tracking, A)} == {
        (a_term(SPINE), run.started_at, date(2026, 3, 2), None),
        (a_term(CHORDOMA), run.started_at, date(2026, 3, 2), None),
    }
    assert [one.query for one in matches(tracking, B)] == [a_term(SPINE)]


@on_sqlite
def test_a_term_counts_from_its_own_first_complete_run(tracking: Tracking) -> None:
    first = tracking.sync().run
    tracking.searches = (a_search(SPINE, CHORDOMA, "new"),)
    tracking.world.returns("new", [A, B])
    second = tracking.sync_next_day().run
    known = terms(tracking)
    assert {name: (one.search, one.active, one.matches, one.since) for name, one in known.items()} == {
        SPINE: ("spine", True, 3, first.started_at),
        CHORDOMA: ("spine", True, 1, first.started_at),
        "new": ("spine", True, 2, second.started_at),
    }


@on_sqlite
def test_a_term_taken_out_is_known_as_such(tracking: Tracking) -> None:
    tracking.sync()
    tracking.searches = (a_search(SPINE),)
    tracking.sync_next_day()
    gone = terms(tracking)[CHORDOMA]
    assert (gone.active, gone.matches, gone.since) == (False, 0, None)


@on_sqlite
def test_a_membership_says_which_terms_matched_since_when_until_when_and_why(tracking: Tracking) -> None:
    first = tracking.sync().run
    tracking.world.stop_matching(A, CHORDOMA)
    second = tracking.sync_next_day().run
    tracking.world.stop_matching(A, SPINE)
    third = tracking.sync_next_day().run
    tracking.world.match_again(A, CHORDOMA)
    fourth = tracking.sync_next_day().run

    spans = sorted((one.since, one.until or fourth.started_at, str(one.query)) for one in matches(tracking, A))
    assert spans == [
        (first.started_at, second.started_at, f"query.cond={CHORDOMA}"),
        (first.started_at, third.started_at, f"query.cond={SPINE}"),
        (fourth.started_at, fourth.started_at, f"query.cond={CHORDOMA}"),
    ]
    assert [one.since_data for one in matches(tracking, A) if one.until is None] == [date(2026, 3, 5)]
    assert [(one.stay, one.entered_why, one.left_why) for one in stays(tracking, A)] == [
        (1, "baseline", "no longer matches"),
        (2, "returned", None),
    ]
    assert [one.terms for one in stays(tracking, A)] == [(), (a_term(CHORDOMA),)]


@on_sqlite
def test_matches_of_a_term_taken_out_end_and_say_so(tracking: Tracking) -> None:
    tracking.sync()
    tracking.searches = (a_search(SPINE),)
    second = tracking.sync_next_day().run
    ended = [one for one in matches(tracking, A) if one.until]
    assert [(one.query, one.active, one.until) for one in ended] == [(a_term(CHORDOMA), False, second.started_at)]


def test_what_no_term_returned_has_no_matches(tracking: Tracking) -> None:
    tracking.searches = (a_search(CHORDOMA, include=[C]),)
    tracking.sync()
    assert matches(tracking, B) == []
    assert matches(tracking, C) == []
    assert [one.entered_why for one in stays(tracking, C)] == ["baseline"]
