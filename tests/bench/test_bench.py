"""The bench measures the right things, and sees a sync that did the wrong ones. How long they take is not asked."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.bench import checks, disk, startup, syncs
from tests.bench.figures import Figure, Skipped, as_data, table
from tests.bench.processes import PYTHON, Wrong, measured
from tests.bench.registry import Place
from tests.registry.standin.bulk import changed_ids

STUDIES = 200


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[syncs.Syncs]:
    folder = tmp_path_factory.mktemp("bench")
    with syncs.Syncs(folder, studies=STUDIES, told=print) as cases:
        yield cases


@pytest.fixture(scope="module")
def one_round(cases: syncs.Syncs) -> syncs.Round:
    return cases.measure(1)


@pytest.fixture
def changed_store(cases: syncs.Syncs, one_round: syncs.Round, tmp_path: Path) -> Path:
    """A copy of the store after the refresh in which 2 % changed."""
    return Path(shutil.copy(cases.place("changed").store, tmp_path))


def test_every_sync_is_measured_against_its_floor(one_round: syncs.Round) -> None:
    found = syncs.figures([one_round], studies=STUDIES)
    assert [figure.most for figure in found] == [4.0, 1.8, 1.8, None, 1.7]
    assert all(figure.floor > 0 and figure.value > 0 for figure in found)


def test_commands_are_measured_against_their_library(cases: syncs.Syncs, one_round: syncs.Round) -> None:
    found = startup.figures(cases.loaded, rounds=1)
    assert [(figure.name, figure.most) for figure in found] == [
        ("tracker --help", 1.5),
        ("tracker show", 1.6),
        ("tracker status", 1.6),
    ]
    assert all(figure.floor > 0 and figure.value > 0 for figure in found)


def test_real_records_are_measured_where_they_are(tmp_path: Path) -> None:
    figure = disk.figure(tmp_path)
    if not disk.RECORDS.is_file():
        assert figure == Skipped(disk.NAME, f"{disk.RECORDS} is not here")
        return
    assert isinstance(figure, Figure)
    assert 0 < figure.value < figure.floor
    assert figure.met


def test_records_that_are_not_there_are_said_to_be_skipped(tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere.zip"
    assert disk.figure(tmp_path, records=nowhere) == Skipped(disk.NAME, f"{nowhere} is not here")


def test_a_change_that_is_missing_is_seen(changed_store: Path) -> None:
    _edit(changed_store, "DELETE FROM change WHERE nct_id = (SELECT min(nct_id) FROM change WHERE kind != 'left')")
    with pytest.raises(Wrong, match="studies changed: 0 too many, 1 missing"):
        _check(changed_store)


def test_a_change_too_many_is_seen(changed_store: Path) -> None:
    _edit(changed_store, "UPDATE change SET nct_id = 'NCT90000000' WHERE kind = 'entered'")
    with pytest.raises(Wrong, match="studies entered: 1 too many, 1 missing"):
        _check(changed_store)


def test_a_refresh_that_wrote_something_is_seen(cases: syncs.Syncs, one_round: syncs.Round, tmp_path: Path) -> None:
    store = Path(shutil.copy(cases.place("restamped").store, tmp_path))
    _edit(store, "UPDATE study SET brief_title = 'Another' WHERE nct_id = 'NCT90000007'")
    with pytest.raises(Wrong, match="rows of study that are only in main: 1, not 0"):
        checks.check_nothing_written(store, before=cases.loaded.store)


def test_a_load_that_lost_a_study_is_seen(cases: syncs.Syncs, one_round: syncs.Round) -> None:
    with pytest.raises(Wrong, match="rows of study: 200, not 201"):
        checks.check_load(cases.loaded.store, studies=STUDIES + 1)


def test_a_command_that_fails_is_no_figure(tmp_path: Path) -> None:
    with pytest.raises(Wrong, match="exit code 3:\nwhat went wrong"):
        measured(PYTHON, "-c", "import sys; print('what went wrong'); sys.exit(3)", folder=tmp_path)


def test_peak_memory_and_time_are_those_of_the_command(tmp_path: Path) -> None:
    usage = measured(PYTHON, "-c", "print(len(b'x' * 200_000_000))", folder=tmp_path)
    assert usage.output == "200000000\n"
    assert usage.cpu_s > 0
    assert 200_000_000 < usage.peak_bytes < 400_000_000


FIGURE = Figure(name="a load", unit="s", values=[9.0, 5.0, 40.0], floors=[3.0, 1.0, 10.0], most=4.0)


def test_the_ratio_is_the_median_of_the_rounds() -> None:
    assert (FIGURE.value, FIGURE.floor, FIGURE.ratio, FIGURE.met) == (9.0, 3.0, 4.0, True)
    assert replace(FIGURE, most=3.9).met is False


def test_an_allowance_does_not_count() -> None:
    assert replace(FIGURE, allowance=1.0).ratio == pytest.approx(3.9)


def test_the_table_says_what_is_met_and_what_is_skipped() -> None:
    lines = table([FIGURE, replace(FIGURE, name="a quiet day", most=3.9), Skipped("bodies", "no records")]).splitlines()
    assert lines[1].split() == ["a", "load", "9.000", "s", "3.000", "s", "4.00", "<=", "4", "yes"]
    assert lines[2].endswith("NO")
    assert lines[3] == "skipped: bodies: no records"


def test_the_data_say_the_same() -> None:
    first, second = as_data([FIGURE, Skipped("bodies", "no records")])
    assert (first["value"], first["ratio"], first["met"]) == (9.0, 4.0, True)
    assert second == {"name": "bodies", "skipped": "no records"}


def test_a_copied_store_replaces_the_one_that_was_there(tmp_path: Path) -> None:
    one, other = Place(tmp_path / "one", url=""), Place(tmp_path / "other", url="")
    one.store.write_text("a store")
    other.store.write_text("an old one")
    other.remove_store()
    other.take_store_of(one)
    assert other.store.read_text() == "a store"


def _check(store: Path) -> None:
    plan = changed_ids(STUDIES, syncs.SEED)
    checks.check_changes(store, changed=plan.changed, new=plan.new, gone=plan.gone, studies=STUDIES)


def _edit(store: Path, statement: str) -> None:
    with closing(sqlite3.connect(store)) as connection, connection:
        connection.execute(statement)
