"""Copies of a report's recorded bytes in a folder: written beside, made durable, then moved into place.

The store holds the bytes; a copy can be written again at any time. A reader never sees half a file, and a failure
leaves none behind; what a process that was killed has left goes when the same file is written again.
"""

from __future__ import annotations

import glob
import os
import secrets
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from tracker.errors import OutputError

ADVICE = "Check that the folder exists, is writable and has room (output.folder in config.toml, or --out)."


_JUST_MADE_S = 60


def report_folder(output: Path, *, name: str, number: int) -> Path:
    """Where a numbered report's files belong. Raises OutputError for a name that would lead elsewhere."""
    if not name or name in (".", "..") or any(mark in name for mark in "/\\\0"):
        raise OutputError(
            f"{name!r} can't be a folder's name", subject=name, advice="Give the report a plain name in config.toml."
        )
    return output / name / str(number)


def check_folder(folder: Path) -> None:
    """Makes the folder, and tries to write there: before a report is recorded rather than after. Raises OutputError."""
    write_copies(folder, {})
    with _beside(folder / "probe") as probe:
        probe.touch(exist_ok=False)


def write_copies(folder: Path, files: Mapping[str, bytes]) -> tuple[Path, ...]:
    """Writes each file into `folder`, which is made if need be, and returns their paths, in the order given.

    A file that stands there already is replaced. Permissions are the process's own defaults: what is reported is
    public. Raises OutputError with the path that could not be written.
    """
    make_folder(folder)
    written = tuple(_write(folder / filename, content) for filename, content in files.items())
    _sync_folder(folder)
    return written


def _write(path: Path, content: bytes) -> Path:
    with replacing(path) as file:
        file.write(content)
    return path


@contextmanager
def replacing(path: Path, *, encoding: str | None = None) -> Iterator[IO[Any]]:
    """A file that takes the place of `path` at the end, once it is durable. Of bytes, unless there is an `encoding`.

    Raises OutputError with the path. Whatever goes wrong, the old file stays as it was.
    """
    with _beside(path) as beside:
        with _opened(beside, encoding) as file:
            with suppress(OSError):  # some file systems have no locks
                _hold(file)
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)


def _opened(path: Path, encoding: str | None) -> IO[Any]:
    return path.open("x", encoding=encoding, errors="replace", newline="") if encoding else path.open("xb")


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """The name of a file beside `path`, for this process alone. The file, if one was made, is gone at the end."""
    # Not in the system's temporary folder: a move is atomic only within one file system.
    beside = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        _clear(path)
        yield beside
    except OSError as error:
        raise _refused(path, error) from error
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def _clear(path: Path) -> None:
    """Removes what writers of this file have left that were killed. A living one holds its own, a moment after it has
    made it."""
    for part in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        with suppress(OSError):
            if time.time() - part.stat().st_mtime < _JUST_MADE_S:
                continue
            if sys.platform != "win32":  # there a file that is open can't be removed
                with part.open("rb") as file:
                    _hold(file)
            part.unlink()


def _hold(file: IO[Any]) -> None:
    """Locks an open file until it is closed, or its process dies. Raises OSError where another one holds it."""
    if sys.platform != "win32":
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def make_folder(folder: Path) -> None:
    """Makes the folder, if need be. Raises OutputError with its path."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _refused(folder, error) from error


def _sync_folder(folder: Path) -> None:
    """Makes the moves themselves durable; a system that can't sync a folder does without."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _refused(path: Path, error: OSError) -> OutputError:
    reason = error.strerror or str(error)
    return OutputError(f"{path} can't be written: {reason}", subject=str(path), advice=ADVICE)
