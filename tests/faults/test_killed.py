"""kill -9 at every step (DESIGN §5.5): whatever was being done, the next run tells what an undisturbed one would.

Each command is killed at its first point of no return, in a fresh copy of the store at its second, and so on until
it comes through untouched. After each death the same command runs again, undisturbed.
"""

from __future__ import annotations

import shutil
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.faults.mortal import Commands, Ended
from tests.faults.places import (
    Place,
    a_day_with_news,
    all_change_ids,
    departures,
    outcomes,
    sqlite_place,
    told,
    told_by_reports,
)
from tests.postgresql import Server
from tests.registry.standin import StandIn, faults
from tracker.runs import Outcome
from tracker.store import schema
from tracker.store.check import check


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

        def again(number: int) -> Ended:
            dead = sqlite_place(tmp_path / str(number))
            assert departures(dead) == (2 if outcomes(dead) == [Outcome.OK, Outcome.OK] else 0)
            return commands.run("run", "--config", dead.config)

        for number, ended in die_at_every_step(
            lambda number: commands.run("run", "--config", copied(str(number)).config, die_at=number), again
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

    def test_data_that_a_killed_run_has_taken_is_held(
        self, commands: Commands, registry: StandIn, tmp_path: Path
    ) -> None:
        """A mirror older than that is refused, though no run of that data ever came to its end."""
        place = sqlite_place(tmp_path / "store").configured(registry)
        assert commands.run("sync", "--config", place.config).code == 0
        a_day_with_news(registry.world)
        registry.world.refresh(to="2026-03-06")
        ended = commands.run("sync", "--config", place.config, die_at=12)
        assert (ended.code, ended.points.count("after an answer")) == (None, 2)
        registry.fail(faults.older_mirror("2026-03-04T09:00:05"), times=None)
        refused = commands.run("sync", "--config", place.config)
        assert refused.code == 1
        assert "already holds data of 2026-03-06 09:00 UTC" in refused.output
        registry.heal()
        assert commands.run("sync", "--config", place.config).code == 0
        assert len(all_change_ids(place)) == 11

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
