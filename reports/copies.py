"""Copies of a report's recorded bytes in a folder: written beside, made durable, then moved into place.

The store holds the bytes; a copy can be written again at any time. A reader never sees half a file, and a failure
leaves none behind.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tracker.errors import OutputError

ADVICE = "Check that the folder exists, is writable and has room (output.folder in config.toml, or --out)."


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
    _write(folder / f"probe-{secrets.token_hex(4)}", b"").unlink()


def write_copies(folder: Path, files: Mapping[str, bytes]) -> tuple[Path, ...]:
    """Writes each file into `folder`, which is made if need be, and returns their paths, in the order given.

    A file that stands there already is replaced. Permissions are the process's own defaults: what is reported is
    public. Raises OutputError with the path that could not be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _refused(folder, error) from error
    written = tuple(_write(folder / filename, content) for filename, content in files.items())
    _sync_folder(folder)
    return written


def _write(path: Path, content: bytes) -> Path:
    # Beside, not in the system's temporary folder: a move is atomic only within one file system.
    beside = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        with beside.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise _refused(path, error) from error
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
    return path


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
