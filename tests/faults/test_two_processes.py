"""Two processes at one store: one runs, the other is told so; and a run that lost its place stops."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import update

from tests.registry.standin import situations
from tests.runs.tracking import SPINE, A, D, Tracking, a_registry, following, news
from tracker.errors import StoreBusy
from tracker.runs import Outcome, RunState
from tracker.store import schema
from tracker.store.engine import Store, open_store

CONFIG = """
registry = {{ base_url = "{registry}", requests_per_second = 1000 }}
store = {{ url = "{store}" }}

[[search]]
name = "spine"
term = [{{ condition = "{term}" }}]
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def store_kind(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


def test_the_second_process_is_told_who_runs(store: Store, store_url: str, tmp_path: Path) -> None:
    """A real second `tracker sync`, started while the first is between two answers of the registry."""
    with following(store, a_registry()) as tracking:
        config = tmp_path / "config.toml"
        config.write_text(CONFIG.format(registry=tracking.registry.url, store=store_url, term=SPINE))
        second: list[subprocess.CompletedProcess[str]] = []

        def meanwhile() -> None:
            script = "import sys; from jobs.cli import main; sys.exit(main(sys.argv[1:]))"
            command = [sys.executable, "-c", script, "sync", "--config", str(config)]
            second.append(subprocess.run(command, capture_output=True, text=True, check=False))

        tracking.registry.in_the_middle(meanwhile, after=2)
        assert tracking.sync().run.outcome is Outcome.OK
        [ended] = second
        assert ended.returncode == 1
        assert "Another run is going on" in ended.stderr
        assert f"process {os.getpid()}" in ended.stderr
        assert ended.stderr.count("\n") == 1
        assert len(tracking.runs()) == 1
        assert tracking.registry.crashes == []


def test_the_lock_is_free_as_soon_as_the_run_is_over(tracking: Tracking) -> None:
    for _ in range(20):
        assert tracking.sync().run.outcome in (Outcome.OK, Outcome.NOTHING_NEW)


def test_a_run_that_another_process_took_for_dead_stops_and_writes_nothing_more(
    tracking: Tracking, store_url: str
) -> None:
    """As when a server drops the session that holds the lock, and another machine goes on."""
    tracking.sync()
    situations.closes_to_recruitment(tracking.world, A)
    situations.a_trial_is_registered(tracking.world, D, returned_by=SPINE)

    def another_closes_the_row() -> None:
        with open_store(store_url) as other, other.begin() as connection:
            row = schema.run.c.state == RunState.RUNNING
            closed = {"state": "finished", "outcome": "interrupted", "finished_at": tracking.clock()}
            connection.execute(update(schema.run).where(row).values(closed))

    tracking.registry.in_the_middle(another_closes_the_row, after=2)
    stopped = tracking.sync_next_day()
    assert (stopped.run.outcome, stopped.changes) == (Outcome.INTERRUPTED, ())
    assert tracking.members() == {A, "NCT90000002", "NCT90000003"}
    assert news(tracking.sync()) == [
        f"{A} closed_to_recruitment: overall_status",
        f"{D} entered spine: newly registered",
    ]


def test_a_run_whose_row_was_closed_at_the_last_moment_writes_no_memberships(
    tracking: Tracking, store_url: str
) -> None:
    tracking.sync()
    situations.a_trial_is_removed(tracking.world, A)

    def another_closes_the_row() -> None:
        with open_store(store_url) as other, other.begin() as connection:
            closed = {"state": "finished", "outcome": "interrupted", "finished_at": tracking.clock()}
            connection.execute(update(schema.run).where(schema.run.c.state == RunState.RUNNING).values(closed))

    tracking.registry.in_the_middle(another_closes_the_row, after=4)  # while A is looked up
    assert tracking.sync_next_day().run.outcome is Outcome.INTERRUPTED
    assert A in tracking.members()
    assert news(tracking.sync()) == [f"{A} left spine: removed from the registry"]


def test_a_second_run_in_the_same_process(tracking: Tracking) -> None:
    busy: list[StoreBusy] = []

    def meanwhile() -> None:
        with pytest.raises(StoreBusy) as caught:
            tracking.sync()
        busy.append(caught.value)

    tracking.registry.in_the_middle(meanwhile, after=1)
    tracking.sync()
    assert len(busy) == 1
    assert len(tracking.runs()) == 1
