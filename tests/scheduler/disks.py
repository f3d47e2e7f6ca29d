"""Disks that fill up, and folders that nobody can write, for the time of a block: real file systems where this
process may mount one, otherwise a skipped test that says so."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

_FILLER = "filler"


class Disk:
    """A small file system at `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self, *, leave: int = 0) -> None:
        """Nothing more fits but so many bytes (and what the files there have already been given)."""
        self.free()
        with (self.folder / _FILLER).open("wb") as filler:
            os.posix_fallocate(filler.fileno(), 0, max(self._room() - leave, 1))

    def free(self) -> None:
        (self.folder / _FILLER).unlink(missing_ok=True)

    def _room(self) -> int:
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize


@contextmanager
def small_disk(folder: Path, *, megabytes: int = 64) -> Iterator[Disk]:
    folder.mkdir()
    with _mounted("-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", at=folder):
        yield Disk(folder)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Whoever opens something there now can only read it; what was opened before goes on."""
    if os.geteuid() == 0:  # whom no permissions hold back
        # In another place first: where somebody is writing it can't be made read-only any more.
        with TemporaryDirectory() as place, _mounted("--bind", folder, at=Path(place)):
            _mount("-o", "remount,bind,ro", place)
            with _mounted("--bind", place, at=folder):
                yield
    else:
        mode = folder.stat().st_mode
        folder.chmod(0o500)
        try:
            yield
        finally:
            folder.chmod(mode)


@contextmanager
def _mounted(*arguments: str | Path, at: Path) -> Iterator[None]:
    _mount(*arguments, at)
    try:
        yield
    finally:
        # Lazily: the scheduler may have a file open there.
        subprocess.run(["umount", "--lazy", str(at)], check=True)


def _mount(*arguments: str | Path) -> None:
    done = subprocess.run(["mount", *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"this process may not mount a file system: {done.stderr.strip()}")
