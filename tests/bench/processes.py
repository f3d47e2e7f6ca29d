"""Runs a command as a fresh process and says what it used.

The process that measures stays small: on Linux a child's peak memory is never less than its parent's at the start.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PYTHON = sys.executable
TRACKER = str(Path(sys.executable).with_name("tracker"))

_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes


class Wrong(Exception):
    """Something did not do what it should: no figure, but a fault."""


@dataclass(frozen=True, slots=True)
class Usage:
    """`cpu_s` is user and system time, `peak_bytes` the most memory that was resident, `output` both streams."""

    cpu_s: float
    peak_bytes: int
    output: str


def measured(*command: str | Path, folder: Path) -> Usage:
    """Runs a command in `folder` to its end. Raises Wrong where it fails."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command, cwd=folder, env=_environment(), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        said = output.read().decode(errors="replace")
    if process.returncode:
        raise Wrong(f"{_shown(command)} ended with exit code {process.returncode}:\n{said}")
    return Usage(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * _MAXRSS_UNIT, said)


def own_peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MAXRSS_UNIT


def _environment() -> dict[str, str]:
    """The project is importable by scripts of this folder; no proxy comes between them and the loopback."""
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    kept.pop("TRACKER_CONFIG", None)
    return kept | {"PYTHONPATH": str(ROOT)}


def _shown(command: Sequence[str | Path]) -> str:
    words = [str(word) for word in command]
    return " ".join(words[:5]) + (" ..." if len(words) > 5 else "")
