"""The registry fails at any moment of a run: the run says so, nothing is invented, the next run catches up."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.registry.standin import faults, situations
from tests.registry.standin.faults import Fault
from tests.runs.tracking import SPINE, A, B, C, D, E, Tracking, a_registry, a_search, following, news
from tracker.runs import Outcome
from tracker.store.engine import Store
from tracker.sync import Request, sync

CHORDOMA = "chordoma"
EXPECTED = [
    f"{A} closed_to_recruitment: overall_status",
    f"{B} left spine: no longer matches",
    f"{C} left spine: removed from the registry",
    f"{D} entered spine: newly registered",
    f"{E} date_moved: primary_completion_date",
]


@pytest.fixture
def tracking(store: Store) -> Iterator[Tracking]:
    """A day on which everything happens at once: 7 requests without a fault."""
    world = a_registry([A, B, C])
    situations.a_trial_is_registered(world, E, posted="2019-05-06")
    world.returns(CHORDOMA, [A])
    with following(store, world) as tracking:
        tracking.searches = [a_search(SPINE, CHORDOMA, include=[E])]
        tracking.sync()
        situations.closes_to_recruitment(world, A)
        situations.a_trial_no_longer_matches(world, B)
        situations.a_trial_is_removed(world, C)
        situations.a_trial_is_registered(world, D, returned_by=SPINE)
        situations.a_date_slips(world, E, to="2027-01")
        world.refresh()
        yield tracking


REQUESTS = 7


def test_what_an_undisturbed_run_tells(tracking: Tracking) -> None:
    assert news(tracking.sync()) == EXPECTED
    assert len(tracking.asked) == REQUESTS


@pytest.mark.parametrize("request_number", range(1, REQUESTS + 1))
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (faults.blocked(), "refuses this address or client (HTTP 403)"),
        (faults.connection_reset(), "no connection"),
        (faults.server_error(503), "not available (HTTP 503)"),
    ],
    ids=lambda value: value.name if isinstance(value, Fault) else "",
)
def test_for_good(tracking: Tracking, fault: Fault, said: str, request_number: int) -> None:
    tracking.registry.fail(fault, after=request_number - 1, times=None)
    failed = tracking.sync()
    assert failed.run.outcome is Outcome.FAILED
    assert said in (failed.run.error or "")
    assert not [line for line in news(failed) if " left " in line or " entered " in line]
    assert tracking.members() == {A, B, C, E}
    tracking.registry.heal()
    caught_up = tracking.sync()
    assert caught_up.run.outcome is Outcome.OK
    assert sorted(news(failed) + news(caught_up)) == EXPECTED
    assert sorted(tracking.all_news()) == EXPECTED
    assert tracking.sync().run.outcome is Outcome.NOTHING_NEW


PASSING = (
    faults.connection_reset(),
    faults.html_instead(),
    faults.body("{}"),
    faults.too_many_requests("2"),
    faults.server_error(500),
)
PASSING_BUT_NOT_IN_A_404 = (faults.gzip_cut(), faults.truncated_json())


@pytest.mark.parametrize(
    ("fault", "request_number"),
    [
        *((fault, number) for fault in PASSING for number in range(1, REQUESTS + 1)),
        *((fault, number) for fault in PASSING_BUT_NOT_IN_A_404 for number in range(1, REQUESTS)),
    ],
    ids=lambda value: value.name if isinstance(value, Fault) else str(value),
)
def test_in_passing(tracking: Tracking, fault: Fault, request_number: int) -> None:
    """What passes by itself costs one more request, and nothing else."""
    tracking.registry.fail(fault, after=request_number - 1)
    synced = tracking.sync()
    assert (synced.run.outcome, news(synced)) == (Outcome.OK, EXPECTED)
    assert synced.run.requests == REQUESTS + 1


def test_a_cut_404_is_no_removal(tracking: Tracking) -> None:
    """Only the registry's exact words say that a trial was removed."""
    tracking.registry.fail(faults.truncated_json(), after=REQUESTS - 1)
    unclear = tracking.sync()
    [problem] = unclear.run.problems
    assert problem.path == "looked up by its id"
    assert problem.nct_id in tracking.members()
    assert sorted(news(unclear) + news(tracking.sync())) == EXPECTED


class TestTheRunSaysSo:
    def test_an_unreachable_registry_leaves_the_store_as_it_was(self, tracking: Tracking) -> None:
        before = tracking.tables()
        tracking.registry.fail(faults.connection_reset(), times=None)
        failed = tracking.sync().run
        after = tracking.tables()
        assert (failed.outcome, failed.data_date, failed.coverage) == (Outcome.FAILED, None, ())
        assert {name for name in before if before[name] != after[name]} == {"run"}
        assert failed.finished_at is not None

    def test_a_run_that_takes_too_long_is_a_failed_run(self, tracking: Tracking) -> None:
        clock = [0.0]
        tracking.registry.in_the_middle(lambda: clock.append(3601.0), after=3)
        with tracking.client(run_deadline_s=3600, clock=lambda: clock[-1]) as client:
            failed = sync(tracking.store, client, Request(searches=tracking.searches), now=tracking.clock).run
        assert failed.outcome is Outcome.FAILED
        assert "the run has taken longer than 3600 seconds" in (failed.error or "")
        tracking.sync()
        assert sorted(tracking.all_news()) == EXPECTED


@pytest.mark.parametrize("path", ["/studies", "/version"])
def test_days_of_failures_then_one_run_tells_it_all(tracking: Tracking, path: str) -> None:
    tracking.registry.fail(faults.blocked(), path=path, times=None)
    for _ in range(3):
        assert tracking.sync_next_day().run.outcome is Outcome.FAILED
    tracking.registry.heal()
    assert news(tracking.sync_next_day()) == EXPECTED


def test_nothing_else_can_make_a_search_empty(tracking: Tracking) -> None:
    """200 and an empty list, without the count: neither direction has anything."""
    tracking.registry.fail(faults.body('{"studies":[  ]}'), path="/studies", times=None)
    synced = tracking.sync()
    assert (synced.run.outcome, synced.changes) == (Outcome.INCOMPLETE, ())
    assert tracking.members() == {A, B, C, E}
