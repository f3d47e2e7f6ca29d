"""Two schedulers on one PostgreSQL, killed at random: every job once, nothing lost."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from jobs.timer import LOOK_EVERY_S
from tests.delivery.mail_server import mail_server
from tests.registry.standin import StandIn, situations
from tests.runs.tracking import a_registry, trials
from tests.scheduler.machines import Hall, Machine
from tests.scheduler.unattended import Unattended, utc
from tracker.store.deliveries import DeliveryState, deliveries
from tracker.store.engine import Store
from tracker.store.job_log import Ended, attempts, job_states
from tracker.store.reports import recorded_reports, register_definitions, report_files

ROUNDS = 6
SUNDAY = utc("2026-03-01T12:00")


@pytest.fixture
def store_kind() -> str:
    return "postgresql"


@pytest.fixture
def owner(store_url: str, tmp_path: Path) -> Iterator[Unattended]:
    with StandIn(a_registry(trials(20))) as registry, mail_server() as mail:
        yield Unattended(tmp_path, registry, mail, start=SUNDAY, store_url=store_url)


def test_every_job_is_done_once_whoever_is_killed(owner: Unattended, store: Store) -> None:
    live_through_kills(owner, store, rounds=ROUNDS, seed=1)


def test_a_dead_machines_work_waits_less_than_a_minute() -> None:
    assert LOOK_EVERY_S < 60


def live_through_kills(owner: Unattended, store: Store, *, rounds: int, seed: int) -> None:
    """Each round is a week: the registry says something, everything is due, and somebody is killed meanwhile."""
    chance, world = random.Random(seed), owner.registry.world
    with store.begin() as connection:
        register_definitions(connection, ["weekly"])
    with Hall(owner.config_path, owner.folder) as hall:
        machines = [hall.machine(), hall.machine()]
        begun = [job for machine in machines for job, _ in _look(machine, SUNDAY)]
        assert begun == ["sync"]  # the first one, at once, by one of them
        sizes, killed = [], 0
        for week in range(1, rounds + 1):
            now = SUNDAY + timedelta(weeks=week, days=1)
            sizes.append(100 + week)
            situations.enrollment_changes(world, chance.choice(world.ids()), sizes[-1])
            world.refresh((now - timedelta(days=4)).date().isoformat())
            for machine in machines:
                machine.look(now)
            killed += hall.kill_some(machines, chance)
            _finish(machines, store, now)
        for machine in machines:
            machine.kill()
    _check(store, sizes, killed=killed)
    board = [str(one.message["Message-ID"]) for one in owner.mail.received if "board@hospital.example" in one.addresses]
    assert len(set(board)) == rounds
    assert len(board) <= rounds + killed


def _look(machine: Machine, now: datetime) -> list[tuple[str, str]]:
    machine.look(now)
    return machine.answered()


def _finish(machines: list[Machine], store: Store, now: datetime) -> None:
    """Has them look, as the timer would a few seconds later, until nothing is due any more."""
    for look in range(2000):
        for machine in machines:
            machine.look(now + timedelta(minutes=11 if look else 0))  # a killed sender's mail is taken up after ten
        for machine in machines:
            machine.answered()
        with store.connect() as connection:
            states = job_states(connection)
            behind = [one for one in ("sync", "full sync", "report weekly", "clean up") if states[one].covered < now]
            waiting = deliveries(connection, states=(DeliveryState.PENDING, DeliveryState.SENDING))
        if not behind and not waiting:
            return
    raise AssertionError(f"never done: {behind} {waiting}")


def _check(store: Store, weeks: list[int], *, killed: int) -> None:
    with store.connect() as connection:
        reports = recorded_reports(connection, "weekly")
        told = [
            [
                change["after"]
                for change in json.loads(report_files(connection, "weekly", one.number)["report.json"])["changes"]
            ]
            for one in reports
        ]
        made = attempts(connection)
    assert told == [[size] for size in weeks]
    assert [one.after_run for one in reports[1:]] == [one.until_run for one in reports[:-1]]
    for job in ("sync", "full sync", "clean up"):
        done = [one for one in made if one.job == job and one.outcome in (Ended.DONE, Ended.TROUBLED)]
        assert len(done) == len(weeks) + (job == "sync"), job
    assert sum(one.outcome in (Ended.KILLED, None) for one in made) <= killed
    assert [one for one in made if one.outcome is Ended.FAILED] == []
