"""`tracker sync --dry-run` tells what a run would record, and writes nothing."""

from __future__ import annotations

import pytest

from tests.registry.standin import faults, situations
from tests.runs.tracking import SPINE, A, B, C, D, Tracking, a_search, news
from tracker.runs import Outcome


@pytest.fixture(params=["sqlite", "postgresql"])
def store_kind(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


def test_it_tells_what_the_real_run_then_records(tracking: Tracking) -> None:
    tracking.sync()
    situations.a_trial_completes(tracking.world, A, on="2026-02-20", enrolled=48)
    situations.a_trial_no_longer_matches(tracking.world, B)
    situations.a_trial_is_removed(tracking.world, C)
    situations.a_trial_is_registered(tracking.world, D, returned_by=SPINE)
    before = tracking.tables()
    dry = tracking.sync_next_day(dry_run=True)
    assert tracking.tables() == before
    real = tracking.sync()
    assert len(real.changes) == 7
    assert news(dry) == news(real)
    assert [found.change_id for found in dry.changes] == [found.change_id for found in real.changes]
    assert (dry.run.outcome, dry.run.coverage) == (real.run.outcome, real.run.coverage)


def test_before_the_first_run(tracking: Tracking) -> None:
    before = tracking.tables()
    assert tracking.sync(dry_run=True).run.coverage[0].held == 3
    assert tracking.tables() == before


def test_of_an_edited_search(tracking: Tracking) -> None:
    tracking.sync()
    tracking.searches = [a_search(exclude=[B])]
    before = tracking.tables()
    assert news(tracking.sync(dry_run=True)) == [f"{B} left spine: excluded"]
    assert tracking.tables() == before


@pytest.mark.parametrize("after", [0, 1, 2])
def test_that_fails_tells_so_and_writes_nothing(tracking: Tracking, after: int) -> None:
    tracking.sync()
    situations.closes_to_recruitment(tracking.world, A)
    tracking.world.refresh()
    tracking.registry.fail(faults.blocked(), after=after)
    before = tracking.tables()
    dry = tracking.sync(dry_run=True)
    assert dry.run.outcome is Outcome.FAILED
    assert "refuses this address or client" in (dry.run.error or "")
    assert tracking.tables() == before
