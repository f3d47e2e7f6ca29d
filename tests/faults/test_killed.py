"""kill -9 at every step (DESIGN §5.5): whatever was being done, the next run tells what an undisturbed one would.

Each command is killed at its first point of no return, in a fresh copy of the store at its second, and so on until
it comes through untouched. After each death the same command runs again, undisturbed.
"""

from __future__ import annotations

import json
import shutil
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tests.faults.mortal import Commands, Ended
from tests.postgresql import Server
from tests.registry.standin import StandIn, World, results, situations
from tests.runs.tracking import SPINE, A, B, C, D, E, a_registry
from tracker.runs import Outcome
from tracker.store import schema
from tracker.store.check import check
from tracker.store.engine import Store, open_store
from tracker.store.reports import recorded_reports, report_files
from tracker.store.runs import runs

CONFIG = """
[registry]
base_url = "{registry}"
requests_per_second = 1000

[store]
url = "{store}"

[output]
folder = "reports"

[[search]]
name = "spine"
include = [{{ nct_id = "{included}" }}]

  [[search.term]]
  condition = "{term}"
"""


@pytest.fixture(scope="module")
def commands() -> Iterator[Commands]:
    with Commands() as commands:
        yield commands


@pytest.fixture
def registry() -> Iterator[StandIn]:
    """Four trials, one of them by the include list."""
    world = a_registry([A, B, C])
    situations.a_trial_is_registered(world, E, posted="2019-05-06")
    with StandIn(world) as registry:
        yield registry


def a_day_with_news(world: World) -> None:
    """All that can happen: changes, results, one that enters, one that is gone, one that matches no more."""
    situations.a_trial_completes(world, A, on="2026-02-20", enrolled=48)
    results.results_are_posted(world, A)
    situations.a_trial_no_longer_matches(world, B)
    situations.closes_to_recruitment(world, B)
    situations.a_trial_is_removed(world, C)
    situations.a_trial_is_registered(world, D, returned_by=SPINE)
    situations.a_date_slips(world, E, to="2027-01")
    world.refresh()


@dataclass(frozen=True, slots=True)
class Place:
    """A folder with a config, a store and reports."""

    folder: Path
    store_url: str

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    def configured(self, registry: StandIn) -> Place:
        self.folder.mkdir(exist_ok=True)
        self.config.write_text(CONFIG.format(registry=registry.url, store=self.store_url, included=E, term=SPINE))
        return self

    def store(self) -> Store:
        return open_store(self.store_url)


def told(place: Place) -> dict[str, Any]:
    """What the tracker knows and has told, without times, run numbers and what else depends on when it ran."""
    with place.store() as store, store.connect() as connection:
        changes = connection.execute(select(schema.change)).mappings().all()
        members = connection.execute(select(schema.member)).mappings().all()
        studies = connection.execute(select(schema.study)).mappings().all()
        versions = connection.execute(select(schema.study_version)).mappings().all()
        when = {"number", "run", "detected_at", "since", "since_run", "until", "until_run", "seen_at"}
        when |= {"first_seen_run", "last_seen_run"}
        return {
            name: sorted(repr({key: value for key, value in row.items() if key not in when}) for row in rows)
            for name, rows in {"changes": changes, "members": members, "studies": studies, "versions": versions}.items()
        }


def told_by_reports(place: Place) -> Counter[str]:
    """How many reports tell each change, by the files in the reports' folder; each must be the one recorded."""
    counted: Counter[str] = Counter()
    with place.store() as store, store.connect() as connection:
        for report in recorded_reports(connection, "changes"):
            recorded = report_files(connection, "changes", report.number)
            assert set(recorded) == {"report.html", "changes.csv", "report.json"}
            for filename, content in recorded.items():
                assert (Path(report.folder) / filename).read_bytes() == content
            counted.update(change["change_id"] for change in json.loads(recorded["report.json"])["changes"])
    return counted


def all_change_ids(place: Place) -> list[str]:
    with place.store() as store, store.connect() as connection:
        return list(connection.execute(select(schema.change.c.change_id)).scalars())


def outcomes(place: Place) -> list[Outcome | None]:
    with place.store() as store, store.connect() as connection:
        return [run.outcome for run in runs(connection)]


def die_at_every_step(
    run: Callable[[int], Ended], again: Callable[[int], Ended], *, stride: int = 1
) -> Iterator[tuple[int, Ended]]:
    """Each death in turn (or every second, third), once the command has been run again."""
    for number in range(1, 200, stride):
        ended = run(number)
        if ended.code is not None:
            assert number > 10, f"too few points to die at: {ended.points}"
            assert ended.code == 0, ended.output
            return
        assert len(ended.points) == number
        caught_up = again(number)
        assert caught_up.code == 0, (ended.points, caught_up.output)
        yield number, ended
    raise AssertionError("the command never came through")


class TestSqlite:
    def test_a_run_with_news_and_its_report(self, commands: Commands, registry: StandIn, tmp_path: Path) -> None:
        before = sqlite_place(tmp_path / "before").configured(registry)
        assert commands.run("run", "--config", before.config).code == 0
        a_day_with_news(registry.world)

        def copied(name: str) -> Place:
            shutil.copytree(before.folder, tmp_path / name)
            with sqlite_place(tmp_path / name).store() as store, store.begin() as connection:
                connection.execute(schema.report.update().values(folder=str(tmp_path / name / "reports/changes/1")))
            return sqlite_place(tmp_path / name).configured(registry)

        undisturbed = copied("undisturbed")
        assert commands.run("run", "--config", undisturbed.config).code == 0
        expected = told(undisturbed)
        assert len(expected["changes"]) == 11
        for number, ended in die_at_every_step(
            lambda number: commands.run("run", "--config", copied(str(number)).config, die_at=number),
            lambda number: commands.run("run", "--config", tmp_path / str(number) / "config.toml"),
        ):
            place = sqlite_place(tmp_path / str(number))
            assert told(place) == expected, ended.points
            assert told_by_reports(place) == Counter(all_change_ids(place)), ended.points
            with place.store() as store:
                assert check(store) == []
            shutil.rmtree(place.folder)

    def test_the_very_first_run(self, commands: Commands, registry: StandIn, tmp_path: Path) -> None:
        """From nothing: the store is made, and the baseline read."""
        undisturbed = sqlite_place(tmp_path / "undisturbed").configured(registry)
        assert commands.run("sync", "--config", undisturbed.config).code == 0
        expected = told(undisturbed)
        for number, ended in die_at_every_step(
            lambda number: commands.run(
                "sync", "--config", sqlite_place(tmp_path / str(number)).configured(registry).config, die_at=number
            ),
            lambda number: commands.run("sync", "--config", tmp_path / str(number) / "config.toml"),
        ):
            place = sqlite_place(tmp_path / str(number))
            assert told(place) == expected, ended.points
            shutil.rmtree(place.folder)

    def test_a_run_that_was_killed_is_closed_as_interrupted_by_the_next(
        self, commands: Commands, registry: StandIn, tmp_path: Path
    ) -> None:
        place = sqlite_place(tmp_path / "store").configured(registry)
        assert commands.run("sync", "--config", place.config).code == 0
        a_day_with_news(registry.world)
        in_the_sweep = 10
        assert commands.run("sync", "--config", place.config, die_at=in_the_sweep).code is None
        assert outcomes(place) == [Outcome.OK]  # the row is still open
        assert commands.run("sync", "--config", place.config).code == 0
        assert outcomes(place) == [Outcome.OK, Outcome.INTERRUPTED, Outcome.OK]

    def test_killed_again_and_again(self, commands: Commands, registry: StandIn, tmp_path: Path) -> None:
        """Each time a little later, in the same store: what was written stays, and nothing is told twice."""
        place = sqlite_place(tmp_path / "store").configured(registry)
        assert commands.run("run", "--config", place.config).code == 0
        a_day_with_news(registry.world)
        number = 1
        while commands.run("run", "--config", place.config, die_at=number).code is None:
            number += 3
        assert commands.run("run", "--config", place.config).code == 0
        assert len(all_change_ids(place)) == 11
        assert told_by_reports(place) == Counter(all_change_ids(place))


class TestPostgresql:
    def test_a_sync_with_news(
        self,
        commands: Commands,
        registry: StandIn,
        tmp_path: Path,
        postgresql_server: Server,
        postgresql_template: str,
    ) -> None:
        before = f"killed_{uuid.uuid4().hex[:8]}"
        url = postgresql_server.make_database(before, template=postgresql_template)
        assert commands.run("sync", "--config", Place(tmp_path / "before", url).configured(registry).config).code == 0
        a_day_with_news(registry.world)

        def copied(name: str) -> Place:
            url = postgresql_server.make_database(f"{before}_{name}", template=before)
            return Place(tmp_path / name, url).configured(registry)

        undisturbed = copied("undisturbed")
        assert commands.run("sync", "--config", undisturbed.config).code == 0
        expected = told(undisturbed)
        places: dict[int, Place] = {}

        def run(number: int) -> Ended:
            places[number] = copied(str(number))
            return commands.run("sync", "--config", places[number].config, die_at=number)

        for number, ended in die_at_every_step(
            run, lambda number: commands.run("sync", "--config", places[number].config), stride=3
        ):
            assert told(places[number]) == expected, ended.points
            postgresql_server.drop_database(f"{before}_{number}")


def sqlite_place(folder: Path) -> Place:
    return Place(folder, f"sqlite:///{folder / 'tracker.db'}")
