"""A full disk (FAULTS L2): the command says so in one line, what was committed stays, the next run catches up.

A limit on the size of files stands in for the disk: it works without rights, and strikes at any size. A real small
file system is tried where this process may mount one.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.mortal import Commands
from tests.faults.places import Place, a_day_with_news, all_change_ids, sqlite_place, told, told_by_reports
from tests.registry.standin import StandIn
from tracker.store.check import check

BLOCK = 16_384


def test_files_that_cannot_grow(commands: Commands, registry: StandIn, tmp_path: Path) -> None:
    """From no room at all to enough: each try may do a little more than the one before."""
    place = sqlite_place(tmp_path / "store").configured(registry)
    assert commands.run("run", "--config", place.config).code == 0
    a_day_with_news(registry.world)
    size = (place.folder / "tracker.db").stat().st_size
    refused = 0
    for room in (1, 100, *(blocks * BLOCK for blocks in (1, 2, 3, 5, 8, 13)), size, size + BLOCK):
        ended = commands.run("run", "--config", place.config, largest_file=room)
        if ended.code != 0:
            refused += 1
            assert ended.code == 1, ended.output
            said = [line for line in ended.output.splitlines() if line.startswith("tracker: ")]
            assert len(said) == 1, (room, ended.output)
            assert "unexpected" not in said[0]
            assert "Traceback" not in ended.output
    assert refused >= 4
    assert commands.run("run", "--config", place.config).code == 0
    assert len(all_change_ids(place)) == 11
    assert set(told_by_reports(place).values()) == {1}
    with place.store() as store:
        assert check(store) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of four megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"this process may not mount a file system: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_is_full(commands: Commands, registry: StandIn, tmp_path: Path, small_disk: Path) -> None:
    expected = sqlite_place(tmp_path / "undisturbed").configured(registry)
    place = Place(small_disk / "store", f"sqlite:///{small_disk / 'store' / 'tracker.db'}").configured(registry)
    for one in (expected, place):
        assert commands.run("run", "--config", one.config).code == 0
    a_day_with_news(registry.world)
    assert commands.run("run", "--config", expected.config).code == 0
    filler = small_disk / "filler"
    free = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize
    for left in (0, 2, 5, 9):
        filler.write_bytes(b"x" * max(free - left * BLOCK, 0))
        ended = commands.run("run", "--config", place.config)
        filler.unlink()
        if ended.code != 0:
            assert ended.code == 1, ended.output
            assert "unexpected" not in ended.output
    assert commands.run("run", "--config", place.config).code == 0
    assert told(place) == told(expected)
    assert set(told_by_reports(place).values()) == {1}
