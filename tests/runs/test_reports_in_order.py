"""What is told, and when (DESIGN §5.2, §5.4): every change in exactly one report of a definition, silence explained."""

from __future__ import annotations

import json
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from jobs.replaying import replayed, write_missing_copies
from jobs.reporting import ad_hoc_report, next_report
from tests.registry.standin import faults, situations
from tests.runs.tracking import SPINE, A, B, C, D, Tracking, line_of, trials
from tracker.definitions import ReportDefinition
from tracker.errors import OutputError, StoreBusy
from tracker.store.changes import changes
from tracker.store.reports import definition as progress_of
from tracker.store.reports import record_report, recorded_reports, register_definitions
from tracker.store.schema import report_file

WEEKLY = ReportDefinition(name="weekly", searches=("spine",))
BOARD = ReportDefinition(name="board", searches=("spine",))


class Desk:
    """Who makes the reports of a tracker."""

    def __init__(self, tracking: Tracking, output: Path, *definitions: ReportDefinition) -> None:
        self.tracking = tracking
        self.output = output
        self.define(*(definitions or (WEEKLY,)))

    def define(self, *definitions: ReportDefinition) -> None:
        with self.tracking.store.begin() as connection:
            register_definitions(connection, [one.name for one in definitions])

    def report(self, definition: ReportDefinition = WEEKLY) -> dict[str, Any]:
        """The next report, as its report.json has it."""
        written = next_report(self.tracking.store, definition, titles={}, now=self.tracking.clock(), output=self.output)
        return contents(written.folder)

    def count(self, definition: ReportDefinition = WEEKLY) -> int:
        with self.tracking.store.connect() as connection:
            return len(recorded_reports(connection, definition.name))


def contents(folder: Path) -> dict[str, Any]:
    held: dict[str, Any] = json.loads((folder / "report.json").read_bytes())
    return held


def lines(report: dict[str, Any]) -> list[str]:
    """The changes that a report tells, in the words of the other tests."""
    return sorted(
        f"{one['nct_id']} {one['kind']} {one['search']}: {one['why']}"
        if one["kind"] in ("entered", "left")
        else f"{one['nct_id']} {one['kind']}: {one['field']}"
        for one in report["changes"]
    )


@pytest.fixture
def desk(tracking: Tracking, tmp_path: Path) -> Desk:
    return Desk(tracking, tmp_path / "reports")


class TestOnceAndOnlyOnce:
    def test_a_report_tells_what_happened_since_the_last_one(self, tracking: Tracking, desk: Desk) -> None:
        tracking.sync()
        assert (state(desk.report()), desk.count()) == ("baseline", 1)
        situations.closes_to_recruitment(tracking.world, A)
        tracking.sync_next_day()
        situations.closes_to_recruitment(tracking.world, B)
        tracking.sync_next_day()
        assert lines(desk.report()) == [
            f"{A} closed_to_recruitment: overall_status",
            f"{B} closed_to_recruitment: overall_status",
        ]
        assert lines(desk.report()) == []

    def test_there_and_back_within_a_window_keeps_both_changes(self, tracking: Tracking, desk: Desk) -> None:
        tracking.sync()
        desk.report()
        situations.closes_to_recruitment(tracking.world, A)
        tracking.sync_next_day()
        situations.reopens(tracking.world, A)
        tracking.sync_next_day()
        assert lines(desk.report()) == [
            f"{A} closed_to_recruitment: overall_status",
            f"{A} reopened: overall_status",
        ]

    @pytest.mark.parametrize("seed", range(4))
    def test_whatever_the_order_of_syncs_failures_and_reports(self, tracking: Tracking, desk: Desk, seed: int) -> None:
        chance = random.Random(seed)
        tracking.sync()
        told: Counter[str] = Counter()
        waiting = iter(trials(40, first=100))
        for _ in range(25):
            match chance.randrange(6):
                case 0:
                    situations.enrollment_changes(tracking.world, chance.choice([A, B, C]), chance.randrange(500))
                    tracking.sync_next_day()
                case 1:
                    situations.a_trial_is_registered(tracking.world, next(waiting), returned_by=SPINE)
                    tracking.sync_next_day()
                case 2:
                    situations.enrollment_changes(tracking.world, A, chance.randrange(500))
                    tracking.registry.fail(faults.blocked(), after=chance.randrange(3))
                    tracking.sync_next_day()
                    tracking.registry.heal()
                case 3:
                    tracking.sync()
                case _:
                    told.update(one["change_id"] for one in desk.report()["changes"])
        tracking.sync()
        told.update(one["change_id"] for one in desk.report()["changes"])
        with tracking.store.connect() as connection:
            assert told == Counter(found.change_id for found in changes(connection))
        assert len(told) > 5

    def test_each_definition_goes_at_its_own_pace(self, tracking: Tracking, tmp_path: Path) -> None:
        desk = Desk(tracking, tmp_path, WEEKLY, BOARD)
        tracking.sync()
        desk.report(WEEKLY)
        desk.report(BOARD)
        situations.closes_to_recruitment(tracking.world, A)
        tracking.sync_next_day()
        assert lines(desk.report(WEEKLY)) == [f"{A} closed_to_recruitment: overall_status"]
        situations.closes_to_recruitment(tracking.world, B)
        tracking.sync_next_day()
        assert len(lines(desk.report(BOARD))) == 2
        assert len(lines(desk.report(WEEKLY))) == 1

    def test_a_new_definition_starts_now(self, tracking: Tracking, desk: Desk) -> None:
        tracking.sync()
        situations.closes_to_recruitment(tracking.world, A)
        tracking.sync_next_day()
        desk.define(BOARD)
        assert lines(desk.report(BOARD)) == []
        situations.reopens(tracking.world, A)
        tracking.sync_next_day()
        assert lines(desk.report(BOARD)) == [f"{A} reopened: overall_status"]

    def test_two_processes_cannot_both_make_the_next_one(self, tracking: Tracking, desk: Desk) -> None:
        tracking.sync()
        with tracking.store.connect() as connection:
            seen = progress_of(connection, "weekly")
        assert seen is not None
        desk.report()
        with pytest.raises(StoreBusy), tracking.store.begin() as connection:
            record_report(
                connection,
                name="weekly",
                after_run=seen.covered_run,
                until_run=1,
                created_at=tracking.clock(),
                folder="elsewhere",
                view=b"{}",
                files={},
                number=seen.reports + 1,
            )
        assert desk.count() == 1


def state(report: dict[str, Any]) -> str:
    return str(report["report"]["state"])


class TestSilenceIsExplained:
    def test_a_quiet_week_says_so(self, tracking: Tracking, desk: Desk) -> None:
        tracking.sync()
        desk.report()
        tracking.sync_next_day()
        report = desk.report()
        assert state(report) == "quiet"
        assert report["report"]["headline"].endswith("no changes in 3 tracked trials")

    def test_a_failed_week_says_so_and_the_next_report_covers_the_gap(self, tracking: Tracking, desk: Desk) -> None:
        tracking.sync()
        desk.report()
        situations.closes_to_recruitment(tracking.world, A)
        tracking.registry.fail(faults.blocked(), times=None)
        for _ in range(2):
            tracking.sync_next_day()
        failed = desk.report()
        assert (state(failed), failed["changes"]) == ("failed", [])
        assert [run["outcome"].casefold() for run in failed["runs"]] == ["failed", "failed"]
        tracking.registry.heal()
        tracking.sync_next_day()
        caught_up = desk.report()
        assert lines(caught_up) == [f"{A} closed_to_recruitment: overall_status"]
        assert caught_up["report"]["compared_with"] == "2026-03-02"

    def test_a_run_that_failed_half_way_tells_its_news_once(self, tracking: Tracking, desk: Desk) -> None:
        tracking.sync()
        desk.report()
        situations.closes_to_recruitment(tracking.world, A)
        situations.a_trial_is_removed(tracking.world, B)
        tracking.registry.fail(faults.blocked(), after=3)
        tracking.sync_next_day()
        assert lines(desk.report()) == [f"{A} closed_to_recruitment: overall_status"]
        tracking.sync()
        assert lines(desk.report()) == [f"{B} left spine: removed from the registry"]

    def test_a_week_without_any_run_says_that(self, tracking: Tracking, desk: Desk) -> None:
        tracking.sync()
        desk.report()
        report = desk.report()
        assert (state(report), report["runs"]) == ("failed", [])


class TestAdHoc:
    def test_it_is_recorded_nowhere_and_the_next_report_tells_its_changes_all_the_same(
        self, tracking: Tracking, desk: Desk, tmp_path: Path
    ) -> None:
        tracking.sync()
        desk.report()
        situations.closes_to_recruitment(tracking.world, A)
        tracking.sync_next_day()
        before = tracking.tables()
        day = datetime(2026, 3, 3, tzinfo=UTC)
        written = ad_hoc_report(
            tracking.store,
            WEEKLY,
            titles={},
            since=day,
            until=day + timedelta(days=1),
            days=(day.date(), day.date()),
            formats=(),
            now=tracking.clock(),
            folder=tmp_path / "ad hoc",
        )
        assert lines(contents(written.folder)) == [f"{A} closed_to_recruitment: overall_status"]
        assert (tracking.tables(), written.number) == (before, None)
        assert lines(desk.report()) == [f"{A} closed_to_recruitment: overall_status"]


class TestCopies:
    def test_a_replay_gives_the_same_bytes_whatever_happened_since(
        self, tracking: Tracking, desk: Desk, tmp_path: Path
    ) -> None:
        tracking.sync()
        desk.report()
        folder = desk.output / "weekly" / "1"
        original = {path.name: path.read_bytes() for path in folder.iterdir()}
        situations.a_trial_is_removed(tracking.world, C)
        situations.a_trial_is_registered(tracking.world, D, returned_by=SPINE)
        tracking.sync_next_day()
        again = replayed(tracking.store, "weekly", 1, formats=(), out=tmp_path / "again")
        assert {path.name: path.read_bytes() for path in again.files} == original
        assert set(original) == {"report.html", "changes.csv", "report.json"}

    def test_a_replay_brings_back_a_deleted_file(self, tracking: Tracking, desk: Desk) -> None:
        tracking.sync()
        desk.report()
        page = desk.output / "weekly" / "1" / "report.html"
        bytes_ = page.read_bytes()
        page.unlink()
        assert write_missing_copies(tracking.store) == []  # what was once delivered is not forced back
        assert not page.exists()
        replayed(tracking.store, "weekly", 1, formats=(), out=None)
        assert page.read_bytes() == bytes_

    def test_a_report_that_was_recorded_but_not_written_is_written_by_the_next_command(
        self, tracking: Tracking, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tracking.sync()

        def no_power(*_: object, **__: object) -> None:
            raise SystemExit("the machine went down")

        with monkeypatch.context() as patched:
            patched.setattr("jobs.reporting.write_copies", no_power)
            with pytest.raises(SystemExit):
                desk.report()
        folder = desk.output / "weekly" / "1"
        assert (desk.count(), list(folder.iterdir())) == (1, [])
        assert write_missing_copies(tracking.store) == []
        assert {path.name for path in folder.iterdir()} == {"report.html", "changes.csv", "report.json"}
        assert contents(folder)["report"]["number"] == 1

    def test_a_damaged_file_that_is_not_on_disk_is_told_and_stops_nothing(
        self, tracking: Tracking, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tracking.sync()
        with monkeypatch.context() as patched:
            patched.setattr("jobs.reporting.write_copies", lambda *_: (_ for _ in ()).throw(SystemExit()))
            with pytest.raises(SystemExit):
                desk.report()
        with tracking.store.begin() as connection:
            page = report_file.c.filename == "report.html"
            connection.execute(update(report_file).where(page).values(digest=b"\0" * 32))
        [told] = write_missing_copies(tracking.store)
        assert told.startswith("report 1 of weekly is recorded, but report.html of report weekly 1 is not what was")
        assert {path.name for path in (desk.output / "weekly" / "1").iterdir()} == {"changes.csv", "report.json"}

    def test_an_unwritable_folder_records_nothing(self, tracking: Tracking, tmp_path: Path) -> None:
        blocked = tmp_path / "reports"
        blocked.write_text("a file where the folder should be")
        desk = Desk(tracking, blocked)
        tracking.sync()
        situations.closes_to_recruitment(tracking.world, A)
        tracking.sync_next_day()
        before = tracking.tables()
        with pytest.raises(OutputError, match="can't be written"):
            desk.report()
        assert tracking.tables() == before
        blocked.unlink()
        assert lines(desk.report()) == [f"{A} closed_to_recruitment: overall_status"]


def test_the_lines_of_a_report_are_the_changes_of_the_store(tracking: Tracking, desk: Desk) -> None:
    """Nothing is lost or made up on the way into the file."""
    tracking.sync()
    situations.a_trial_completes(tracking.world, A, on="2026-02-20", enrolled=48)
    situations.a_trial_is_removed(tracking.world, B)
    tracking.sync_next_day()
    with tracking.store.connect() as connection:
        recorded = changes(connection)
    report = desk.report()
    assert lines(report) == sorted(map(line_of, recorded))
    assert {one["change_id"] for one in report["changes"]} == {one.change_id for one in recorded}
