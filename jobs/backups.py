"""Finds what makes backups: `jobs.backup`, where this installation has it."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobs.planning import BackUp


def back_up_function() -> BackUp | None:
    """`jobs.backup.back_up(config, now) -> str`; None where there is none."""
    if find_spec("jobs.backup") is None:
        return None
    found: BackUp = import_module("jobs.backup").back_up
    return found
