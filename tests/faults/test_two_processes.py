"""Two processes at one store: one runs, the other is told so; and a run that lost its place stops."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from tests.registry.standin import situations
from tests.runs.tracking import SPINE, A, Tracking, a_registry, following
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


def test_a_run_that_another_process_took_for_dead_writes_nothing_more(tracking: Tracking, store_url: str) -> None:
    """As when a server drops the session that holds the lock, and another machine goes on.

    The row is closed before the first transaction after the run's opening, on another day before the second, and so
    on until the run comes to its end first.
    """
    tracking.sync()
    numbers: list[int] = []
    for number in range(2, 30):
        situations.enrollment_changes(tracking.world, A, 100 + number)
        situations.a_trial_is_registered(tracking.world, f"NCT91{number:06}", returned_by=SPINE)
        with closed_before(tracking, store_url, transaction=number) as closed:
            stopped = tracking.sync_next_day()
        if not closed:
            assert stopped.run.outcome is Outcome.OK
            break
        assert all_but_runs(tracking) == closed[0]
        assert stopped.run.outcome is Outcome.INTERRUPTED
        tracking.sync()
        numbers.append(number)
    assert len(numbers) >= 4
    told = tracking.all_news()
    assert told.count(f"{A} enrollment: enrollment") == len(numbers) + 1
    assert len([line for line in told if " entered spine: newly registered" in line]) == len(numbers) + 1


@contextmanager
def closed_before(tracking: Tracking, store_url: str, *, transaction: int) -> Iterator[list[dict[str, Any]]]:
    """Another process closes the row of the running run before its n-th transaction; what the store held then."""
    begin, begun = tracking.store.begin, 0
    held: list[dict[str, Any]] = []

    @contextmanager
    def watched() -> Iterator[Any]:
        nonlocal begun
        begun += 1
        if begun == transaction:
            with open_store(store_url) as other, other.begin() as connection:
                values = {"state": "finished", "outcome": "interrupted", "finished_at": tracking.clock()}
                running = schema.run.c.state == RunState.RUNNING
                if connection.execute(update(schema.run).where(running).values(values)).rowcount:
                    held.append(all_but_runs(tracking))
        with begin() as connection:
            yield connection

    tracking.store.begin = watched  # type: ignore[method-assign]
    try:
        yield held
    finally:
        del tracking.store.begin


def all_but_runs(tracking: Tracking) -> dict[str, Any]:
    return {name: rows for name, rows in tracking.tables().items() if name != "run"}


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
